"""The demo empties its database though a worker of an earlier start is looking at it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from backend import embedded
from backend.cli.demo.emptying import empty
from backend.db.engine import open_engine
from backend.db.migrate import migrate
from backend.db.units import Units
from tasks.kernel.sealing import MasterKey
from tests.support.waiting import until
from tests.support.world import make_world


@pytest.fixture
async def old(stack: embedded.Handle, servers: embedded.Servers, master: MasterKey) -> AsyncIterator[embedded.Servers]:
    """A database with a merchant in it."""
    made = stack.create_database("emptied")
    await migrate(made.migration_url)
    engine = open_engine(made.database_url)
    await make_world(Units(engine, master), master)
    await engine.dispose()
    yield made
    stack.drop_database("emptied")


async def test_who_holds_one_table_and_asks_for_another(old: embedded.Servers) -> None:
    engine = open_engine(old.migration_url, as_app=False)
    async with engine.connect() as worker, engine.connect() as onlooker:
        order = (await worker.execute(_ORDER)).scalars().all()
        await worker.execute(text(f"select count(*) from {order[-1]}"))
        emptying = asyncio.create_task(empty(old.migration_url))
        await until(lambda: waits(onlooker))
        with suppress(DBAPIError):  # the server refuses one of the two; as a rule, who has waited longer
            await worker.execute(text(f"select count(*) from {order[0]}"))
        await worker.rollback()
        await emptying
        assert (await onlooker.execute(text("select count(*) from merchant"))).scalar_one() == 0
    await engine.dispose()


_ORDER = text(
    "select quote_ident(tablename) from pg_tables where schemaname = 'public' and tablename not in ('alembic_version', 'clock_setting')"
)


async def waits(onlooker: AsyncConnection) -> bool:
    """True when the emptying waits for a lock."""
    await onlooker.execute(text("select pg_stat_clear_snapshot()"))
    found = await onlooker.execute(
        text("select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like 'truncate%'")
    )
    return bool(found.scalar_one())
