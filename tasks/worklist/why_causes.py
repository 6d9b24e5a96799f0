"""Why a task is there that no plan made: in the employee's own words, or by what caused it."""

from datetime import date
from typing import Final

from scripts.locales import Locale
from scripts.variables import relative_day
from tasks.worklist.background import Background
from tasks.worklist.states import TaskCause

_PLAIN: Final[dict[str, tuple[str, str]]] = {
    TaskCause.OWN.value: ("自己安排的跟进", "Your own follow-up"),
    TaskCause.BROKEN_PROMISE.value: ("说好来，没有到店", "Said she would come, and did not"),
    TaskCause.COMPLAINT.value: ("客户投诉，请尽快回复", "She complained: answer soon"),
    TaskCause.BAD_REVIEW.value: ("客户给了差评，请尽快回复", "A bad review: answer soon"),
    TaskCause.TRIAL.value: ("试运行的任务", "A task of a trial run"),
}
"""Cause → what is said of it when nothing more is known."""
_HALVES: Final = {"am": ("上午", "morning"), "pm": ("下午", "afternoon")}


def cause_line(background: Background, today: date, locale: Locale) -> str:
    """Return the line; a task without a cause is somebody's own."""
    cause = background.cause or TaskCause.OWN.value
    if cause == TaskCause.BROKEN_PROMISE and background.promised_on is not None:
        return _promise(background.promised_on, background.half_day, today, locale)
    zh, en = _PLAIN[cause]
    if not background.words:
        return zh if locale == "zh-CN" else en
    if cause == TaskCause.OWN:
        return background.words
    return f"{zh}：{background.words}" if locale == "zh-CN" else f"{en}. {background.words}"


def _promise(promised_on: date, half_day: str | None, today: date, locale: Locale) -> str:
    when = relative_day(promised_on, today, locale)
    zh, en = _HALVES.get(half_day or "", ("", ""))
    if locale == "zh-CN":
        return f"说好{when}{zh}来，没有到店"
    return f"Said she would come {when}{f' {en}' if en else ''}, and did not"
