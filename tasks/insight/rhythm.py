"""`customer_rhythm`: on how many days a customer came for a category, when last, and after how many open days she is expected again.

One statement for everybody and for one. A day counts for a category when she had on it a service line of that category with a quantity above zero, or a visit
whose product is of it; category '' counts every day with a visit (a service line makes one). The gap that is expected, in open days of her store:

- her own, from the third day on: (nth(last day) - nth(first day)) / (days - 1);
- else the category's usual one: `category.usual_gap_days`, else the lower median of `product.cycle_days` of its active services, for '' the merchant's
  `usualGapDays`; calendar days become open days by the store's open weekdays / 7.

No step joins two computed sets: right after an import the planner knows nothing of the tables, and would compare every row with every other.

The store is her home store, else where she came last. The overdue ratio of a day is (nth(day) - nth(last day)) / gap: days since the last visit over the
average gap, in a store that never closes.
"""

from typing import Final

from tasks.insight.calendar import FIRST
from tasks.insight.rules import OWN_AFTER_DAYS, InsightRulesIn
from tasks.insight.whom import Today, Whom
from tasks.kernel.unit import Unit

_SERVICE_DAYS: Final = """
came as (
  select v.customer_id, who.home_store_id, v.visited_on as day_on, v.visited_at as at, v.store_id, p.category
  from who join visit v on v.merchant_id = :merchant and v.customer_id = who.id and v.visited_on <= who.today
  left join product p on p.merchant_id = v.merchant_id and p.id = v.product_id),
service as (
  select customer_id, home_store_id, '' as category, day_on, at, store_id from came
  union all select customer_id, home_store_id, category, day_on, at, store_id from came where category <> ''
  union all
  select s.customer_id, who.home_store_id, p.category, s.sold_on, s.sold_at, s.store_id
  from who join sale s on s.merchant_id = :merchant and s.customer_id = who.id and s.sold_on <= who.today
  join sale_line l on l.merchant_id = s.merchant_id and l.sale_id = s.id and l.quantity > 0
  join product p on p.merchant_id = l.merchant_id and p.id = l.product_id and p.kind = 'service' and p.category <> ''),
day as (
  select customer_id, home_store_id, category, day_on, (array_agg(store_id order by at desc, store_id))[1] as store_id
  from service group by customer_id, home_store_id, category, day_on),
total as (
  select customer_id, category, count(*)::int as days, min(day_on) as first_on, max(day_on) as last_on,
    coalesce(home_store_id, (array_agg(store_id order by day_on desc))[1]) as store_id
  from day group by customer_id, home_store_id, category)
"""
_USUAL: Final = """
usual as (
  select '' as category, cast(:usual as int) as days
  union all
  select p.category, coalesce(max(c.usual_gap_days), percentile_disc(0.5) within group (order by p.cycle_days))
  from product p left join category c on c.merchant_id = p.merchant_id and c.code = p.category
  where p.merchant_id = :merchant and p.kind = 'service' and p.active and p.category <> '' group by p.category),
week as (
  select s.id as store_id, coalesce(nullif(count(h.weekday), 0), 7)::int as open_days
  from store s left join store_hours h on h.merchant_id = s.merchant_id and h.store_id = s.id where s.merchant_id = :merchant group by s.id)
"""
_SAID: Final = """
counted as (
  select t.*, coalesce(a.nth, 0) as first_nth, coalesce(z.nth, 0) as last_nth, u.days as usual_days, week.open_days
  from total t join week on week.store_id = t.store_id
  left join store_open_day a on a.merchant_id = :merchant and a.store_id = t.store_id and a.day_on = greatest(t.first_on, cast(:first as date))
  left join store_open_day z on z.merchant_id = :merchant and z.store_id = t.store_id and z.day_on = greatest(t.last_on, cast(:first as date))
  left join usual u on u.category = t.category),
judged as (select *, days >= :own_after and last_nth > first_nth as own from counted),
said as (
  select customer_id, category, store_id, days, first_on, last_on, last_nth,
    case when own then last_nth - first_nth else usual_days * open_days end as gap_open_days,
    case when own then days - 1 when usual_days is not null then 7 end as gap_over, own
  from judged)
"""
_COLUMNS: Final = ("store_id", "days", "first_on", "last_on", "last_nth", "gap_open_days", "gap_over", "own")
_NAMES: Final = ", ".join(_COLUMNS)
_WRITE: Final = f"""
gone as (
  delete from customer_rhythm g using (
    select r.customer_id, r.category from customer_rhythm r where r.merchant_id = :merchant and {{of}}
    except select said.customer_id, said.category from said) x
  where g.merchant_id = :merchant and g.customer_id = x.customer_id and g.category = x.category)
insert into customer_rhythm (merchant_id, customer_id, category, {_NAMES})
select :merchant, said.customer_id, said.category, {", ".join(f"said.{name}" for name in _COLUMNS)}
from said left join customer_rhythm r on r.merchant_id = :merchant and r.customer_id = said.customer_id and r.category = said.category
where r.customer_id is null or ({", ".join(f"r.{name}" for name in _COLUMNS)}) is distinct from ({", ".join(f"said.{name}" for name in _COLUMNS)})
order by said.customer_id, said.category
on conflict (merchant_id, customer_id, category) do update set {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS)}
"""


async def write_rhythm(unit: Unit, rules: InsightRulesIn, today: Today, whom: Whom) -> None:
    """Make the rhythm of these customers what the books say, writing only what differs. The caller holds their facts locked."""
    statement = f"with {whom.cte}, {_SERVICE_DAYS}, {_USUAL}, {_SAID}, {_WRITE.format(of=whom.of('r.customer_id'))}"
    await unit.run(
        statement, usual=rules.usual_gap_days, own_after=OWN_AFTER_DAYS, first=FIRST, **today.values, **whom.values
    )
