"""Dates and times as people and machines write them, parsed once per distinct text."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import msgspec

from backend.imports.reasons import CellRefused
from tasks.kernel.zones import local_instant

FIRST_YEAR, LAST_YEAR = 1900, 2100
"""Years outside are typing errors, not dates."""
EXCEL_EPOCH = date(1899, 12, 30)
"""Day 0 of Excel's count as it works out after 1 March 1900."""

_DAY = r"(?P<year>\d{4})\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*[日号]?"
_TIME = (
    r"(?P<half>上午|下午|中午|晚上|凌晨|早上|傍晚|AM|PM|am|pm)?\s*(?P<hour>\d{1,2})\s*[:：时点]\s*"
    r"(?:(?P<minute>\d{1,2})\s*分?(?:\s*[:：]?\s*(?P<second>\d{1,2})(?:\.\d+)?\s*秒?)?)?\s*(?P<after>AM|PM|am|pm)?"
)
_WRITTEN = re.compile(rf"{_DAY}(?:[\sT,，]*(?:星期.|周.)?[\sT]*{_TIME})?")
_PACKED = re.compile(
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?:[T ]?(?P<hour>\d{2}):?(?P<minute>\d{2})(?::?(?P<second>\d{2}))?)?"
)
_CLOCK = re.compile(_TIME)
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_LATE = {"下午", "晚上", "傍晚", "PM", "pm"}
_EARLY = {"上午", "凌晨", "早上", "AM", "am"}
_NOON = 12
_MINUTES = 24 * 60
_MIDNIGHT = time(0)
_DATE_MARKS = {"%Y", "%y", "%m", "%b", "%B", "%d", "%j", "%a", "%A", "%x", "%c", "%z", "%Z"}
_TIME_MARKS = {"%H", "%I", "%M", "%S", "%p", "%f", "%X", "%c", "%z", "%Z"}


class Moment(msgspec.Struct, frozen=True):
    """A day, with a wall time when one was written; `exact` when the text carried its own offset from UTC."""

    day: date
    wall: time | None = None
    exact: datetime | None = None


def parse_moment(text: str, formats: Sequence[str]) -> Moment:
    """Return what a text says, by the given formats first, then by forms nobody can misread; raises `CellRefused`."""
    found = by_halves(text, formats) or _by_formats(text, formats) or _by_form(text)
    if found is None:
        raise CellRefused("not-a-date")
    if not FIRST_YEAR <= found.day.year <= LAST_YEAR:
        raise CellRefused("date-out-of-range")
    return found


def by_halves(text: str, formats: Sequence[str]) -> Moment | None:
    """Return day and time parsed apart: both halves recur in a file where the whole hardly ever does."""
    head, gap, tail = text.partition(" ")
    if not gap:
        return None
    for form in formats or (None,):
        day = _day_half(head, form)
        wall = _time_half(tail, form) if day is not None else None
        if day is not None and wall is not None:
            return Moment(day, wall)
        if form is not None and _halves(form) is None:
            return None  # an earlier format that cannot be halved has the first say
    return None


@lru_cache(maxsize=256)
def _halves(form: str) -> tuple[str, str] | None:
    """Return the date and time parts of a format that has them on either side of its first space."""
    day, gap, wall = form.partition(" ")
    whole = gap and all(any(mark in day for mark in marks) for marks in (("%Y", "%y"), ("%m", "%b", "%B"), ("%d",)))
    apart = not _DATE_MARKS & set(re.findall("%.", wall)) and not _TIME_MARKS & set(re.findall("%.", day))
    return (day, wall) if whole and apart and ("%H" in wall or "%I" in wall) else None


@lru_cache(maxsize=65_536)
def _day_half(text: str, form: str | None) -> date | None:
    if form is None:
        found = _by_form(text)
        return found.day if found is not None and found.wall is None else None
    halves = _halves(form)
    found = _by_formats(text, halves[:1]) if halves else None
    return found.day if found is not None else None


@lru_cache(maxsize=65_536)
def _time_half(text: str, form: str | None) -> time | None:
    halves = _halves(form) if form is not None else None
    try:
        if halves:
            return datetime.strptime(text, halves[1]).time()  # noqa: DTZ007  # a wall time
        match = _CLOCK.fullmatch(text) if form is None else None
        return _wall(match.groupdict()) if match else None
    except ValueError:
        return None


def _by_formats(text: str, formats: Sequence[str]) -> Moment | None:
    for form in formats:
        try:
            parsed = datetime.strptime(text, form)  # noqa: DTZ007  # the zone is the store's and comes later
        except ValueError:
            continue
        if parsed.tzinfo is not None:
            return Moment(parsed.date(), parsed.time(), parsed.astimezone(UTC))
        return Moment(parsed.date(), parsed.time() if _tells_time(form) else None)
    return None


def _tells_time(form: str) -> bool:
    return any(mark in form for mark in ("%H", "%I", "%X", "%c", "%T", "%R"))


def _by_form(text: str) -> Moment | None:
    try:
        if _SERIAL.fullmatch(text):
            return _from_serial(float(text))
        match = _WRITTEN.fullmatch(text) or _PACKED.fullmatch(text)
        if match is None:
            return _from_iso(text)
        day = date(int(match["year"]), int(match["month"]), int(match["day"]))
        return Moment(day, _wall(match.groupdict()) if match["hour"] else None)
    except ValueError:
        return None


def _from_iso(text: str) -> Moment | None:
    if len(text) < len("2026-01-01"):
        return None
    parsed = datetime.fromisoformat(text)
    exact = parsed.astimezone(UTC) if parsed.tzinfo is not None else None
    return Moment(parsed.date(), parsed.time(), exact)


def _from_serial(serial: float) -> Moment:
    whole = int(serial)
    day = EXCEL_EPOCH + timedelta(days=whole)
    seconds = round((serial - whole) * 86400)
    if "." not in f"{serial:.9f}".rstrip("0").rstrip("."):
        return Moment(day)
    at = datetime.combine(day, time()) + timedelta(seconds=seconds)
    return Moment(at.date(), at.time())


def _wall(parts: dict[str, str | None]) -> time:
    hour = int(parts["hour"] or 0)
    half = parts.get("half") or parts.get("after")
    if half in _LATE and hour < _NOON:
        hour += _NOON
    elif half in _EARLY and hour == _NOON:
        hour = 0
    return time(hour, int(parts["minute"] or 0), int(parts["second"] or 0))


def parse_wall(text: str) -> time:
    """Return a time such as `15:05`, `3:05:00 PM`, `下午3点05分` or `1899-12-30T15:05:00`; raises `CellRefused`."""
    match = _CLOCK.fullmatch(text)
    try:
        if match:
            return _wall(match.groupdict())
        if text.replace(".", "", 1).isdigit() and 0 <= float(text) < 1:
            return (datetime.combine(EXCEL_EPOCH, _MIDNIGHT) + timedelta(seconds=round(float(text) * 86400))).time()
        return datetime.fromisoformat(text).time()
    except ValueError as fault:
        raise CellRefused("not-a-time") from fault


def parse_minutes(text: str) -> time:
    """Return the time of day of so many minutes since midnight; raises `CellRefused`."""
    if not text.isascii() or not text.isdigit() or int(text) >= _MINUTES:
        raise CellRefused("not-a-time")
    return time(*divmod(int(text), 60))


def instant_of(day: date, wall: time, zone: str) -> datetime:
    """Return the UTC instant of a wall time, as `local_instant` does."""
    offset = _offset(day, zone)
    return local_instant(day, wall, zone) if offset is None else datetime.combine(day, wall, UTC) - offset


def midnight_of(day: date, zone: str) -> datetime | None:
    """Return the UTC instant at which a day begins, None for a day on which clocks are changed."""
    offset = _offset(day, zone)
    return None if offset is None else datetime.combine(day, time(0), UTC) - offset


@lru_cache(maxsize=65_536)
def _offset(day: date, zone: str) -> timedelta | None:
    """Return the offset from UTC that holds all day, None for a day on which clocks are changed."""
    first, last = (local_instant(one, time(0), zone) for one in (day, day + timedelta(days=1)))
    if last - first != timedelta(days=1):
        return None
    return datetime.combine(day, time(0), UTC) - first
