"""Every statement about visits."""

from collections.abc import Collection, Container, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from tasks.kernel.ids import new_ids
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.ledger import journal
from tasks.ledger.bulk import Shape, incoming
from tasks.ledger.happened import Happened
from tasks.ledger.receipts import Evidence, VisitKey
from tasks.people.batches import columns, tuples

DONE = "service_completed"
"""The event a visit is."""


class VisitRow(NamedTuple):
    """A visit as its columns."""

    id: UUID
    customer_id: UUID
    store_id: UUID
    visited_on: date
    visited_at: datetime
    served_by: UUID | None
    product_id: UUID | None
    said_at: datetime | None
    said_by: UUID | None
    said_product_id: UUID | None


def entry(row: VisitRow) -> journal.Entry:
    """Return the event a visit is."""
    return journal.Entry(DONE, row.id, row.customer_id, row.store_id, row.served_by, row.visited_at)


COLUMNS = VisitRow._fields
_TYPES = ("uuid", "uuid", "uuid", "date", "timestamptz", "uuid", "uuid", "timestamptz", "uuid", "uuid")
_VISITS = Shape("visit", tuple(zip(COLUMNS, _TYPES, strict=True)))
_EVENTFUL = Shape("eventful_visit", (*_VISITS.fields, ("event_id", "uuid")))
_EVENTS = f"""select event_id as id, '{DONE}' as type, id as ledger_id, customer_id, store_id, served_by as staff_id, visited_at as occurred_at
              from {{source}} where event_id is not null"""
_KEYS = """unnest(cast(:customers as uuid[]), cast(:stores as uuid[]), cast(:days as date[])) as k(customer_id, store_id, day)"""
_EVIDENCE = f"""
with line as (
  select k.customer_id, k.store_id, k.day, s.sold_at, l.staff_id, l.product_id, l.cash_cents + l.card_cents as amount
  from {_KEYS}
  join sale s on s.merchant_id = :merchant and s.customer_id = k.customer_id and s.store_id = k.store_id and s.sold_on = k.day
   and s.sold_at >= cast(k.day as timestamp) at time zone 'UTC' - interval '1 day'
   and s.sold_at < cast(k.day as timestamp) at time zone 'UTC' + interval '2 days'
  join sale_line l on l.merchant_id = s.merchant_id and l.sale_id = s.id and l.quantity > 0
  join product p on p.merchant_id = l.merchant_id and p.id = l.product_id and p.kind = 'service'),
day as (select customer_id, store_id, day, min(sold_at) as at from line group by 1, 2, 3),
person as (
  select distinct on (customer_id, store_id, day) customer_id, store_id, day, staff_id
  from (select customer_id, store_id, day, staff_id, count(*) as n, sum(amount) as total from line where staff_id is not null group by 1, 2, 3, 4) g
  order by customer_id, store_id, day, n desc, total desc, staff_id),
service as (
  select distinct on (customer_id, store_id, day) customer_id, store_id, day, product_id
  from (select customer_id, store_id, day, product_id, sum(amount) as total from line group by 1, 2, 3, 4) g
  order by customer_id, store_id, day, total desc, product_id)
select day.customer_id, day.store_id, day.day, day.at, person.staff_id, service.product_id
from day left join person using (customer_id, store_id, day) left join service using (customer_id, store_id, day)
"""


def _binds(keys: Collection[VisitKey]) -> dict[str, list[Any]]:
    return dict(zip(("customers", "stores", "days"), columns(keys, 3), strict=True))


async def stored(unit: Unit, keys: Collection[VisitKey]) -> dict[VisitKey, Any]:
    """Return the visits of these keys that are stored."""
    rows = await unit.rows(
        f"""select {", ".join(f"v.{name}" for name in COLUMNS)} from {_KEYS}
            join visit v on v.merchant_id = :merchant and v.customer_id = k.customer_id and v.store_id = k.store_id and v.visited_on = k.day""",
        **_binds(keys),
    )
    return {(row["customer_id"], row["store_id"], row["visited_on"]): row for row in rows}


async def evidence(unit: Unit, keys: Collection[VisitKey]) -> dict[VisitKey, Evidence]:
    """Return what the stored service lines of these keys say; keys without one are absent."""
    if not keys:
        return {}
    rows = await tuples(unit, _EVIDENCE, **_binds(keys))
    return {(row[0], row[1], row[2]): Evidence(row[3], row[4], row[5]) for row in rows}


async def withdrawn(unit: Unit, customer_ids: Collection[UUID]) -> dict[VisitKey, UUID]:
    """Return the ids that visits of these customers had before they were deleted."""
    if not customer_ids:
        return {}
    rows = await tuples(
        unit,
        """select e.ledger_id, e.customer_id, e.store_id, e.occurred_at, s.timezone
           from event e join store s on s.merchant_id = e.merchant_id and s.id = e.store_id
           where e.merchant_id = :merchant and e.customer_id = any(cast(:ids as uuid[])) and e.type = 'service_completed'
             and e.state = 'withdrawn' and e.ledger_kind = 'visit'""",
        ids=list(customer_ids),
    )
    return {(customer, store, local_day(at, zone)): one for one, customer, store, at, zone in rows}


async def insert(unit: Unit, rows: Sequence[VisitRow], known: Container[UUID], *, historic: bool) -> list[Happened]:
    """Insert visits, with the events of those whose id is not among the `known`; returns these."""
    if not rows:
        return []
    new = [row for row in rows if row.id not in known]
    event_ids = new_ids(len(new))
    eventful: list[tuple[Any, ...]] = [(*row, one) for row, one in zip(new, event_ids, strict=True)]
    if len(new) < len(rows):
        eventful += [(*row, None) for row in rows if row.id in known]
    source, values = await incoming(unit, _EVENTFUL, eventful)
    names = _VISITS.names
    await unit.run(
        f"insert into visit (merchant_id, {names}, recorded_at) select :merchant, {names}, :now from {source}", **values
    )
    await journal.copy(unit, "visit", _EVENTS.format(source=source), values, historic=historic)
    return journal.happened("visit", event_ids, map(entry, new), historic=historic)


async def update(unit: Unit, rows: Sequence[VisitRow]) -> None:
    """Give stored visits new values; customer, store and day stay, so that no facts move."""
    if rows:
        source, values = await incoming(unit, _VISITS, rows)
        sets = ", ".join(f"{name} = u.{name}" for name in COLUMNS[4:])
        await unit.run(
            f"update visit v set {sets} from {source} where v.merchant_id = :merchant and v.id = u.id",
            **values,
        )


async def delete(unit: Unit, ids: Sequence[UUID]) -> None:
    """Delete visits that nothing speaks for."""
    if ids:
        await unit.run(
            "delete from visit where merchant_id = :merchant and id = any(cast(:ids as uuid[]))", ids=list(ids)
        )
