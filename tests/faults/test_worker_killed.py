"""A worker as shipped that dies or freezes in the middle of a large run while Valkey is flushed: others finish it, and nothing is lost or doubled."""

import signal
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest
from redis.asyncio import Redis

from backend import embedded
from backend.db.engine import open_engine
from backend.db.migrate import migrate
from backend.db.units import Units
from tasks.flow.manage_plans import activate, create_plan
from tasks.kernel.sealing import MasterKey
from tasks.ledger.inputs import CardIn, EntryIn
from tasks.ledger.states import EntryKind
from tasks.people.inputs import CustomerIn
from tests.support.clock import TestClock, shanghai
from tests.support.processes import environment_of, running
from tests.support.waiting import until
from tests.support.world import World, make_world

CUSTOMERS = 4_000


@pytest.fixture
async def elsewhere(stack: embedded.Handle) -> AsyncIterator[embedded.Servers]:
    """A database of this test's own: its workers must meet no other test's merchants."""
    servers = stack.create_database("killed")
    await migrate(servers.migration_url)
    yield servers
    stack.drop_database("killed")


@pytest.fixture
async def due(elsewhere: embedded.Servers, master: MasterKey) -> AsyncIterator[World]:
    """A salon whose every customer is due this morning."""
    engine = open_engine(elsewhere.database_url)
    units = Units(engine, master)
    await TestClock(units).set(shanghai("2026-03-01 12:00"))
    world = await make_world(units, master, stores=2, employees=4)
    opened = shanghai("2026-02-10 12:00")
    codes = [f"C{number}" for number in range(CUSTOMERS)]
    await world.books("customers", *(CustomerIn(external_id=code, name=code, home_store="S1") for code in codes))
    await world.books("cards", *(_low_card(code, opened) for code in codes))
    async with units.open(world.merchant_id) as unit:
        plan = await create_plan(unit, "card_balance_low", {"holdOut": 0, "maxTasksPerRun": None})
        await activate(unit, plan.id)
    await TestClock(units).set(shanghai("2026-03-02 09:59"))
    yield world
    await engine.dispose()


def _low_card(customer: str, opened: datetime) -> CardIn:
    def entry(kind: EntryKind, days: int, cents: int) -> EntryIn:
        at = opened + timedelta(days=days)
        return EntryIn(external_id=f"{customer}-{kind}", kind=kind, at=at, principal_cents=cents, store="S1")

    entries = (entry(EntryKind.OPEN, 0, 100_000), entry(EntryKind.CONSUME, 10, -70_000))
    return CardIn(external_id=f"K-{customer}", product="VALUE", customer=customer, store="S1", entries=entries)


async def state(world: World) -> str:
    async with world.units.open(world.merchant_id) as unit:
        found = await unit.scalar(
            "select state from occurrence where merchant_id = :merchant and state <> 'missed' and fire_at <= :now "
            "order by fire_at desc limit 1"
        )
        return str(found)


async def counted(world: World) -> dict[str, int]:
    async with world.units.open(world.merchant_id) as unit:
        row = await unit.row(
            """select (select count(*) from decision where merchant_id = :merchant) as decisions,
                      (select count(distinct customer_id) from decision where merchant_id = :merchant) as people,
                      (select count(*) from task where merchant_id = :merchant) as tasks,
                      (select count(distinct customer_id) from task where merchant_id = :merchant) as called,
                      (select count(*) from task_reason where merchant_id = :merchant) as reasons,
                      (select count(*) from decision where merchant_id = :merchant and decided = 'task') as decided"""
        )
        return dict(row or {})


@pytest.mark.faults
@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_run_whose_worker_is_struck_in_the_middle_is_finished_by_another(
    due: World, elsewhere: embedded.Servers, master: MasterKey, blow: signal.Signals
) -> None:
    env = environment_of(elsewhere, master)

    async def is_running() -> bool:
        return await state(due) == "running"

    async def is_done() -> bool:
        return await state(due) == "done"

    async with running("worker", env=env) as first:
        await first.says("worker.loop.started")
        await TestClock(due.units).advance(timedelta(minutes=2))
        await until(is_running)
        first.signal(blow)
        assert await state(due) == "running", "in the middle"
        async with Redis.from_url(elsewhere.redis_url) as redis:
            await redis.flushall()
        async with running("worker", env=env) as second, running("worker", env=env) as third:
            await until(is_done, within=40)
            after = await counted(due)
            if blow is signal.SIGSTOP:
                first.signal(signal.SIGCONT)
                first.signal(signal.SIGTERM)
                await first.ends(within=10)
            for worker in (second, third):
                worker.signal(signal.SIGTERM)
                assert await worker.ends(within=10) == 0
    assert await counted(due) == after
    assert after["decisions"] == after["people"] == CUSTOMERS
    assert after["tasks"] == after["called"] == after["reasons"] == after["decided"] > 0
