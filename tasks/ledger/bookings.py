"""Appointments that an employee made in a conversation: they have no external id until the POS sends its own."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.ledger import journal
from tasks.ledger.happened import Happened


class Agreed(msgspec.Struct, frozen=True, kw_only=True):
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
    happened: Sequence[Happened]


_DAY: Final = "(cast(:starts as timestamptz) at time zone :zone)::date"
_SAME: Final = f"""
select a.id from appointment a
where a.merchant_id = :merchant and a.customer_id = :customer and a.status in ('booked', 'confirmed')
  and a.starts_on between {_DAY} - 1 and {_DAY} + 1
order by abs(extract(epoch from a.starts_at - cast(:starts as timestamptz))), a.id limit 1
"""
_INSERT: Final = f"""
insert into appointment (merchant_id, id, customer_id, store_id, staff_id, product_id, starts_at, starts_on, precision, status,
                         booked_at, recorded_at)
values (:merchant, :id, :customer, :store, :staff, :product, :starts, {_DAY}, :precision, 'booked', :booked, :now)
"""


async def book(unit: Unit, agreed: Agreed) -> Booked:
    """Record the appointment with its event, unless the customer has one within a day of it: then that is the one she means (http.md).

    The caller holds the customer's contact-state lock.
    """
    binds = {
        "customer": agreed.customer_id,
        "store": agreed.store_id,
        "zone": agreed.timezone,
        "staff": agreed.staff_id,
        "product": agreed.product_id,
        "starts": agreed.starts_at,
        "precision": agreed.precision,
        "booked": agreed.booked_at,
    }
    same = await unit.scalar(_SAME, **binds)
    if same is not None:
        return Booked(same, [])
    appointment_id = new_id()
    await unit.run(_INSERT, id=appointment_id, **binds)
    entry = journal.Entry(
        "appointment_booked", appointment_id, agreed.customer_id, agreed.store_id, agreed.staff_id, agreed.booked_at
    )
    return Booked(appointment_id, await journal.write(unit, "appointment", [entry], historic=False))


_ADOPT: Final = """
with wanted as (
    select * from unnest(cast(:externals as text[]), cast(:customers as uuid[]), cast(:days as date[]), cast(:starts as timestamptz[]))
         as w(external_id, customer_id, starts_on, starts_at)
    where not exists (select from appointment a where a.merchant_id = :merchant and a.external_id = w.external_id)),
pair as (
    select distinct on (w.external_id) w.external_id, a.id from wanted w
    join appointment a on a.merchant_id = :merchant and a.customer_id = w.customer_id and a.external_id is null
     and a.status in ('booked', 'confirmed') and a.starts_on between w.starts_on - 1 and w.starts_on + 1
    order by w.external_id, abs(extract(epoch from a.starts_at - w.starts_at)), a.id),
one as (select distinct on (id) id, external_id from pair order by id, external_id)
update appointment a set external_id = o.external_id from one o where a.merchant_id = :merchant and a.id = o.id and a.external_id is null
"""


async def adopt(unit: Unit, sent: Sequence[tuple[str, UUID, date, datetime]]) -> int:
    """Give appointments made by a callback the external id of the POS's own of that customer within a day, so that it stays one; returns how many.

    `sent` is (external id, customer, store-local day, start) of what the POS sends.
    """
    if not sent:
        return 0
    done = await unit.run(
        _ADOPT,
        externals=[one[0] for one in sent],
        customers=[one[1] for one in sent],
        days=[one[2] for one in sent],
        starts=[one[3] for one in sent],
    )
    return done.rowcount
