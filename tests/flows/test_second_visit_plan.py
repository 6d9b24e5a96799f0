"""`second_visit` from the event to the task, by the production sweep and a moving clock."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.flow.manage_plans import activate, pause
from tasks.flow.preview import preview
from tasks.kernel.sealing import MasterKey
from tasks.plans.templates import SECOND_VISIT
from tests.support.clock import TestClock, shanghai
from tests.support.plans import decisions, rows, start_plan, sweep
from tests.support.world import World, make_world


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    return await make_world(units, master, stores=1, employees=2)


async def start(world: World, **changes: Any) -> UUID:
    return await start_plan(world, "second_visit", **changes)


async def test_seven_days_after_the_first_visit_at_nine(world: World, clock: TestClock) -> None:
    await start(world)
    for code in ("STAYS", "CAME", "BOOKED", "REGULAR"):
        await world.customer(code)
    await world.visit("REGULAR", shanghai("2026-01-05 11:00"), historic=True)
    await clock.set(shanghai("2026-03-02 15:00"))
    for code in ("STAYS", "CAME", "BOOKED", "REGULAR"):
        await world.visit(code, shanghai("2026-03-02 14:00"), staff="E2")
    await clock.set(shanghai("2026-03-07 12:00"))
    await world.visit("CAME", shanghai("2026-03-07 11:00"))
    await world.appointment("BOOKED", shanghai("2026-03-09 16:00"))
    await clock.set(shanghai("2026-03-09 08:59"))
    assert (await sweep(world)).passages == 0
    await clock.set(shanghai("2026-03-09 09:00"))
    await sweep(world)
    assert (await decisions(world))["STAYS"] == ["task"]
    (task,) = await rows(world, "select * from task where merchant_id = :merchant")
    assert task["customer_id"] == world.customers["STAYS"]
    assert task["assignee_id"] == world.staff["E2"]
    assert task["status"] == "open"
    assert task["opens_at"] == shanghai("2026-03-09 09:00")
    assert task["contact_from"] == shanghai("2026-03-09 09:30")
    assert task["due_at"] == shanghai("2026-03-12 00:00")
    assert task["priority"] == 700
    (reason,) = await rows(world, "select * from task_reason where merchant_id = :merchant")
    assert reason["task_id"] == task["id"]
    changes = await rows(
        world, "select * from task_change where merchant_id = :merchant and task_id = :task", task=task["id"]
    )
    assert len(changes) == 1
    assert (await sweep(world)).passages == 0


async def test_who_came_back_or_has_booked_gets_none_and_the_decision_says_why(world: World, clock: TestClock) -> None:
    await start(world, exitOn=[])
    for code in ("CAME", "BOOKED"):
        await world.customer(code)
        await world.visit(code, shanghai("2026-03-02 14:00"))
    await clock.set(shanghai("2026-03-07 12:00"))
    await world.visit("CAME", shanghai("2026-03-07 11:00"))
    await world.appointment("BOOKED", shanghai("2026-03-09 16:00"))
    await clock.set(shanghai("2026-03-09 09:00"))
    await sweep(world)
    assert await decisions(world) == {"CAME": ["exited:visit_count"], "BOOKED": ["suppressed:appointment"]}
    assert await rows(world, "select id from task where merchant_id = :merchant") == []


async def test_backfill_takes_in_the_last_offset_days(world: World, clock: TestClock) -> None:
    for code, at in (("OLD", "2026-02-20 11:00"), ("LATELY", "2026-02-27 11:00")):
        await world.customer(code)
        await world.visit(code, shanghai(at), historic=True)
    await start(world)
    await clock.set(shanghai("2026-03-06 09:00"))
    await sweep(world)
    assert await decisions(world) == {"LATELY": ["task"]}


async def test_a_historic_import_on_the_night_before_is_taken_in_too(world: World, clock: TestClock) -> None:
    await start(world)
    await world.customer("NIGHTLY")
    await world.visit("NIGHTLY", shanghai("2026-03-01 11:00"), historic=True)
    await clock.set(shanghai("2026-03-08 09:00"))
    await sweep(world)
    assert await decisions(world) == {"NIGHTLY": ["task"]}


async def test_a_second_event_of_the_first_day_enters_once(world: World, clock: TestClock) -> None:
    await start(world)
    await world.customer("TWICE")
    await world.visit("TWICE", shanghai("2026-03-02 11:00"))
    await world.sale("TWICE", shanghai("2026-03-02 12:00"))
    await clock.advance(days=8)
    await sweep(world)
    assert await decisions(world) == {"TWICE": ["task"]}


async def test_paused_plans_keep_their_passages_for_later(world: World, clock: TestClock) -> None:
    plan = await start(world)
    await world.customer("WAITS")
    await world.visit("WAITS", shanghai("2026-03-02 11:00"))
    async with world.units.open(world.merchant_id) as unit:
        await pause(unit, plan)
    await clock.set(shanghai("2026-03-09 09:00"))
    assert (await sweep(world)).passages == 0
    async with world.units.open(world.merchant_id) as unit:
        await activate(unit, plan)
    assert (await sweep(world)).passages == 1


async def test_refusal_suppresses(world: World, clock: TestClock) -> None:
    await start(world)
    await world.customer("NO")
    await world.visit("NO", shanghai("2026-03-02 11:00"))
    await rows(
        world,
        "update customer_contact_state set no_contact_at = :now where merchant_id = :merchant returning customer_id",
    )
    await clock.set(shanghai("2026-03-09 09:00"))
    await sweep(world)
    assert await decisions(world) == {"NO": ["suppressed:do_not_contact"]}


async def test_capacity_spreads_over_days_then_pools(world: World, clock: TestClock) -> None:
    await start(world)
    await rows(
        world, "update staff set max_new_weekday = 2, max_new_weekend = 1 where merchant_id = :merchant returning id"
    )
    for number in range(12):
        await world.customer(f"N{number}")
        await world.visit(f"N{number}", shanghai("2026-03-02 11:00"), staff="E1")
    await clock.set(shanghai("2026-03-09 09:00"))  # a Monday
    await sweep(world)
    found = await rows(
        world,
        "select opens_on, assignee_id, status, count(*) as n from task where merchant_id = :merchant group by 1, 2, 3 order by 1, 2",
    )
    by_day = {(str(row["opens_on"]), row["assignee_id"]): (row["status"], row["n"]) for row in found}
    first = world.staff["E1"]
    assert by_day[("2026-03-09", first)] == ("open", 2)
    assert by_day[("2026-03-10", first)] == ("queued", 2)
    assert by_day[("2026-03-14", first)] == ("queued", 1)
    assert by_day[("2026-03-09", None)] == ("open", 1)
    await clock.set(shanghai("2026-03-10 09:00"))
    assert (await sweep(world)).opened == 2


async def test_preview_equals_the_run_and_writes_nothing(world: World, clock: TestClock) -> None:
    for code in ("A", "B", "C"):
        await world.customer(code)
        await world.visit(code, shanghai("2026-03-02 11:00"), historic=True)
    await world.visit("B", shanghai("2026-03-05 11:00"), historic=True)
    await world.appointment("C", shanghai("2026-03-20 11:00"))
    seen = await preview(
        world.units, world.merchant_id, SECOND_VISIT, shanghai("2026-03-09 00:00").date() + timedelta(days=1)
    )
    assert (seen.matched, seen.tasks, seen.by_reason) == (3, 1, {"exited:visit_count": 1, "suppressed:appointment": 1})
    assert seen.matched == seen.tasks + seen.merged + sum(seen.by_reason.values())
    assert (
        await rows(
            world,
            "select id from enrolment where merchant_id = :merchant union all select id from decision where merchant_id = :merchant",
        )
        == []
    )
