"""Later steps of a passage: counted from when the one before fired, however late that was, and routed as the first one would have been."""

from typing import Any

import pytest

from backend.db.units import Units
from tasks.kernel.sealing import MasterKey
from tests.support.calls import live_task, work_off
from tests.support.clock import TestClock, shanghai
from tests.support.plans import rows, start_plan, sweep
from tests.support.world import World, make_world

ACT = {"scene": "second_visit", "chain": ["last_served"], "route": "event_store", "expiresIn": 20}


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    return await make_world(units, master, stores=1, employees=2, customers=1)


@pytest.mark.parametrize("wait", [{"days": 5}, {"after": "5d"}])
async def test_days_are_counted_from_when_the_step_before_fired(
    world: World, clock: TestClock, wait: dict[str, Any]
) -> None:
    """The first task is closed on the 19th, so the second step, meant for the 10th, fires then; the third comes five days later and not at once."""
    steps = [{"act": ACT}, {"act": ACT, "wait": {"days": 1}}, {"act": ACT, "wait": wait}]
    await start_plan(world, "second_visit", steps=steps, holdOut=0)
    await world.visit("C1", shanghai("2026-03-02 11:00"))
    for moment in ("2026-03-09 09:00", "2026-03-19 12:00"):
        await clock.set(shanghai(moment))
        await sweep(world)
    await work_off(world, "C1")
    await sweep(world)
    await work_off(world, "C1")
    await sweep(world)
    assert await live_task(world, "C1") is None
    await clock.set(shanghai("2026-03-24 12:01"))
    await sweep(world)
    found = await rows(world, "select opens_on from task where merchant_id = :merchant order by opens_on, id")
    assert [row["opens_on"].day for row in found] == [9, 19, 24]


async def test_each_step_of_a_card_plan_has_a_route_of_its_own(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    """Her card was sold in S1 and she is at home in S2: the first task is for her home store, the second for the card's."""
    world = await make_world(units, master, stores=2, employees=2)
    await world.customer("C", home_store="S2")
    await world.card("C", shanghai("2026-02-01 12:00"))
    steps = [{"act": ACT | {"route": "home_store"}}, {"act": ACT, "wait": {"days": 2}}]
    await start_plan(
        world, "second_visit", trigger={"kind": "weekly", "weekdays": ["tue"], "at": "10:00"}, audience=None, purpose="care", exitOn=[], holdOut=0,
        entry={"scope": "card", "mode": "never_again"}, steps=steps,
    )  # fmt: skip
    for day, store in ((3, "S2"), (5, "S1")):
        await clock.set(shanghai(f"2026-03-0{day} 10:00"))
        await sweep(world)
        task = await live_task(world, "C")
        assert task is not None
        assert task["store_id"] == world.stores[store]
        await work_off(world, "C")


async def test_a_one_off_plan_goes_on_to_its_second_step(world: World, clock: TestClock) -> None:
    steps = [{"act": ACT}, {"act": ACT, "wait": {"days": 2}}]
    trigger = {"kind": "one_off", "at": "2026-03-03T10:00"}
    await start_plan(
        world, "second_visit", trigger=trigger, audience=None, purpose="care", exitOn=[], holdOut=0, steps=steps
    )
    await clock.set(shanghai("2026-03-03 10:00"))
    await sweep(world)
    await work_off(world, "C1")
    await clock.set(shanghai("2026-03-05 10:01"))
    await sweep(world)
    assert await live_task(world, "C1") is not None
