"""What crosses the edge for the staff app."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from tasks.flow.action_moves import CopyBody
from tasks.flow.log_callback import CallbackFact
from tasks.worklist.states import Channel

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=4000)]
Variant = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Note = Annotated[str, msgspec.Meta(max_length=2000)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Attachments = Annotated[tuple[UUID, ...], msgspec.Meta(max_length=20)]


class SnoozeIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """When the task is to come back."""

    until: datetime


class CallbackIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What came of a contact. `actionId` is the phone's own UUIDv7: sent again, it is answered again and nothing happens twice.

    `outcome` is a code of the catalogue (`GET /v1/staff/bootstrap`), built in or the merchant's own; `fields` is what it needs. `corrects` names an earlier
    callback of the task, at most 24 hours old, that this one takes the place of, by its id or by the `actionId` it was sent with; `attachments` are ids of
    what is uploaded for it.
    """

    action_id: UUID
    outcome: Code
    occurred_at: datetime
    channel: Channel = Channel.PHONE
    note: Note | None = None
    fields: Mapping[str, Any] = {}
    corrects: UUID | None = None
    attachments: Attachments = ()

    def about(self, task_id: UUID) -> CallbackFact:
        """Return the fact as the flow takes it."""
        return CallbackFact(
            action_id=self.action_id,
            task_id=task_id,
            outcome=self.outcome,
            occurred_at=self.occurred_at,
            channel=self.channel,
            note=self.note,
            fields=self.fields,
            corrects=self.corrects,
            attachments=self.attachments,
        )


class UndoIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Taking a callback back. `actionId` is the phone's own UUIDv7: sent again, it is answered again and nothing happens twice."""

    action_id: UUID


class CopyIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which variant was copied, and the exact text; `edited` when it was changed before copying."""

    variant: Variant
    text: Text
    edited: bool = False
    copied_at: datetime | None = None

    def about(self, task_id: UUID) -> CopyBody:
        """Return the action's body as the flow takes it."""
        return CopyBody(
            task_id=task_id, variant=self.variant, text=self.text, edited=self.edited, copied_at=self.copied_at
        )


class CopyOut(msgspec.Struct, frozen=True, rename="camel"):
    """The record of the copy."""

    id: UUID


class PhoneOut(msgspec.Struct, frozen=True, rename="camel"):
    """The full number, as one dials it."""

    phone: str
