"""Who stays out of a chunk before anything else is asked: the entry rule, and what happened since a passage began."""

from typing import Final

from tasks.generation.candidates import Moment
from tasks.kernel.unit import Unit
from tasks.plans.admission import admission
from tasks.plans.definition import Behaviour, Definition
from tasks.plans.states import Scope
from tasks.plans.triggers import span

_ENTRY: Final = """
update chunk t set decided = case when j.blocked then 'entry' end, guard = j.guard
from (select c.no, ({blocked}) {crowded} as blocked, {guard} as guard
      from (select o.*, ev.occurred_at, coalesce((ev.occurred_at at time zone :zone)::date, o.ahead_on, cast(:today as date)) as on_day,
                dense_rank() over (partition by o.scope_id order by ev.occurred_at, o.event_id) as nth
            from chunk o left join event ev on ev.merchant_id = :merchant and ev.id = o.event_id where o.decided is null) c {joins}) j
where t.no = j.no
"""


async def entry(unit: Unit, definition: Definition, plan: object, moment: Moment) -> None:
    """Scopes that were here before and may not enter again leave; the others get the key that makes it so."""
    rule = admission(definition.entry, moment.ground, ":zone")
    crowded = "" if rule.each is None else f"or c.nth > {rule.each}"
    await unit.run(
        _ENTRY.format(blocked=rule.blocked, crowded=crowded, guard=rule.guard, joins=rule.joins),
        plan=plan, **rule.values, **moment.values,
    )  # fmt: skip


_GONE: Final = """
update chunk c set decided = 'exited', reason = 'withdrawn' from event cause
where cause.merchant_id = :merchant and cause.id = c.event_id and c.decided is null
  and (cause.state = 'withdrawn' or (:personal and cause.customer_id is distinct from c.customer_id))
"""

_SPAN: Final = """
select min(cause.occurred_at) as first, max(cause.occurred_at) as last
from chunk c join event cause on cause.merchant_id = :merchant and cause.id = c.event_id where c.decided is null
"""
_UNLESS: Final = """
update chunk c set decided = 'exited', reason = :event from event cause
where cause.merchant_id = :merchant and cause.id = c.event_id and c.decided is null and exists (
    select from event e where e.merchant_id = :merchant and e.type = :event and e.customer_id = c.customer_id and e.id <> cause.id
      and e.state not in ('withdrawn', 'unmatched') and e.occurred_at between :first and :last
      and e.occurred_at >= cause.occurred_at and e.occurred_at <= cause.occurred_at + make_interval(secs => :within) {same_card})
"""
_SAME_CARD: Final = "and exists (select from card_entry x where x.merchant_id = :merchant and x.id = e.ledger_id and x.card_id = c.card_id)"
_OF_A_CARD: Final = frozenset({"card_used", "card_topped_up", "card_closed"})


async def unless(unit: Unit, definition: Definition, moment: Moment) -> None:
    """Passages leave whose event no longer stands (`withdrawn`), and those on which the plan's `unless` has come to pass, by its event."""
    trigger = definition.trigger
    if not isinstance(trigger, Behaviour):
        return
    scope = definition.entry.scope
    await unit.run(_GONE, personal=scope is not Scope.CARD)
    times = await unit.row(_SPAN) if trigger.unless is not None else None
    if trigger.unless is None or times is None or times["first"] is None:
        return
    within = span(trigger.unless.within)
    same = _SAME_CARD if scope is Scope.CARD and trigger.unless.event in _OF_A_CARD else ""
    await unit.run(
        _UNLESS.format(same_card=same), event=trigger.unless.event, within=within.total_seconds(),
        first=times["first"], last=min(times["last"] + within, moment.until),
    )  # fmt: skip
