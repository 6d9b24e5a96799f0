"""Passages that leave when they fire, and steps that are passed over: the audience, the offset's and the step's own condition, a repetition that is over."""

from typing import Any

from tasks.audience.resolving import reason_of
from tasks.generation.candidates import Moment
from tasks.kernel.unit import Unit
from tasks.people.followed import FOLLOWABLE
from tasks.plans.definition import Behaviour, Definition
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


async def leave(unit: Unit, definition: Definition, moment: Moment, firing: tuple[int, int]) -> None:
    """Passages whose audience no longer holds leave, by the name of the condition; `firing` is the step's ordinal and the offset's number.

    Events ask for the audience again each time. A plan of the calendar asked for it when it fired: the day it meant is over when a later step comes.
    """
    ordinal, number = firing
    trigger, behaviour = definition.trigger, isinstance(definition.trigger, Behaviour)
    audience = definition.audience if behaviour or ordinal == 0 else None
    failing = "case when not ({followable}) then 'not_followed_up' else {failing} end"
    await _mark(unit, definition, moment, audience, failing)
    if not isinstance(trigger, Behaviour):
        return
    if ordinal == 0 and number < len(trigger.offsets) and trigger.offsets[number].only_if is not None:
        await _mark(unit, definition, moment, trigger.offsets[number].only_if, "{failing}")
    if trigger.repeat is not None and trigger.repeat.until is Counted.NO_USES_LEFT:
        await _mark(unit, definition, moment, None, "case when kf.uses_left <= 0 then 'no_uses_left' end")


async def pass_over(unit: Unit, definition: Definition, moment: Moment, ordinal: int) -> None:
    """A step whose own condition does not hold is passed over: its decision says which condition, and the passage goes on with the next step."""
    only_if = definition.steps[ordinal % len(definition.steps)].only_if
    if only_if is not None:
        await _mark(unit, definition, moment, only_if, "{failing}", ", passed_over = true")


async def _mark(  # noqa: PLR0913, PLR0917  # one statement in three dresses
    unit: Unit, definition: Definition, moment: Moment, tree: Tree, failing: str, also: str = ""
) -> None:
    card = definition.entry.scope is Scope.CARD
    reason = await reason_of(unit, tree, moment.ground, card=card)
    join = CARD_JOIN.format(card_facts=moment.ground.card_facts) if card else ""
    await unit.run(
        EXITS.format(
            failing=failing.format(followable=FOLLOWABLE, failing=reason.sql),
            facts=moment.ground.facts_join, card=join, also=also,
        ),
        **(reason.values | moment.values),
    )  # fmt: skip
