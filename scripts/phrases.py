"""Words and turns of phrase that a review looks for, per locale; each pattern runs in time linear in the text."""

import re
from types import MappingProxyType
from typing import Final

from scripts.hints import HintCode

NUMERALS: Final = "0-9一二三两四五六七八九十"
EN_DAYS: Final = "(?:mon|tues|wednes|thurs|fri|satur|sun)day"
EN_MONTHS: Final = "(?:january|february|march|april|may|june|july|august|september|october|november|december)"


def _en(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


WORDS: Final = MappingProxyType(
    {
        "zh-CN": (
            # 最近, 最后, 最早, 最晚 and 最迟 are about time, not about being better than everybody.
            (HintCode.FORBIDDEN_WORD, re.compile("最(?![近后早晚迟])|第一|根治|治愈|疗效|作废|清零")),
            (HintCode.RISKY_WORD, re.compile("顶级|唯一|永久|保证|百分百|100%|绝对|治疗")),
            # 今天 is true whenever it is read if it asks how things are or says by when: "今天感觉怎么样", "今天之内".
            (HintCode.LITERAL_DAY, re.compile("今天(?!之内|内|感觉|怎么样)|今日|今晚|今早|明[天日早晚]|昨[天日晚]")),
            # 以前天天 and 晚上周到 only look like 前天 and 上周.
            (
                HintCode.LITERAL_DAY,
                re.compile("大?(?<!以)[前后]天|(?<![早晚])上周|下周|(?:上|下)个?月|[这本]周[一二三四五六日天]"),
            ),
            (HintCode.LITERAL_DAY, re.compile(f"(?<![{NUMERALS}])[{NUMERALS}]+天前")),
            (HintCode.LITERAL_DATE, re.compile("(?<![0-9])[0-9]+月[0-9]+[日号]")),
            (HintCode.LITERAL_DATE, re.compile("(?<![每这本上下])(?:周|星期|礼拜)[一二三四五六日天]")),
        ),
        "en": (
            (HintCode.FORBIDDEN_WORD, _en(r"\b(?:the best|number one|no\. ?1|cure[sd]?|heal(?:s|ed)?)\b")),
            (HintCode.FORBIDDEN_WORD, _en(r"\b(?:void|forfeit(?:ed)?|wiped out)\b")),
            (HintCode.RISKY_WORD, _en(r"\b(?:guaranteed?|100%|forever|permanent(?:ly)?|medical)")),
            # As in Chinese: "how do you feel today?" and "by the end of today" are true whenever they are read.
            (HintCode.LITERAL_DAY, _en(r"(?<!by the end of )\btoday\b(?!\?)|\b(?:tomorrow|yesterday|tonight)\b")),
            (HintCode.LITERAL_DAY, _en(rf"\b(?:last|next) (?:week|month)\b|\b(?:this|next|last) {EN_DAYS}\b")),
            (HintCode.LITERAL_DAY, _en(r"\b\w++ days? ago\b")),
            (HintCode.LITERAL_DATE, _en(rf"\b\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {EN_MONTHS}\b")),
            (HintCode.LITERAL_DATE, _en(rf"(?<!this )(?<!next )(?<!last )(?<!every )\b{EN_DAYS}\b")),
        ),
    }
)
"""What a script should not say literally; patterns see the text without its blanks and tags."""

INVITATION: Final = MappingProxyType(
    {
        "zh-CN": re.compile("[?？]|[跟和]我们?[说讲]|回我|[问发告诉找联系]我|说一声|打个?电话"),
        "en": _en(
            r"\?|\b(?:let me know|tell (?:me|us)|(?:ask|send|message) (?:me|us)|telling me|reply|ring you|come by)\b"
        ),
    }
)
"""What gives the customer something to answer."""
