"""Undoing a mistaken refusal that was logged without a task: by its author for ten minutes, by who leads the store at any time."""

from datetime import datetime
from uuid import UUID

import msgspec

from tasks.callbacks.faults import CallbackVoid, NotUndoable
from tasks.callbacks.refusals import lift_refusal
from tasks.callbacks.tables import Outcome
from tasks.callbacks.undo import BY_AUTHOR
from tasks.desk.contacts import make_void, read_contact
from tasks.desk.inputs import ContactUndo
from tasks.kernel.errors import Forbidden
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.people.contact_state import lock_contact_state
from tasks.worklist.feed import feed

__all__ = ["ContactUndone", "undo_contact"]


class ContactUndone(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What the customer still refuses, whoever heard it. Tasks that the refusal closed stay closed."""

    contact_id: UUID
    no_phone: bool
    no_wechat: bool
    no_contact: bool


async def undo_contact(unit: Unit, scope: StaffScope, said: ContactUndo, at: datetime) -> ContactUndone:
    """Lift what was refused in the contact. Raises `NotFound`, `NotUndoable`, `CallbackVoid`, or `Forbidden` for whom it is too late."""
    await read_contact(unit, scope, said.customer_id, said.contact_id)
    await lock_contact_state(unit, [said.customer_id])
    contact = await read_contact(unit, scope, said.customer_id, said.contact_id)
    if contact.behaviour != Outcome.REFUSED_CONTACT:
        raise NotUndoable
    if contact.void_at is not None:
        raise CallbackVoid
    just_now = contact.staff_id == scope.staff_id and min(at, unit.now) - contact.received_at <= BY_AUTHOR
    if not (just_now or scope.leads):
        raise Forbidden
    await make_void(unit, contact.id)
    left = await lift_refusal(unit, said.customer_id, contact.received_at, scope.staff_id)
    feed(unit).customers_changed([said.customer_id])
    return ContactUndone(
        contact_id=contact.id, no_phone=left.no_phone, no_wechat=left.no_wechat, no_contact=left.no_contact
    )
