"""Whose task it is before any chain is walked: the manager's for the third missed appointment, the owner's for the second complaint."""

from tasks.assignment.leaders import MANAGER, OWNER
from tasks.audience.resolving import predicate_of
from tasks.generation.job import Job
from tasks.generation.leaving import CARD_JOIN
from tasks.kernel.unit import Unit
from tasks.plans.states import Scope, WhoElse

_ESCALATE = """
update chunk c set escalated = true, assignee_id = x.staff_id, opens_on = x.day_on
from (
    select c.no, {who} as staff_id,
        (select min(d.day_on) from chunk_day d where d.store_id = c.store_id and d.day_on <= coalesce(c.until_on, d.day_on)) as day_on
    from chunk c join customer cu on cu.merchant_id = :merchant and cu.id = c.customer_id {facts} {card}
    where c.decided is null and c.first_of_customer and {predicate}
) x where x.no = c.no and x.staff_id is not null and x.day_on is not null
"""

WHO = {WhoElse.MANAGER: f"coalesce({MANAGER}, {OWNER})", WhoElse.OWNER: OWNER}
"""The person, whatever they have to do already: it is theirs to see to. A store without a manager has the owner."""


async def escalate(unit: Unit, job: Job) -> None:
    """Give the undecided customers for whom the step's condition holds to the person it names."""
    rule = job.act.escalate
    if rule is None:
        return
    card, ground = job.definition.entry.scope is Scope.CARD, job.moment.ground
    predicate = await predicate_of(unit, rule.when, ground, card=card)
    join = CARD_JOIN.format(card_facts=ground.card_facts) if card else ""
    await unit.run(
        _ESCALATE.format(who=WHO[rule.to], facts=ground.facts_join, card=join, predicate=predicate.sql),
        **(predicate.values | job.moment.values),
    )
