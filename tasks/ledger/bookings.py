"""Appointments that an employee made in a conversation: they have no external id until the POS sends its own."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from tasks.events.happened import Happened
from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit

SOURCE: Final = "huifang:callback"
"""The event source of appointments made by a callback."""


class Booking(msgspec.Struct, frozen=True, kw_only=True):
    """A time agreed with a customer; `precision` is exact or half_day."""

    customer_id: UUID
    store_id: UUID
    timezone: str
    starts_at: datetime
    precision: str
    booked_at: datetime
    staff_id: UUID | None = None
    product_id: UUID | None = None


class Booked(msgspec.Struct, frozen=True):
    """The appointment, and the event when it is new."""

    appointment_id: UUID
    happened: Happened | None


_SAME: Final = """
select a.id from appointment a
where a.merchant_id = :merchant and a.customer_id = :customer and a.status in ('booked', 'confirmed')
  and a.starts_on between (cast(:starts as timestamptz) at time zone :zone)::date - 1 and (cast(:starts as timestamptz) at time zone :zone)::date + 1
order by abs(extract(epoch from a.starts_at - cast(:starts as timestamptz))), a.id limit 1
"""
_APPOINTMENT: Final = """
insert into appointment (merchant_id, id, customer_id, store_id, staff_id, product_id, starts_at, starts_on, precision, status, booked_at, recorded_at)
values (:merchant, :id, :customer, :store, :staff, :product, :starts, (cast(:starts as timestamptz) at time zone :zone)::date,
        :precision, 'booked', :booked, :now)
"""
_EVENT: Final = """
insert into event (merchant_id, id, source, external_id, type, customer_id, store_id, staff_id, ledger_kind, ledger_id, state, historic, occurred_at, received_at)
values (:merchant, :event, :source, cast(:external as text), 'appointment_booked', :customer, :store, :staff, 'appointment', :id, 'accepted', false, :booked, :now)
"""


async def book(unit: Unit, booking: Booking) -> Booked:
    """Record the appointment with its event, unless the customer has one within a day of it: then that is the one she means (http.md).

    The caller holds the customer's contact-state lock.
    """
    binds = {
        "customer": booking.customer_id,
        "store": booking.store_id,
        "zone": booking.timezone,
        "staff": booking.staff_id,
        "product": booking.product_id,
        "starts": booking.starts_at,
        "precision": booking.precision,
        "booked": booking.booked_at,
    }
    same = await unit.scalar(_SAME, **binds)
    if same is not None:
        return Booked(same, None)
    appointment_id, event_id = new_id(), new_id()
    await unit.run(_APPOINTMENT, id=appointment_id, **binds)
    await unit.run(_EVENT, event=event_id, id=appointment_id, source=SOURCE, external=str(appointment_id), **binds)
    happened = Happened(
        event_id=event_id,
        type="appointment_booked",
        customer_id=booking.customer_id,
        occurred_at=booking.booked_at,
        store_id=booking.store_id,
        staff_id=booking.staff_id,
        ledger_kind="appointment",
        ledger_id=appointment_id,
    )
    return Booked(appointment_id, happened)
