"""Days that come once a year by some rule, and the days of such a rule within a window."""

from calendar import isleap, monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated

import msgspec

from tasks.kernel.chinese_calendar import lunar_day, new_year, term_days
from tasks.plans.calendars.names import WEEK, Term, Weekday
from tasks.plans.shapes import Struct

Month = Annotated[int, msgspec.Meta(ge=1, le=12)]
MonthDay = Annotated[int, msgspec.Meta(ge=1, le=31)]
LunarMonthDay = Annotated[int, msgspec.Meta(ge=1, le=30)]
MOST_DATES = 100
"""Dates one festival may list."""
LEAP_DAY = 29


class OnDay(Struct, frozen=True, tag_field="kind", tag="day"):
    """A civil day every year; 29 February is 28 February in a common year."""

    month: Month
    day: MonthDay


class OnLunarDay(Struct, frozen=True, tag_field="kind", tag="lunar_day"):
    """A day of the Chinese calendar; a leap month does not repeat it, and the 30th of a month of 29 days is its 29th."""

    month: Month
    day: LunarMonthDay


class OnDates(Struct, frozen=True, tag_field="kind", tag="dates"):
    """Just these days."""

    dates: Annotated[tuple[date, ...], msgspec.Meta(min_length=1, max_length=MOST_DATES)]


class OnTerm(msgspec.Struct, frozen=True):
    """The day of a solar term."""

    term: Term


class OnWeekday(msgspec.Struct, frozen=True):
    """The n-th such weekday of a month."""

    month: int
    weekday: Weekday
    nth: int


class OnNewYearsEve(msgspec.Struct, frozen=True):
    """The day before 春节: the 29th or 30th of the twelfth month, or of a leap one after it."""


FestivalDays = OnDay | OnLunarDay | OnDates
"""How a merchant says when an own festival is."""
YearlyRule = FestivalDays | OnTerm | OnWeekday | OnNewYearsEve
"""How anything yearly is said."""


def days_of(rule: YearlyRule, first: date, last: date) -> Iterator[date]:
    """Yield the rule's days within the window, both ends included, in order."""
    if isinstance(rule, OnDates):
        yield from (day for day in sorted(set(rule.dates)) if first <= day <= last)
        return
    # A lunar year ends in the civil year after it, so the years beside the window are asked too.
    for year in range(first.year - 1, last.year + 2):
        day = _in_year(rule, year)
        if first <= day <= last:
            yield day


def exists(month: int, day: int) -> bool:
    """True when some year has the day."""
    return day <= monthrange(2000, month)[1]


def _in_year(rule: OnDay | OnLunarDay | OnTerm | OnWeekday | OnNewYearsEve, year: int) -> date:
    match rule:
        case OnDay(month=2, day=day) if day == LEAP_DAY and not isleap(year):
            return date(year, 2, 28)
        case OnDay(month=month, day=day):
            return date(year, month, day)
        case OnLunarDay(month=month, day=day):
            return lunar_day(year, month, day)
        case OnTerm(term=term):
            return term_days(year)[tuple(Term).index(term)]
        case OnWeekday(month=month, weekday=weekday, nth=nth):
            start = date(year, month, 1)
            return start + timedelta(days=(WEEK.index(weekday) - start.weekday()) % 7 + 7 * (nth - 1))
        case OnNewYearsEve():
            return new_year(year) - timedelta(days=1)
