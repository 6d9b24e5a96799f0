"""What crosses the edge about customers beside the bodies of the flow: a contact whose customer is in the path."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tasks.desk.inputs import Code, SideContact, Words
from tasks.desk.states import Direction
from tasks.worklist.states import Channel


class ContactIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A contact without a task: she rang us, or we met. `fields` are what the outcome needs, as in a callback."""

    store_id: UUID | None = None
    at: datetime | None = None
    direction: Direction = Direction.INBOUND
    channel: Channel = Channel.PHONE
    outcome: Code | None = None
    fields: dict[str, Any] = {}
    note: Words | None = None

    def about(self, customer_id: UUID) -> SideContact:
        """Return the contact as an action has it."""
        return SideContact(customer_id=customer_id, **msgspec.structs.asdict(self))
