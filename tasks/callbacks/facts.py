"""What a phone sends about a contact, and what it is answered."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from tasks.actions.tables import Verdict
from tasks.worklist.states import Channel, TaskStatus


class CallbackFact(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """An employee contacted the customer of a task. `action_id` is the phone's own UUIDv7; `fields` is what the outcome needs (outcomes.py).

    `outcome` is a built-in code or one of the merchant's. `corrects` names an earlier callback of the same task that this one takes the place of, by its id
    or by the action the caller sent it with; `attachments` are ids of what was uploaded for it.
    """

    action_id: UUID
    task_id: UUID
    outcome: str
    occurred_at: datetime
    channel: Channel = Channel.PHONE
    note: str | None = None
    fields: Mapping[str, Any] = {}
    corrects: UUID | None = None
    attachments: Sequence[UUID] = ()

    digested_later: ClassVar[frozenset[str]] = frozenset({"corrects", "attachments"})
    """Fields added after the first release: the digest leaves them out while they are empty."""


class CallbackAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of it. `first` is the verdict of the first time when this is a `duplicate`; `suspect_clock` says the phone's clock was not believed.

    `outcome` is what the code behaves as. `ask_number` says that no valid number of hers is left: ask for a new one on her next visit. `follow_up_task_id`
    is a task made because a correction asks for another contact and its own task is closed for good.
    """

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
    outcome: str | None = None
    corrects: UUID | None = None
    ask_number: bool = False
    follow_up_task_id: UUID | None = None


class UndoFact(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """An employee takes a mistaken refusal back. `action_id` is the phone's own UUIDv7; `callback_id` may be the action it was sent with, too."""

    action_id: UUID
    callback_id: UUID


class UndoAnswer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of it: the flags of the customer as they are now, whoever's refusals still stand. Tasks that the refusal closed stay closed."""

    verdict: Verdict
    first: Verdict
    callback_id: UUID
    customer_id: UUID
    undone_at: datetime
    no_phone: bool
    no_wechat: bool
    no_contact: bool
