"""A plan that fails on an event never refuses it: the event is kept, set aside, and shown to the plans again by the sweep (engine.md, "When")."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import text

from backend import embedded
from backend.db.engine import open_engine
from backend.db.units import Units
from tasks.kernel.sealing import MasterKey
from tests.support.clock import TestClock, shanghai
from tests.support.plans import count, rows, start_plan, sweep
from tests.support.world import World, make_world

STATES = "select state from event where merchant_id = :merchant and type = 'service_completed' order by id"


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    return await make_world(units, master)


@asynccontextmanager
async def plans_fail(servers: embedded.Servers, world: World) -> AsyncIterator[None]:
    """While this lasts nobody of the merchant can enter a plan."""
    engine = open_engine(servers.migration_url, as_app=False)
    async with engine.begin() as owner:
        await owner.execute(
            text(
                "create function broken() returns trigger language plpgsql as $$ begin raise exception 'broken'; end $$"
            )
        )
        await owner.execute(
            text(
                f"create trigger broken before insert on enrolment for each row when (new.merchant_id = '{world.merchant_id}') "
                "execute function broken()"
            )
        )
    try:
        yield
    finally:
        async with engine.begin() as owner:
            await owner.execute(text("drop function broken() cascade"))
        await engine.dispose()


async def test_the_event_is_kept_and_the_plan_sees_it_later(
    world: World, clock: TestClock, servers: embedded.Servers
) -> None:
    await start_plan(world, "second_visit")
    await world.customer("C")
    async with plans_fail(servers, world):
        await world.visit("C", shanghai("2026-03-02 07:30"))
        assert [row["state"] for row in await rows(world, STATES)] == ["set_aside"]
        assert (await count(world, "visit"), await count(world, "enrolment")) == (1, 0)
        assert (await sweep(world)).retried == 0
        assert [row["state"] for row in await rows(world, STATES)] == ["set_aside"]
    assert (await sweep(world)).retried == 1
    assert [row["state"] for row in await rows(world, STATES)] == ["accepted"]
    await clock.set(shanghai("2026-03-09 09:00"))
    await sweep(world)
    assert await count(world, "task") == 1


async def test_after_a_day_the_event_is_let_go(world: World, clock: TestClock, servers: embedded.Servers) -> None:
    await start_plan(world, "second_visit")
    await world.customer("C")
    async with plans_fail(servers, world):
        await world.visit("C", shanghai("2026-03-02 07:30"))
        await clock.advance(days=2)
        assert (await sweep(world)).retried == 1
    assert [row["state"] for row in await rows(world, STATES)] == ["accepted"]
    assert await count(world, "enrolment") == 0
