"""On which days a benefit is given, as owners say it; the kinds of `tasks.plans.schedules` without their hour, and plain dates."""

from collections.abc import Iterator, Mapping
from datetime import date, time, timedelta
from typing import Annotated, Any

import msgspec

from tasks.plans.calendars.firing import NONE, STRIDE, Festivals, firings
from tasks.plans.calendars.names import ShortMonth, Term, Weekday
from tasks.plans.calendars.yearly import MOST_DATES, LunarMonthDay, Month, MonthDay
from tasks.plans.schedules import FestivalName, Schedule
from tasks.plans.shapes import Struct


class Repeated(Struct, frozen=True, kw_only=True):
    """Days that come again: moved by `offset_days`, and each of them the first of `lasts_days` days in a row."""

    offset_days: Annotated[int, msgspec.Meta(ge=-30, le=30)] = 0
    lasts_days: Annotated[int, msgspec.Meta(ge=1, le=31)] = 1


class DailyDays(Struct, frozen=True, kw_only=True, tag_field="kind", tag="daily"):
    """Every day."""


class WeeklyDays(Repeated, frozen=True, kw_only=True, tag_field="kind", tag="weekly"):
    """Chosen weekdays."""

    weekdays: Annotated[tuple[Weekday, ...], msgspec.Meta(min_length=1, max_length=7)]


class MonthlyDays(Repeated, frozen=True, kw_only=True, tag_field="kind", tag="monthly"):
    """Chosen days of the month (每月18号); `short_month` says what becomes of the 29th to 31st where there is none."""

    days: Annotated[tuple[MonthDay, ...], msgspec.Meta(min_length=1, max_length=31)]
    short_month: ShortMonth = ShortMonth.CLAMP


class MonthEndDays(Repeated, frozen=True, kw_only=True, tag_field="kind", tag="month_end"):
    """The last day of every month."""


class YearlyDays(Repeated, frozen=True, kw_only=True, tag_field="kind", tag="yearly"):
    """A day of the year; 29 February is 28 February in a common year."""

    month: Month
    day: MonthDay


class SolarTermDays(Repeated, frozen=True, kw_only=True, tag_field="kind", tag="solar_term"):
    """The day of a solar term (节气), by Beijing's date."""

    term: Term


class LunarDays(Repeated, frozen=True, kw_only=True, tag_field="kind", tag="lunar"):
    """A day of the Chinese calendar."""

    month: Month
    day: LunarMonthDay


class FestivalDays(Repeated, frozen=True, kw_only=True, tag_field="kind", tag="festival"):
    """A festival: the code of a built-in one, or the name of one of the merchant's own."""

    name: FestivalName


class DatesDays(Struct, frozen=True, kw_only=True, tag_field="kind", tag="dates"):
    """Just these days."""

    dates: Annotated[tuple[date, ...], msgspec.Meta(min_length=1, max_length=MOST_DATES)]


Recurring = DailyDays | WeeklyDays | MonthlyDays | MonthEndDays | YearlyDays | SolarTermDays | LunarDays | FestivalDays
BenefitDays = Recurring | DatesDays
"""Every way to say the days."""
FARTHEST = 5
"""Strides after which a rule that gave no day has none."""


def lasts(days: BenefitDays) -> int:
    """Return how many days in a row each of its days is the first of."""
    return days.lasts_days if isinstance(days, Repeated) else 1


def offset(days: BenefitDays) -> int:
    """Return by how many days its days are moved."""
    return days.offset_days if isinstance(days, Repeated) else 0


def schedule(days: Recurring, at: time = time(0), before: int = 0) -> Schedule:
    """Return the schedule of `tasks.plans` that fires at `at`, so many days before the (first) day."""
    found: Schedule = msgspec.convert(said(days, at, before), Schedule)
    return found


def said(days: Recurring, at: time, before: int) -> dict[str, Any]:
    """Return that schedule as JSON says it; daily ones know no offset."""
    written: Mapping[str, Any] = msgspec.to_builtins(days)
    kept = {key: value for key, value in written.items() if key != "lastsDays"}
    moved = {"offsetDays": offset(days) - before} if isinstance(days, Repeated) else {}
    return {**kept, **moved, "at": at.isoformat()}


def days_within(days: BenefitDays, first: date, last: date, festivals: Festivals = NONE) -> list[date]:
    """Return its local days within the window, both ends included, in order, each once."""
    if isinstance(days, DatesDays):
        return sorted(day for day in set(days.dates) if first <= day <= last)
    rest = [timedelta(days=number) for number in range(lasts(days))]
    begun = firings(schedule(days), first - rest[-1], last, festivals)
    return sorted({day + more for day in begun for more in rest if first <= day + more <= last})


def days_from(days: BenefitDays, first: date, last: date | None, festivals: Festivals = NONE) -> Iterator[date]:
    """Yield its local days from `first` on until `last` (None: without end, as far as five years ahead)."""
    end = min(last or date.max, max(days.dates) if isinstance(days, DatesDays) else first + STRIDE * FARTHEST)
    while first <= end:
        until = min(end, first + STRIDE)
        yield from days_within(days, first, until, festivals)
        first = until + timedelta(days=1)


def last_of(days: BenefitDays, last: date | None) -> date | None:
    """Return the day after which none can come; None when it comes again and again."""
    ends = [day for day in (last, max(days.dates) if isinstance(days, DatesDays) else None) if day is not None]
    return min(ends, default=None)
