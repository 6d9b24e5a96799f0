"""A table that outgrows what the planner knows of it is looked at again, and an event after a first big run costs what it cost before."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from backend import embedded
from backend.bench.crowds import Crowd
from backend.bench.measures.plan_run import FIRES_AT, found_due, turn_clock
from backend.bench.stage import Database
from backend.db.engine import open_engine
from backend.db.migrate import migrate
from backend.db.statistics import follow_growth
from backend.db.units import Units
from backend.jobs.statistics import watch_growth
from tasks.flow.run_plans import SweepReport, run_next
from tasks.kernel.sealing import MasterKey
from tests.support.waiting import until

LIVE = (
    "select id from task where merchant_id = :merchant and customer_id = any(cast(:ids as uuid[])) "
    "and status in ('queued', 'open', 'in_progress', 'waiting')"
)


@pytest.fixture
async def fresh(stack: embedded.Handle, master: MasterKey) -> AsyncIterator[Database]:
    servers = stack.create_database("growth")
    await migrate(servers.migration_url)
    engine = open_engine(servers.database_url, pool_size=3)
    yield Database(servers, engine, Units(engine, master), master)
    await engine.dispose()
    stack.drop_database("growth")


async def pages(database: Database, table: str) -> int:
    async with database.as_owner() as connection:
        return int(await connection.fetchval("select relpages from pg_class where oid = $1::text::regclass", table))


async def rows_known(database: Database, table: str) -> int:
    async with database.as_owner() as connection:
        return int(await connection.fetchval("select reltuples from pg_class where oid = $1::text::regclass", table))


async def test_a_first_run_is_followed(fresh: Database) -> None:
    merchant_id = await found_due(fresh, Crowd(10_000))
    await fresh.refresh_stats()
    assert await pages(fresh, "task") == 0
    assert await follow_growth(fresh.units) == []
    await turn_clock(fresh, FIRES_AT)
    assert await run_next(fresh.units, merchant_id, SweepReport())
    assert {"task", "decision"} <= set(await follow_growth(fresh.units))
    assert await pages(fresh, "task") > 0
    assert await follow_growth(fresh.units) == [], "what is known needs no second look"
    async with fresh.units.open(merchant_id) as unit:
        plan = str((await unit.run(f"explain {LIVE}", ids=[merchant_id])).all())
    assert "Seq Scan" not in plan
    assert "pk_task" not in plan, "not every task of the merchant"


async def test_a_look_in_the_middle_of_a_load_is_not_the_last(fresh: Database) -> None:
    """What is not committed is not counted: the planner is told of pages without rows, and of the rows when they can be seen."""
    async with fresh.as_owner() as connection:
        await connection.execute("create table public.loaded (n int, words text)")
        async with connection.transaction():
            await connection.execute(
                "insert into public.loaded select n, repeat('x', 500) from generate_series(1, 300) n"
            )
            assert await follow_growth(fresh.units) == ["loaded"]
            assert await rows_known(fresh, "loaded") == 0
        await connection.execute("select pg_stat_force_next_flush()")

        async def looked_again() -> bool:
            return "loaded" in await follow_growth(fresh.units)

        await until(looked_again)
    assert await rows_known(fresh, "loaded") == 300
    assert await follow_growth(fresh.units) == []


async def test_a_worker_follows_by_itself_and_ends(fresh: Database) -> None:
    stop = asyncio.Event()
    async with fresh.as_owner() as connection:
        await connection.execute(
            "create table public.grown as select n, repeat('x', 500) as words from generate_series(1, 5000) n"
        )
    watching = asyncio.create_task(watch_growth(fresh.units, stop))

    async def known() -> bool:
        return await pages(fresh, "grown") > 0

    await until(known)
    stop.set()
    await asyncio.wait_for(watching, 5)
