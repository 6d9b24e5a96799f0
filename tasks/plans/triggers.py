"""What makes a behaviour plan fire: events, which of them, and how long after or before (engine.md, "A plan version")."""

import re
from calendar import monthrange
from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec

from tasks.audience.conditions.happenings import FieldFilter
from tasks.plans.shapes import Struct, WallTime
from tasks.plans.states import Counted

__all__ = ["Behaviour", "FieldFilter", "Offset", "Repeat", "Span", "Unless", "span"]

Days = Annotated[int, msgspec.Meta(ge=0, le=400)]
Months = Annotated[int, msgspec.Meta(ge=1, le=12)]
Span = Annotated[str, msgspec.Meta(pattern=r"^[1-9][0-9]{0,3}[mhd]$")]
"""An exact length of time, as owners write it: `30m`, `2h`, `3d`."""
MOST_MINUTES: Final = 400 * 24 * 60
_UNITS: Final = {"m": "minutes", "h": "hours", "d": "days"}
_SPAN: Final = re.compile(r"(\d+)([mhd])")


def span(text: str) -> timedelta:
    """Return the length of time that a `Span` says."""
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError("no span")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def months_after(day: date, months: int) -> date:
    """Return the same day so many months later, the last day of a month that has none such."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


class Offset(Struct, frozen=True):
    """When a passage fires, in one of four ways.

    - `after_days` calendar days, or `after_months`, after the event, at `at` in the store's zone;
    - exactly `after` the event; nothing of these two: at once, in the transaction that accepts the event;
    - `days_before` calendar days before the event's own date `before`, at `at`;
    - exactly `by` before the event's own instant `before`.

    `before` names a date of the event: `startsAt` of an appointment, `expiresOn` of a card, or a declared field of kind day. With `in_window` a moment
    outside the contact window moves to where the window next opens on an open day. `only_if` is judged when it fires, beside the audience.
    """

    after_days: Days | None = None
    after_months: Months | None = None
    at: WallTime | None = None
    after: Span | None = None
    before: Annotated[str, msgspec.Meta(min_length=1, max_length=40)] | None = None
    days_before: Days | None = None
    by: Span | None = None
    in_window: bool = False
    only_if: dict[str, Any] | None = None

    @property
    def at_once(self) -> bool:
        """Fires in the transaction that accepts the event."""
        return self.before is None and self.after is None and not self.by_days

    @property
    def by_days(self) -> bool:
        """Counts calendar days or months after the event."""
        return self.after_days is not None or self.after_months is not None

    def day_after(self, day: date) -> date:
        """Return the local day it fires on, counted from the local day of the event."""
        return months_after(day, self.after_months or 0) + timedelta(days=self.after_days or 0)


class Unless(Struct, frozen=True):
    """The passage ends if this event happens `within` so long of the entering one, before the passage fires."""

    event: str
    within: Span


class Repeat(Struct, frozen=True):
    """The passage fires again `every` so many days or months, counted from its first firing, until it has fired `times` or the `until` holds."""

    every: Annotated[int, msgspec.Meta(ge=1, le=366)]
    unit: Literal["days", "months"]
    times: Annotated[int, msgspec.Meta(ge=1, le=60)]
    until: Counted | None = None


class Behaviour(Struct, frozen=True, tag_field="kind", tag="behaviour"):
    """Fires for each of the events that keeps every filter; `first_visit` keeps only those of the first visit of her life at the merchant."""

    events: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=8)]
    offsets: Annotated[tuple[Offset, ...], msgspec.Meta(min_length=1, max_length=4)]
    where: Annotated[tuple[FieldFilter, ...], msgspec.Meta(max_length=10)] = ()
    first_visit: bool = False
    unless: Unless | None = None
    repeat: Repeat | None = None
