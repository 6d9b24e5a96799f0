"""What a review can say about an edited script, in both languages."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, Literal

import msgspec

Severity = Literal["fault", "warning"]
"""A fault must be mended before the script is used; a warning is advice."""


class HintCode(StrEnum):
    """The kinds of advice; stable."""

    REFUSED = "refused"
    "The text is not a script at all."
    UNKNOWN_VARIABLE = "unknown_variable"
    "A blank that nobody can fill."
    FORBIDDEN_WORD = "forbidden_word"
    "A superlative, a medical claim or a threat: words a salon may not or must not use."
    RISKY_WORD = "risky_word"
    "A promise one may have to answer for."
    MIXED_ADDRESS = "mixed_address"
    "您 and 你 in one message."
    LITERAL_DAY = "literal_day"
    "A word such as 明天 that is untrue when the script is opened a day late."
    LITERAL_DATE = "literal_date"
    "A date or weekday that will go stale."
    SENSITIVE_VARIABLE = "sensitive_variable"
    "A blank that tells something about the customer's health."
    TOO_LONG = "too_long"
    "Longer than anybody reads in a chat."
    TOO_MANY_QUESTIONS = "too_many_questions"
    "More than two questions: a questionnaire."
    NO_INVITATION = "no_invitation"
    "Nothing that the customer could answer."


class Hint(msgspec.Struct, frozen=True):
    """One piece of advice: `line` from 1; `start` and `end` count characters of the source, all of it when general."""

    code: HintCode
    severity: Severity
    line: int
    start: int
    end: int
    zh: str
    en: str


WARNINGS: Final = frozenset(
    {
        HintCode.RISKY_WORD,
        HintCode.LITERAL_DATE,
        HintCode.SENSITIVE_VARIABLE,
        HintCode.TOO_LONG,
        HintCode.TOO_MANY_QUESTIONS,
        HintCode.NO_INVITATION,
    }
)
"""Codes that are advice; all others are faults."""

MESSAGES: Final[Mapping[HintCode, tuple[str, str]]] = MappingProxyType(
    {
        HintCode.REFUSED: ("这段话术无法使用：{found}", "This script cannot be used: {found}"),
        HintCode.UNKNOWN_VARIABLE: ("没有“{found}”这个变量", 'There is no variable "{found}"'),
        HintCode.FORBIDDEN_WORD: (
            "不要用“{found}”：绝对化、医疗或催促性的说法",
            'Leave out "{found}": superlatives, medical claims and threats are not allowed',
        ),
        HintCode.RISKY_WORD: ("“{found}”像是承诺，换个说法更稳妥", '"{found}" sounds like a guarantee; soften it'),
        HintCode.MIXED_ADDRESS: ("“您”和“你”不要混用", "Do not mix 您 and 你"),
        HintCode.LITERAL_DAY: (
            "“{found}”晚一天打开就不对了，请改用日期变量",
            '"{found}" is untrue when opened a day late; use a day variable',
        ),
        HintCode.LITERAL_DATE: ("“{found}”会过期，建议改用日期变量", '"{found}" will go stale; prefer a day variable'),
        HintCode.SENSITIVE_VARIABLE: (
            "“{found}”涉及健康隐私，商家开启后才会填入",
            '"{found}" concerns health; it is filled in only if the merchant allows it',
        ),
        HintCode.TOO_LONG: ("预览有{found}个字，微信里太长", "The preview has {found} characters: too long for a chat"),
        HintCode.TOO_MANY_QUESTIONS: ("问题太多，留一两个就好", "Too many questions; keep one or two"),
        HintCode.NO_INVITATION: (
            "结尾没有可以接的话，建议加一个问题",
            "Nothing to answer; consider closing with a question",
        ),
    }
)


def hint(code: HintCode, source: str, span: tuple[int, int], found: str, found_en: str = "") -> Hint:
    """The hint of that code about a span of the source; `found_en` when what was found has an English name."""
    zh, en = MESSAGES[code]
    zh, en = zh.format(found=found), en.format(found=found_en or found)
    severity: Severity = "warning" if code in WARNINGS else "fault"
    return Hint(code, severity, source.count("\n", 0, span[0]) + 1, *span, zh, en)
