"""Why a task is there, in one line an employee reads in a second: 7 天前点评新客，未再到店."""

from collections.abc import Callable
from datetime import date
from typing import Final

import msgspec

from scripts.locales import Locale
from scripts.variables import calendar_day, money, times
from tasks.worklist.background import Background
from tasks.worklist.why_causes import cause_line
from tasks.worklist.why_events import EVENT_LINES


class WhyFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a line is made of: the primary reason's plan and what the books say of the customer and the card it is about."""

    today: date
    template: str | None = None
    plan: str | None = None
    source: str | None = None
    first_visit_on: date | None = None
    last_visit_on: date | None = None
    card_name: str | None = None
    balance_cents: int | None = None
    uses_left: int | None = None
    expires_on: date | None = None
    background: Background = Background()


Line = Callable[[WhyFacts, Locale], str | None]


def why_line(facts: WhyFacts, locale: Locale) -> str:
    """Return what caused a task of no plan, or the line of the plan's template when its facts are known; else the plan's name."""
    line = LINES.get(facts.template or "")
    said = line(facts, locale) if line else _of_event(facts, locale)
    return said or facts.plan or cause_line(facts.background, facts.today, locale)


def _of_event(facts: WhyFacts, locale: Locale) -> str | None:
    """The line of a template that is about an event or a day rather than about the books."""
    words = EVENT_LINES.get(facts.template or "")
    return words(facts.background, facts.today, locale) if words else None


def _second_visit(facts: WhyFacts, locale: Locale) -> str | None:
    if facts.first_visit_on is None:
        return None
    days = (facts.today - facts.first_visit_on).days
    if locale == "zh-CN":
        return f"{_ago_zh(days)}{facts.source or ''}新客，未再到店"
    source = f" from {facts.source}" if facts.source else ""
    return f"New client{source} {_ago_en(days)}, not back yet"


def _card_balance_low(facts: WhyFacts, locale: Locale) -> str | None:
    if facts.balance_cents is None:
        return None
    rest = money(facts.balance_cents, locale)
    if locale == "zh-CN":
        return f"{facts.card_name or '充值卡'}还剩 {rest}"
    return f"{facts.card_name or 'Card'}: {rest} left"


def _card_times_low(facts: WhyFacts, locale: Locale) -> str | None:
    if facts.uses_left is None:
        return None
    rest = times(facts.uses_left, locale)
    return (
        f"{facts.card_name or '次卡'}还剩 {rest}" if locale == "zh-CN" else f"{facts.card_name or 'Card'}: {rest} left"
    )


def _card_expiring(facts: WhyFacts, locale: Locale) -> str | None:
    if facts.expires_on is None:
        return None
    day = calendar_day(facts.expires_on, facts.today, locale)
    return (
        f"{facts.card_name or '卡项'} {day}到期"
        if locale == "zh-CN"
        else f"{facts.card_name or 'Card'} expires on {day}"
    )


def _not_seen(facts: WhyFacts, locale: Locale) -> str | None:
    if facts.last_visit_on is None:
        return None
    days = (facts.today - facts.last_visit_on).days
    return f"{days} 天没有到店" if locale == "zh-CN" else f"Not seen for {days} days"


def _after_service(facts: WhyFacts, locale: Locale) -> str | None:
    if facts.last_visit_on is None:
        return None
    days = (facts.today - facts.last_visit_on).days
    served = _ago_zh(days).removesuffix("的")
    return f"{served}做过服务" if locale == "zh-CN" else f"Served {_ago_en(days)}"


def _ago_zh(days: int) -> str:
    return {0: "今天的", 1: "昨天的"}.get(days, f"{days} 天前")


def _ago_en(days: int) -> str:
    return {0: "today", 1: "yesterday"}.get(days, f"{days} days ago")


LINES: Final[dict[str, Line]] = {
    "second_visit": _second_visit,
    "card_balance_low": _card_balance_low,
    "card_times_low": _card_times_low,
    "card_use_cycle": _card_times_low,
    "card_expiring": _card_expiring,
    "win_back": _not_seen,
    "after_service": _after_service,
}
"""Template → its line, of those that the books alone word; the others are in `why_events`."""
