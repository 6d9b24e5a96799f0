"""S10: how much memory a worker process takes while it runs a plan over a million customers."""

import asyncio
from datetime import timedelta
from typing import Final
from uuid import UUID

import psutil

from backend.bench.crowds import Crowd
from backend.bench.figures import Benchmark, Measured, NotTheWork, Scale, at_most
from backend.bench.measures.plan_run import CROWDS, FIRES_AT, found_due, turn_clock
from backend.bench.processes import process
from backend.bench.stage import Database, Stage

MIB: Final = 1 << 20
LOOKS_S: Final = 0.05
PATIENCE_S: Final = 900


async def run(stage: Stage, scale: Scale) -> Measured:
    """Look at a real worker's resident memory twenty times a second until its run is done; the greatest counts."""
    crowd: Crowd = CROWDS[scale]
    async with stage.database() as database:
        merchant_id = await found_due(database, crowd)
        await database.refresh_stats()
        await turn_clock(database, FIRES_AT + timedelta(seconds=5))
        async with process(database, "worker") as worker:
            seen = await _watch(database, merchant_id, psutil.Process(worker.pid))
        async with database.units.glance(merchant_id) as unit:
            decided: int = await unit.scalar("select count(*) from decision where merchant_id = :merchant")
    if decided != crowd.matched:
        raise NotTheWork(f"{decided} decisions for {crowd.matched} cards")
    return Measured(
        max(seen) / MIB,
        {"customers": crowd.customers, "decisions": decided, "looks": len(seen), "atFirstMiB": seen[0] // MIB},
    )


async def _watch(database: Database, merchant_id: UUID, worker: psutil.Process) -> list[int]:
    """Return what it held at each look, in bytes."""
    seen: list[int] = []
    async with asyncio.timeout(PATIENCE_S):
        while not await _done(database, merchant_id):
            for _ in range(10):
                seen.append(worker.memory_info().rss)
                await asyncio.sleep(LOOKS_S)
    return seen


async def _done(database: Database, merchant_id: UUID) -> bool:
    async with database.units.glance(merchant_id) as unit:
        state = await unit.scalar("select state from occurrence where merchant_id = :merchant order by fire_at limit 1")
    if state == "failed":
        raise NotTheWork("the run failed")
    return bool(state == "done")


BENCHMARK: Final = Benchmark("S10", "resident memory of a worker during S1", at_most(256, "MiB"), run)
