"""Words for days, true on the day they are read: 今天, 18号周五, 7天前, "Thursday or Saturday"."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Final

from scripts.locales import Locale

ZH_WEEKDAYS: Final = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
EN_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
EN_MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
ZH_NEAR: Final = {-2: "前天", -1: "昨天", 0: "今天", 1: "明天", 2: "后天"}
EN_NEAR: Final = {-1: "yesterday", 0: "today", 1: "tomorrow"}

COUNTED_DAYS: Final = 30
"""A day at most this long ago is said as a number of days; an earlier one by its date."""
YEARLESS_DAYS: Final = 180
"""A date at most this far away is said without its year, even across New Year."""
ZH_HOURS: Final = ((6, "凌晨"), (9, "早上"), (12, "上午"), (13, "中午"), (18, "下午"), (24, "晚上"))
"""Parts of the day, each with the hour at which it ends."""
HALF_HOUR: Final = 30
NOON: Final = 12
WEEK: Final = 7
OFFERED_DAYS: Final = 2
"""A closing offers two days: one is pushy, three are a questionnaire."""


def relative_day(day: date, today: date, locale: Locale) -> str:
    """The day as one would say it on `today`: 今天, 后天, 18号周五, 上周, 7天前, 8月2号; in English without "on"."""
    near = ZH_NEAR if locale == "zh-CN" else EN_NEAR
    distance = (day - today).days
    if distance in near:
        return near[distance]
    return _future(day, today, locale) if distance > 0 else _past(day, today, locale)


def calendar_day(day: date, today: date, locale: Locale) -> str:
    """The date itself, 10月18号 or "18 October", with the year only where leaving it out could mislead."""
    with_year = day.year != today.year and abs((day - today).days) > YEARLESS_DAYS
    if locale == "zh-CN":
        return f"{f'{day.year}年' if with_year else ''}{day.month}月{day.day}号"
    return f"{day.day} {EN_MONTHS[day.month - 1]}{f' {day.year}' if with_year else ''}"


def relative_moment(moment: datetime, today: date, locale: Locale) -> str:
    """A store-local appointment as one would say it on `today`: 明天下午3点半, "tomorrow at 3:30 pm"."""
    day = relative_day(moment.date(), today, locale)
    return f"{day}{_zh_time(moment)}" if locale == "zh-CN" else f"{day} at {_en_time(moment)}"


def suggest_days(days: Iterable[date], today: date, locale: Locale) -> str | None:
    """The first two days not yet past, as an offer: 周四或周六, "Thursday or Saturday"; None when there is none."""
    offered = sorted({day for day in days if day >= today})[:OFFERED_DAYS]
    joiner = "或" if locale == "zh-CN" else " or "
    return joiner.join(_offered_day(day, today, locale) for day in offered) or None


def _future(day: date, today: date, locale: Locale) -> str:
    same_month = (day.year, day.month) == (today.year, today.month)
    if locale == "zh-CN":
        return (f"{day.day}号" if same_month else calendar_day(day, today, locale)) + ZH_WEEKDAYS[day.weekday()]
    weekday = EN_WEEKDAYS[day.weekday()]
    return f"{weekday} the {_ordinal(day.day)}" if same_month else f"{weekday} {calendar_day(day, today, locale)}"


def _past(day: date, today: date, locale: Locale) -> str:
    distance = (today - day).days
    if distance > COUNTED_DAYS:
        return calendar_day(day, today, locale)
    if distance < WEEK and _week(day) < _week(today):
        return "上周" if locale == "zh-CN" else "last week"
    return f"{distance}天前" if locale == "zh-CN" else f"{distance} days ago"


def _offered_day(day: date, today: date, locale: Locale) -> str:
    distance = (day - today).days
    if distance <= 1:
        return relative_day(day, today, locale)
    if locale == "en":
        return EN_WEEKDAYS[day.weekday()] if distance < WEEK else _future(day, today, locale)
    weeks = _week(day) - _week(today)
    if weeks > 1:
        return _future(day, today, locale)
    return ("下" if weeks else "") + ZH_WEEKDAYS[day.weekday()]


def _zh_time(moment: datetime) -> str:
    part = next(words for end, words in ZH_HOURS if moment.hour < end)
    hour = moment.hour - NOON if moment.hour > NOON else moment.hour
    minutes = {0: "", HALF_HOUR: "半"}.get(moment.minute, f"{moment.minute:02d}分")
    return f"{part}{hour}点{minutes}"


def _en_time(moment: datetime) -> str:
    minutes = f":{moment.minute:02d}" if moment.minute else ""
    return f"{(moment.hour - 1) % NOON + 1}{minutes} {'am' if moment.hour < NOON else 'pm'}"


def _week(day: date) -> int:
    """The number of the Monday-to-Sunday week: `date.toordinal()` 1 is a Monday."""
    return (day.toordinal() - 1) // WEEK


def _ordinal(number: int) -> str:
    teens = 11 <= number <= 13  # noqa: PLR2004 - eleventh to thirteenth, whatever their last digit
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
