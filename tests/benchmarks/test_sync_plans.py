"""What a sync asks of large tables goes by an index, for an employee and for who leads every store; the plans are looked at, not the time."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import pytest

from backend import embedded
from backend.bench.stage import Database
from backend.bench.worklists import Looker, found_worklists
from backend.db.engine import open_engine
from backend.db.migrate import migrate
from backend.db.units import Units
from tasks.kernel.scope import Role, StaffScope
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.sync import repository
from tasks.sync.repository import Span, read_changes, read_everything, read_rows
from tasks.worklist.feed import feed
from tests.benchmarks.test_run_plans import walked

LARGE = {"task", "task_change", "task_reason", "customer", "customer_facts", "contact_point"}
"""Tables that grow with the tasks."""
_OPEN = "select id, store_id from task where merchant_id = :merchant and status = 'open' order by md5(id::text || :turn) limit 200"


@pytest.fixture(
    scope="module",
    params=[pytest.param(40_000, id="40k"), pytest.param(200_000, id="200k", marks=pytest.mark.faults)],
)
async def chain(
    stack: embedded.Handle, master: MasterKey, request: pytest.FixtureRequest
) -> AsyncIterator[tuple[Database, UUID, Looker]]:
    """A chain with so many tasks, some thousands of which changed lately."""
    name = f"sync_plans_{request.param}"
    servers = stack.create_database(name)
    await migrate(servers.migration_url)
    engine = open_engine(servers.database_url)
    database = Database(servers, engine, Units(engine, master), master)
    merchant_id, lookers = await found_worklists(database, request.param, 1)
    for turn in range(20):
        async with database.units.open(merchant_id) as unit:
            for row in await unit.rows(_OPEN, turn=str(turn)):
                feed(unit).changed(row["store_id"], row["id"])
    await database.refresh_stats()
    yield database, merchant_id, lookers[0]
    await engine.dispose()
    stack.drop_database(name)


async def plans_of(unit: Unit, scope: StaffScope) -> dict[str, Any]:
    """The plan of every statement of one sync."""
    plans: dict[str, Any] = {}
    rows = unit.rows

    async def explaining(statement: str, **values: Any) -> Any:
        plans[statement] = (await unit.scalar(f"explain (format json) {statement}", **values))[0]["Plan"]
        return await rows(statement, **values)

    unit.rows = explaining  # type: ignore[method-assign]  # asks the same, and how it is found
    ids = await read_everything(unit, scope, None, 101)
    assert len(ids) > 60
    await read_rows(unit, scope, ids)
    now = await repository.read_revisions(unit, sorted(scope.store_ids))
    upto = [now[store].rev for store in sorted(scope.store_ids)]
    assert await read_changes(unit, scope, Span([rev - 2 for rev in upto], upto), 101)
    return plans


@pytest.mark.parametrize("leads", [False, True])
async def test_a_sync_reads_no_large_table_from_end_to_end(
    chain: tuple[Database, UUID, Looker], *, leads: bool
) -> None:
    database, merchant_id, who = chain
    async with database.units.open(merchant_id) as unit:
        stores = [row["id"] for row in await unit.rows("select id from store where merchant_id = :merchant")]
        scope = StaffScope(
            merchant_id,
            who.staff_id,
            Role.OWNER if leads else Role.EMPLOYEE,
            tuple(stores) if leads else (who.store_id,),
        )
        plans = await plans_of(unit, scope)
    assert len(plans) == 4
    assert {statement: walked(plan) & LARGE for statement, plan in plans.items() if walked(plan) & LARGE} == {}
