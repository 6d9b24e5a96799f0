"""A customer booked, and what became of the appointment."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from tasks.desk.inputs import AppointmentChange, DeskAppointment, DeskDone
from tasks.desk.places import customer_code, place_of, staff_codes
from tasks.desk.sight import seen_customer
from tasks.desk.states import DeskKind
from tasks.desk.times import when_of
from tasks.flow.front_desk_books import desk_code, keep_entry, ledger_id, record_one
from tasks.flow.react import react
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.ledger.appointment_changes import change_appointment, lock_appointment
from tasks.ledger.inputs import AppointmentIn
from tasks.ledger.states import AppointmentStatus, DepositStatus
from tasks.plans.due import follow_appointments

__all__ = ["book_appointment", "move_appointment"]

_NAMES: Final = {"staff": "servedBy", "customer": "customerId"}
_OLDEST: Final = timedelta(days=31)
"""An appointment that was longer ago stays as it is."""

_MADE: Final = "select recorded_at = :now from appointment where merchant_id = :merchant and id = :id"


async def book_appointment(unit: Unit, scope: StaffScope, said: DeskAppointment, at: datetime) -> DeskDone:
    """Record an appointment; one that an employee agreed on within a day of it, and that nobody typed in yet, is the same.

    Raises `NotFound` for a customer or store of somebody else's, `Invalid` by field.
    """
    customer = await customer_code(unit, scope, said.customer_id)
    place = await place_of(unit, scope, said.store_id, said.at or at)
    when = when_of((said.starts_at, said.starts_on, said.half_day), place.at, place.timezone)
    staff = await staff_codes(unit, place, [said.served_by], "servedBy")
    entry_id = new_id()
    item = AppointmentIn(
        external_id=desk_code(entry_id),
        store=place.code,
        starts_at=when.starts_at,
        customer=customer,
        staff=staff[said.served_by] if said.served_by else None,
        service=said.service,
        precision=when.precision,
        booked_at=min(place.at, when.starts_at),
        deposit_cents=said.deposit_cents,
        deposit_status=said.deposit_status or (DepositStatus.PAID if said.deposit_cents else None),
    )
    verdict = await record_one(unit, "appointments", item, _NAMES)
    typed = (entry_id, DeskKind.APPOINTMENT, said.customer_id)
    made = bool(await unit.scalar(_MADE, id=ledger_id(verdict)))
    return await keep_entry(unit, typed, place, scope.staff_id, appointment_id=ledger_id(verdict), made=made)


async def move_appointment(unit: Unit, scope: StaffScope, said: AppointmentChange, at: datetime) -> DeskDone:
    """Let an appointment of an own store be confirmed, kept, called off, missed or moved; plans, the moot guard and credit follow.

    Raises `NotFound` for another store's, `Invalid` by field.
    """
    whose = await unit.row(
        "select customer_id from appointment where merchant_id = :merchant and id = :id and store_id = any(cast(:stores as uuid[]))",
        id=said.appointment_id, stores=list(scope.store_ids),
    )  # fmt: skip
    if whose is None or whose["customer_id"] is None:
        raise NotFound(what="预约/appointment")
    await seen_customer(unit, scope, whose["customer_id"])
    stored = await lock_appointment(unit, said.appointment_id)
    changes = _changes(said, stored, min(at, unit.now))
    happened = await change_appointment(unit, stored, changes)
    await react(unit, happened)
    await follow_appointments(unit, [said.appointment_id])
    unchanged = all(stored[name] == value for name, value in changes.items())
    return DeskDone(entry_id=None, kind=DeskKind.APPOINTMENT, id=said.appointment_id, known=unchanged)


def _changes(said: AppointmentChange, stored: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the columns that change. Raises `Invalid`."""
    changes: dict[str, Any] = {}
    if said.starts_at is not None or said.starts_on is not None or said.half_day is not None:
        when = when_of((said.starts_at, said.starts_on, said.half_day), now, stored["timezone"])
        changes = {"starts_at": when.starts_at, "starts_on": when.starts_on, "precision": when.precision.value}
    if said.status is None and not changes:
        raise Invalid("status", "needs one of: status, startsAt, startsOn")
    starts_at: datetime = changes.get("starts_at", stored["starts_at"])
    if starts_at < now - _OLDEST:
        raise Invalid("appointmentId", f"is more than {_OLDEST.days} days ago")
    if said.status in {AppointmentStatus.MISSED, AppointmentStatus.ARRIVED} and starts_at > now + timedelta(days=1):
        raise Invalid("status", "the appointment is still to come")
    if said.status is not None:
        changes["status"] = said.status.value
    if said.status is AppointmentStatus.CANCELLED and stored["status"] != said.status:
        changes["cancelled_at"] = now
    return changes
