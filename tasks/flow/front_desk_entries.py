"""What was typed in lately, so that a mistake can be found."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from scripts.locales import Locale
from tasks.desk.entries import Entry, read_entries
from tasks.desk.states import DeskKind
from tasks.kernel.paging import decode_cursor, encode_cursor
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.people.persons import CustomerPerson, StaffPerson, open_customers, open_staff
from tasks.worklist.rows import nickname_of

__all__ = ["DeskEntries", "DeskEntryView", "list_entries"]


class DeskEntryView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Something typed in: what, when it happened and when it was typed, of whom and by whom; `voidedAt` when it no longer counts."""

    id: UUID
    kind: DeskKind
    store_id: UUID
    customer_id: UUID | None
    nickname: str | None
    staff: str | None
    occurred_at: datetime
    recorded_at: datetime
    voided_at: datetime | None


class DeskEntries(msgspec.Struct, frozen=True, rename="camel"):
    """One page, newest first."""

    items: Sequence[DeskEntryView]
    next_cursor: str | None = None


async def list_entries(unit: Unit, scope: StaffScope, cursor: str | None, limit: int, locale: Locale) -> DeskEntries:
    """Return what was typed in at the own stores; employees see what they typed in themselves. Raises `CursorGarbled`."""
    before = decode_cursor(cursor, tuple[datetime, UUID]) if cursor else None
    found = await read_entries(unit, scope, before, limit + 1)
    shown = found[:limit]
    customers = await open_customers(unit, sorted({one.customer_id for one in shown if one.customer_id}))
    staff = await open_staff(unit, sorted({one.staff_id for one in shown}))
    more = encode_cursor([shown[-1].recorded_at.isoformat(), str(shown[-1].id)]) if len(found) > limit else None
    return DeskEntries([_view(one, customers, staff, locale) for one in shown], more)


def _view(
    one: Entry, customers: dict[UUID, CustomerPerson], staff: dict[UUID, StaffPerson], locale: Locale
) -> DeskEntryView:
    person = customers.get(one.customer_id) if one.customer_id else None
    author = staff.get(one.staff_id)
    return DeskEntryView(
        id=one.id,
        kind=one.kind,
        store_id=one.store_id,
        customer_id=one.customer_id,
        nickname=nickname_of(person, locale),
        staff=author.name if author else None,
        occurred_at=one.occurred_at,
        recorded_at=one.recorded_at,
        voided_at=one.voided_at,
    )
