"""How far a plan reaches: how many customers it means now, in which stores, and which stores have nobody for its tasks."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from tasks.generation.candidates import Moment, Slice, count_in_books, fill_from_books
from tasks.generation.chunk import open_chunk
from tasks.generation.judge import route
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.people.lookups import zones_of_merchant
from tasks.plans.definition import Definition
from tasks.plans.entries import expected_in_thirty_days
from tasks.plans.matching import matching
from tasks.plans.triggers import Behaviour

MOST: Final = 2_000_000
"""Candidates a look takes in; more than any audience we were built for."""
EXPECTED: Final = timedelta(days=30)
"""What a behaviour plan's audience is counted over."""


async def audience_now(unit: Unit, definition: Definition) -> int:
    """Return how many a plan of the calendar means now, of a behaviour plan how many entered in the last thirty days, or would have."""
    if isinstance(definition.trigger, Behaviour):
        return await expected_in_thirty_days(unit, definition, unit.now)
    return sum([await count_in_books(unit, definition, _now(unit, zone)) for zone in await zones_of_merchant(unit)])


_HAPPENED: Final = """
insert into chunk (scope_id, entry_key, customer_id, card_id, event_id, event_store_id)
select distinct on (cu.id) {scope}, 'reach', cu.id, {card}, e.id, e.store_id
{sql} and e.occurred_at > :since and e.occurred_at <= :now order by cu.id, e.occurred_at, e.id
"""


async def crowd(unit: Unit, definition: Definition) -> dict[UUID | None, int]:
    """Return how many customers `audience_now` is about, each of them once, by the store that would get the task."""
    await open_chunk(unit)
    if isinstance(definition.trigger, Behaviour):
        found = matching(definition)
        sql = _HAPPENED.format(scope=found.scope_id, card=found.card_id, sql=found.sql)
        await unit.run(sql, since=unit.now - EXPECTED, **found.values)
    else:
        for zone in await zones_of_merchant(unit):
            await fill_from_books(unit, definition, _now(unit, zone), Slice("reach", limit=MOST))
    await route(unit, definition.task)
    rows = await unit.rows("select store_id, count(distinct customer_id)::int as n from chunk group by store_id")
    return {row["store_id"]: row["n"] for row in rows}


def _now(unit: Unit, zone: str) -> Moment:
    return Moment(at=unit.now, fires_at=unit.now, today=local_day(unit.now, zone), timezone=zone)


_UNSERVED: Final = """
select s.code from store s where s.merchant_id = :merchant and s.active and not s.pool
  and not exists (select from membership m join staff p on p.merchant_id = m.merchant_id and p.id = m.staff_id and p.status = 'active'
                  where m.merchant_id = :merchant and m.store_id = s.id)
order by s.code
"""


async def unserved_stores(unit: Unit) -> list[str]:
    """Return the codes of open stores in which nobody works and that have no pool."""
    return [row["code"] for row in await unit.rows(_UNSERVED)]
