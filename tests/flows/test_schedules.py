"""Plans of the calendar by the production sweep and a moving clock: one-off, monthly with an offset, own festivals, zones, edits, closures."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from backend.db.units import Units
from tasks.flow.keep_calendar import (
    FestivalIn,
    FestivalUsed,
    HolidayIn,
    add_festival,
    change_festival,
    remove_festival,
    set_holidays,
)
from tasks.flow.manage_plans import activate, create_plan, drafted, end, get_plan, pause
from tasks.flow.preview import preview
from tasks.kernel.errors import Conflict, Invalid
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.people.service import add_closure, create_store
from tasks.plans.calendars.holidays import HolidayKind
from tasks.plans.calendars.yearly import OnDates, OnDay
from tasks.plans.definition import encode
from tasks.plans.states import PlanState
from tests.support.clock import TestClock, shanghai
from tests.support.plans import decisions, rows, start_plan, sweep
from tests.support.world import World, make_world

NEW_YORK = "America/New_York"


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    return await make_world(units, master, stores=1, employees=2, customers=1)


def everybody(**trigger: Any) -> dict[str, Any]:
    """A plan for all customers, once each, by the calendar."""
    return {"trigger": trigger, "audience": None, "purpose": "care", "holdOut": 0, "exitOn": []}


async def start(world: World, *, purpose: str = "care", **trigger: Any) -> UUID:
    return await start_plan(world, "second_visit", **(everybody(**trigger) | {"purpose": purpose}))


async def firings(world: World) -> list[tuple[str, str, datetime, str]]:
    found = await rows(
        world,
        "select timezone, fires_on, fire_at, state from occurrence where merchant_id = :merchant order by fire_at, timezone",
    )
    return [(row["timezone"], row["fires_on"].isoformat(), row["fire_at"], row["state"]) for row in found]


async def state_of(world: World, plan_id: UUID) -> PlanState:
    return (await world.do(lambda unit: get_plan(unit, plan_id))).state


async def edit(world: World, plan_id: UUID, **trigger: Any) -> None:
    """A new version of the plan in force, as an edit makes it."""
    definition = msgspec.json.encode(encode(drafted("second_visit", everybody(**trigger)))).decode()
    await rows(
        world,
        "with made as (insert into plan_version (merchant_id, id, plan_id, number, purpose, definition, created_at) "
        "values (:merchant, :id, :plan, 2, 'care', cast(:definition as jsonb), :now) returning id) "
        "update plan set version_id = :id where merchant_id = :merchant and id = :plan returning id",
        id=new_id(), plan=plan_id, definition=definition,
    )  # fmt: skip


async def test_a_one_off_plan_fires_once_and_is_over(world: World, clock: TestClock) -> None:
    plan = await start(world, kind="one_off", at="2026-03-09T10:00")
    await clock.set(shanghai("2026-03-06 09:00"))
    await sweep(world)
    assert await firings(world) == []
    await clock.set(shanghai("2026-03-08 09:00"))
    await sweep(world)
    assert await state_of(world, plan) is PlanState.ACTIVE
    await clock.set(shanghai("2026-03-09 10:00"))
    assert (await sweep(world)).runs == 1
    assert await decisions(world) == {"C1": ["task"]}
    assert await firings(world) == [("Asia/Shanghai", "2026-03-09", shanghai("2026-03-09 10:00"), "done")]
    assert await state_of(world, plan) is PlanState.ENDED
    await clock.set(shanghai("2027-03-09 10:00"))
    assert (await sweep(world)).runs == 0


async def test_a_one_off_plan_that_came_too_late_is_missed_and_over(world: World, clock: TestClock) -> None:
    plan = await start(world, kind="one_off", at="2026-03-02T10:00")
    await clock.set(shanghai("2026-03-02 22:01"))
    await sweep(world)
    assert [state for *_, state in await firings(world)] == ["missed"]
    assert await state_of(world, plan) is PlanState.ENDED


async def test_a_moment_that_is_over_is_refused(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        await start(world, kind="one_off", at="2026-03-02T07:59")
    assert refused.value.field == "trigger.at"


async def test_a_one_off_plan_waits_for_its_last_zone(world: World, clock: TestClock) -> None:
    await world.do(lambda unit: create_store(unit, code="NY", name="纽约店", timezone=NEW_YORK))
    plan = await start(world, kind="one_off", at="2026-03-08T02:30")
    await clock.set(shanghai("2026-03-08 03:00"))
    await sweep(world)
    # On 8 March clocks in New York jump from 02:00 to 03:00.
    assert await firings(world) == [
        ("Asia/Shanghai", "2026-03-08", shanghai("2026-03-08 02:30"), "done"),
        (NEW_YORK, "2026-03-08", datetime(2026, 3, 8, 7, 30, tzinfo=UTC), "due"),
    ]
    assert await state_of(world, plan) is PlanState.ACTIVE
    await clock.set(datetime(2026, 3, 8, 7, 30, tzinfo=UTC))
    await sweep(world)
    assert await state_of(world, plan) is PlanState.ENDED


async def test_a_member_day_with_an_offset_fires_the_day_before(world: World, clock: TestClock) -> None:
    await start(world, kind="monthly", days=[18, 1], offsetDays=-1, at="10:00")
    found = set()
    for day in ("2026-03-16 12:00", "2026-03-30 12:00", "2026-04-29 12:00"):
        await clock.set(shanghai(day))
        await sweep(world)
        found |= {(fires_on, state) for _, fires_on, _, state in await firings(world)}
    assert {("2026-03-17", "due"), ("2026-03-31", "due"), ("2026-04-30", "due")} <= found
    assert {fires_on for fires_on, _ in found} == {"2026-03-17", "2026-03-31", "2026-04-17", "2026-04-30"}


async def test_an_edit_withdraws_what_is_still_to_come(world: World, clock: TestClock) -> None:
    plan = await start(world, kind="daily", at="10:00")
    await clock.set(shanghai("2026-03-02 10:00"))
    await sweep(world)
    await edit(world, plan, kind="weekly", weekdays=["tue"], at="18:00")
    await sweep(world)
    assert await firings(world) == [
        ("Asia/Shanghai", "2026-03-02", shanghai("2026-03-02 10:00"), "done"),
        ("Asia/Shanghai", "2026-03-03", shanghai("2026-03-03 18:00"), "due"),
    ]


async def test_a_one_off_plan_moved_before_it_fired_fires_at_the_new_moment_only(
    world: World, clock: TestClock
) -> None:
    plan = await start(world, kind="one_off", at="2026-03-03T10:00")
    await sweep(world)
    await edit(world, plan, kind="one_off", at="2026-03-04T11:00")
    await sweep(world)
    assert [(fires_on, state) for _, fires_on, _, state in await firings(world)] == [("2026-03-04", "due")]


async def test_an_own_festival_moves_the_plans_by_it(world: World, clock: TestClock) -> None:
    async with world.units.open(world.merchant_id) as unit:
        row = await add_festival(unit, FestivalIn(name="店庆", days=OnDay(month=3, day=4)))
    plan = await start(world, kind="festival", name="店庆", offsetDays=-1, at="10:00")
    await sweep(world)
    assert [fires_on for _, fires_on, *_ in await firings(world)] == ["2026-03-03"]
    async with world.units.open(world.merchant_id) as unit:
        moved = FestivalIn(name="店庆", days=OnDates(dates=(date(2026, 3, 5), date(2027, 3, 8))))
        await change_festival(unit, row.id, moved, row.etag)
    await sweep(world)
    assert [fires_on for _, fires_on, *_ in await firings(world)] == ["2026-03-04"]
    with pytest.raises(FestivalUsed):
        await world.do(lambda unit: remove_festival(unit, row.id, None))
    with pytest.raises(FestivalUsed):
        await world.do(
            lambda unit: change_festival(unit, row.id, FestivalIn(name="周年", days=OnDay(month=3, day=4)), None)
        )
    await world.do(lambda unit: end(unit, plan))
    await world.do(lambda unit: remove_festival(unit, row.id, None))


async def test_festivals_are_told_apart_and_known_before_a_plan_names_them(world: World) -> None:
    async with world.units.open(world.merchant_id) as unit:
        await add_festival(unit, FestivalIn(name="店庆", days=OnDay(month=3, day=4)))
        with pytest.raises(Conflict):
            await add_festival(unit, FestivalIn(name="店庆", days=OnDay(month=3, day=5)))
        for name in ("中秋节", "mid_autumn", " "):
            with pytest.raises(Invalid):
                await add_festival(unit, FestivalIn(name=name, days=OnDay(month=3, day=5)))
        with pytest.raises(Invalid) as refused:
            await create_plan(unit, "second_visit", everybody(kind="festival", name="周年", at="10:00"))
        assert refused.value.field == "trigger.name"
        assert await create_plan(unit, "second_visit", everybody(kind="festival", name="mid_autumn", at="10:00"))


async def test_marketing_skips_a_closed_store_and_care_rolls(world: World, clock: TestClock) -> None:
    await world.do(
        lambda unit: add_closure(unit, world.stores["S1"], date(2026, 3, 1), date(2026, 3, 4), reason="装修")
    )
    marketing = await start(world, purpose="marketing", kind="daily", at="10:00")
    await clock.set(shanghai("2026-03-02 10:00"))
    await sweep(world)
    assert await decisions(world) == {"C1": ["suppressed:closed"]}
    definition = drafted("second_visit", everybody(kind="daily", at="10:00") | {"purpose": "marketing"})
    seen = await preview(world.units, world.merchant_id, definition, date(2026, 3, 3))
    assert (seen.tasks, seen.by_reason) == (0, {"suppressed:closed": 1})
    await world.do(lambda unit: pause(unit, marketing))
    await start(world, purpose="care", kind="one_off", at="2026-03-02T11:00")
    await clock.set(shanghai("2026-03-02 11:00"))
    await sweep(world)
    assert await decisions(world) == {"C1": ["suppressed:closed", "task"]}
    (task,) = await rows(world, "select opens_on, status from task where merchant_id = :merchant")
    assert (task["status"], date(2026, 3, 5) <= task["opens_on"] <= date(2026, 3, 9)) == ("queued", True)


async def test_marketing_goes_on_after_the_closure(world: World, clock: TestClock) -> None:
    await world.do(lambda unit: add_closure(unit, world.stores["S1"], date(2026, 3, 1), date(2026, 3, 2)))
    await start(world, purpose="marketing", kind="daily", at="10:00")
    for day in ("2026-03-02 10:00", "2026-03-03 10:00"):
        await clock.set(shanghai(day))
        await sweep(world)
    assert await decisions(world) == {"C1": ["suppressed:closed", "task"]}


async def test_preview_says_when_the_day_is_none_of_its_days_and_what_day_it_is(world: World) -> None:
    named = [HolidayIn(day_on=date(2026, 10, 1), kind=HolidayKind.HOLIDAY, name="国庆节")]
    await world.do(lambda unit: set_holidays(unit, 2026, named))
    definition = drafted("second_visit", everybody(kind="monthly", days=[1], at="10:00"))
    on_it = await preview(world.units, world.merchant_id, definition, date(2026, 10, 1))
    beside = await preview(world.units, world.merchant_id, definition, date(2026, 10, 2))
    assert [one for one in on_it.warnings if "history" not in one] == ["holiday:国庆节"]
    assert [one for one in beside.warnings if "history" not in one] == ["not_firing:2026-11-01"]
    assert (on_it.tasks, beside.tasks) == (1, 1)


async def test_a_paused_one_off_plan_whose_moment_passed_cannot_go_on(world: World, clock: TestClock) -> None:
    plan = await start(world, kind="one_off", at="2026-03-03T10:00")
    await world.do(lambda unit: pause(unit, plan))
    await clock.set(shanghai("2026-03-03 10:01"))
    await sweep(world)
    assert await state_of(world, plan) is PlanState.PAUSED
    with pytest.raises(Invalid):
        await world.do(lambda unit: activate(unit, plan))
