"""What a schedule and a merchant's own festival must keep beyond the types of their fields; pure."""

from collections.abc import Sequence
from datetime import date

from tasks.kernel.errors import Invalid
from tasks.plans.calendars.festivals import BUILT_IN
from tasks.plans.calendars.yearly import FestivalDays, OnDates, OnDay, exists
from tasks.plans.schedules import Monthly, OneOff, Schedule, Weekly, Yearly, wall_of

YEARS = range(2000, 2101)
"""The years a day may be named in; nobody plans beyond, and zones and lunar years are known within."""


def check_schedule(schedule: Schedule) -> None:
    """Refuse a schedule that could not be kept to the letter; raises `Invalid` on the field below `trigger`."""
    wall = wall_of(schedule)
    if wall.second or wall.microsecond:
        raise Invalid("trigger.at", "is a whole minute, HH:MM")
    match schedule:
        case OneOff(at=at):
            _check_year("trigger.at", at.date())
        case Weekly(weekdays=weekdays):
            _check_once("trigger.weekdays", weekdays)
        case Monthly(days=days):
            _check_once("trigger.days", days)
        case Yearly(month=month, day=day):
            _check_day("trigger.day", month, day)


def check_festival(name: str, days: FestivalDays) -> None:
    """Refuse an own festival that cannot be told from a built-in one, or whose days do not exist; raises `Invalid`."""
    if not name.strip() or name != name.strip():
        raise Invalid("name", "needs characters, and no blanks around them")
    if name in BUILT_IN or name in {known.zh for known in BUILT_IN.values()}:
        raise Invalid("name", "is a festival everybody has")
    if isinstance(days, OnDay):
        _check_day("days.day", days.month, days.day)
    if isinstance(days, OnDates):
        _check_once("days.dates", days.dates)
        for number, day in enumerate(days.dates):
            _check_year(f"days.dates[{number}]", day)


def _check_day(field: str, month: int, day: int) -> None:
    if not exists(month, day):
        raise Invalid(field, f"month {month} has no such day")


def _check_year(field: str, day: date) -> None:
    if day.year not in YEARS:
        raise Invalid(field, f"lies outside {YEARS[0]} to {YEARS[-1]}")


def _check_once(field: str, values: Sequence[object]) -> None:
    for number, value in enumerate(values):
        if value in values[:number]:
            raise Invalid(f"{field}[{number}]", "is there twice")
