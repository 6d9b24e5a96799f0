"""What crosses the edge of notices."""

from typing import Annotated
from uuid import UUID

import msgspec

from tasks.kernel.paging import MAX_LIMIT
from tasks.notices.inbox import ReadFact

Ids = Annotated[tuple[UUID, ...], msgspec.Meta(max_length=MAX_LIMIT)]


class ReadIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which notices were read: these, and all up to `upTo`, itself included."""

    ids: Ids = ()
    up_to: UUID | None = None

    def about(self) -> ReadFact:
        """Return the fact as the flow takes it."""
        return ReadFact(ids=self.ids, up_to=self.up_to)


class UnreadOut(msgspec.Struct, frozen=True):
    """How many are left."""

    unread: int
