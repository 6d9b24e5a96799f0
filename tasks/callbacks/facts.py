"""What a phone sends about a contact, and what it is answered."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tasks.callbacks.tables import Outcome, Verdict
from tasks.events.happened import Happened
from tasks.worklist.states import Channel, TaskStatus


class CallbackFact(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """An employee contacted the customer of a task. `action_id` is the phone's own UUIDv7; `fields` is what the outcome needs (outcomes.py)."""

    action_id: UUID
    task_id: UUID
    outcome: Outcome
    occurred_at: datetime
    channel: Channel = Channel.PHONE
    note: str | None = None
    fields: Mapping[str, Any] = {}


class CallbackAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of it. `first` is the verdict of the first time when this is a `duplicate`; `suspect_clock` says the phone's clock was not believed."""

    verdict: Verdict
    first: Verdict
    callback_id: UUID
    task_id: UUID
    status: TaskStatus
    attempts: int
    wait_until: datetime | None
    wait_kind: str | None
    close_reason: str | None
    occurred_at: datetime
    received_at: datetime
    suspect_clock: bool
    appointment_id: UUID | None = None


class Logged(msgspec.Struct, frozen=True):
    """The answer, and what the callback caused, for the rest of the flow."""

    answer: CallbackAnswer
    happened: Sequence[Happened] = ()
