"""The points ledger (积分): entries in, and what they add up to."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from tasks.kernel.errors import Invalid
from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.people.batches import columns

MOST_POINTS: Final = 10**12
"""Past it a number is a typing error, and sums still fit a bigint."""

POINTS = """
entered as (
  select e.customer_id, e.points, e.balance, row_number() over (partition by e.customer_id order by e.occurred_at, e.sender_key, e.id) nth
  from point_entry e where e.merchant_id = :merchant and e.customer_id = any(cast(:ids as uuid[]))),
told as (select e.customer_id, max(e.nth) nth from entered e where e.balance is not null group by e.customer_id),
pointed as (
  select e.customer_id, (coalesce(max(e.balance) filter (where e.nth = t.nth), 0)
      + coalesce(sum(e.points) filter (where e.nth > coalesce(t.nth, 0)), 0))::bigint points
  from entered e left join told t on t.customer_id = e.customer_id group by e.customer_id)
"""
"""The points of customers `:ids` who have entries: what the newest entry that says so leaves, and what came later; else the sum of all."""
_COUNT = f"""
with {POINTS}
update customer_facts f set points = p.points from pointed p
where f.merchant_id = :merchant and f.customer_id = p.customer_id and f.points <> p.points
"""
_INSERT = """
insert into point_entry (merchant_id, id, event_id, customer_id, points, balance, expires_on, occurred_at, sender_key)
select :merchant, u.* from unnest(cast(:ids as uuid[]), cast(:events as uuid[]), cast(:customers as uuid[]), cast(:points as bigint[]),
  cast(:balances as bigint[]), cast(:expiries as date[]), cast(:ats as timestamptz[]), cast(:keys as text[])) as u
on conflict (event_id, merchant_id) where event_id is not null do nothing
"""


class PointsIn(NamedTuple):
    """Points that an event added or took. `expires_on` is the last day of added ones; `sender_key` puts entries of one instant in order."""

    event_id: UUID
    customer_id: UUID
    points: int
    balance: int | None
    expires_on: date | None
    occurred_at: datetime
    sender_key: str


def check_points(field: str, points: int | None) -> None:
    """Refuse a number of points past `MOST_POINTS`. Raises `Invalid`."""
    if points is not None and abs(points) > MOST_POINTS:
        raise Invalid(field, "is too large")


async def record_points(unit: Unit, entries: Sequence[PointsIn]) -> None:
    """Enter points, once per event, and count them; late and out of order gives the same. The caller holds the customers' facts locked."""
    if not entries:
        return
    names = ("ids", "events", "customers", "points", "balances", "expiries", "ats", "keys")
    rows = [
        (new_id(), e.event_id, e.customer_id, e.points, e.balance, e.expires_on if e.points > 0 else None, *e[5:])
        for e in entries
    ]
    await unit.run(_INSERT, **dict(zip(names, columns(rows, len(names)), strict=True)))
    await unit.run(_COUNT, ids=sorted({entry.customer_id for entry in entries}))
