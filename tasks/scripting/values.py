"""From the books to the blanks of a script, worded for the day on which it is read. Pure."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec

from scripts.locales import Locale
from scripts.variables import Value, calendar_day, money, relative_day, relative_moment, remaining, suggest_days
from tasks.kernel.chinese_calendar import lunar_day
from tasks.kernel.zones import local_day, zone_of

LEAP = (2, 29)
REFUND_DAYS: Final = 7
"""Within how many days refunds usually arrive, unless the merchant's setting `refundDays` says otherwise."""

HANDOVER: Final = "consultant_changed"
"""The event after which the new consultant says whom she follows, and that she knows the customer's card."""


class Said(msgspec.Struct, frozen=True):
    """Who and when, beside the books: names opened from their seals, and the days to offer."""

    nickname: str | None
    staff: Mapping[UUID, str]
    speaker: UUID
    days: Sequence[date]


def base_values(facts: Any, said: Said, locale: Locale) -> dict[str, Value]:
    """Return the values that every reason of a task shares; `facts` is a `TaskFacts`."""
    today: date = facts.today
    return {
        "nickname": said.nickname,
        "store": facts.store,
        "staff": said.staff.get(said.speaker),
        "manager": said.staff.get(facts.manager_id),
        "staff_served": said.staff.get(facts.served_by),
        "level": facts.level,
        "level_benefit": facts.level_benefit,
        "last_service": facts.last_service,
        "last_visit_when": relative_day(facts.last_visit_on, today, locale) if facts.last_visit_on else None,
        "days_since": (today - facts.last_visit_on).days if facts.last_visit_on else None,
        "cycle_days": facts.cycle_days,
        "upkeep": facts.upkeep,
        "suggest_days": suggest_days(said.days, today, locale),
        "days_together": (today - facts.first_purchase_on).days if facts.first_purchase_on else None,
        "birthday_when": _birthday(facts.birthday_on, facts.birthday_kind, today, locale),
    } | _sensitive(facts.sensitive)


def _sensitive(said: str | None) -> dict[str, Value]:
    """What is noted of her skin and health; `permitted` decides whether a text may say it."""
    return msgspec.json.decode(said, type=dict[str, Value]) if said else {}


def reason_values(facts: Any, reason: Any, said: Said, locale: Locale) -> dict[str, Value]:
    """Return what one reason adds: its card, its appointment, its event; `reason` is a `ReasonFacts`."""
    return (
        _card(facts, reason, locale) | _appointment(facts, reason, said, locale) | _event(facts, reason, said, locale)
    )


def _card(facts: Any, reason: Any, locale: Locale) -> dict[str, Value]:
    if reason.card_name is None:
        return {}
    today: date = facts.today
    price, balance = facts.price_cents or 0, reason.balance_cents or 0
    used_on = local_day(reason.last_used_at, facts.timezone) if reason.last_used_at else None
    return {
        "card_name": reason.card_name,
        "card_service": reason.card_service or facts.last_service,
        "balance": money(balance, locale) if balance > 0 else None,
        "remaining": remaining(reason.card_kind, reason.balance_cents, reason.uses_left, locale),
        "uses_left": reason.uses_left or None,
        "visits_left": (balance // price or None) if price > 0 else None,
        "expires_on": calendar_day(reason.expires_on, today, locale) if reason.expires_on else None,
        "days_left": (reason.expires_on - today).days if reason.expires_on and reason.expires_on >= today else None,
        "last_used_on": calendar_day(used_on, today, locale) if used_on else None,
    }


def _appointment(facts: Any, reason: Any, said: Said, locale: Locale) -> dict[str, Value]:
    if reason.appointment_at is None:
        return {}
    starts = reason.appointment_at.astimezone(zone_of(facts.timezone))
    exact = reason.appointment_precision == "exact"
    when = relative_moment(starts, facts.today, locale) if exact else relative_day(starts.date(), facts.today, locale)
    values: dict[str, Value] = {"appointment_when": when, "service": reason.appointment_service}
    if reason.appointment_staff:
        values["staff_served"] = said.staff.get(reason.appointment_staff)
    return values


def _event(facts: Any, reason: Any, said: Said, locale: Locale) -> dict[str, Value]:
    values: dict[str, Value] = {}
    if reason.event_at is not None:
        values["event_when"] = relative_day(local_day(reason.event_at, facts.timezone), facts.today, locale)
    if reason.item is not None:
        values["item"] = reason.item
    if reason.event_type == HANDOVER:
        values["card_name"] = facts.main_card
        values["previous_staff"] = said.staff.get(reason.previous_staff) if reason.previous_staff else None
    if reason.sale_cents is not None and reason.sale_cents < 0:
        values["refund_amount"] = money(-reason.sale_cents, locale)
        values["refund_days"] = msgspec.json.decode(facts.settings).get("refundDays", REFUND_DAYS)
    return values


def _birthday(born_on: date | None, kind: str, today: date, locale: Locale) -> str | None:
    """The next birthday, by its own calendar; 29 February falls on the 28th (engine.md, "When"), a lunar 30th on the 29th of a short month."""
    if born_on is None:
        return None
    falls_in = _lunar_in_year if kind == "lunar" else _in_year
    # A lunar year ends in the civil year after it.
    falls = next(day for year in range(today.year - 1, today.year + 2) if (day := falls_in(born_on, year)) >= today)
    return relative_day(falls, today, locale)


def _lunar_in_year(born_on: date, year: int) -> date:
    return lunar_day(year, born_on.month, born_on.day)


def _in_year(born_on: date, year: int) -> date:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if (born_on.month, born_on.day) == LEAP and not leap:
        return date(year, 2, 28)
    return born_on.replace(year=year)
