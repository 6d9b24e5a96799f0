"""Whom a firing of the calendar means, found once when its run begins, and dealt to its chunks in id order.

One look at the books instead of one for each chunk: the planner may use whatever index finds them, and who matched does not change while the run lasts.
On the eve of a closure (春节, 装修) reminders of what expires look ahead to its last day: those that fall inside it come before (engine.md, "When").

What may change meanwhile and must not be overlooked (refusals, appointments, contacts, merged and erased customers) is read by each chunk.
"""

from dataclasses import replace
from datetime import date
from typing import Final
from uuid import UUID

from tasks.generation.candidates import Moment, Slice, matching
from tasks.kernel.unit import Unit
from tasks.people.followed import FOLLOWABLE
from tasks.plans.definition import Definition
from tasks.plans.states import Measure, Route, Scope

PART: Final = 10_000
"""Ids in a row."""

_GATHER: Final = """
with matched as materialized (select {scope} as id {matching} union select u.id from unnest(cast(:eve as uuid[])) as u(id)),
numbered as (select id, (row_number() over (order by id) - 1) / :part as no from matched),
kept as (
    insert into run_part (merchant_id, occurrence_id, no, last_id, scope_ids)
    select :merchant, :occurrence, no, (array_agg(id order by id desc))[1], array_agg(id order by id) from numbered group by no
    returning cardinality(scope_ids) as ids)
select coalesce(sum(ids), 0)::int from kept
"""

_NEXT: Final = """
(select u.id from run_part p cross join lateral unnest(p.scope_ids) as u(id)
 where p.merchant_id = :merchant and p.occurrence_id = :occurrence and p.no = (
    select min(n.no) from run_part n where n.merchant_id = :merchant and n.occurrence_id = :occurrence
      and (cast(:after as uuid) is null or n.last_id > cast(:after as uuid)))
   and (cast(:after as uuid) is null or u.id > cast(:after as uuid))
 order by u.id limit :limit)
"""

_FILL: Final = {
    Scope.CUSTOMER: f"""
insert into chunk (scope_id, entry_key, customer_id, value_cents)
select cu.id, :entry_key, cu.id, coalesce(f.card_principal_cents + f.card_gift_cents, 0)
from {_NEXT} s
join customer cu on cu.merchant_id = :merchant and cu.id = s.id and {FOLLOWABLE}
left join customer_facts f on f.merchant_id = :merchant and f.customer_id = cu.id
order by s.id
""",
    Scope.CARD: f"""
insert into chunk (scope_id, entry_key, customer_id, card_id, event_store_id, value_cents, ahead_on)
select k.id, :entry_key, cu.id, k.id, k.store_id, kf.balance_cents, {{ahead}}
from {_NEXT} s
join card k on k.merchant_id = :merchant and k.id = s.id
join card_facts kf on kf.merchant_id = :merchant and kf.card_id = k.id
join customer cu on cu.merchant_id = :merchant and cu.id = k.customer_id and {FOLLOWABLE}
order by s.id
""",
}

_LAST: Final = f"select s.id from {_NEXT} s order by s.id desc limit 1"
_MORE: Final = """
select exists (select from run_part p where p.merchant_id = :merchant and p.occurrence_id = :occurrence and p.last_id > cast(:after as uuid))
"""


_STORES: Final = {Route.HOME_STORE: "coalesce(cu.home_store_id, k.store_id)"}
"""The store whose closure counts; by any other route the card's."""
_EVE: Final = """
select z.to_on, array_agg(distinct z.store_id) as stores from store_closure z
where z.merchant_id = :merchant and z.from_on = cast(:today as date) + 1 group by z.to_on order by z.to_on
"""
_AHEAD: Final = """(select max(z.to_on) from store_closure z where z.merchant_id = :merchant and z.store_id = {store}
    and z.from_on = cast(:today as date) + 1)"""


async def gather(unit: Unit, definition: Definition, moment: Moment, occurrence: UUID) -> int:
    """Find everybody whom the firing means and keep their ids; returns how many."""
    card = definition.entry.scope is Scope.CARD
    sql, values = await matching(unit, definition, moment, None)
    statement = _GATHER.format(scope="k.id" if card else "cu.id", matching=sql)
    eve = await _on_the_eve(unit, definition, moment)
    found: int = await unit.scalar(statement, part=PART, occurrence=occurrence, eve=eve, **values)
    return found


async def _on_the_eve(unit: Unit, definition: Definition, moment: Moment) -> list[UUID]:
    """Return the cards that will be meant on the last day of a closure that begins tomorrow, of the stores that close."""
    if definition.entry.measure is not Measure.DAYS_LEFT:
        return []
    found: list[UUID] = []
    for closure in await unit.rows(_EVE, today=moment.today):
        sql, values = await matching(unit, definition, replace(moment, today=closure["to_on"]), None)
        store = _store(definition)
        rows = await unit.rows(
            f"select k.id {sql} and {store} = any(cast(:stores as uuid[]))", stores=closure["stores"], **values
        )
        found += [row["id"] for row in rows]
    return found


def _store(definition: Definition) -> str:
    return _STORES.get(definition.task.route, "k.store_id")


async def fill_from_part(unit: Unit, definition: Definition, run: tuple[UUID, date], part: Slice) -> UUID | None:
    """Put the next candidates of a run into the chunk, in id order; returns the greatest id that was looked at, None when nobody is left.

    `run` is the firing and the local day it is judged on.
    """
    occurrence, today = run
    values = {"occurrence": occurrence, "after": part.after, "limit": part.limit}
    scope = definition.entry.scope
    ahead = definition.entry.measure is Measure.DAYS_LEFT
    sql = _FILL[scope].format(ahead=_AHEAD.format(store=_store(definition)) if ahead else "cast(null as date)")
    await unit.run(sql, entry_key=part.entry_key, **values, **({"today": today} if ahead else {}))
    last: UUID | None = await unit.scalar(_LAST, **values)
    return last


async def more(unit: Unit, occurrence: UUID, after: UUID) -> bool:
    """Say whether the run has candidates beyond an id."""
    return bool(await unit.scalar(_MORE, occurrence=occurrence, after=after))


async def forget(unit: Unit, occurrence: UUID) -> None:
    """The run is over: who it meant stands in its decisions."""
    await unit.run(
        "delete from run_part where merchant_id = :merchant and occurrence_id = :occurrence", occurrence=occurrence
    )
