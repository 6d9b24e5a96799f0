"""What crosses the edge for the staff app."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec

from tasks.callbacks.facts import CallbackFact
from tasks.callbacks.tables import Outcome
from tasks.worklist.states import Channel

Note = Annotated[str, msgspec.Meta(max_length=2000)]


class SnoozeIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """When the task is to come back."""

    until: datetime


class CallbackIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What came of a contact. `actionId` is the phone's own UUIDv7: sent again, it is answered again and nothing happens twice."""

    action_id: UUID
    outcome: Outcome
    occurred_at: datetime
    channel: Channel = Channel.PHONE
    note: Note | None = None
    fields: Mapping[str, Any] = {}

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
        )
