"""What a schedule means, said another way: a day is asked whether it is one, and an instant is read off a zone's transitions.

Nothing here enumerates a rule's days or asks `datetime` to convert a wall time, which is how the product does it.
"""

from bisect import bisect_right
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from tasks.plans.calendars.names import ShortMonth, Term
from tasks.plans.calendars.yearly import OnDates, OnDay, OnLunarDay
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
)
from tests.support.almanac import lunar_days, terms

DAY = timedelta(days=1)
LUNAR = lunar_days()
TERM_OF = terms()
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MONDAY = date(2024, 1, 1)
MINUTE = 60
Own = Mapping[str, OnDay | OnLunarDay | OnDates]


def last_of_month(day: date) -> bool:
    return (day + DAY).day == 1


def weekday(day: date) -> str:
    return WEEKDAYS[(day - MONDAY).days % 7]


def lunar(month: int, number: int) -> Callable[[date], bool]:
    def holds(day: date) -> bool:
        of_month, of_day, leap, length = LUNAR[day]
        return not leap and of_month == month and of_day == min(number, length)

    return holds


def yearly(month: int, number: int) -> Callable[[date], bool]:
    def holds(day: date) -> bool:
        there = (day.month, day.day) == (month, number)
        return there or ((month, number) == (2, 29) and (day.month, day.day) == (2, 28) and last_of_month(day))

    return holds


def term(name: str) -> Callable[[date], bool]:
    number = [one.value for one in Term].index(name)
    return lambda day: TERM_OF.get(day) == number


def nth(month: int, name: str, number: int) -> Callable[[date], bool]:
    return lambda day: day.month == month and weekday(day) == name and 7 * (number - 1) < day.day <= 7 * number


FESTIVALS: dict[str, Callable[[date], bool]] = {
    "new_year": yearly(1, 1),
    "laba": lunar(12, 8),
    "little_new_year": lunar(12, 23),
    "new_years_eve": lambda day: lunar(1, 1)(day + DAY),
    "spring_festival": lunar(1, 1),
    "lantern": lunar(1, 15),
    "valentines": yearly(2, 14),
    "dragon_head": lunar(2, 2),
    "womens_day": yearly(3, 8),
    "white_day": yearly(3, 14),
    "tomb_sweeping": term("qing_ming"),
    "labour_day": yearly(5, 1),
    "youth_day": yearly(5, 4),
    "mothers_day": nth(5, "sun", 2),
    "love_520": yearly(5, 20),
    "childrens_day": yearly(6, 1),
    "dragon_boat": lunar(5, 5),
    "shopping_618": yearly(6, 18),
    "fathers_day": nth(6, "sun", 3),
    "qixi": lunar(7, 7),
    "teachers_day": yearly(9, 10),
    "mid_autumn": lunar(8, 15),
    "national_day": yearly(10, 1),
    "double_ninth": lunar(9, 9),
    "double_11": yearly(11, 11),
    "thanksgiving": nth(11, "thu", 4),
    "double_12": yearly(12, 12),
    "winter_solstice": term("dong_zhi"),
    "christmas_eve": yearly(12, 24),
    "christmas": yearly(12, 25),
}


def base_day(schedule: Schedule, own: Own) -> Callable[[date], bool]:
    """Whether a day, before any offset, is one of the rule."""
    match schedule:
        case OneOff(at=at):
            return lambda day: day == at.date()
        case Daily():
            return lambda _: True
        case Weekly(weekdays=names):
            return lambda day: weekday(day) in [name.value for name in names]
        case MonthEnd():
            return last_of_month
        case Monthly(days=numbers, short_month=short):
            clamps = short is ShortMonth.CLAMP
            return lambda day: day.day in numbers or (clamps and last_of_month(day) and day.day < max(numbers))
    return day_of_the_year(schedule, own)


def day_of_the_year(schedule: Yearly | Lunar | SolarTerm | Festival, own: Own) -> Callable[[date], bool]:
    match schedule:
        case Yearly(month=month, day=number):
            return yearly(month, number)
        case Lunar(month=month, day=number):
            return lunar(month, number)
        case SolarTerm(term=name):
            return term(name.value)
        case Festival(name=name):
            return FESTIVALS[name] if name in FESTIVALS else own_festival(own.get(name))


def own_festival(rule: OnDay | OnLunarDay | OnDates | None) -> Callable[[date], bool]:
    match rule:
        case OnDay(month=month, day=number):
            return yearly(month, number)
        case OnLunarDay(month=month, day=number):
            return lunar(month, number)
        case OnDates(dates=dates):
            return lambda day: day in dates
    return lambda _: False


def days_by_walking(schedule: Schedule, first: date, last: date, own: Own) -> list[date]:
    """Walk every civil day and ask."""
    holds = base_day(schedule, own)
    offset = timedelta(days=0 if isinstance(schedule, OneOff) else schedule.offset_days)
    walk = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return [day for day in walk if holds(day - offset)]


@cache
def transitions(zone: str) -> tuple[list[int], list[int]]:
    """When a zone's offset has changed for good on the wall, in seconds of wall time, and the offsets before, between and after.

    A wall time before such a moment is still read with the old offset: in a gap that moves it forward by the gap, in a fold it is the first of the two.
    """
    tz = ZoneInfo(zone)
    at, end = datetime(2018, 12, 1, tzinfo=UTC), datetime(2052, 2, 1, tzinfo=UTC)
    walls: list[int] = []
    offsets = [offset_at(at, tz)]
    while at < end:
        if offset_at(at + DAY, tz) != offsets[-1]:
            moment = first_with_another(at, offsets[-1], tz)
            before, after = offsets[-1], offset_at(moment, tz)
            walls.append(int(moment.timestamp()) + max(before, after))
            offsets.append(after)
        at += DAY
    return walls, offsets


def offset_at(at: datetime, tz: ZoneInfo) -> int:
    found = at.astimezone(tz).utcoffset()
    assert found is not None
    return int(found.total_seconds())


def first_with_another(at: datetime, offset: int, tz: ZoneInfo) -> datetime:
    low, high = 0, 24 * MINUTE
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if offset_at(at + timedelta(minutes=middle), tz) != offset else (middle, high)
    return at + timedelta(minutes=high)


def instant_by_transitions(day: date, wall: time, zone: str) -> int:
    """Seconds since 1970 of a wall time on a day."""
    walls, offsets = transitions(zone)
    naive = (day - date(1970, 1, 1)).days * 86_400 + wall.hour * 3_600 + wall.minute * MINUTE
    return naive - offsets[bisect_right(walls, naive)]
