"""A callback as an action: the same fact as the single call makes, under the same record."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from tasks.callbacks.facts import CallbackFact
from tasks.flow.action_sent import Sent
from tasks.worklist.states import Channel


class CallbackBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What came of a contact; the same as the body of `POST /v1/staff/tasks/{id}/callbacks`, with the task in it."""

    task_id: UUID
    outcome: str
    channel: Channel = Channel.PHONE
    note: str | None = None
    fields: Mapping[str, Any] = {}
    corrects: UUID | None = None
    attachments: Sequence[UUID] = ()


def as_fact(sent: Sent) -> CallbackFact:
    """Return the callback that the phone means; sent alone or among others it is one and the same."""
    words = {name: value for name, value in msgspec.structs.asdict(sent.body).items() if value not in (None, ())}
    return CallbackFact(action_id=sent.action_id, occurred_at=sent.occurred_at, **words)
