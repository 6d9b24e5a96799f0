"""On which local days a schedule fires, and at which instant in a zone. Pure: any window, in any order, gives the same days."""

from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from tasks.kernel.zones import local_instant
from tasks.plans.calendars.festivals import rule_of
from tasks.plans.calendars.names import WEEK, ShortMonth
from tasks.plans.calendars.yearly import OnDay, OnLunarDay, OnTerm, YearlyRule, days_of
from tasks.plans.schedules import (
    Daily,
    Festival,
    Lunar,
    MonthEnd,
    Monthly,
    OneOff,
    Schedule,
    SolarTerm,
    Weekly,
    Yearly,
    wall_of,
)

Festivals = Mapping[str, YearlyRule]
"""The merchant's own festivals by name."""
NONE: Festivals = {}
STRIDE = timedelta(days=400)
"""A window that holds a day of every yearly rule, lunar ones included (a lunar year has up to 385 days)."""
FARTHEST = 130
"""Strides after which a schedule that gave less has no more: only lists of dates end, and those end before."""


def firings(schedule: Schedule, from_on: date, to_on: date, festivals: Festivals = NONE) -> list[date]:
    """Return the local days it fires on within the window, both ends included, in order, each once.

    A festival that is not known has no days.
    """
    if isinstance(schedule, OneOff):
        return [day for day in (schedule.at.date(),) if from_on <= day <= to_on]
    shift = timedelta(days=schedule.offset_days)
    return sorted({day + shift for day in _base_days(schedule, from_on - shift, to_on - shift, festivals)})


def next_firings(schedule: Schedule, from_on: date, n: int = 12, festivals: Festivals = NONE) -> list[date]:
    """Return the next `n` local days it fires on, `from_on` included; fewer when it ends."""
    found: list[date] = []
    start = from_on
    for _ in range(FARTHEST):
        found += firings(schedule, start, start + STRIDE - timedelta(days=1), festivals)
        start += STRIDE
        if len(found) >= n:
            break
    return found[:n]


def fires_at(schedule: Schedule, day: date, zone: str) -> datetime:
    """Return the UTC instant of a firing of a local day; a wall time in a gap moves forward by it, one that happens twice is its first."""
    return local_instant(day, wall_of(schedule), zone)


def _base_days(schedule: Schedule, first: date, last: date, festivals: Festivals) -> Iterator[date]:
    match schedule:
        case Daily():
            return _each_day(first, last)
        case Weekly(weekdays=weekdays):
            return (day for day in _each_day(first, last) if WEEK[day.weekday()] in weekdays)
        case Monthly():
            return (day for day in _monthly(schedule, first, last) if first <= day <= last)
        case MonthEnd():
            return (day for day in _month_ends(first, last) if first <= day <= last)
    rule = _yearly_rule(schedule, festivals)
    return days_of(rule, first, last) if rule is not None else iter(())


def _yearly_rule(schedule: Schedule, festivals: Festivals) -> YearlyRule | None:
    match schedule:
        case Yearly(month=month, day=day):
            return OnDay(month=month, day=day)
        case Lunar(month=month, day=day):
            return OnLunarDay(month=month, day=day)
        case SolarTerm(term=term):
            return OnTerm(term)
        case Festival(name=name):
            return rule_of(name, festivals)
    return None


def _each_day(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _month_ends(first: date, last: date) -> Iterator[date]:
    for number in range(first.year * 12 + first.month - 1, last.year * 12 + last.month):
        year, month = divmod(number, 12)
        yield date(year, month + 1, monthrange(year, month + 1)[1])


def _monthly(schedule: Monthly, first: date, last: date) -> Iterator[date]:
    for end in _month_ends(first, last):
        for day in schedule.days:
            if day <= end.day or schedule.short_month is ShortMonth.CLAMP:
                yield end.replace(day=min(day, end.day))
