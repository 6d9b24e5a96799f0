"""The words of notices and pushes, zh and en: counts and nothing else, so that a locked screen tells no stranger about a customer."""

from collections.abc import Mapping
from typing import Final

import msgspec

from scripts.locales import Locale
from tasks.notices.states import NoticeKind


class Words(msgspec.Struct, frozen=True):
    """A title, and a line below it that may be empty."""

    title: str
    body: str


_TITLES: Final[Mapping[NoticeKind, tuple[str, str]]] = {
    NoticeKind.DIGEST: ("今日回访 {open} 条", "Follow-ups today: {open}"),
    NoticeKind.NEW_TASKS: ("新增回访 {new} 条", "New follow-ups: {new}"),
    NoticeKind.CALLBACK_DUE: ("约定回电时间到了", "A promised call-back is due"),
    NoticeKind.URGED: ("店长催办 {count} 条回访", "Urged by your manager: {count}"),
    NoticeKind.HANDED_OVER: ("有 {count} 条回访转交给你", "Handed over to you: {count}"),
    NoticeKind.TAKEN_OVER: ("你的 {count} 条回访已由他人接手", "Taken over from you: {count}"),
    NoticeKind.PROMISE_BROKEN: ("有顾客说好来却没到店", "A promised visit did not happen"),
    NoticeKind.ALERT: ("有一条投诉或差评需要处理", "A complaint or bad review needs you"),
    NoticeKind.TEST: ("回访：测试消息", "Huifang: test message"),
}
_PARTS: Final[Mapping[str, tuple[str, str]]] = {
    "overdue": ("逾期 {n} 条", "{n} overdue"),
    "callbacks": ("约定回电 {n} 条", "{n} call-backs promised"),
    "pool": ("待领取 {n} 条", "{n} to claim"),
    "soon": ("{n} 条一小时内到期", "{n} due within the hour"),
}
"""What a body says, in this order, of the counts that are above zero."""


def words_of(kind: NoticeKind, facts: Mapping[str, int], locale: Locale) -> Words:
    """Return what a notice says."""
    english = locale.startswith("en")
    counts = {"open": 0, "new": 0, "count": 1, **facts}
    title = _TITLES[kind][english].format(**counts)
    parts = [words[english].format(n=facts[name]) for name, words in _PARTS.items() if facts.get(name, 0) > 0]
    return Words(title, (", " if english else "，").join(parts))


__all__ = ["Words", "words_of"]
