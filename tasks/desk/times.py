"""When an appointment is: a clock time, or a day and half of it. Pure."""

from datetime import date, datetime
from typing import Final

import msgspec

from tasks.callbacks.fields import HALF_DAY_STARTS, MAX_AHEAD, HalfDay
from tasks.kernel.errors import Invalid
from tasks.kernel.zones import local_day, local_instant
from tasks.ledger.states import Precision


class When(msgspec.Struct, frozen=True):
    """The instant that stands for what was said, its store-local day, and how exact it is."""

    starts_at: datetime
    starts_on: date
    precision: Precision


DAYS: Final = MAX_AHEAD.days


def when_of(said: tuple[datetime | None, date | None, HalfDay | None], now: datetime, zone: str) -> When:
    """Return the time of `(startsAt, startsOn, halfDay)`; raises `Invalid` unless it is one time, from today on and within 180 days."""
    starts_at, starts_on, half_day = said
    if starts_at is not None and (starts_on is not None or half_day is not None):
        raise Invalid("startsAt", "either an exact time or a day with a half-day")
    if starts_at is not None and starts_at.tzinfo is None:
        raise Invalid("startsAt", "needs a time zone")
    if starts_at is None and starts_on is None:
        raise Invalid("startsAt", "is needed, or startsOn with halfDay")
    if starts_at is None and half_day is None:
        raise Invalid("halfDay", "is needed with startsOn")
    day = starts_on if starts_at is None else local_day(starts_at, zone)
    assert day is not None  # noqa: S101  # one of the two was said
    field = "startsOn" if starts_at is None else "startsAt"
    if not local_day(now, zone) <= day <= local_day(now + MAX_AHEAD, zone):
        raise Invalid(field, f"must be a day from today on, within {DAYS} days")
    if starts_at is not None:
        return When(starts_at, day, Precision.EXACT)
    assert half_day is not None  # noqa: S101  # checked above
    return When(local_instant(day, HALF_DAY_STARTS[half_day], zone), day, Precision.HALF_DAY)
