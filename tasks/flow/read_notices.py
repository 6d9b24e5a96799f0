"""Marking notices as read, by a call of its own or as an action of a phone that was offline."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from tasks.kernel.paging import MAX_LIMIT
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.notices.inbox import ReadFact, mark_read


class ReadBody(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Which notices were read: these, and all up to `upTo`, itself included."""

    ids: Annotated[tuple[UUID, ...], msgspec.Meta(max_length=MAX_LIMIT)] = ()
    up_to: UUID | None = None


class Unread(msgspec.Struct, frozen=True):
    """How many are left."""

    unread: int


async def read_notices(unit: Unit, scope: StaffScope, body: ReadBody, at: datetime) -> Unread:
    """Mark one's own notices as read as of an instant; the first reading stays, and ids of others are passed over."""
    return Unread(await mark_read(unit, scope, ReadFact(ids=body.ids, up_to=body.up_to, at=at)))
