"""A callback being applied, and what its effect on the customer leaves behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tasks.callbacks.facts import CallbackFact
from tasks.callbacks.fields import Fields
from tasks.callbacks.tables import Outcome
from tasks.events.happened import Happened
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.worklist.repository import TaskState


@dataclass(frozen=True)
class Deed:
    """A callback being applied.

    Attributes:
        callback_id: the row that is kept of it.
        scope: who logged it.
        task: the locked task, as it was before.
        fact: what the phone sent.
        outcome: what it does; a merchant's own code behaves as one of these.
        fields: what the outcome needs, typed.
        at: the instant of the contact that is believed; of a correction, that of the contact it corrects.
        moves: whether it moves the task.
    """

    callback_id: UUID
    scope: StaffScope
    task: TaskState
    fact: CallbackFact
    outcome: Outcome
    fields: Fields
    at: datetime
    moves: bool


class Complaint(msgspec.Struct, frozen=True, kw_only=True):
    """A complaint that was logged, for whoever sees that somebody looks after it; `words` are what the employee noted of it."""

    callback_id: UUID
    event_id: UUID
    customer_id: UUID
    store_id: UUID
    task_id: UUID
    staff_id: UUID
    words: str | None


@dataclass(frozen=True)
class Caused:
    """What an effect on the customer leaves.

    Attributes:
        happened: events for the rest of the flow.
        appointment_id: the appointment that was made or meant.
        complaint: a complaint that wants a recovery.
        made: what it made, by name, so that a correction can take it back.
    """

    happened: Sequence[Happened] = ()
    appointment_id: UUID | None = None
    complaint: Complaint | None = None
    made: Mapping[str, Any] = field(default_factory=dict)


async def nothing(_unit: Unit, _deed: Deed) -> Caused:
    """The outcome says nothing of the customer that outlives the task."""
    return Caused()
