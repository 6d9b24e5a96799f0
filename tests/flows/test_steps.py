"""Steps after the first, rounds of a plan that repeats, steps that are passed over: by the production sweep and a moving clock."""

from datetime import date
from typing import Any

import pytest

from backend.db.units import Units
from tasks.kernel.sealing import MasterKey
from tests.support.calls import live_task, passage, work_off
from tests.support.clock import TestClock, shanghai
from tests.support.plans import decisions, rows, start_plan, sweep
from tests.support.world import World, make_world

ACT = {"scene": "second_visit", "chain": ["last_served"], "route": "event_store", "expiresIn": 3}


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    return await make_world(units, master, stores=1, employees=2, customers=1)


def steps(*further: dict[str, Any], **first: Any) -> dict[str, Any]:
    """The second-visit plan with more steps; nothing but its own conditions stands in the way."""
    return {"steps": [{"act": ACT, **first}, *({"act": ACT} | step for step in further)], "holdOut": 0}


async def at(world: World, clock: TestClock, *moments: str) -> None:
    """Sweep at each of the moments."""
    for moment in moments:
        await clock.set(shanghai(moment))
        await sweep(world)


async def opened(world: World) -> list[str]:
    """The local days on which tasks opened, in order."""
    found = await rows(world, "select opens_on from task where merchant_id = :merchant order by opens_on, id")
    return [row["opens_on"].isoformat() for row in found]


async def test_the_second_step_comes_so_many_days_after_the_first(world: World, clock: TestClock) -> None:
    await start_plan(world, "second_visit", **steps({"wait": {"days": 21, "at": "11:30"}}))
    await world.visit("C1", shanghai("2026-03-02 11:00"))
    await at(world, clock, "2026-03-09 09:00")
    await clock.set(shanghai("2026-03-10 10:00"))
    await work_off(world, "C1")
    assert (await passage(world, "C1"))["state"] == "waiting"
    await at(world, clock, "2026-03-30 11:29")
    assert await live_task(world, "C1") is None
    await at(world, clock, "2026-03-30 11:30")
    second = await live_task(world, "C1")
    assert second is not None
    assert second["opens_at"] == shanghai("2026-03-30 11:30")
    found = await rows(world, "select step from task_reason where merchant_id = :merchant order by step")
    assert [row["step"] for row in found] == [0, 1]
    await work_off(world, "C1")
    assert (await passage(world, "C1"))["state"] == "completed"


async def test_a_step_does_not_begin_before_the_last_one_is_over(world: World, clock: TestClock) -> None:
    await start_plan(world, "second_visit", **steps({"wait": {"days": 1}}))
    await world.visit("C1", shanghai("2026-03-02 11:00"))
    await at(world, clock, "2026-03-09 09:00", "2026-03-10 09:00", "2026-03-11 09:00")
    assert await opened(world) == ["2026-03-09"]
    await at(world, clock, "2026-03-13 00:00", "2026-03-13 00:01")
    assert (await passage(world, "C1"))["step"] == 1
    assert len(await opened(world)) == 2


async def test_a_goal_that_is_met_ends_the_passage_between_steps(world: World, clock: TestClock) -> None:
    await start_plan(world, "second_visit", **steps({"wait": {"days": 21}}))
    await world.visit("C1", shanghai("2026-03-02 11:00"))
    await at(world, clock, "2026-03-09 09:00")
    await work_off(world, "C1")
    await clock.set(shanghai("2026-03-12 15:00"))
    await world.visit("C1", shanghai("2026-03-12 14:00"))
    await at(world, clock, "2026-03-30 12:00")
    assert (await passage(world, "C1"))["state"] in {"exited", "converted"}
    assert len(await opened(world)) == 1


async def test_a_step_whose_condition_does_not_hold_is_passed_over(world: World, clock: TestClock) -> None:
    """She holds no card: the second step is not for her, the third is."""
    holds = {"all": [{"condition": "card_held", "held": True}]}
    plan = steps({"wait": {"days": 2}, "onlyIf": holds}, {"wait": {"days": 3}})
    await start_plan(world, "second_visit", **plan)
    await world.visit("C1", shanghai("2026-03-02 11:00"))
    await at(world, clock, "2026-03-09 09:00")
    await work_off(world, "C1")
    await at(world, clock, "2026-03-11 09:00", "2026-03-14 09:00")
    assert await decisions(world) == {"C1": ["task", "exited:card_held", "task"]}
    assert await opened(world) == ["2026-03-09", "2026-03-14"]


async def test_the_first_step_can_be_passed_over_too_also_by_the_calendar(world: World, clock: TestClock) -> None:
    holds = {"all": [{"condition": "card_held", "held": True}]}
    plan = steps({"wait": {"days": 2}}, onlyIf=holds) | {
        "trigger": {"kind": "one_off", "at": "2026-03-03T10:00"}, "audience": None, "purpose": "care", "exitOn": [],
    }  # fmt: skip
    await start_plan(world, "second_visit", **plan)
    await at(world, clock, "2026-03-03 10:00", "2026-03-05 10:00")
    assert await decisions(world) == {"C1": ["exited:card_held", "task"]}


async def test_who_may_not_be_contacted_on_the_day_of_a_step_is_asked_again_at_the_next(
    world: World, clock: TestClock
) -> None:
    await start_plan(world, "second_visit", **steps({"wait": {"days": 5}}, {"wait": {"days": 30}}), exitOn=[])
    await world.visit("C1", shanghai("2026-03-02 11:00"))
    await at(world, clock, "2026-03-09 09:00")
    await work_off(world, "C1")
    await world.appointment("C1", shanghai("2026-03-20 15:00"))
    await at(world, clock, "2026-03-14 09:00")
    assert (await decisions(world))["C1"] == ["task", "suppressed:appointment"]
    await at(world, clock, "2026-04-13 09:00")
    assert (await decisions(world))["C1"][2:] == ["task"]


async def test_a_step_waits_for_the_usual_gap_of_her_service(world: World, clock: TestClock) -> None:
    """美睫 is due again after 21 days, counted from the visit; a service without a usual gap has no such step."""
    await world.customer("NONE")
    plan = steps({"wait": {"cycle": True, "at": "10:00"}})
    await start_plan(world, "second_visit", **plan)
    await world.sale("C1", shanghai("2026-03-02 11:00"), service="LASH")
    await world.visit("NONE", shanghai("2026-03-02 11:00"))
    await at(world, clock, "2026-03-09 09:00")
    for code in ("C1", "NONE"):
        await work_off(world, code)
    await at(world, clock, "2026-03-23 09:59")
    assert len(await opened(world)) == 2
    await at(world, clock, "2026-03-23 10:00")
    assert await live_task(world, "C1") is not None
    assert (await passage(world, "NONE"))["state"] == "completed"


async def test_rounds_are_counted_from_the_first_firing(world: World, clock: TestClock) -> None:
    """Monthly from the 31st: the last of February, and again the 31st of March; three times and no more."""
    await clock.set(shanghai("2026-01-30 08:00"))
    trigger = {
        "events": ["service_completed"], "firstVisit": False, "offsets": [{"afterDays": 1, "at": "09:00"}],
        "repeat": {"every": 1, "unit": "months", "times": 3},
    }  # fmt: skip
    await start_plan(world, "second_visit", trigger=trigger, audience=None, exitOn=[], purpose="care", holdOut=0)
    await clock.set(shanghai("2026-01-30 12:00"))
    await world.visit("C1", shanghai("2026-01-30 11:00"))
    for day in (date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)):
        await at(world, clock, f"{day} 08:59")
        assert await live_task(world, "C1") is None
        await at(world, clock, f"{day} 09:00")
        await work_off(world, "C1")
    await at(world, clock, "2026-04-30 10:00", "2026-05-31 10:00")
    assert await opened(world) == ["2026-01-31", "2026-02-28", "2026-03-31"]
    assert (await passage(world, "C1"))["state"] == "completed"
