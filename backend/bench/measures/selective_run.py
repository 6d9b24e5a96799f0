"""S4: what a daily plan reads that means a hundred customers of a million."""

import asyncio
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from backend.bench.crowds import Crowd
from backend.bench.figures import Benchmark, Measured, NotTheWork, Scale, at_most
from backend.bench.measures.plan_run import FIRES_AT, found_due, turn_clock
from backend.bench.stage import Database, Stage
from tasks.flow.run_occurrence import run_occurrence
from tasks.plans.occurrences import claim

CUSTOMERS: Final = {Scale.SMALL: 100_000, Scale.FULL: 1_000_000}
ONE_IN: Final = 10_000
LOOKED_AT: Final = ("customer", "customer_facts", "card", "card_facts", "visit", "contact")
"""Large tables whose reads the detail tells."""

_READ: Final = """
select relname, heap_blks_read as pages, heap_blks_read + heap_blks_hit as touches, idx_blks_read as index_pages from pg_statio_user_tables
where relname = any($1::text[])
"""
_SIZE: Final = "select relname, relpages from pg_class where relname = any($1::text[]) and relkind = 'r'"


async def run(stage: Stage, scale: Scale) -> Measured:
    """Run on empty buffers, so that what is read is what was looked at; the value is the share of the customers' pages, in percent.

    Touches count a page as often as somebody looked at it, checks of references included.
    """
    crowd = Crowd(CUSTOMERS[scale], ONE_IN)
    async with stage.database() as database:
        merchant_id = await found_due(database, crowd)
        await database.refresh_stats()
        await stage.cold(database)
        before = await _touched(database)
        decided = await _run(database, merchant_id)
        after = await _touched(database)
        async with database.as_owner() as connection:
            sizes = {row["relname"]: row["relpages"] for row in await connection.fetch(_SIZE, list(LOOKED_AT))}
    if decided != crowd.matched:
        raise NotTheWork(f"{decided} instead of {crowd.matched} decisions")
    tables = {
        name: {
            "pages": sizes[name],
            "read": after[name][0] - before[name][0],
            "touches": after[name][1] - before[name][1],
            "indexRead": after[name][2] - before[name][2],
        }
        for name in LOOKED_AT
    }
    detail: dict[str, Any] = {"customers": crowd.customers, "decisions": decided, **tables}
    return Measured(100 * tables["customer"]["read"] / sizes["customer"], detail)


async def _touched(database: Database) -> dict[str, tuple[int, int, int]]:
    """Return heap pages read and touched and index pages read so far, by table; a connection tells when it ends."""
    await database.engine.dispose()
    await asyncio.sleep(1)
    async with database.as_owner() as connection:
        rows = await connection.fetch(_READ, list(LOOKED_AT))
    return {row["relname"]: (row["pages"], row["touches"], row["index_pages"]) for row in rows}


async def _run(database: Database, merchant_id: UUID) -> int:
    await turn_clock(database, FIRES_AT + timedelta(seconds=5))
    async with database.units.open(merchant_id) as unit:
        held = await claim(unit)
    if held is None:
        raise NotTheWork("no firing is due")
    await run_occurrence(database.units, merchant_id, held)
    async with database.units.glance(merchant_id) as unit:
        decided: int = await unit.scalar("select count(*) from decision where merchant_id = :merchant")
    return decided


BENCHMARK: Final = Benchmark("S4", "customer pages read by a run that means 100 of 1,000,000", at_most(1.0, "%"), run)
