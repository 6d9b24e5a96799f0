"""What an owner should know beside a preview: books that begin late or have stopped coming in, and customers whom another plan is at already."""

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Final
from uuid import UUID

import msgspec

from tasks.flow.watch_books import MOST_CLOSED, expected_since
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.people.calendar import load_calendars

YEAR: Final = 365
"""Books shorter than this may make a returning customer look new."""
LOOKED_BACK: Final = 15
"""Days in which the newest visit or sale is looked for."""


class Overlap(msgspec.Struct, frozen=True, rename="camel"):
    """How many of those who matched have a live task of another plan."""

    plan_id: UUID
    name: str
    customers: int


async def young_books(unit: Unit, day: date) -> list[str]:
    """Say when the books begin so late that old customers may look new: `history_from:<day>`."""
    history = await unit.scalar("select history_from from merchant where merchant_id = :merchant")
    return [f"history_from:{history.isoformat()}"] if history is not None and (day - history).days < YEAR else []


_NEWEST: Final = """
select s.id, s.code, s.timezone, x.at, greatest(
    (select max(v.visited_at) from visit v where v.merchant_id = :merchant and v.store_id = s.id and v.visited_on = any(cast(:days as date[]))
        and v.visited_at <= x.at),
    (select max(b.sold_at) from sale b where b.merchant_id = :merchant and b.store_id = s.id and b.sold_on = any(cast(:days as date[]))
        and b.sold_at <= x.at)) as newest
from store s join merchant m on m.merchant_id = s.merchant_id and m.history_from is not null
cross join lateral (select least(cast(:now as timestamptz), (cast(:day as date) + cast(:wall as time)) at time zone s.timezone) as at) x
where s.merchant_id = :merchant and s.active and (cast(:stores as uuid[]) is null or s.id = any(cast(:stores as uuid[])))
order by s.code
"""


async def stale_stores(unit: Unit, when: tuple[date, time], stores: Sequence[UUID] | None = None) -> list[str]:
    """Name the stores whose books had not come in at a day's wall time, or now if that is to come: `stale_data:<store>:<last day>`, later without a day.

    A store that was closed since its newest record is not stale, nor is one of a merchant without books.
    """
    day, wall = when
    days = [day - timedelta(days=number) for number in range(LOOKED_BACK)]
    calendars = await load_calendars(unit, from_on=day - timedelta(days=MOST_CLOSED + 2), days=MOST_CLOSED + 4)
    values = {"day": day, "wall": wall, "days": days, "stores": list(stores) if stores is not None else None}
    found = []
    for row in await unit.rows(_NEWEST, **values):
        since, newest = expected_since(calendars[row["id"]], row["at"]), row["newest"]
        if since is not None and (newest is None or newest < since):
            last = f":{local_day(newest, row['timezone']).isoformat()}" if newest else ""
            found.append(f"stale_data:{row['code']}{last}")
    return found


_OVERLAPS: Final = """
select r.plan_id, p.name, count(distinct c.customer_id)::int as customers
from chunk c
join task t on t.merchant_id = :merchant and t.customer_id = c.customer_id and t.status in ('queued', 'open', 'in_progress', 'waiting')
join task_reason r on r.merchant_id = :merchant and r.task_id = t.id and r.state = 'live' and r.plan_id <> :plan
join plan p on p.merchant_id = :merchant and p.id = r.plan_id
where cast(:stores as uuid[]) is null or c.store_id = any(cast(:stores as uuid[]))
group by r.plan_id, p.name
"""


async def overlaps_of(unit: Unit, plan_id: UUID, stores: Sequence[UUID] | None) -> list[Overlap]:
    """Return, for a chunk, the other plans that have a live task of somebody in it."""
    return await unit.structs(Overlap, _OVERLAPS, plan=plan_id, stores=stores)
