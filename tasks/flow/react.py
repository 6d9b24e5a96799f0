"""What follows from what happened: tasks that are no longer needed close, plans take notice, credit is given."""

from collections.abc import Sequence

import structlog

from tasks.attribution.service import credit
from tasks.events.happened import Happened
from tasks.flow.follow_value import follow_value
from tasks.flow.tend_tags import apply_at_once
from tasks.kernel.unit import Unit
from tasks.moot.service import close_moot
from tasks.plans.entries import enter
from tasks.plans.repository import active_behaviours

log = structlog.get_logger()


async def react(unit: Unit, happened: Sequence[Happened], *, historic: bool = False) -> None:
    """Run value → moot → generation → attribution for events that are new in this transaction.

    Customers whose records were corrected have their value computed anew without an event; with `historic` everybody is due instead.
    """
    moved = await follow_value(unit, happened, historic=historic)
    await apply_at_once(unit, {one.customer_id for one in (*moved, *happened)})
    if moved:
        await notice(unit, moved)
    if not happened:
        return
    entered, contacted = await _begun(unit)
    if entered:
        await close_moot(unit, happened)
    await notice(unit, happened)
    if contacted:
        await credit(unit, happened)


async def _begun(unit: Unit) -> tuple[bool, bool]:
    """Whether anybody ever entered a plan or got a task, and whether anybody was ever contacted: without that, books of years go in without a look."""
    row = await unit.row(
        "select exists (select from enrolment where merchant_id = :merchant) or exists (select from task where merchant_id = :merchant) as entered, "
        "exists (select from contact where merchant_id = :merchant) as contacted"
    )
    return (bool(row["entered"]), bool(row["contacted"])) if row else (True, True)


async def notice(unit: Unit, happened: Sequence[Happened]) -> None:
    """Let every active behaviour plan see the events. A plan that fails never refuses them: they are set aside and retried by the sweep (engine.md)."""
    for plan in await active_behaviours(unit):
        try:
            async with unit.session.begin_nested():
                await enter(unit, plan, happened)
        except Exception as fault:  # noqa: BLE001  # whatever a plan does wrong must not cost the merchant an event
            log.warning("plan.notice.failed", plan=str(plan.plan_id), events=len(happened), fault=type(fault).__name__)
            await unit.run(
                "update event set state = 'set_aside' where merchant_id = :merchant and id = any(cast(:ids as uuid[])) and state = 'accepted'",
                ids=[event.event_id for event in happened],
            )
