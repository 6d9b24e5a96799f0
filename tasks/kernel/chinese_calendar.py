"""The Chinese calendar (GB/T 33661) as civil days: the one place that asks lunar-python, each year once.

Its days are those of Beijing; a store elsewhere keeps the same dates, as people do. Tested equal to `sxtwl` for 2020 to 2050.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from math import floor

from lunar_python import LunarYear

TERMS = 24
"""Solar terms in a year, the first of a civil year is 小寒."""
MONTHS = range(1, 13)
"""Months that every lunar year has; a leap month is another one of the same number."""
_JULIAN = 1_721_425
"""The Julian day number of a noon, less the ordinal of its day."""


@dataclass(frozen=True)
class LunarMonth:
    """A month that is no leap month: its number, its first civil day, and how many days it has."""

    number: int
    first: date
    days: int


def _day(julian: float) -> date:
    return date.fromordinal(floor(julian + 0.5) - _JULIAN)


@lru_cache(maxsize=512)
def term_days(year: int) -> tuple[date, ...]:
    """Return the days of the 24 solar terms of a civil year, from 小寒 to 冬至."""
    # lunar-python's list begins with 大雪 and 冬至 of the year before.
    return tuple(_day(julian) for julian in LunarYear.fromYear(year).getJieQiJulianDays()[2 : 2 + TERMS])


@lru_cache(maxsize=512)
def lunar_months(year: int) -> tuple[LunarMonth, ...]:
    """Return the twelve months of a lunar year without its leap month; none before year 1."""
    if year < 1:
        return ()
    return tuple(
        LunarMonth(month.getMonth(), _day(month.getFirstJulianDay()), month.getDayCount())
        for month in LunarYear.fromYear(year).getMonths()
        if month.getYear() == year and month.getMonth() in MONTHS
    )


def lunar_day(year: int, month: int, day: int) -> date:
    """Return the civil day of a lunar date, never in the leap month; the 30th of a month of 29 days is its 29th."""
    found = lunar_months(year)[month - 1]
    return found.first + timedelta(days=min(day, found.days) - 1)


def new_year(year: int) -> date:
    """Return 春节 of a civil year; it always lies in January or February."""
    return lunar_day(year, 1, 1)
