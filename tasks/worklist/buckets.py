"""The lists of the worklist, decided by one set of SQL fragments: lists and counts cannot disagree, because they share these lines.

Every fragment speaks of `t` (task) and `s` (its store) and of the instant `:at`. A store-local day exists in one place, `TODAY`.
"""

from enum import StrEnum
from typing import Final


class Bucket(StrEnum):
    """A list of the staff app. `today` is what can be done now, so it contains `overdue` and the call-backs that are due."""

    TODAY = "today"
    """Can be done now."""
    OVERDUE = "overdue"
    """Can be done now, and should have been done before."""
    CALLBACKS = "callbacks"
    """A time was promised to the customer, due or to come."""
    UPCOMING = "upcoming"
    """Opens, or comes back, later."""
    REPLIES = "replies"
    """A message was sent and may yet be answered: nobody needs to do anything, so no other list holds it."""
    DONE = "done"
    """Closed by a callback today."""


TODAY: Final = "(cast(:at as timestamptz) at time zone s.timezone)::date"
"""The store's own day; the one function that decides which day it is."""

LIVE: Final = "t.status in ('queued', 'open', 'in_progress', 'waiting')"
READY_AT: Final = "(case t.status when 'queued' then t.opens_at when 'waiting' then t.wait_until else t.opens_at end)"
"""When a task can be worked on. Not the status decides but the time: a task is due although the sweep has not been by."""

QUIET: Final = f"({LIVE} and t.wait_kind is not distinct from 'reply')"
"""Awaits an answer to a message: neither due nor overdue, whatever the clock says."""
READY: Final = f"({LIVE} and t.wait_kind is distinct from 'reply' and {READY_AT} <= :at)"
OVERDUE: Final = f"({READY} and t.due_at < :at)"
PROMISED: Final = f"({LIVE} and t.wait_kind is not distinct from 'callback')"
CLOSED_TODAY: Final = f"(t.status = 'done' and (t.closed_at at time zone s.timezone)::date = {TODAY})"
EXPIRING: Final = f"((t.expires_at at time zone s.timezone)::date <= {TODAY})"

BUCKETS: Final[dict[Bucket, str]] = {
    Bucket.TODAY: READY,
    Bucket.OVERDUE: OVERDUE,
    Bucket.CALLBACKS: PROMISED,
    Bucket.UPCOMING: f"({LIVE} and t.wait_kind is distinct from 'reply' and {READY_AT} > :at)",
    Bucket.REPLIES: QUIET,
    Bucket.DONE: CLOSED_TODAY,
}
"""The condition of each list."""

_MICROS: Final = "(extract(epoch from {})::numeric * 1000000)::bigint"
_NEVER: Final = "9223372036854775807"

_MOMENT: Final = f"""
case when t.closed_at is not null then - {_MICROS.format("t.closed_at")}
     when {READY_AT} > :at then {_MICROS.format(READY_AT)}
     when t.wait_kind is not distinct from 'callback' then {_MICROS.format("t.wait_until")}
     else {_NEVER} end
"""
"""Promised times first, earliest on top; what comes later by when it comes; what is done by when, newest on top."""

ORDER_KEYS: Final[tuple[tuple[str, str], ...]] = (
    ("k_calm", "(t.urged_at is null)::int"),
    ("k_moment", _MOMENT),
    ("k_expiring", f"(not {EXPIRING})::int"),
    ("k_priority", "- t.priority"),
    ("k_value", "- t.value_cents"),
    ("k_attempts", "t.attempts"),
    ("id", "t.id"),
)
"""Urged, promised time, expiring, value, attempts (http.md); all ascending, so that a page is one row comparison."""
