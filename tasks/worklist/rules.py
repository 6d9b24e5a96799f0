"""What may be done with a task, decided without looking anywhere."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from tasks.kernel.errors import Invalid
from tasks.worklist.states import LIVE, TRANSITIONS, TaskStatus

MAX_SNOOZE: Final = timedelta(days=30)
"""A task that should rest longer than this is not a task."""


class TaskAction(StrEnum):
    """What the staff app can offer on a task."""

    CLAIM = "claim"
    """Take it from the pool."""
    START = "start"
    """Begin working on it."""
    SNOOZE = "snooze"
    """Let it come back later."""
    RELEASE = "release"
    """Give it back."""
    COPY = "copy"
    """Copy a script."""
    REVEAL_PHONE = "reveal_phone"
    """See the full number."""
    CALLBACK = "callback"
    """Log what happened."""


class WaitKind(StrEnum):
    """Why a task waits."""

    SNOOZE = "snooze"
    """The employee put it off."""
    RETRY = "retry"
    """Nobody answered."""
    CALLBACK = "callback"
    """A time was promised to the customer."""
    LATER = "later"
    """She is interested, and wants to be contacted again then."""
    REPLY = "reply"
    """A message was sent; she may answer it. Rests in a list of its own and comes back only as a reply, a booking or a visit."""


def may_move(current: TaskStatus, to: TaskStatus) -> bool:
    """Say whether the table of transitions has this one."""
    return to in TRANSITIONS[current]


def sources(to: TaskStatus) -> list[str]:
    """Return the states from which a task may move to `to`, as the SQL of a compare-and-set wants them."""
    return [state.value for state in TaskStatus if may_move(state, to)]


def allowed_actions(status: TaskStatus, assignee_id: UUID | None, me: UUID, *, phone: bool) -> list[TaskAction]:
    """Return what `me` may do with the task now, in the order the app shows it."""
    if status not in LIVE:
        return []
    if assignee_id is None:
        return [TaskAction.CLAIM, TaskAction.START]
    if assignee_id != me:
        return []
    actions = [TaskAction.START] if status is TaskStatus.OPEN else []
    actions += [TaskAction.COPY, *([TaskAction.REVEAL_PHONE] if phone else []), TaskAction.CALLBACK]
    if may_move(status, TaskStatus.WAITING):
        actions.append(TaskAction.SNOOZE)
    return [*actions, TaskAction.RELEASE]


def check_snooze(until: datetime, now: datetime) -> None:
    """Raise `Invalid` on `until` unless it is an instant after now and within `MAX_SNOOZE`."""
    if until.tzinfo is None:
        raise Invalid("until", "needs a time zone")
    if until <= now:
        raise Invalid("until", "must be in the future")
    if until > now + MAX_SNOOZE:
        raise Invalid("until", f"at most {MAX_SNOOZE.days} days from now")
