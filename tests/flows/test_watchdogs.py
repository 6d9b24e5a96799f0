"""What is late is said by name, and nothing is said when all is well."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from backend.db.units import Units
from tasks.flow.accept_events import accept_events
from tasks.flow.manage_plans import pause, stop_everything
from tasks.flow.run_occurrence import give_up
from tasks.flow.run_plans import SweepReport, plan_ahead
from tasks.flow.watchdogs import Late, watch
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.plans.occurrences import Claimed, claim
from tests.support.clock import TestClock, shanghai
from tests.support.clouds import cloud
from tests.support.fleet import for_everybody, make_customers, turn_on
from tests.support.plans import rows, start_plan, sweep
from tests.support.world import World, make_world

EXPIRE = "update occurrence set lease_until = clock_timestamp() - interval '1 second' where merchant_id = :merchant and state = 'running' returning id"
MONDAY = "2026-03-02"


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    made = await make_world(units, master)
    await made.do(lambda unit: make_customers(unit, list(made.stores.values()), 12))
    return made


@pytest.fixture
async def member_day(world: World) -> Any:
    """A plan of the calendar whose firing of today at ten is written."""
    (plan_id,) = await turn_on(world, [for_everybody("会员日")])
    await plan_ahead(world.units, world.merchant_id, SweepReport())
    return plan_id


async def late(world: World) -> list[tuple[str, str, str]]:
    """Kind, name and detail of everything that is late."""
    return [(one.kind, one.name, one.detail) for one in await found(world)]


async def found(world: World) -> list[Late]:
    return await world.do(watch)


async def held(world: World) -> Claimed:
    taken = await world.do(claim)
    assert taken is not None
    return taken


async def test_a_merchant_whose_plans_run_on_time_hears_nothing(
    world: World, clock: TestClock, member_day: Any
) -> None:
    assert await late(world) == []
    for day in range(2, 6):
        await clock.set(shanghai(f"2026-03-0{day} 10:01"))
        await sweep(world)
        assert await late(world) == []


async def test_a_firing_nobody_begins_is_named_after_five_minutes(
    world: World, clock: TestClock, member_day: Any
) -> None:
    await clock.set(shanghai(f"{MONDAY} 10:04"))
    assert await late(world) == []
    await clock.set(shanghai(f"{MONDAY} 10:06"))
    (one,) = await found(world)
    assert (one.kind, one.name, one.since, one.detail) == (
        "occurrence", "会员日", shanghai(f"{MONDAY} 10:00"), "Asia/Shanghai"
    )  # fmt: skip
    await sweep(world)
    assert await late(world) == []


async def test_what_somebody_stopped_is_not_late(world: World, clock: TestClock, member_day: Any) -> None:
    await clock.set(shanghai(f"{MONDAY} 11:00"))
    await world.do(lambda unit: pause(unit, member_day))
    assert await late(world) == []
    await world.do(lambda unit: unit.run("update plan set state = 'active' where merchant_id = :merchant"))
    assert len(await late(world)) == 1
    await world.do(lambda unit: stop_everything(unit, stopped=True))
    assert await late(world) == []


async def test_a_run_without_progress_is_named_until_somebody_takes_it_over(
    world: World, clock: TestClock, member_day: Any
) -> None:
    await clock.set(shanghai(f"{MONDAY} 10:01"))
    await held(world)
    await clock.advance(timedelta(minutes=4))
    assert await late(world) == []
    await clock.advance(timedelta(minutes=2))
    assert await late(world) == [("run", "会员日", "Asia/Shanghai")]
    await rows(world, EXPIRE)
    await sweep(world)
    assert await late(world) == []


async def test_a_lease_that_ended_twice_is_named(world: World, clock: TestClock, member_day: Any) -> None:
    await clock.set(shanghai(f"{MONDAY} 10:01"))
    await held(world)
    await rows(world, EXPIRE)
    await held(world)
    assert await late(world) == [], "once can happen"
    await rows(world, EXPIRE)
    await held(world)
    assert await late(world) == [("lease", "会员日", "taken over 2 times")]


async def test_missed_firings_are_named_with_their_times_for_a_day(
    world: World, clock: TestClock, member_day: Any
) -> None:
    await clock.set(shanghai("2026-03-04 15:00"))
    await sweep(world)
    assert [(one.kind, one.name, one.since) for one in await found(world)] == [
        ("missed", "会员日", shanghai("2026-03-02 10:00")),
        ("missed", "会员日", shanghai("2026-03-03 10:00")),
    ]
    await clock.set(shanghai("2026-03-05 15:01"))
    await sweep(world)
    assert await late(world) == []


async def test_a_run_that_was_given_up_is_named_with_its_fault(world: World, clock: TestClock, member_day: Any) -> None:
    await clock.set(shanghai(f"{MONDAY} 10:01"))
    await give_up(world.units, world.merchant_id, await held(world), RuntimeError())
    assert await late(world) == [("failed", "会员日", "RuntimeError")]


async def test_passages_that_do_not_fire_are_counted_by_plan(world: World, clock: TestClock) -> None:
    await start_plan(world, "second_visit")
    for code in ("A", "B"):
        await world.customer(code)
        await world.visit(code, shanghai(f"{MONDAY} 07:00"))
    await clock.set(shanghai("2026-03-09 09:04"))
    assert await late(world) == []
    await clock.set(shanghai("2026-03-09 09:06"))
    (one,) = await found(world)
    assert (one.kind, one.name, one.count, one.since) == (
        "passage", "新客二次到店", 2, shanghai("2026-03-09 09:00")
    )  # fmt: skip
    await sweep(world)
    assert await late(world) == []


async def test_the_oldest_event_without_a_customer_is_named_until_she_comes(world: World, clock: TestClock) -> None:
    at = await clock.now()
    for number, hours in enumerate((0, 1)):
        await clock.set(at + timedelta(hours=hours))
        event = cloud("tried_not_bought", at, event_id=f"unknown-{number}", customer="NEW")
        await world.do(partial(accept_events, items=[event]))
    await clock.set(at + timedelta(hours=35))
    assert await late(world) == []
    await clock.set(at + timedelta(hours=38))
    (one,) = await found(world)
    assert (one.kind, one.name, one.detail, one.count) == ("unmatched", "tried_not_bought", "pos/1", 2)
    assert timedelta() <= one.since - at < timedelta(minutes=1)
    await world.customer("NEW")
    assert await late(world) == []


async def test_an_event_that_a_plan_fails_on_again_and_again_is_named(world: World, clock: TestClock) -> None:
    async with world.units.open(world.merchant_id) as unit:
        await unit.run(
            "insert into event (merchant_id, id, source, external_id, type, state, occurred_at, received_at) "
            "values (:merchant, :id, 'pos', 'one', 'purchase', 'set_aside', :now, :now)",
            id=new_id(),
        )
    assert await late(world) == []
    await clock.advance(timedelta(minutes=6))
    assert await late(world) == [("set_aside", "purchase", "pos")]


async def test_another_merchants_lateness_is_not_ours(
    world: World, units: Units, master: MasterKey, clock: TestClock, member_day: Any
) -> None:
    other = await make_world(units, master)
    await clock.set(shanghai(f"{MONDAY} 11:00"))
    assert len(await late(world)) == 1
    assert await late(other) == []
