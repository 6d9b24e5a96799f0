"""One sweep of one merchant: whatever is due is done, and doing it twice changes nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from uuid import UUID

import msgspec
import structlog

from tasks.callbacks.replies import close_unanswered
from tasks.events.repository import forget_unmatched
from tasks.flow.check_moot import open_wanted, wake_wanted
from tasks.flow.fire_passages import fire_passages
from tasks.flow.react import react
from tasks.flow.record_books import attach_unmatched
from tasks.flow.retry_events import retry_events
from tasks.flow.run_occurrence import give_up, passes, run_occurrence
from tasks.flow.settle_promises import settle_due, verify_claims
from tasks.flow.units import OpensUnits
from tasks.flow.work_task import expire_due, return_idle
from tasks.kernel.unit import Unit
from tasks.people.lookups import zones_of_merchant
from tasks.plans.occurrences import (
    Claimed,
    LeaseLost,
    claim,
    end_spent,
    miss_late,
    nothing_ahead,
    release,
    write_ahead,
)
from tasks.plans.repository import active_behaviours, active_recurring

MANY = 2_000
"""Tasks moved per transaction."""

Moves = Mapping[str, Callable[[Unit, int], Awaitable[int]]]
"""What time does to tasks: by the report's field, what moves at most so many."""

log = structlog.get_logger()


class SweepReport(msgspec.Struct):
    """What one sweep did: counts, for logs and tests."""

    planned: int = 0
    missed: int = 0
    runs: int = 0
    chunks: int = 0
    passages: int = 0
    retried: int = 0
    opened: int = 0
    woken: int = 0
    expired: int = 0
    returned: int = 0
    promises: int = 0
    claims: int = 0
    silent: int = 0


async def sweep_merchant(units: OpensUnits, merchant_id: UUID) -> SweepReport:
    """Expire tasks, write firings ahead, run due ones, fire due passages, retry events set aside, settle promises, open and wake tasks."""
    report = SweepReport()
    # What is over ends first: nobody may join a task that nobody works on any more.
    await _move_tasks(units, merchant_id, report, {"expired": expire_due, "returned": return_idle})
    await plan_ahead(units, merchant_id, report)
    await _run_due(units, merchant_id, report)
    report.retried = await retry_events(units, merchant_id)
    await _match_again(units, merchant_id)
    report.passages = await fire_passages(units, merchant_id)
    await _end_spent(units, merchant_id)
    await _move_tasks(
        units, merchant_id, report, {"promises": settle_due, "claims": verify_claims, "silent": close_unanswered}
    )
    await _move_tasks(units, merchant_id, report, {"opened": open_wanted, "woken": wake_wanted})
    return report


async def plan_ahead(units: OpensUnits, merchant_id: UUID, report: SweepReport) -> None:
    """Write the firings of the days ahead, and mark those that came too late."""
    async with units.open(merchant_id) as unit:
        zones = await zones_of_merchant(unit)
        for plan in await active_recurring(unit):
            report.planned += await write_ahead(unit, plan, zones)
            if missed := await miss_late(unit, plan):
                log.warning("firing.late.missed", plan=str(plan.plan_id), missed=missed)
                report.missed += missed
        await nothing_ahead(unit, await active_behaviours(unit))


async def _run(units: OpensUnits, merchant_id: UUID, held: Claimed) -> int:
    """Run one firing; one that cannot be run fails by itself and stops no other."""
    try:
        return await run_occurrence(units, merchant_id, held)
    except LeaseLost:
        raise
    except Exception as fault:
        if passes(fault):
            raise
        await give_up(units, merchant_id, held, fault)
        return 0


async def _let_go(units: OpensUnits, merchant_id: UUID, held: Claimed) -> None:
    """A worker that is told to stop gives its run back, so that nobody waits for the lease."""
    async with units.open(merchant_id) as unit:
        await release(unit, held)


async def _run_due(units: OpensUnits, merchant_id: UUID, report: SweepReport) -> None:
    while await run_next(units, merchant_id, report):
        pass


async def run_next(units: OpensUnits, merchant_id: UUID, report: SweepReport) -> bool:
    """Claim and run one firing; returns whether there was one. Whoever is told to stop meanwhile, be it while the claim commits, gives it back."""
    held: Claimed | None = None
    try:
        async with units.open(merchant_id) as unit:
            held = await claim(unit)
        if held is not None:
            report.chunks += await _run(units, merchant_id, held)
            report.runs += 1
    except LeaseLost:
        log.info("run.lease.lost", occurrence=str(held.id) if held else None)
    except asyncio.CancelledError:
        if held is not None:
            await asyncio.shield(_let_go(units, merchant_id, held))
        raise
    return held is not None


async def _end_spent(units: OpensUnits, merchant_id: UUID) -> None:
    """One-off plans that have done what they were for are over."""
    async with units.open(merchant_id) as unit:
        zones = await zones_of_merchant(unit)
        for plan in await active_recurring(unit):
            await end_spent(unit, plan, zones)


async def _match_again(units: OpensUnits, merchant_id: UUID) -> None:
    """Events whose customer came in the same instant find her now; those that waited for thirty days are forgotten."""
    async with units.open(merchant_id) as unit:
        await react(unit, await attach_unmatched(unit))
        await forget_unmatched(unit)


async def _move_tasks(units: OpensUnits, merchant_id: UUID, report: SweepReport, moves: Moves) -> None:
    for name, move in moves.items():
        while True:
            async with units.open(merchant_id) as unit:
                moved = await move(unit, MANY)
            setattr(report, name, getattr(report, name) + moved)
            if moved < MANY:
                break
