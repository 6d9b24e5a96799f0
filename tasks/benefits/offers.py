"""What is given at one instant: one look at the days' index, with the customer by hers (tests/benchmarks/test_benefit_plans.py holds the plan)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.benefits.ahead import LONGEST
from tasks.benefits.repository import ITEMS, Item
from tasks.benefits.states import BudgetUnit, GainKind, Stacking
from tasks.kernel.documents import document
from tasks.kernel.errors import NotFound
from tasks.kernel.unit import Unit
from tasks.people.lookups import customer_index


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody at a till wants to know.

    Attributes:
        customer: external id or our own id; None: nobody in particular.
        store: code; None: her home store.
        product: code; None: the bill as a whole.
        stores: which stores the one who asks may ask about; None: all.
        benefit_id: only this one.
        at: the instant; None: now.
    """

    customer: str | None = None
    store: str | None = None
    product: str | None = None
    stores: tuple[UUID, ...] | None = None
    benefit_id: UUID | None = None
    at: datetime | None = None


class Offer(msgspec.Struct, frozen=True):
    """A benefit that is on, for this customer, store and product. Money in 分.

    Attributes:
        day_on, from_at, to_at: its day and hours.
        by_item: it is for certain items only; `items` names them.
        price_cents: the member price of the product asked about.
        her_cents, her_times: what this customer had of it on the day.
        all_cents, all_times: what everybody had of it in the period of its budget.
    """

    id: UUID
    name: str
    day_on: date
    from_at: datetime
    to_at: datetime
    gain: GainKind
    value: int | None
    each: bool
    stacking: Stacking
    min_spend_cents: int
    per_bill_cents: int | None
    per_day_cents: int | None
    per_day_times: int | None
    budget_amount: int | None
    budget_unit: BudgetUnit | None
    by_item: bool
    price_cents: int | None
    items: tuple[Item, ...]
    her_cents: int
    her_times: int
    all_cents: int
    all_times: int


class Found(msgspec.Struct, frozen=True):
    """Who and what was meant, and what is given. `list_cents` is what the product usually costs."""

    customer_id: UUID | None
    store_id: UUID | None
    product_id: UUID | None
    list_cents: int | None
    offers: tuple[Offer, ...]


_SQL: Final = f"""
with person as materialized (
  select f.id, f.level, f.home_store_id from (
    select c.id, c.level, c.home_store_id, c.status, 0 as nth from customer c
    where c.merchant_id = :merchant and c.external_index = cast(:external as uuid) and c.external_index is not null
    union all
    select c.id, c.level, c.home_store_id, c.status, 1 from customer c where c.merchant_id = :merchant and c.id = cast(:person as uuid)) f
  where f.status = 'active' order by f.nth limit 1),
place as materialized (
  select s.id, s.timezone from store s
  where s.merchant_id = :merchant and s.code = cast(:store as text) and s.code <> ''
    and (cast(:stores as uuid[]) is null or s.id = any(cast(:stores as uuid[])))
  union all
  select s.id, s.timezone from person p join store s on s.merchant_id = :merchant and s.id = p.home_store_id
  where cast(:store as text) is null and (cast(:stores as uuid[]) is null or s.id = any(cast(:stores as uuid[])))),
head as materialized (
  select p.id as customer_id, p.level, l.id as store_id, coalesce(l.timezone, m.timezone) as timezone,
    g.id as product_id, g.category, g.price_cents as list_cents
  from merchant m left join person p on true left join place l on true
  left join product g on g.merchant_id = :merchant and g.code = cast(:product as text) and g.code <> ''
  where m.merchant_id = :merchant),
given as materialized (
  select b.*, d.day_on, d.from_at, d.to_at,
    case b.budget_period when 'day' then d.day_on when 'month' then d.day_on - extract(day from d.day_on)::int + 1 else date '1970-01-01' end as begins_on
  from head h
  join benefit_day d on d.merchant_id = :merchant and d.timezone = h.timezone and d.from_at > :since and d.from_at <= :at and d.to_at > :at
  join benefit b on b.merchant_id = :merchant and b.id = d.benefit_id
  where (cast(:benefit as uuid) is null or b.id = cast(:benefit as uuid)) and (h.customer_id is not null or not b.members_only)
    and (select coalesce(bool_or(x.level is not distinct from h.level), true)
         from benefit_level x where x.merchant_id = :merchant and x.benefit_id = b.id)
    and (select coalesce(bool_or(x.store_id is not distinct from h.store_id), true)
         from benefit_store x where x.merchant_id = :merchant and x.benefit_id = b.id))
select h.customer_id, h.store_id, h.product_id, h.list_cents, b.id, b.name, b.day_on, b.from_at, b.to_at, b.gain, b.value, b.each, b.stacking,
  b.min_spend_cents, b.per_bill_cents, b.per_day_cents, b.per_day_times, b.budget_amount, b.budget_unit,
  f.by_item, f.price_cents, {ITEMS} as items, u.cents as her_cents, u.times as her_times,
  coalesce(a.cents, 0) as all_cents, coalesce(a.times, 0) as all_times
from head h
left join (
  given b
  cross join lateral (
    select count(*) > 0 as by_item, coalesce(bool_or(x.product_id = g.product_id or x.category = g.category), false) as fits,
      max(x.price_cents) filter (where x.product_id = g.product_id) as price_cents
    from head g left join benefit_item x on x.merchant_id = :merchant and x.benefit_id = b.id where x.nth is not null) f
  cross join lateral (
    select coalesce(sum(x.counted_cents), 0)::bigint as cents, count(*) as times
    from head g join benefit_redemption x on x.merchant_id = :merchant and x.customer_id = g.customer_id and x.benefit_id = b.id
      and x.day_on = b.day_on and x.state = 'taken') u
  left join benefit_spent a on a.merchant_id = :merchant and a.benefit_id = b.id and a.period = b.budget_period and a.begins_on = b.begins_on
) on cast(:product as text) is null or not f.by_item or f.fits
order by b.id
"""


async def offers(unit: Unit, asked: Asked) -> Found:
    """Return what is given, by id. A customer or product that nobody knows is None, and what is for certain levels or items is not given to them.

    Raises `NotFound` for a store that does not exist or is none of `asked.stores`.
    """
    rows = await unit.rows(_SQL, **binds(unit, asked))
    head = rows[0]
    if asked.store is not None and head["store_id"] is None:
        raise NotFound(what="门店/store", field="store")
    found = tuple(_offer(dict(row)) for row in rows if row["id"] is not None)
    return Found(head["customer_id"], head["store_id"], head["product_id"], head["list_cents"], found)


def binds(unit: Unit, asked: Asked) -> dict[str, Any]:
    """Return what the statement is asked with."""
    at = asked.at or unit.now
    return {
        "external": customer_index(unit, asked.customer) if asked.customer else None,
        "person": _own_id(asked.customer),
        "store": asked.store,
        "stores": None if asked.stores is None else list(asked.stores),
        "product": asked.product,
        "benefit": asked.benefit_id,
        "at": at,
        "since": at - LONGEST,
    }


def _own_id(customer: str | None) -> UUID | None:
    try:
        return UUID(customer) if customer else None
    except ValueError:
        return None


def _offer(row: Mapping[str, Any]) -> Offer:
    known = {name: row[name] for name in Offer.__struct_fields__}
    said = {
        "gain": GainKind(row["gain"]),
        "stacking": Stacking(row["stacking"]),
        "budget_unit": BudgetUnit(row["budget_unit"]) if row["budget_unit"] else None,
        "items": msgspec.convert(document(row["items"]), tuple[Item, ...]),
    }
    return Offer(**known | said)
