"""One stored appointment, whoever made it, taking another turn: kept, called off, missed, moved."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from tasks.kernel.unit import Unit
from tasks.ledger import journal
from tasks.ledger.happened import Happened
from tasks.ledger.rules import APPOINTMENT_EVENTS
from tasks.ledger.states import AppointmentStatus

_ARRIVE: Final = """
update appointment a set status = 'arrived'
where a.merchant_id = :merchant and a.id = (
    select b.id from appointment b
    where b.merchant_id = :merchant and b.customer_id = :customer and b.store_id = :store and b.starts_on = :day
      and b.status in ('booked', 'confirmed')
    order by abs(extract(epoch from b.starts_at - cast(:at as timestamptz))), b.id limit 1 for update)
returning a.id
"""
_LOCK: Final = """
select a.id, a.customer_id, a.store_id, a.staff_id, a.starts_at, a.starts_on, a.precision, a.status, a.booked_at, a.cancelled_at, a.recorded_at,
       s.timezone, coalesce(c.anonymous, true) as unfollowed
from appointment a join store s on s.merchant_id = :merchant and s.id = a.store_id
left join customer c on c.merchant_id = :merchant and c.id = a.customer_id
where a.merchant_id = :merchant and a.id = :appointment for update of a
"""


async def keep_appointment(unit: Unit, visit: tuple[UUID, UUID, Any], at: datetime) -> UUID | None:
    """She came: of her appointments at the store on the local day, `visit` being customer, store and day, the nearest one that stands is kept; returns it."""
    customer, store, day = visit
    found: UUID | None = await unit.scalar(_ARRIVE, customer=customer, store=store, day=day, at=at)
    return found


async def lock_appointment(unit: Unit, appointment_id: UUID) -> Mapping[str, Any]:
    """Return a stored appointment with its store's zone, held until the transaction ends."""
    (row,) = await unit.rows(_LOCK, appointment=appointment_id)
    return {**row}


async def change_appointment(unit: Unit, stored: Mapping[str, Any], changes: Mapping[str, Any]) -> Sequence[Happened]:
    """Give a held appointment new values of its columns; its events follow, as when its POS sends it anew. Returns those that are new."""
    row = {**stored, **changes}
    if row["status"] != AppointmentStatus.CANCELLED:
        row["cancelled_at"] = None
    await unit.run(
        "update appointment set status = :status, starts_at = :starts_at, starts_on = :starts_on, precision = :precision, cancelled_at = :cancelled_at "
        "where merchant_id = :merchant and id = :id",
        **{name: row[name] for name in ("id", "status", "starts_at", "starts_on", "precision", "cancelled_at")},
    )
    return await journal.settle(unit, "appointment", [row["id"]], _entries(row), historic=False)


async def unmake_appointment(unit: Unit, stored: Mapping[str, Any]) -> None:
    """Call a held appointment off as one that was never made: its events are withdrawn."""
    await unit.run(
        "update appointment set status = 'cancelled', cancelled_at = :now where merchant_id = :merchant and id = :id",
        id=stored["id"],
    )
    await journal.settle(unit, "appointment", [stored["id"]], [], historic=False)


def _entries(row: Mapping[str, Any]) -> list[journal.Entry]:
    if row["customer_id"] is None or row["unfollowed"]:
        return []
    whose = (row["id"], row["customer_id"], row["store_id"], row["staff_id"])
    booked = journal.Entry("appointment_booked", *whose, row["booked_at"] or row["starts_at"])
    kind = APPOINTMENT_EVENTS[AppointmentStatus(row["status"])]
    if kind == booked.type:
        return [booked]
    return [booked, journal.Entry(kind, *whose, row["cancelled_at"] or row["starts_at"])]
