"""Every write that a phone can send, by its kind: what it says, and what it does. A further one is one entry in `KINDS`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from tasks.flow.action_callback import CallbackBody, as_fact
from tasks.flow.action_moves import (
    CopyBody,
    OnTask,
    SnoozeBody,
    run_claim,
    run_copy,
    run_release,
    run_snooze,
    run_start,
)
from tasks.flow.action_sent import Sent
from tasks.flow.action_undo import UndoBody, as_undo
from tasks.flow.desk_acts import DESK_ACTS
from tasks.flow.log_callback import log_callback
from tasks.flow.outcome_undo import undo_callback
from tasks.flow.own_tasks import FollowUp, create_own_task
from tasks.flow.read_notices import ReadBody, read_notices
from tasks.flow.record_staff_events import Seen, record_staff_event
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit

Run = Callable[[Unit, StaffScope, Any, datetime], Awaitable[Any]]


@dataclass(frozen=True)
class Kind:
    """A kind of action.

    Attributes:
        shape: its body, a Struct that refuses unknown fields, in camelCase.
        run: does it as of the instant that is believed and returns what the phone is answered, a Struct without anything personal in it; `Acted` when the
            task had moved on. Runs in a transaction of its own under the action's id: it need not know the id, and must not commit.
        as_fact: for a use case that keeps the record itself (tasks.actions): makes what it takes, with the action's id; `run` then gets that.
        record: the kind under which such a use case keeps it.
    """

    shape: type[msgspec.Struct]
    run: Run
    as_fact: Callable[[Sent], msgspec.Struct] | None = None
    record: str | None = None


KINDS: Final[dict[str, Kind]] = {
    "claim": Kind(OnTask, run_claim),
    "start": Kind(OnTask, run_start),
    "snooze": Kind(SnoozeBody, run_snooze),
    "release": Kind(OnTask, run_release),
    "copy_script": Kind(CopyBody, run_copy),
    "log_callback": Kind(CallbackBody, lambda unit, who, fact, _at: log_callback(unit, who, fact), as_fact, "callback"),
    "undo": Kind(UndoBody, lambda unit, who, fact, _at: undo_callback(unit, who, fact), as_undo, "undo"),
    "create_task": Kind(FollowUp, create_own_task),
    "record_event": Kind(Seen, record_staff_event),
    "mark_read": Kind(ReadBody, read_notices),
    **{name: Kind(shape, run) for name, (shape, run) in DESK_ACTS.items()},
}
"""Kind → what it is."""
