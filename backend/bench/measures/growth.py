"""S3: what a created task costs as the chain grows: seconds per task of the largest crowd against the smallest."""

from datetime import timedelta
from statistics import median
from time import perf_counter
from typing import Any, Final
from uuid import UUID

from backend.bench.crowds import Crowd
from backend.bench.figures import Benchmark, Measured, NotTheWork, Scale, at_most
from backend.bench.measures.plan_run import FIRES_AT, found_due, turn_clock
from backend.bench.stage import Database, Stage
from tasks.flow.run_occurrence import run_occurrence
from tasks.plans.occurrences import claim

SIZES: Final = {Scale.SMALL: (10_000, 100_000), Scale.FULL: (10_000, 100_000, 1_000_000)}
ROUNDS: Final = 3


async def run(stage: Stage, scale: Scale) -> Measured:
    """Run the same plan over crowds of every size, three times each on a fresh database; the median counts."""
    told = []
    for size in SIZES[scale]:
        seconds, tasks = await _of_size(stage, size)
        told.append({"customers": size, "tasks": tasks, "microsecondsPerTask": round(seconds / tasks * 1e6)})
        stage.say(f"  {size:,} customers: {seconds / tasks * 1e6:.0f} µs a task")
    detail: dict[str, Any] = {"sizes": told}
    return Measured(told[-1]["microsecondsPerTask"] / told[0]["microsecondsPerTask"], detail)


async def _of_size(stage: Stage, size: int) -> tuple[float, int]:
    """Return the median seconds of a run, and how many tasks it made."""
    crowd, taken, made = Crowd(size), [], 0
    merchant_id = await stage.template(f"chain_{size}", lambda database: found_due(database, crowd))
    for _ in range(ROUNDS):
        async with stage.database(f"chain_{size}") as database:
            seconds, made = await _run(database, merchant_id)
            taken.append(seconds)
    return median(taken), made


async def _run(database: Database, merchant_id: UUID) -> tuple[float, int]:
    await turn_clock(database, FIRES_AT + timedelta(seconds=5))
    began = perf_counter()
    async with database.units.open(merchant_id) as unit:
        held = await claim(unit)
    if held is None:
        raise NotTheWork("no firing is due")
    await run_occurrence(database.units, merchant_id, held)
    seconds = perf_counter() - began
    async with database.units.glance(merchant_id) as unit:
        made: int = await unit.scalar("select count(*) from task where merchant_id = :merchant")
    if not made:
        raise NotTheWork("no task was made")
    return seconds, made


BENCHMARK: Final = Benchmark("S3", "seconds per created task, 1,000,000 customers against 10,000", at_most(1.3), run)
