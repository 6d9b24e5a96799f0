"""A1: how long it takes to count whom a tree of five conditions means, over a million customers with whole lives."""

from math import ceil
from time import perf_counter
from typing import Any, Final
from uuid import UUID

from backend.bench.figures import Benchmark, Measured, NotTheWork, Scale, at_most
from backend.bench.patrons import found_patrons
from backend.bench.stage import Database, Stage
from backend.bench.trees import dealt, known_things
from tasks.audience.service import count_audience
from tasks.insight.service import refresh_everybody

CUSTOMERS: Final = {Scale.SMALL: 50_000, Scale.FULL: 1_000_000}
TREES: Final = 60
SLOWEST: Final = 5
"""Trees that the detail names."""


async def run(stage: Stage, scale: Scale) -> Measured:
    """Count sixty trees once each and take the third slowest but two: the 95th of a hundred."""
    async with stage.database() as database:
        merchant_id = await _found(database, CUSTOMERS[scale])
        taken = [await _count(database, merchant_id, number) for number in range(TREES)]
    seconds = sorted(one["seconds"] for one in taken)
    if not any(one["customers"] for one in taken):
        raise NotTheWork("nobody was meant by any tree")
    slowest = sorted(taken, key=lambda one: -float(one["seconds"]))[:SLOWEST]
    detail = {"customers": CUSTOMERS[scale], "trees": TREES, "median": seconds[TREES // 2], "slowest": slowest}
    return Measured(seconds[ceil(TREES * 0.95) - 1], detail)


async def _found(database: Database, customers: int) -> UUID:
    merchant_id = await found_patrons(database, customers)
    await database.refresh_stats()
    async with database.units.open(merchant_id) as unit:
        await refresh_everybody(unit)
    await database.refresh_stats()
    return merchant_id


async def _count(database: Database, merchant_id: UUID, number: int) -> dict[str, Any]:
    async with database.units.glance(merchant_id) as unit:
        tree = dealt(number, await known_things(unit))
        began = perf_counter()
        counted = await count_audience(unit, tree, "en")
        return {"seconds": round(perf_counter() - began, 3), "customers": counted.customers, "tree": counted.sentence}


BENCHMARK: Final = Benchmark("A1", "count of a tree of five conditions, 95th of a hundred", at_most(1.5, "s"), run)
