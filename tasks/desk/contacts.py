"""Writing down a contact without a task."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.desk.states import Direction
from tasks.kernel.errors import NotFound
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day


class NewContact(msgspec.Struct, frozen=True, kw_only=True):
    """A contact that nobody's task asked for; `note` is sealed on the way."""

    id: UUID
    customer_id: UUID
    store_id: UUID
    staff_id: UUID
    channel: str
    direction: Direction
    reached: bool
    at: datetime
    timezone: str
    outcome: str | None
    behaviour: str | None
    fields: Mapping[str, Any]
    note: str | None


_CONTACT: Final = """
insert into contact (merchant_id, id, customer_id, staff_id, channel, human, marketing, reached, contacted_at, contacted_on)
values (:merchant, :id, :customer, :staff, :channel, true, false, :reached, :at, :on)
"""
_DESK: Final = """
insert into desk_contact (merchant_id, id, customer_id, store_id, staff_id, direction, outcome, fields, sealed, occurred_at, received_at,
                          behaviour)
values (:merchant, :id, :customer, :store, :staff, :direction, :outcome, cast(:fields as jsonb), :sealed, :at, :now, :behaviour)
"""


async def insert_contact(unit: Unit, contact: NewContact) -> None:
    """Write the contact, which gap and caps count, and what was said in it, the note under the customer's salt."""
    await unit.run(
        _CONTACT, id=contact.id, customer=contact.customer_id, staff=contact.staff_id, channel=contact.channel, reached=contact.reached,
        at=contact.at, on=local_day(contact.at, contact.timezone),
    )  # fmt: skip
    salt = await unit.scalar(
        "select salt from customer where merchant_id = :merchant and id = :customer", customer=contact.customer_id
    )
    sealed = unit.vault.seal(salt, contact.customer_id, contact.note.encode()) if contact.note and salt else None
    await unit.run(
        _DESK, id=contact.id, customer=contact.customer_id, store=contact.store_id, staff=contact.staff_id, direction=contact.direction.value,
        outcome=contact.outcome, behaviour=contact.behaviour, fields=msgspec.json.encode(contact.fields).decode(), sealed=sealed, at=contact.at,
    )  # fmt: skip


async def note_made(unit: Unit, contact_id: UUID, appointment_id: UUID | None, task_id: UUID | None) -> None:
    """Keep beside a contact what came of it."""
    if appointment_id is not None or task_id is not None:
        await unit.run(
            "update desk_contact set appointment_id = :appointment, task_id = :task where merchant_id = :merchant and id = :id",
            id=contact_id, appointment=appointment_id, task=task_id,
        )  # fmt: skip


class KeptContact(msgspec.Struct, frozen=True):
    """A contact without a task, as it is stored."""

    id: UUID
    customer_id: UUID
    store_id: UUID
    staff_id: UUID
    behaviour: str | None
    received_at: datetime
    void_at: datetime | None


_READ: Final = """
select id, customer_id, store_id, staff_id, behaviour, received_at, void_at from desk_contact
where merchant_id = :merchant and id = :id and customer_id = :customer and store_id = any(cast(:stores as uuid[]))
"""


async def read_contact(unit: Unit, scope: StaffScope, customer_id: UUID, contact_id: UUID) -> KeptContact:
    """Return a contact without a task that was kept at an own store; raises `NotFound` for any other."""
    found = await unit.structs(KeptContact, _READ, id=contact_id, customer=customer_id, stores=list(scope.store_ids))
    if not found:
        raise NotFound(what="联系记录/contact")
    return found[0]


async def make_void(unit: Unit, contact_id: UUID) -> None:
    """What was refused in the contact counts no more."""
    await unit.run("update desk_contact set void_at = :now where merchant_id = :merchant and id = :id", id=contact_id)
