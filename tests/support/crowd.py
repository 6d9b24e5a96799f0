"""A crowd of customers with years of books, written by SQL, for what must be right and quick for many."""

from datetime import date
from uuid import UUID

from tasks.kernel.unit import Unit

_CUSTOMERS = """
insert into customer (merchant_id, id, sealed, home_store_id, birthday_on, anonymous, created_at)
select :merchant, new_uuid7(), '\\x00', case when n % 10 < 8 then (cast(:stores as uuid[]))[1 + n % cardinality(cast(:stores as uuid[]))] end,
  case when n % 3 = 0 then cast(:today as date) - 8000 - (n % 7000) when n % 29 = 0 then date '1990-01-01' end, n % 997 = 0, :now
from generate_series(1, cast(:many as int)) as n
"""
_SALES = """
insert into sale (merchant_id, id, external_id, store_id, customer_id, sold_at, sold_on, cash_cents, card_cents, recorded_at)
select :merchant, new_uuid7(), 'S' || row_number() over (),
  coalesce(d.home_store_id, (cast(:stores as uuid[]))[1 + floor(d.dice * cardinality(cast(:stores as uuid[])))::int]),
  d.id, (d.day + time '12:00') at time zone 'Asia/Shanghai', d.day, d.cash, d.card, :now
from (
  select c.id, c.home_store_id, cast(:today as date) - (c.since * random())::int as day, random() as dice,
    case when random() < 0.03 then -5000 when random() < 0.3 then 0 else (random() * 60000)::int end as cash,
    case when random() < 0.3 then (random() * 40000)::int else 0 end as card
  from (select id, home_store_id, (random() * random() * :most)::int as n, (random() * 900)::int as since from customer where merchant_id = :merchant) c
  cross join generate_series(1, cast(:most as int)) as g(no) where g.no <= c.n) d
"""
_LINES = """
insert into sale_line (merchant_id, sale_id, line_no, product_id, quantity, cash_cents, card_cents)
select :merchant, l.sale_id, l.no, (cast(:products as uuid[]))[1 + floor(l.dice * cardinality(cast(:products as uuid[])))::int], l.quantity, l.cash, l.card
from (
  select s.id as sale_id, no, random() as dice, case when random() < 0.05 then -1 else 1 end as quantity, random() as more,
    case when no = 1 then s.cash_cents else 0 end as cash, case when no = 1 then s.card_cents else 0 end as card
  from sale s cross join generate_series(1, 2) as no where s.merchant_id = :merchant) l
where l.no = 1 or l.more < 0.4
"""
_VISITS = """
insert into visit (merchant_id, id, customer_id, store_id, visited_on, visited_at, product_id, recorded_at)
select :merchant, new_uuid7(), v.customer_id, v.store_id, v.sold_on, v.sold_at, v.product_id, :now from (
  select distinct on (s.customer_id, s.store_id, s.sold_on) s.customer_id, s.store_id, s.sold_on, s.sold_at, p.id as product_id
  from sale s join sale_line l on l.merchant_id = s.merchant_id and l.sale_id = s.id and l.quantity > 0
  join product p on p.merchant_id = l.merchant_id and p.id = l.product_id and p.kind = 'service'
  where s.merchant_id = :merchant order by s.customer_id, s.store_id, s.sold_on, p.id) v
"""
_FACTS = """
insert into customer_facts (merchant_id, customer_id, first_visit_on, last_visit_on, visit_count)
select :merchant, c.id, min(v.visited_on), max(v.visited_on), count(v.id)
from customer c left join visit v on v.merchant_id = c.merchant_id and v.customer_id = c.id where c.merchant_id = :merchant group by c.id
"""


async def make_crowd(unit: Unit, stores: list[UUID], many: int, today: date, most: int = 12) -> None:
    """Write `many` customers, each with up to `most` receipts of the last 900 days: the same shape for the same numbers."""
    await unit.run("set local jit = off")
    await unit.run("select setseed(0.42)")
    products = (await unit.run("select id from product where merchant_id = :merchant order by code")).scalars()
    binds = {"stores": stores, "today": today, "many": many, "most": most, "products": list(products)}
    for statement in (_CUSTOMERS, _SALES, _LINES, _VISITS, _FACTS):
        await unit.run(statement, **binds)
        await unit.run("select refresh_stats(array['customer', 'sale', 'sale_line', 'visit'])")
