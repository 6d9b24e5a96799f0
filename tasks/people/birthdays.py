"""On which days birthdays fall, solar and lunar; pure.

A birthday is written as month and day, 1231, of its own calendar. One of 29 February falls on the 28th in common years; one of a lunar 30th falls on the
29th in a month of 29 days; a leap month (闰月) does not repeat the birthdays of the month before it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from tasks.kernel.chinese_calendar import LunarMonth, lunar_months

HUNDRED = 100
LEAP_DAY = 229
_LONGEST = 30


@dataclass(frozen=True)
class Falling:
    """The birthdays (month and day as 1231) that fall into a run of days, by calendar, in order."""

    solar: tuple[int, ...]
    lunar: tuple[int, ...]


def falling(first: date, last: date) -> Falling:
    """Return which birthdays fall on `first` … `last`, both included."""
    days = list(_days(first, last))
    solar = {md for day in days for md in _solar(day)}
    months = [month for year in range(first.year - 1, last.year + 1) for month in lunar_months(year)]
    lunar = {md for month in months for md in _lunar(month, first, last)}
    return Falling(tuple(sorted(solar)), tuple(sorted(lunar)))


def _days(first: date, last: date) -> Iterator[date]:
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(ordinal)


def _solar(day: date) -> Iterator[int]:
    yield day.month * HUNDRED + day.day
    if (day.month, day.day) == (2, 28) and (day + timedelta(days=1)).day == 1:
        yield LEAP_DAY


def _lunar(month: LunarMonth, first: date, last: date) -> Iterator[int]:
    for number in range(1, _LONGEST + 1):
        ordinal = month.first.toordinal() + min(number, month.days) - 1
        if first.toordinal() <= ordinal <= last.toordinal():
            yield month.number * HUNDRED + number
