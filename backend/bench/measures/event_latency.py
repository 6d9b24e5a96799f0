"""S5: from an event to the task in the employee's list, idle and while a plan runs over a million customers."""

import asyncio
from datetime import datetime, timedelta
from math import ceil
from time import perf_counter
from typing import Any, Final
from uuid import UUID

from backend.bench.arrivals import BATCHES_A_SECOND, PER_BATCH, Till, open_till
from backend.bench.crowds import Crowd, found_crowd
from backend.bench.figures import Benchmark, Measured, NotTheWork, Scale, at_most
from backend.bench.measures.plan_run import FIRES_AT, turn_clock
from backend.bench.processes import process
from backend.bench.salons import ZONE
from backend.bench.stage import Database, Stage
from tasks.flow.manage_plans import activate, create_plan
from tasks.flow.record_books import record_books
from tasks.flow.run_plans import SweepReport, plan_ahead
from tasks.flow.tend_merchant import refresh_merchant
from tasks.people.inputs import CustomerIn, StaffIn
from tasks.people.service import create_store, upsert_staff

CROWDS: Final = {Scale.SMALL: Crowd(100_000), Scale.FULL: Crowd(1_000_000)}
SECONDS: Final = {Scale.SMALL: 8, Scale.FULL: 20}
IDLE_P99_S: Final = 0.25
BUSY_P95_S: Final = 1.0
LOOKERS: Final = 40
_MADE: Final = (
    "select count(*) from decision where merchant_id = :merchant and decided = 'task' and occurrence_id is not null"
)
STORE: Final = "LATENCY"
AT_ONCE: Final[dict[str, Any]] = {
    "trigger": {"kind": "behaviour", "events": ["tried_not_bought"], "offsets": [{}], "firstVisit": False},
    "audience": None, "purpose": "care", "holdOut": 0, "exitOn": [], "entry": {"scope": "customer", "mode": "each_time"},
    "task": {"chain": ["event_staff", "least_loaded"]},
}  # fmt: skip
"""Fires in the transaction that accepts the event."""


async def run(stage: Stage, scale: Scale) -> Measured:
    """200 events a second; the value is the worse of both figures as a share of its bar."""
    async with stage.database() as database:
        merchant_id, till_of = await _found(database, CROWDS[scale], SECONDS[scale])
        async with process(database, "worker"), open_till(database, merchant_id, *till_of) as till:
            await till.steady(1, await database.units.now())
            idle = await till.steady(SECONDS[scale], await database.units.now())
            busy = await _beside_a_run(database, merchant_id, till, SECONDS[scale])
            made = await _made(database, merchant_id)
    p99, p95 = _share(idle, 0.99), _share(busy, 0.95)
    detail = {
        "idleP99Ms": round(p99 * 1000), "idleMedianMs": round(_share(idle, 0.5) * 1000), "idleBarMs": 250, "idleBatches": len(idle),
        "busyP95Ms": round(p95 * 1000), "busyMedianMs": round(_share(busy, 0.5) * 1000), "busyBarMs": 1000, "busyBatches": len(busy),
        "customers": CROWDS[scale].customers, "madeByTheRunMeanwhile": made,
    }  # fmt: skip
    return Measured(max(p99 / IDLE_P99_S, p95 / BUSY_P95_S), detail)


async def _found(
    database: Database, crowd: Crowd, seconds: int
) -> tuple[UUID, tuple[list[tuple[str, str, UUID]], list[str]]]:
    """The chain, the plan that fires at once, the one that runs later, customers who can be named, and who looks at lists."""
    await turn_clock(database, FIRES_AT - timedelta(hours=2))
    merchant_id = await found_crowd(database, crowd)
    lookers = await _hire(database, merchant_id)
    named = [f"L{number}" for number in range((1 + 2 * seconds + 2) * BATCHES_A_SECOND * PER_BATCH)]
    for first in range(0, len(named), 2_000):
        async with database.units.open(merchant_id) as unit:
            items = [
                CustomerIn(external_id=code, name="测速", home_store=STORE) for code in named[first : first + 2_000]
            ]
            await record_books(unit, "customers", items)
    async with database.units.open(merchant_id) as unit:
        for template, changes in (("second_visit", AT_ONCE), ("card_balance_low", None)):
            await activate(unit, (await create_plan(unit, template, changes)).id)
    await refresh_merchant(database.units, merchant_id)
    await turn_clock(database, FIRES_AT - timedelta(minutes=5))
    await plan_ahead(database.units, merchant_id, SweepReport())
    await database.refresh_stats()
    return merchant_id, (lookers, named)


async def _hire(database: Database, merchant_id: UUID) -> list[tuple[str, str, UUID]]:
    """A store whose employees have nothing else to do: code, store and id of each."""
    codes = [f"L{number}" for number in range(1, LOOKERS + 1)]
    async with database.units.open(merchant_id) as unit:
        await create_store(unit, code=STORE, name="测速店", timezone=ZONE)
        said = await upsert_staff(
            unit, database.master, [StaffIn(external_id=code, name=code, stores=(STORE,)) for code in codes]
        )
        await unit.run("update staff set max_open = 5000, max_new_weekday = 5000 where merchant_id = :merchant")
    return [(code, STORE, one.id) for code, one in zip(codes, said, strict=True) if one.id is not None]


async def _beside_a_run(database: Database, merchant_id: UUID, till: Till, seconds: int) -> list[float]:
    """Latencies of batches that were sent while the run was going on."""
    await turn_clock(database, FIRES_AT + timedelta(seconds=5))
    now: datetime = await database.units.now()
    began = perf_counter()
    while await _state(database, merchant_id) == "due":
        if perf_counter() - began > seconds:
            raise NotTheWork("the run did not begin")
        await asyncio.sleep(0.1)
    found: list[float] = []
    for _ in range(seconds):
        found += await till.steady(1, now)
        if await _state(database, merchant_id) != "running":
            break
    if not found:
        raise NotTheWork("the run was over too soon")
    return found


async def _made(database: Database, merchant_id: UUID) -> int:
    """Return how many tasks the run has made so far; raises `NotTheWork` when it made none."""
    async with database.units.glance(merchant_id) as unit:
        made = int(await unit.scalar(_MADE))
    if not made:
        raise NotTheWork("the run made nothing")
    return made


async def _state(database: Database, merchant_id: UUID) -> str:
    async with database.units.glance(merchant_id) as unit:
        return str(
            await unit.scalar("select state from occurrence where merchant_id = :merchant order by fire_at limit 1")
        )


def _share(latencies: list[float], share: float) -> float:
    """Return the latency that so large a share of the batches kept."""
    return sorted(latencies)[ceil(len(latencies) * share) - 1]


BENCHMARK: Final = Benchmark(
    "S5",
    "event to task in the employee's list, 200 events/s, worse of idle p99 / 250 ms and beside a run p95 / 1 s",
    at_most(1.0, "of bar"),
    run,
)
