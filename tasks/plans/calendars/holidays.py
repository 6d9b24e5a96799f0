"""Public holidays (法定节假日) and the working days given in exchange (调休), as the merchant entered them; pure.

They are announced year by year, so a year nobody entered is unknown, and is said to be. No firing moves because of one: they are shown beside it.
"""

from collections.abc import Collection, Mapping
from datetime import date
from enum import StrEnum

import msgspec


class HolidayKind(StrEnum):
    """What a declared day is."""

    HOLIDAY = "holiday"
    """A day off."""
    WORKDAY = "workday"
    """A Saturday or Sunday on which people work (调休)."""


class DayKind(StrEnum):
    """What any day is, as far as known."""

    HOLIDAY = "holiday"
    """A public holiday."""
    WORKDAY = "workday"
    """A working day in exchange (调休)."""
    ORDINARY = "ordinary"
    """Neither, in a year whose days are known."""
    UNKNOWN = "unknown"
    """Nobody entered the days of its year."""


class Declared(msgspec.Struct, frozen=True, rename="camel"):
    """One declared day."""

    day_on: date
    kind: HolidayKind
    name: str


class HolidayBook(msgspec.Struct, frozen=True):
    """Declared days by date, and the years that have any."""

    days: Mapping[date, Declared]
    years: Collection[int]

    def holiday_of(self, day: date) -> DayKind:
        """Return what a day is."""
        if day in self.days:
            return DayKind(self.days[day].kind.value)
        return DayKind.ORDINARY if day.year in self.years else DayKind.UNKNOWN


def book_of(declared: Collection[Declared]) -> HolidayBook:
    """Return the book of the declared days; it knows the years they lie in."""
    return HolidayBook({one.day_on: one for one in declared}, frozenset(one.day_on.year for one in declared))
