"""Taking a refusal back as an action: the same as the single call, under the same record."""

from uuid import UUID

import msgspec

from tasks.callbacks.facts import UndoFact
from tasks.flow.action_sent import Sent


class UndoBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which callback is taken back."""

    callback_id: UUID


def as_undo(sent: Sent) -> UndoFact:
    """Return the undoing that the phone means."""
    return UndoFact(action_id=sent.action_id, **msgspec.structs.asdict(sent.body))
