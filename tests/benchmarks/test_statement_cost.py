"""What a statement of a unit of work costs our own processor, beside the driver alone and beside SQLAlchemy's session: ratios of one run."""

from collections.abc import Awaitable, Callable
from time import thread_time

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend import embedded
from backend.db.units import Units
from tasks.kernel.sealing import MasterKey
from tests.support.world import make_world

TIMES = 500
ROUNDS = 5
SQL = "select id, name from store where merchant_id = {} and code = {}"


async def microseconds(work: Callable[[], Awaitable[object]]) -> float:
    """The least of a few rounds: whatever else the machine does only adds."""
    found = []
    for _ in range(ROUNDS):
        began = thread_time()
        for _ in range(TIMES):
            await work()
        found.append((thread_time() - began) / TIMES * 1e6)
    return min(found)


async def test_a_statement_costs_little_more_than_the_driver(
    servers: embedded.Servers, units: Units, master: MasterKey
) -> None:
    world = await make_world(units, master)
    bare = await asyncpg.connect(servers.database_url, server_settings={"role": "huifang_app"})
    try:
        await bare.execute(f"select set_config('app.merchant_id', '{world.merchant_id}', false)")
        prepared = await bare.prepare(SQL.format("$1", "$2"))
        floor = await microseconds(lambda: prepared.fetch(world.merchant_id, "S1"))
    finally:
        await bare.close()
    async with units.open(world.merchant_id) as unit:
        ours = await microseconds(lambda: unit.row(SQL.format(":merchant", ":code"), code="S1"))
    asked, values = text(SQL.format(":merchant", ":code")), {"merchant": world.merchant_id, "code": "S1"}
    async with AsyncSession(units.engine) as session, session.begin():
        await session.execute(text(f"select set_config('app.merchant_id', '{world.merchant_id}', true)"))
        layered = await microseconds(lambda: session.execute(asked, values))
    print(f"driver {floor:.0f} µs, unit {ours:.0f} µs, session {layered:.0f} µs a statement")  # noqa: T201  # the figure is what it is for
    assert ours < 2 * floor
    assert ours < layered / 2
