"""The open-day count of every store, kept as rows: how many days it has been open up to and including a day.

A store is open on the weekdays of its hours but for its closures; one without any hours counts as open every day. The count starts at a fixed day, so that
days before it are negative and a count that is made longer does not change what it said.
"""

from datetime import date, timedelta
from typing import Final

from tasks.insight.whom import Today, Whom
from tasks.kernel.unit import Unit

ANCHOR: Final = date(2020, 1, 1)
"""Up to this day the count is zero or less."""
FIRST: Final = date(1990, 1, 1)
"""What was before counts as this day."""
AHEAD: Final = timedelta(days=400)
"""How far ahead days are counted."""

_KNOWN: Final = """
select least((select min(v.visited_on) from visit v where v.merchant_id = :merchant), m.history_from) from merchant m where m.merchant_id = :merchant
"""
_COUNT: Final = """
with opened as (
  select s.id as store_id, cast(:first as date) + n as day_on,
    ((not exists (select from store_hours h where h.merchant_id = s.merchant_id and h.store_id = s.id)
      or exists (select from store_hours h where h.merchant_id = s.merchant_id and h.store_id = s.id
                   and h.weekday = extract(isodow from cast(:first as date) + n)::int - 1))
     and not exists (select from store_closure c where c.merchant_id = s.merchant_id and c.store_id = s.id
                       and cast(:first as date) + n between c.from_on and c.to_on))::int as is_open
  from store s cross join generate_series(0, cast(:days as int)) as n where s.merchant_id = :merchant),
counted as (
  select store_id, day_on, (sum(is_open) over (partition by store_id order by day_on)
    - coalesce(sum(is_open) filter (where day_on <= cast(:anchor as date)) over (partition by store_id), 0))::int as nth from opened)
insert into store_open_day as o (merchant_id, store_id, day_on, nth)
select :merchant, c.store_id, c.day_on, c.nth from counted c
left join store_open_day was on was.merchant_id = :merchant and was.store_id = c.store_id and was.day_on = c.day_on
where was.nth is distinct from c.nth order by c.store_id, c.day_on
on conflict (merchant_id, store_id, day_on) do update set nth = excluded.nth
"""
_SHORT: Final = """
select least(min(f.first_visit_on), cast(:today as date)) as first_on, exists (
  select from store s where s.merchant_id = :merchant and not exists (
    select from store_open_day o where o.merchant_id = s.merchant_id and o.store_id = s.id and o.day_on = cast(:latest as date))
  or s.merchant_id = :merchant and not exists (
    select from store_open_day o where o.merchant_id = s.merchant_id and o.store_id = s.id
      and o.day_on = greatest(least(min(f.first_visit_on), cast(:anchor as date)), cast(:first as date)))) as short
from customer_facts f where f.merchant_id = :merchant and {of}
"""


async def count_open_days(unit: Unit, today: Today, from_on: date | None = None) -> None:
    """Make the count what hours and closures say, from the merchant's first known day (and `from_on`) to `AHEAD` days from today; writes what differs."""
    known = await unit.scalar(_KNOWN)
    first = max(min(day for day in (known, from_on, ANCHOR) if day is not None) - timedelta(days=1), FIRST)
    last = max(today.days.values()) + AHEAD
    await unit.run(_COUNT, first=first, days=(last - first).days, anchor=ANCHOR)


async def reach(unit: Unit, today: Today, whom: Whom) -> None:
    """Count days that these customers' books need and that nobody has counted yet: a new store, a visit of long ago, a merchant's first day."""
    row = await unit.row(
        _SHORT.format(of=whom.of("f.customer_id")), today=today.day, latest=max(today.days.values()), anchor=ANCHOR,
        first=FIRST, **whom.values,
    )  # fmt: skip
    if row is not None and row["short"]:
        await count_open_days(unit, today, row["first_on"])
