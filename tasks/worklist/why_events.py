"""Why a task is there whose plan is about an event or a day: 昨天的预约没有到店, 明天会员日."""

from collections.abc import Callable
from datetime import date
from typing import Final

from scripts.locales import Locale
from scripts.variables import relative_day, relative_moment
from tasks.worklist.background import Background

Words = Callable[[Background, date, Locale], str | None]


def _on(zh: str, en: str) -> Words:
    """A line about the day of the event: `{}` is when it was."""

    def words(background: Background, today: date, locale: Locale) -> str | None:
        if background.event_on is None:
            return None
        return (zh if locale == "zh-CN" else en).format(relative_day(background.event_on, today, locale))

    return words


def _appointment(zh: str, en: str) -> Words:
    """A line about the time of the appointment."""

    def words(background: Background, today: date, locale: Locale) -> str | None:
        if background.appointment_at is None:
            return None
        return (zh if locale == "zh-CN" else en).format(relative_moment(background.appointment_at, today, locale))

    return words


def _day(zh: str, en: str) -> Words:
    """A line about the day that the plan is for."""

    def words(background: Background, today: date, locale: Locale) -> str | None:
        if background.about_on is None:
            return None
        return (zh if locale == "zh-CN" else en).format(relative_day(background.about_on, today, locale))

    return words


def _complaint(background: Background, today: date, locale: Locale) -> str | None:
    review = background.event_type == "bad_review"
    words = (
        _on("{}给了差评，请尽快回复", "Bad review {}: answer soon")
        if review
        else _on("{}投诉，请尽快回复", "Complained {}: answer soon")
    )
    return words(background, today, locale)


def _refund(background: Background, today: date, locale: Locale) -> str | None:
    closed = background.event_type == "card_closed"
    words = _on("{}退了卡", "Returned her card {}") if closed else _on("{}退了款", "Got a refund {}")
    return words(background, today, locale)


def _birthday(background: Background, today: date, locale: Locale) -> str | None:
    """The next birthday, from today on; one of 29 February falls on the 28th (engine.md, "When")."""
    born = background.birthday_on
    if born is None:
        return None
    falls = [_in_year(born, year) for year in (today.year, today.year + 1)]
    when = relative_day(next(day for day in falls if day >= today), today, locale)
    return f"{when}生日" if locale == "zh-CN" else f"Birthday {when}"


def _in_year(born: date, year: int) -> date:
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def _anniversary(background: Background, today: date, locale: Locale) -> str | None:  # noqa: ARG001  # one shape for every line
    first, fired = background.first_purchase_on, background.fired_on
    if first is None or fired is None:
        return None
    days = (fired - first).days
    return f"认识第 {days} 天" if locale == "zh-CN" else f"{days} days with us"


def _level(background: Background, today: date, locale: Locale) -> str | None:  # noqa: ARG001  # one shape for every line
    level = background.level_name
    if level is None:
        return None
    return f"升到{level}会员" if locale == "zh-CN" else f"Moved up to {level}"


def _said(zh: str, en: str) -> Words:
    """A line that needs no facts."""
    return lambda _background, _today, locale: zh if locale == "zh-CN" else en


EVENT_LINES: Final[dict[str, Words]] = {
    "member_day": _day("{}会员日", "Member day {}"),
    "festival_care": _day("{}的节气或节日", "The festival is {}"),
    "birthday": _birthday,
    "anniversary": _anniversary,
    "tier_upgrade": _level,
    "no_show_recovery": _appointment("{}的预约没有到店", "Missed her appointment {}"),
    "appointment_confirm": _appointment("{}有预约，待确认", "Appointment {}, not confirmed yet"),
    "complaint_recovery": _complaint,
    "refund_care": _refund,
    "tried_not_bought": _on("{}试过，没有购买", "Tried {}, did not buy"),
    "sample_follow_up": _on("{}拿了小样", "Took a sample {}"),
    "add_wechat": _said("到店了，还没有加微信", "Was here and is not on WeChat yet"),
    "handover_intro": _said("刚换专属顾问，还没有打招呼", "Has a new consultant who has not said hello"),
}
"""Template → its line; without the facts the plan's name is shown."""
