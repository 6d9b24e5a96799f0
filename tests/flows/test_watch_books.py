"""Stores from which no books come, and plans that make nothing or far too much: named, and only then."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.flow.run_plans import SweepReport, plan_ahead
from tasks.flow.watch_books import watch_books
from tasks.flow.watchdogs import watch
from tasks.kernel.sealing import MasterKey
from tests.support.clock import TestClock, shanghai
from tests.support.fleet import for_everybody, make_customers, turn_on
from tests.support.plans import rows, start_plan, sweep
from tests.support.world import World, make_world

CLOSE = "insert into store_closure (merchant_id, id, store_id, from_on, to_on) values (:merchant, new_uuid7(), :store, :first, :last) returning id"


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    made = await make_world(units, master, stores=2)
    await made.customer("C")
    return made


async def named(world: World) -> list[tuple[str, str]]:
    """Kind and name of what the worker's look finds and everybody is then told."""
    found = await watch_books(world.units, world.merchant_id)
    told = [(one.kind, one.name) for one in await world.do(watch)]
    assert sum(one.found for one in found) == len(told)
    return told


async def test_a_store_without_books_for_36_hours_is_named_until_they_come_again(
    world: World, clock: TestClock
) -> None:
    await world.visit("C", shanghai("2026-03-02 14:00"), store="S1", historic=True)
    await world.sale("C", shanghai("2026-03-02 14:00"), store="S2", service="OIL", historic=True)
    await clock.set(shanghai("2026-03-04 01:59"))
    assert await named(world) == []
    await world.sale("C", shanghai("2026-03-03 20:00"), store="S2", service="OIL", historic=True)
    await clock.set(shanghai("2026-03-04 02:01"))
    assert await named(world) == [("store_stale", "1号店")]
    for day in ("2026-03-06 12:00", "2026-04-20 12:00"):
        await clock.set(shanghai(day))
        assert await named(world) == [("store_stale", "1号店"), ("store_stale", "2号店")], "however long it lasts"
    for store in ("S1", "S2"):
        await world.visit("C", shanghai("2026-04-20 11:00"), store=store, historic=True)
    assert await named(world) == []


async def test_a_store_that_never_had_books_is_not_missed(world: World, clock: TestClock) -> None:
    await clock.set(shanghai("2026-03-20 12:00"))
    assert await named(world) == []


async def test_closed_days_are_not_counted_and_a_closed_store_is_not_asked(world: World, clock: TestClock) -> None:
    await world.visit("C", shanghai("2026-03-02 20:00"), historic=True)
    await rows(world, CLOSE, store=world.stores["S1"], first=date(2026, 3, 3), last=date(2026, 3, 5))
    await clock.set(shanghai("2026-03-05 12:00"))
    assert await named(world) == [], "closed today"
    await clock.set(shanghai("2026-03-06 12:00"))
    assert await named(world) == [], "sixteen hours of open days"
    await clock.set(shanghai("2026-03-07 08:01"))
    assert await named(world) == [("store_stale", "1号店")]


async def test_a_store_that_opens_again_after_months_is_not_asked_at_once(world: World, clock: TestClock) -> None:
    await world.visit("C", shanghai("2026-03-02 20:00"), historic=True)
    await rows(world, CLOSE, store=world.stores["S1"], first=date(2026, 3, 3), last=date(2026, 5, 4))
    await clock.set(shanghai("2026-05-05 12:00"))
    assert await named(world) == []


async def test_a_store_that_is_given_up_is_not_asked(world: World, clock: TestClock) -> None:
    await world.visit("C", shanghai("2026-03-02 14:00"), historic=True)
    await clock.set(shanghai("2026-03-05 12:00"))
    assert await named(world) == [("store_stale", "1号店")]
    await rows(world, "update store set active = false where merchant_id = :merchant returning id")
    assert await named(world) == []


async def fired(world: World, plan_id: UUID, made: Sequence[int]) -> None:
    """Past firings of the plan that made so many tasks, the last one this morning."""
    for back, number in enumerate(reversed(made)):
        await rows(
            world,
            "insert into occurrence (merchant_id, id, plan_id, version_id, timezone, fires_on, fire_at, state, made) "
            "select :merchant, new_uuid7(), p.id, p.version_id, 'Asia/Shanghai', :day, :now, 'done', :made "
            "from plan p where p.merchant_id = :merchant and p.id = :plan returning id",
            plan=plan_id, day=date(2026, 3, 2) - timedelta(days=back), made=number,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("made", "kinds"),
    [
        ((5, 4, 6, 5, 5, 4), []),
        ((5, 4, 6, 5, 5, 0), ["plan_idle"]),
        ((5, 0, 6, 0, 5, 0), ["plan_idle"]),
        ((1, 2, 1, 2, 2, 0), []),
        ((0, 0, 0, 0, 0, 0), []),
        ((5, 5, 5, 5, 0), []),
        ((5, 4, 6, 5, 5, 49), []),
        ((5, 4, 6, 5, 5, 50), ["plan_flood"]),
        ((0, 0, 0, 0, 0, 10), ["plan_flood"]),
        ((400, 2, 3, 2, 2, 3), []),
    ],
)
async def test_a_plan_of_the_calendar_is_measured_by_its_own_runs(
    world: World, made: Sequence[int], kinds: list[str]
) -> None:
    """Fewer than three is nothing to miss, four runs tell nothing, and the crowd of the first run is not what is usual."""
    (plan_id,) = await turn_on(world, [for_everybody("会员日")])
    await fired(world, plan_id, made)
    assert await named(world) == [(kind, "会员日") for kind in kinds]


async def test_a_plan_that_was_changed_has_no_usual_yet(world: World) -> None:
    (plan_id,) = await turn_on(world, [for_everybody("会员日")])
    await fired(world, plan_id, (5, 5, 5, 5, 5, 5, 0))
    assert await named(world) == [("plan_idle", "会员日")]
    version = await rows(
        world,
        "insert into plan_version (merchant_id, id, plan_id, number, purpose, definition, created_at) "
        "select merchant_id, new_uuid7(), plan_id, 2, purpose, definition, :now from plan_version where merchant_id = :merchant returning id",
    )
    await rows(
        world, "update plan set version_id = :version where merchant_id = :merchant returning id", version=version[0]["id"]
    )  # fmt: skip
    assert await named(world) == []


async def test_how_many_tasks_a_run_made_is_kept_with_it(world: World, clock: TestClock) -> None:
    await world.do(lambda unit: make_customers(unit, list(world.stores.values()), 7))
    await turn_on(world, [for_everybody("会员日")])
    await plan_ahead(world.units, world.merchant_id, SweepReport())
    await clock.set(shanghai("2026-03-03 10:00"))
    await sweep(world)
    told = await rows(world, "select fires_on, made from occurrence where merchant_id = :merchant and state = 'done'")
    assert told == [{"fires_on": date(2026, 3, 3), "made": 8}]


async def test_a_plan_that_events_make_fire_is_measured_by_the_day(world: World, clock: TestClock) -> None:
    """Three new customers a day, and a week later three tasks; nobody came on the ninth."""
    await start_plan(world, "second_visit", holdOut=0)
    for day in range(2, 12):
        await clock.set(shanghai(f"2026-03-{day:02} 20:00"))
        for number in range(0 if day == 9 else 3):
            code = f"D{day}-{number}"
            await world.customer(code)
            await world.visit(code, shanghai(f"2026-03-{day:02} 12:00"))
    idle: dict[int, Any] = {}
    for day in range(9, 19):
        await clock.set(shanghai(f"2026-03-{day:02} 09:30"))
        await sweep(world)
        idle[day] = [kind for kind, _ in await named(world) if kind.startswith("plan")]
    assert idle == {day: ["plan_idle"] if day == 17 else [] for day in range(9, 19)}
