"""Conditions of birthdays, solar and lunar."""

from calendar import monthrange
from datetime import date, timedelta
from typing import Annotated

import msgspec

from tasks.audience.asking import Asked, Row
from tasks.audience.binds import Binds
from tasks.audience.registry import Condition, Params, register
from tasks.audience.states import Group
from tasks.audience.wording import Words
from tasks.people.birthdays import falling
from tasks.people.states import BirthdayKind

MonthDay = Annotated[str, msgspec.Meta(pattern="^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]
Ahead = Annotated[int, msgspec.Meta(ge=0, le=366)]
_LEAP_YEAR = 2000
_SEEN = "cu.birthday_on::text || case when cu.birthday_kind = 'lunar' then ' 农历/lunar' else '' end"


class BirthdayParams(Params, frozen=True):
    """Her next birthday falls within the next days (0: today), in so many days exactly, in this month, or between two days of a year.

    Exactly one of the four. The range is the one that comes next or runs now, and may go over the end of the year: 12-20 to 01-10. `calendar` takes only
    birthdays of that calendar.
    """

    next_days: Ahead | None = None
    in_days: Ahead | None = None
    this_month: bool = False
    from_day: MonthDay | None = None
    to_day: MonthDay | None = None
    calendar: BirthdayKind | None = None

    def __post_init__(self) -> None:
        """Refuse none, several, half a range, and days that no year has."""
        ranged = self.from_day is not None or self.to_day is not None
        if (self.next_days is not None) + (self.in_days is not None) + self.this_month + ranged != 1:
            raise ValueError("needs exactly one of: nextDays, inDays, thisMonth, fromDay with toDay")
        if ranged and (self.from_day is None or self.to_day is None):
            raise ValueError("fromDay and toDay need each other")
        for name, one in (("fromDay", self.from_day), ("toDay", self.to_day)):
            if one is not None and _day_in(_LEAP_YEAR, one)[1] != one:
                raise ValueError(f"{name} is not a day of any year")


def _day_in(year: int, month_day: str) -> tuple[date, str]:
    """Return the day in the year, and how it is written; one that the month does not have is its last."""
    month, day = (int(part) for part in month_day.split("-"))
    found = date(year, month, min(day, monthrange(year, month)[1]))
    return found, found.strftime("%m-%d")


def days_of(params: BirthdayParams, today: date) -> tuple[date, date]:
    """Return the first and the last day that the parameters mean, seen from today; nothing is beyond the calendar."""
    if params.in_days is not None:
        day = _after(today, params.in_days)
        return day, day
    if params.next_days is not None:
        return today, _after(today, params.next_days)
    if params.from_day is None or params.to_day is None:
        return today.replace(day=1), today.replace(day=monthrange(today.year, today.month)[1])
    over = params.to_day < params.from_day
    for year in range(max(today.year - 1, 1), min(today.year + 1, date.max.year - over) + 1):
        first, last = _day_in(year, params.from_day)[0], _day_in(year + over, params.to_day)[0]
        if last >= today:
            return first, last
    return today, today


def _after(today: date, days: int) -> date:
    return today + timedelta(days=min(days, (date.max - today).days))


def _birthday(params: BirthdayParams, binds: Binds) -> Asked:
    found = falling(*days_of(params, binds.day))
    solar, lunar = (binds.add(list(one), "int[]") for one in (found.solar, found.lunar))
    parts = {
        BirthdayKind.SOLAR: f"cu.birthday_kind = 'solar' and cu.birthday_md = any({solar})",
        BirthdayKind.LUNAR: f"cu.birthday_kind = 'lunar' and cu.birthday_md = any({lunar})",
    }
    wanted = [parts[kind] for kind in BirthdayKind if params.calendar in {None, kind}]
    return Row(f"cu.birthday_md is not null and (({') or ('.join(wanted)}))", _SEEN)


def _birthday_words(params: BirthdayParams, words: Words) -> str:
    said = {None: ("", ""), BirthdayKind.SOLAR: ("公历", " (solar)"), BirthdayKind.LUNAR: ("农历", " (lunar)")}
    zh, en = said[params.calendar]
    if params.this_month:
        return words.say(f"{zh}生日在本月", f"birthday{en} is this month")
    if params.from_day is not None:
        days = params.from_day, params.to_day
        return words.say(f"{zh}生日在 {{}} 至 {{}}", f"birthday{en} is between {{}} and {{}}", *days)
    days_to = params.in_days if params.in_days is not None else params.next_days
    if days_to == 0:
        return words.say(f"今天{zh}生日", f"birthday{en} is today")
    if params.in_days is not None:
        return words.say(f"{{}} 天后{zh}生日", f"birthday{en} is in {{}} days", days_to)
    return words.say(f"今天起 {{}} 天内{zh}生日", f"birthday{en} is in the next {{}} days", days_to)


register(
    Condition(
        name="birthday",
        group=Group.PROFILE,
        params=BirthdayParams,
        zh="生日",
        en="Birthday",
        ask=_birthday,
        words=_birthday_words,
        example={"nextDays": 7},
        todays=True,
    )
)


class BirthdayPlausibleParams(Params, frozen=True):
    """The birthday is known and none that a POS makes up: 1 January, 1 January 1900, or one that too many customers share. `plausible` false: it is not."""

    plausible: bool = True


def _birthday_plausible(params: BirthdayPlausibleParams, _binds: Binds) -> Asked:
    made_up = (
        "cu.birthday_md = 101 and (cu.birthday_kind = 'solar' or cu.birthday_on = date '1900-01-01') "
        "or cu.birthday_on in (select d.birthday_on from birthday_default d where d.merchant_id = :merchant)"
    )
    sql = f"cu.birthday_on is not null and not ({made_up})"
    return Row(sql if params.plausible else f"not ({sql})", _SEEN)


def _birthday_plausible_words(params: BirthdayPlausibleParams, words: Words) -> str:
    if params.plausible:
        return words.say("生日可信（已填且非系统默认值）", "birthday is known and plausible")
    return words.say("生日未填或为系统默认值", "birthday is unknown or a made-up default")


register(
    Condition(
        name="birthday_plausible",
        group=Group.PROFILE,
        params=BirthdayPlausibleParams,
        zh="生日可信",
        en="Birthday is plausible",
        ask=_birthday_plausible,
        words=_birthday_plausible_words,
        example={"plausible": True},
        todays=True,
    )
)
