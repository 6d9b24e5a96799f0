"""Passages that leave when they fire, and steps that are passed over: the audience, the offset's and the step's own condition, a repetition that is over."""

from typing import Any, Final, NamedTuple

from tasks.audience.resolving import reason_of
from tasks.generation.job import Job
from tasks.kernel.unit import Unit
from tasks.people.followed import FOLLOWABLE
from tasks.plans.definition import Behaviour
from tasks.plans.states import Counted, Scope

EXITS = """
update chunk c set decided = 'exited', reason = x.failing {also}
from (select c.no, {failing} as failing
      from chunk c join customer cu on cu.merchant_id = :merchant and cu.id = c.customer_id {facts} {card}
      where c.decided is null) x
where x.no = c.no and x.failing is not null
"""

CARD_JOIN = """
left join card k on k.merchant_id = cu.merchant_id and k.id = c.card_id
left join {card_facts} kf on kf.merchant_id = k.merchant_id and kf.card_id = k.id
left join card_product cp on cp.merchant_id = k.merchant_id and cp.id = k.card_product_id
"""

Tree = dict[str, Any] | None


class Mark(NamedTuple):
    """How a statement marks those who fail: the SQL of the reason, `{failing}` being the tree's, and what else it sets."""

    failing: str = "{failing}"
    also: str = ""


FOLLOWED: Final = Mark("case when not ({followable}) then 'not_followed_up' else {failing} end")
USED_UP: Final = Mark("case when kf.uses_left <= 0 then 'no_uses_left' end")
PASSED_OVER: Final = Mark(also=", passed_over = true")


async def leave(unit: Unit, job: Job) -> None:
    """Passages whose audience no longer holds leave, by the name of the condition.

    Events ask for the audience again each time. A plan of the calendar asked for it when it fired: the day it meant is over when a later step comes.
    """
    definition, trigger = job.definition, job.definition.trigger
    first = job.ordinal == 0
    await _mark(unit, job, definition.audience if first or isinstance(trigger, Behaviour) else None, FOLLOWED)
    if not isinstance(trigger, Behaviour):
        return
    offset = trigger.offsets[job.offset_no] if first and job.offset_no < len(trigger.offsets) else None
    if offset is not None and offset.only_if is not None:
        await _mark(unit, job, offset.only_if, Mark())
    if trigger.repeat is not None and trigger.repeat.until is Counted.NO_USES_LEFT:
        await _mark(unit, job, None, USED_UP)


async def pass_over(unit: Unit, job: Job) -> None:
    """A step whose own condition does not hold is passed over: its decision says which condition, and the passage goes on with the next step."""
    only_if = job.definition.steps[job.ordinal % len(job.definition.steps)].only_if
    if only_if is not None:
        await _mark(unit, job, only_if, PASSED_OVER)


async def _mark(unit: Unit, job: Job, tree: Tree, mark: Mark) -> None:
    ground, card = job.moment.ground, job.definition.entry.scope is Scope.CARD
    reason = await reason_of(unit, tree, ground, card=card)
    failing = mark.failing.format(followable=FOLLOWABLE, failing=reason.sql)
    join = CARD_JOIN.format(card_facts=ground.card_facts) if card else ""
    statement = EXITS.format(failing=failing, facts=ground.facts_join, card=join, also=mark.also)
    await unit.run(statement, **(reason.values | job.moment.values))
