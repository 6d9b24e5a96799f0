"""What the books say of one customer, row by row, for her card at the front desk."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit

VISITS: Final = 10
CONTACTS: Final = 10
PAST_APPOINTMENTS: Final = 5


class Head(msgspec.Struct, frozen=True):
    """Her row, her facts, and what stands between us and her."""

    id: UUID
    source: str | None
    birthday_on: date | None
    birthday_kind: str
    customer_since_on: date | None
    visit_count: int
    first_visit_on: date | None
    last_visit_on: date | None
    spend_cash_cents: int
    spend_card_cents: int
    purchase_count: int
    last_purchase_at: datetime | None
    points: int
    no_phone: bool
    no_wechat: bool
    no_contact: bool
    wrong_number: bool
    complaint_open: bool
    consultant_id: UUID | None
    technician_id: UUID | None


_CARER: Final = """(select cs.staff_id from customer_staff cs where cs.merchant_id = :merchant and cs.customer_id = c.id and cs.role = '{role}'
  and cs.to_on is null order by cs.category is null desc, cs.from_on desc, cs.id desc limit 1)"""
_HEAD: Final = f"""
select c.id, c.source, c.birthday_on, c.birthday_kind, c.customer_since_on, coalesce(f.visit_count, 0) as visit_count, f.first_visit_on, f.last_visit_on,
       coalesce(f.spend_cash_cents, 0) as spend_cash_cents, coalesce(f.spend_card_cents, 0) as spend_card_cents,
       coalesce(f.purchase_count, 0) as purchase_count, f.last_purchase_at, coalesce(f.points, 0) as points,
       st.no_phone_at is not null as no_phone, st.no_wechat_at is not null as no_wechat, st.no_contact_at is not null as no_contact,
       st.wrong_number_at is not null as wrong_number, st.complaint_at is not null as complaint_open,
       {_CARER.format(role="consultant")} as consultant_id, {_CARER.format(role="technician")} as technician_id
from customer c left join customer_facts f on f.merchant_id = :merchant and f.customer_id = c.id
left join customer_contact_state st on st.merchant_id = :merchant and st.customer_id = c.id
where c.merchant_id = :merchant and c.id = :customer
"""


async def read_head(unit: Unit, customer_id: UUID) -> Head:
    """Return what one row each says of a customer who exists."""
    (head,) = await unit.structs(Head, _HEAD, customer=customer_id)
    return head


class Meeting(msgspec.Struct, frozen=True):
    """An appointment, or a visit: when, where, what for and with whom."""

    id: UUID
    store_id: UUID
    store: str
    day_on: date
    at: datetime
    precision: str | None
    status: str | None
    service: str | None
    staff_id: UUID | None


_APPOINTMENTS: Final = """
(select a.id, a.store_id, s.name as store, a.starts_on as day_on, a.starts_at as at, a.precision, a.status, p.name as service, a.staff_id
 from appointment a join store s on s.merchant_id = :merchant and s.id = a.store_id
 left join product p on p.merchant_id = :merchant and p.id = a.product_id
 where a.merchant_id = :merchant and a.customer_id = :customer and {when} order by a.starts_on {way}, a.starts_at {way}, a.id limit :most)
"""
_VISITS: Final = """
select v.id, v.store_id, s.name as store, v.visited_on as day_on, v.visited_at as at, cast(null as text) as precision, cast(null as text) as status,
       p.name as service, v.served_by as staff_id
from visit v join store s on s.merchant_id = :merchant and s.id = v.store_id
left join product p on p.merchant_id = :merchant and p.id = v.product_id
where v.merchant_id = :merchant and v.customer_id = :customer order by v.visited_on desc, v.visited_at desc, v.id limit :most
"""
_TODAY: Final = "(cast(:now as timestamptz) at time zone s.timezone)::date"


async def read_appointments(unit: Unit, customer_id: UUID) -> list[Meeting]:
    """Return her appointments from today on, the next one first, and the last five before."""
    ahead = _APPOINTMENTS.format(when=f"a.starts_on >= {_TODAY}", way="asc")
    past = _APPOINTMENTS.format(when=f"a.starts_on < {_TODAY}", way="desc")
    coming = await unit.structs(Meeting, ahead, customer=customer_id, most=20)
    return coming + await unit.structs(Meeting, past, customer=customer_id, most=PAST_APPOINTMENTS)


async def read_visits(unit: Unit, customer_id: UUID) -> list[Meeting]:
    """Return her last visits, newest first."""
    return await unit.structs(Meeting, _VISITS, customer=customer_id, most=VISITS)


class Spoken(msgspec.Struct, frozen=True):
    """A contact with her, in a task or not; `note` is opened."""

    at: datetime
    channel: str
    direction: str
    reached: bool
    staff_id: UUID | None
    outcome: str | None
    note: str | None


_CONTACTS: Final = """
select c.contacted_at as at, c.channel, coalesce(d.direction, 'outbound') as direction, c.reached, c.staff_id,
       coalesce(d.outcome, b.outcome) as outcome, coalesce(d.sealed, b.sealed) as sealed, cu.salt
from contact c
join customer cu on cu.merchant_id = :merchant and cu.id = c.customer_id
left join desk_contact d on d.merchant_id = :merchant and d.id = c.id
left join lateral (
    select b.outcome, b.sealed from callback b
    where b.merchant_id = :merchant and b.task_id = c.task_id and b.occurred_at = c.contacted_at and b.void_at is null
      and (b.contact_id = c.id or (b.contact_id is null and b.staff_id = c.staff_id))
    order by b.received_at desc, b.id desc limit 1) b on true
where c.merchant_id = :merchant and c.customer_id = :customer order by c.contacted_at desc, c.id desc limit :most
"""


async def read_spoken(unit: Unit, customer_id: UUID) -> list[Spoken]:
    """Return the last contacts with her, newest first."""
    found = []
    for row in await unit.rows(_CONTACTS, customer=customer_id, most=CONTACTS):
        sealed, salt = row["sealed"], row["salt"]
        note = unit.vault.open(salt, customer_id, sealed).decode() if sealed and salt else None
        plain: dict[str, Any] = {name: row[name] for name in Spoken.__struct_fields__ if name != "note"}
        found.append(Spoken(**plain, note=note))
    return found


class Promised(msgspec.Struct, frozen=True):
    """A day she promised to come on, and what became of it."""

    promised_on: date
    half_day: str | None
    state: str
    staff_id: UUID


_PROMISES: Final = """
select promised_on, half_day, state, staff_id from promise
where merchant_id = :merchant and customer_id = :customer and state <> 'withdrawn' order by promised_on desc, id desc limit 10
"""


async def read_promises(unit: Unit, customer_id: UUID) -> list[Promised]:
    """Return her last promises, newest first."""
    return await unit.structs(Promised, _PROMISES, customer=customer_id)


class OpenTask(msgspec.Struct, frozen=True):
    """A live task of hers in one of the own stores."""

    id: UUID
    status: str
    assignee_id: UUID | None


_TASKS: Final = """
select t.id, t.status, t.assignee_id from task t
where t.merchant_id = :merchant and t.customer_id = :customer and t.status in ('queued', 'open', 'in_progress', 'waiting')
  and t.store_id = any(cast(:stores as uuid[])) order by t.created_at, t.id limit 10
"""


async def read_tasks(unit: Unit, scope: StaffScope, customer_id: UUID) -> Sequence[OpenTask]:
    """Return who follows her up in the own stores."""
    return await unit.structs(OpenTask, _TASKS, customer=customer_id, stores=list(scope.store_ids))
