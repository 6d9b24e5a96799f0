"""The entry rule of a chunk: which scopes were here before and may not enter again, and the key that makes it so for the others."""

from tasks.generation.candidates import Moment
from tasks.kernel.unit import Unit
from tasks.plans.definition import Definition
from tasks.plans.states import EntryMode, PlanKind

ENTERED = """
(select max(e.created_at) as entered_at, count(*) as times from enrolment e
 where e.merchant_id = :merchant and e.scope_id = c.scope_id and e.plan_id = :plan and e.created_at <= :until
   and not (:by_event and e.entry_key = c.entry_key))
"""

ENTRY = {
    EntryMode.NEVER_AGAIN: "p.times > 0",
    EntryMode.ONCE_PER_CROSSING: """p.times > 0 and not exists (
        select from (select x.occurred_at, sum(x.principal_cents + x.gift_cents) over (order by x.occurred_at, x.id) as balance
                     from card_entry x where x.merchant_id = :merchant and x.card_id = c.card_id and x.occurred_at <= :at) r
        where r.occurred_at > p.entered_at and r.balance > :bound)""",
}
"""When the same scope may not enter again."""

GUARD = {EntryMode.NEVER_AGAIN: "'once'", EntryMode.ONCE_PER_CROSSING: "'crossing ' || p.times"}
"""What makes the entry rule a unique key, so that two runs cannot both let the same scope in."""


async def entry(unit: Unit, definition: Definition, plan: object, moment: Moment) -> None:
    """Scopes that were here before and may not enter again leave; the others get the key that makes it so."""
    mode = definition.entry.mode
    await unit.run(
        f"update chunk c set decided = case when {ENTRY[mode]} then 'entry' end, guard = {GUARD[mode]} "
        f"from chunk o cross join lateral {ENTERED.replace('c.', 'o.')} p where o.no = c.no and c.decided is null",
        plan=plan, bound=next(iter(definition.entry.bounds), None), by_event=definition.kind is PlanKind.BEHAVIOUR, **moment.values,
    )  # fmt: skip
