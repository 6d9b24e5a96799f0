"""Connections of units of work: what a cancelled task, a swallowed fault or a dead server leaves behind is never met by the next one."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from asyncpg import PostgresError

from backend import embedded
from backend.db.engine import open_engine
from backend.db.transactions import CommitRefused
from backend.db.units import Units
from tasks.kernel.connection import PREPARED, Connection, ConnectionLost
from tasks.kernel.errors import NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tests.support.waiting import until
from tests.support.world import World, make_world

RENAME = "update store set name = :name where merchant_id = :merchant"
NAMES = "select distinct name from store where merchant_id = :merchant"


@pytest.fixture
async def single(servers: embedded.Servers, master: MasterKey) -> AsyncIterator[Units]:
    """One connection, so that whoever comes next has it."""
    engine = open_engine(servers.database_url, pool_size=1)
    engine.sync_engine.pool._max_overflow = 0  # type: ignore[attr-defined]  # of a queue pool
    yield Units(engine, master)
    await engine.dispose()


@pytest.fixture
async def world(single: Units, master: MasterKey) -> World:
    return await make_world(single, master)


async def name_of(world: World) -> str:
    async with world.units.open(world.merchant_id) as unit:
        return str(await unit.scalar(NAMES))


async def test_who_is_cancelled_in_the_middle_leaves_nothing(world: World) -> None:
    begun = asyncio.Event()

    async def work() -> None:
        async with world.units.open(world.merchant_id) as unit:
            await unit.run(RENAME, name="half")
            begun.set()
            await unit.scalar("select pg_sleep(60)")

    task = asyncio.create_task(work())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await name_of(world) != "half"


def cancel_at(monkeypatch: pytest.MonkeyPatch, places: Sequence[int]) -> list[int]:
    """Let whoever speaks to the server be cancelled while its n-th words are on the way, for each n of `places`; returns the places that were met."""
    spoken, met = count(), list[int]()

    def cancelling(whole: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def speak(*said: Any) -> Any:
            task, place = asyncio.current_task(), next(spoken)
            if task is not None and place in places:
                met.append(place)
                task.cancel()
            return await whole(*said)

        return speak

    for name in ("execute", "say"):
        monkeypatch.setattr(Connection, name, cancelling(vars(Connection)[name]))
    return met


SETTINGS, ROLLED_BACK = 1, 4
"""Places among begin, settings, the two renames and the roll-back."""


@pytest.mark.parametrize(
    "places",
    # Once anywhere; and twice, the second time in the roll-back of the first.
    [*((one,) for one in range(ROLLED_BACK + 1)), *((one, one + 1) for one in range(SETTINGS, ROLLED_BACK))],
)
async def test_however_often_and_wherever_it_is_cancelled_the_next_one_begins_anew(
    world: World, monkeypatch: pytest.MonkeyPatch, places: tuple[int, ...]
) -> None:
    before = await name_of(world)

    async def work(unit: Unit) -> None:
        await unit.run(RENAME, name="half")
        await unit.run(RENAME, name="other")
        raise NotFound(what="x")

    with monkeypatch.context() as patch:
        met = cancel_at(patch, places)
        with pytest.raises(asyncio.CancelledError):
            await asyncio.create_task(world.do(work))
    assert met == list(places)
    assert await name_of(world) == before


async def test_a_fault_that_is_swallowed_is_no_commit(world: World) -> None:
    async def work(unit: Unit) -> None:
        await unit.run(RENAME, name="lost")
        with suppress(PostgresError):
            await unit.scalar("select 1 / 0")

    with pytest.raises(CommitRefused):
        await world.do(work)
    assert await name_of(world) != "lost"


async def test_what_a_savepoint_undoes_is_undone_alone(world: World) -> None:
    async def undone(unit: Unit, fault: str) -> None:
        async with unit.connection.savepoint():
            await unit.run(RENAME, name="undone")
            await unit.scalar(fault)

    async with world.units.open(world.merchant_id) as unit:
        await unit.run(RENAME, name="kept")
        with pytest.raises(PostgresError, match="division by zero"):
            await undone(unit, "select 1 / 0")
        with pytest.raises(KeyError):
            await undone(unit, "select cast(:nobody as int)")
    assert await name_of(world) == "kept"


async def test_a_glance_keeps_nothing(world: World) -> None:
    async with world.units.glance(world.merchant_id) as unit:
        await unit.run(RENAME, name="seen")
        assert await unit.scalar(NAMES) == "seen"
    assert await name_of(world) != "seen"


async def test_a_connection_that_died_in_the_pool_costs_nobody_a_request(world: World, units: Units) -> None:
    async with world.units.open(world.merchant_id) as unit:
        backend, driver = await unit.scalar("select pg_backend_pid()"), unit.connection.driver
    async with units.open(world.merchant_id) as other:
        assert await other.scalar("select pg_terminate_backend(cast(:pid as int))", pid=backend)

    async def noticed() -> bool:
        return driver.is_closed()

    await until(noticed)
    async with world.units.open(world.merchant_id) as unit:
        assert await unit.scalar("select pg_backend_pid()") != backend


async def test_a_connection_that_dies_in_the_middle_is_not_used_again(world: World, units: Units) -> None:
    async def work(unit: Unit) -> None:
        await unit.run(RENAME, name="half")
        backend = await unit.scalar("select pg_backend_pid()")
        async with units.open(world.merchant_id) as other:
            await other.scalar("select pg_terminate_backend(cast(:pid as int))", pid=backend)
        await unit.run(RENAME, name="more")

    with pytest.raises(ConnectionLost):
        await world.do(work)
    assert await name_of(world) not in {"half", "more"}


async def test_a_commit_that_the_server_does_not_live_to_see(world: World, units: Units) -> None:
    """Whoever waits too long within a transaction is ended by the server, as a frozen worker is: that is nobody's fault, and said so."""

    async def work(unit: Unit) -> None:
        await unit.run(RENAME, name="half")
        await unit.run("set local idle_in_transaction_session_timeout = '50ms'")

        async def gone() -> bool:
            async with units.open(world.merchant_id) as other:
                return not await other.scalar(
                    "select exists (select from pg_stat_activity where pid = :pid)", pid=backend
                )

        backend = await unit.scalar("select pg_backend_pid()")
        await until(gone)

    with pytest.raises(ConnectionLost):
        await world.do(work)
    assert await name_of(world) != "half"


async def test_more_statements_than_are_kept_ready(world: World) -> None:
    async with world.units.open(world.merchant_id) as unit:
        for number in [*range(PREPARED + 20), 0, 1]:
            assert await unit.scalar(f"select {number} + cast(:more as int)", more=1) == number + 1
        kept = await unit.scalar("select count(*) from pg_prepared_statements")
    assert PREPARED <= kept <= PREPARED + 10


async def test_a_bind_nobody_knows_and_a_merchant_nobody_knows(world: World) -> None:
    async with world.units.open(world.merchant_id) as unit:
        with pytest.raises(KeyError, match="nobody"):
            await unit.run("select cast(:nobody as int)")
    with pytest.raises(NotFound):
        async with world.units.open(new_id()):
            pass


async def test_a_table_that_changes_its_shape_meanwhile(world: World) -> None:
    """A statement prepared for yesterday's columns fails once at most, and is prepared anew."""
    async with world.units.open(world.merchant_id) as unit:
        await unit.run("create temporary table shaped (a int)")
        assert await unit.rows("select * from shaped") == []
        await unit.run("alter table shaped add column b text default 'x'")
        with suppress(PostgresError):
            async with unit.connection.savepoint():
                await unit.rows("select * from shaped")
        await unit.run("insert into shaped (a) values (1)")
        assert [dict(row) for row in await unit.rows("select * from shaped")] == [{"a": 1, "b": "x"}]
