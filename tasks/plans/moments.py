"""When a passage fires: the four kinds of offset, in the store's zone; pure.

Calendar days keep the wall time through a change of the clocks, lengths of time are exact (engine.md, "When").
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Final

import msgspec

from tasks.kernel.zones import day_bounds, day_start, local_day, local_instant
from tasks.people.calendar import NeverOpens, StoreCalendar, is_open, next_open_day
from tasks.plans.triggers import Offset, span
from tasks.worklist.windows import ContactWindow

MORNING: Final = time(9)
"""The wall time of an offset in days that names none."""
MONTH_DAYS: Final = 31
SHORT_MONTH_DAYS: Final = 28
LONGEST_CLOSURE: Final = timedelta(days=30)
"""How far a moment outside the contact window is thought to move at most, where events are looked for by when they happened."""


class Cause(msgspec.Struct, frozen=True):
    """What an offset is counted from.

    Attributes:
        occurred_at: when the event happened.
        timezone: the zone of the store.
        dates: by offset, the event's own date that it counts back from: an instant, or a day of the store; None where there is none.
        calendar: when the store is open; without one it is open every day.
    """

    occurred_at: datetime
    timezone: str
    dates: Sequence[datetime | date | None] = ()
    calendar: StoreCalendar | None = None


class Firing(msgspec.Struct, frozen=True):
    """When a passage fires: the instant and the local day. Not `in_time` when the moment lay before the event itself, or the date is over."""

    at: datetime
    on: date
    in_time: bool = True


def firing_of(offset: Offset, number: int, cause: Cause, window: ContactWindow) -> Firing | None:
    """Return when the offset with that number fires; None when it counts back from a date the event does not have."""
    anchor = None
    if offset.before is not None:
        anchor = cause.dates[number] if number < len(cause.dates) else None
        if anchor is None:
            return None
        at = _before(offset, anchor, cause.timezone)
    else:
        at = _after(offset, cause)
    moved = into_window(at, cause, window) if offset.in_window else at
    if anchor is not None and moved > at and moved >= _end(anchor, cause.timezone):
        # Of no use after the date: then it is shown when it was meant to be.
        moved = at
    return Firing(moved, local_day(moved, cause.timezone), anchor is None or at >= cause.occurred_at)


def is_over(anchor: datetime | date, now: datetime, zone: str) -> bool:
    """Say whether the date that a reminder counts back from has come: the beginning of an appointment, the end of a day."""
    return now >= _end(anchor, zone)


def _after(offset: Offset, cause: Cause) -> datetime:
    if offset.by_days:
        day = offset.day_after(local_day(cause.occurred_at, cause.timezone))
        return local_instant(day, offset.at or MORNING, cause.timezone)
    return cause.occurred_at + span(offset.after) if offset.after is not None else cause.occurred_at


def _before(offset: Offset, anchor: datetime | date, zone: str) -> datetime:
    """A day has its beginning as its instant."""
    if offset.by is not None:
        return (anchor if isinstance(anchor, datetime) else day_start(anchor, zone)) - span(offset.by)
    day = local_day(anchor, zone) if isinstance(anchor, datetime) else anchor
    return local_instant(day - timedelta(days=offset.days_before or 0), offset.at or MORNING, zone)


def _end(anchor: datetime | date, zone: str) -> datetime:
    return anchor if isinstance(anchor, datetime) else day_bounds(anchor, zone)[1]


def into_window(at: datetime, cause: Cause, window: ContactWindow) -> datetime:
    """Return the instant itself if customers may be contacted then and the store opens that day, else when the window next opens on an open day."""
    zone, calendar = cause.timezone, cause.calendar
    day = local_day(at, zone)
    opens = calendar is None or is_open(calendar, day)
    if opens and window.holds(at, zone):
        return at
    if opens and at < window.opens(day, zone):
        return window.opens(day, zone)
    day += timedelta(days=1)
    if calendar is not None:
        try:
            day = next_open_day(calendar, day)
        except NeverOpens:
            return at
    return window.opens(day, zone)


def reach(offset: Offset) -> timedelta:
    """Return how long ago an event may have happened at most whose passage is still to fire; of offsets that count back from a date, nothing is said."""
    length = span(offset.after) if offset.after is not None else timedelta(0)
    if offset.by_days:
        length = timedelta(days=(offset.after_days or 0) + MONTH_DAYS * (offset.after_months or 0) + 1)
    return length + (LONGEST_CLOSURE if offset.in_window else timedelta(0))


def counted_from(offset: Offset, day: date, zone: str) -> tuple[datetime, datetime]:
    """Return the window in which events happened (offsets with `before`: in which their dates lie) whose passages may fire on a local day.

    Wide enough for every one of them; which of them do fire that day, `firing_of` says.
    """
    first, last = day_bounds(day, zone)
    spare = timedelta(days=1)
    moved = LONGEST_CLOSURE if offset.in_window else timedelta(0)
    if offset.before is not None:
        ahead = span(offset.by) if offset.by is not None else timedelta(days=offset.days_before or 0)
        return first + ahead - spare - moved, last + ahead + spare
    if not offset.by_days:
        return first - reach(offset), last - reach(offset) + moved
    least = timedelta(days=(offset.after_days or 0) + SHORT_MONTH_DAYS * (offset.after_months or 0))
    return first - reach(offset) - spare, last - least + spare
