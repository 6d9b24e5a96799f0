"""When to try again, and whether a phone's clock can be believed. Pure."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Final

import msgspec

from tasks.kernel.zones import local_day, local_instant, zone_of
from tasks.worklist.windows import ContactWindow

MAX_ATTEMPTS: Final = 3
"""After this many calls that nobody answered the task is exhausted."""
MAX_CALLS_A_DAY: Final = 2
RETRY_AFTER: Final = timedelta(hours=4)
NOON: Final = time(12)
"""Where the half-days meet."""
AFTERNOON: Final = time(14)
"""When a retry in the afternoon starts: not in the midday rest."""
CLOCK_SLACK: Final = timedelta(minutes=5)
"""How far a phone's clock may be off without being remarked."""
_SEARCH_DAYS: Final = 60


class Place(msgspec.Struct, frozen=True):
    """Where the customer is called from: the store's zone, its open days, and when contacting is allowed."""

    zone: str
    window: ContactWindow
    is_open: Callable[[date], bool]


class Attempt(msgspec.Struct, frozen=True):
    """A call nobody answered: the how-many-eth in a row, and the how-many-eth call of this customer today."""

    at: datetime
    number: int
    calls_today: int


def next_attempt(attempt: Attempt, place: Place) -> datetime | None:
    """Return when to call again, or None when it was the last attempt (engine.md, "Outcomes", no_answer).

    After the first call: four hours later, if that is the same open day, inside the window and at most the second call of the day. Otherwise, and
    after the second: the next open day, in the half-day in which she was not called.
    """
    if attempt.number >= MAX_ATTEMPTS:
        return None
    today, later = local_day(attempt.at, place.zone), attempt.at + RETRY_AFTER
    same_day = local_day(later, place.zone) == today and place.window.holds(later, place.zone)
    if attempt.number == 1 and same_day and place.is_open(today) and attempt.calls_today < MAX_CALLS_A_DAY:
        return later
    return _other_half_day(attempt.at, next_open_day(today, place.is_open), place)


def next_open_day(day: date, is_open: Callable[[date], bool]) -> date:
    """Return the first open day after `day`; the very next one when none is open for two months."""
    days = (day + timedelta(days=ahead) for ahead in range(1, _SEARCH_DAYS + 1))
    return next((each for each in days if is_open(each)), day + timedelta(days=1))


def _other_half_day(called_at: datetime, day: date, place: Place) -> datetime:
    opens, closes = place.window.opens(day, place.zone), place.window.closes(day, place.zone)
    if called_at.astimezone(zone_of(place.zone)).time() >= NOON:
        return opens
    afternoon = max(opens, local_instant(day, AFTERNOON, place.zone))
    return afternoon if afternoon < closes else opens


def believed(occurred_at: datetime, created_at: datetime, now: datetime) -> tuple[datetime, bool]:
    """Return the instant to reckon with, and whether the phone's clock is suspect: a contact is not after now and not before its task."""
    at = min(max(occurred_at, created_at), now)
    return at, abs(at - occurred_at) > CLOCK_SLACK
