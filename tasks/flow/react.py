"""What follows from what happened: tasks that are no longer needed close, plans take notice, credit is given."""

from collections.abc import Collection, Sequence
from uuid import UUID

import structlog

from tasks.attribution.service import credit
from tasks.callbacks.replies import upgrade_replies
from tasks.events.happened import Happened
from tasks.flow.fire_passages import fire_at_once
from tasks.flow.follow_value import follow_value
from tasks.flow.settle_promises import follow_books
from tasks.flow.tend_tags import apply_at_once
from tasks.kernel.unit import Unit
from tasks.ledger.touched import Touched
from tasks.moot.service import close_moot
from tasks.people.contact_state import lock_contact_state
from tasks.plans.definition import Behaviour
from tasks.plans.entries import enter
from tasks.plans.overtaken import end_overtaken
from tasks.plans.repository import ActivePlan, active_behaviours
from tasks.plans.states import EntryMode, Scope
from tasks.worklist.feed import feed

log = structlog.get_logger()


async def react(unit: Unit, happened: Sequence[Happened], *, historic: bool = False) -> None:
    """Run value → moot → generation → attribution → promises for events that are new in this transaction.

    Customers whose records were corrected have their value computed anew without an event; with `historic` everybody is due instead.
    Whatever was recorded of a customer changes what her live tasks show.
    """
    owners = set(unit.closer("touched", Touched).customers)
    met = {one.customer_id for one in happened}
    feed(unit).customers_changed(owners | met)
    moved = await follow_value(unit, happened, historic=historic)
    await apply_at_once(unit, met.union([one.customer_id for one in moved]))
    if not (happened or moved or owners):
        return
    plans = await active_behaviours(unit)
    await _lock(unit, plans, [*moved, *happened])
    await _notice(unit, plans, moved)
    entered, contacted = await _begun(unit) if happened else (False, False)
    if entered:
        await upgrade_replies(unit, happened)
        await close_moot(unit, happened)
        await end_overtaken(unit, happened)
    await _notice(unit, plans, happened)
    await _notice_cards(unit, plans, owners)
    if contacted:
        await credit(unit, happened)
    await follow_books(unit, owners | met)


async def _begun(unit: Unit) -> tuple[bool, bool]:
    """Whether anybody ever entered a plan or got a task, and whether anybody was ever contacted: without that, books of years go in without a look."""
    row = await unit.row(
        "select exists (select from enrolment where merchant_id = :merchant) or exists (select from task where merchant_id = :merchant) as entered, "
        "exists (select from contact where merchant_id = :merchant) as contacted"
    )
    return (bool(row["entered"]), bool(row["contacted"])) if row else (True, True)


async def notice(unit: Unit, happened: Sequence[Happened]) -> None:
    """Let every active behaviour plan see the events, and fire at once what waits for nothing.

    A plan that fails never refuses them: they are set aside and retried by the sweep (engine.md).
    """
    plans = await active_behaviours(unit)
    await _lock(unit, plans, happened)
    await _notice(unit, plans, happened)


async def _notice(unit: Unit, plans: Sequence[ActivePlan], happened: Sequence[Happened]) -> None:
    for plan in plans if happened else ():
        try:
            async with unit.connection.savepoint():
                await fire_at_once(unit, await enter(unit, plan, happened))
        except Exception as fault:  # noqa: BLE001  # whatever a plan does wrong must not cost the merchant an event
            log.warning("plan.notice.failed", plan=str(plan.plan_id), events=len(happened), fault=type(fault).__name__)
            await _set_aside(unit, [event.event_id for event in happened if event.type in _events(plan)])


async def _set_aside(unit: Unit, event_ids: Sequence[UUID]) -> None:
    await unit.run(
        "update event set state = 'set_aside' where merchant_id = :merchant and id = any(cast(:ids as uuid[])) and state = 'accepted'",
        ids=list(event_ids),
    )


def _events(plan: ActivePlan) -> tuple[str, ...]:
    trigger = plan.definition.trigger
    return trigger.events if isinstance(trigger, Behaviour) else ()


async def _lock(unit: Unit, plans: Sequence[ActivePlan], happened: Sequence[Happened]) -> None:
    """Lock whoever a plan may be fired for in this transaction, and the tasks it may join, in one go and in id order: plan after plan would not be."""
    present = {kind for plan in plans if _at_once(plan) for kind in _events(plan)}
    always = {kind for plan in plans if plan.definition.entry.mode is EntryMode.RESTART for kind in _events(plan)}
    if not present and not always:
        return
    customers = {
        one.customer_id for one in happened if one.type in always or (one.type in present and not one.historic)
    }
    if not customers:
        return
    # With everybody else of the batch: what these events end is locked after it.
    customers |= {event.customer_id for event in happened if not event.historic}
    await lock_contact_state(unit, customers)
    await unit.run(
        "select t.id from task t where t.merchant_id = :merchant and t.customer_id = any(cast(:ids as uuid[])) "
        "and t.status in ('queued', 'open', 'in_progress', 'waiting') order by t.id for update",
        ids=sorted(customers),
    )


def _at_once(plan: ActivePlan) -> bool:
    trigger = plan.definition.trigger
    return isinstance(trigger, Behaviour) and any(offset.at_once for offset in trigger.offsets)


_RECEIPTS = """
select e.id as event_id, e.type, e.customer_id, e.occurred_at, e.store_id, e.staff_id, e.ledger_kind, e.ledger_id, e.historic
from card k join card_entry x on x.merchant_id = k.merchant_id and x.card_id = k.id and x.kind = 'open' and x.recorded_at = :now
join event e on e.merchant_id = x.merchant_id and e.ledger_id = x.sale_id and e.type = 'purchase' and e.customer_id is not null
where k.merchant_id = :merchant and k.customer_id = any(cast(:owners as uuid[])) order by e.occurred_at, e.id
"""


async def _notice_cards(unit: Unit, plans: Sequence[ActivePlan], owners: Collection[UUID]) -> None:
    """Show plans about cards the receipts that opened cards which are recorded only now: the receipt often comes first."""
    about_cards = [plan for plan in plans if plan.definition.entry.scope is Scope.CARD and "purchase" in _events(plan)]
    if owners and about_cards:
        receipts = await unit.structs(Happened, _RECEIPTS, owners=sorted(owners))
        await _notice(unit, about_cards, receipts)
