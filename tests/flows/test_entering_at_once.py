"""Plans that wait for nothing: an acknowledged event already has its task, whatever another plan does, and each store hears of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from backend import embedded
from backend.db.engine import open_engine
from backend.db.units import Units
from tasks.flow.record_books import record_books
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.people.service import create_store
from tasks.plans.entries import backfill
from tasks.plans.repository import active_behaviours
from tests.support.clock import TestClock, shanghai
from tests.support.entering import begin, event, happens, passages, send
from tests.support.plans import count, decisions, rows, sweep
from tests.support.world import World, make_world

TASKS = "select id, store_id, customer_id, status, opens_at, contact_from from task where merchant_id = :merchant order by id"


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    return await make_world(units, master, stores=2, employees=2, customers=3)


async def start(world: World, clock: TestClock, events: str, *offsets: dict[str, Any], **changes: Any) -> UUID:
    """A plan from eight in the morning on; it is noon afterwards."""
    await clock.set(shanghai("2026-03-02 08:00"))
    plan = await begin(world, events, *offsets, **changes)
    await clock.set(shanghai("2026-03-02 12:00"))
    return plan


async def states(world: World) -> list[str]:
    return [row["state"] for row in await rows(world, "select state from event where merchant_id = :merchant order by occurred_at, id")]  # fmt: skip


async def test_an_acknowledged_event_already_has_its_task(world: World, clock: TestClock) -> None:
    await start(world, clock, "complaint", suppress={"complaint": False}, purpose="care")
    await happens(world, "complaint", "C1", "2026-03-02 11:59", store="S2", category="service")
    (task,) = await rows(world, TASKS)
    assert (task["customer_id"], task["store_id"], task["status"]) == (
        world.customers["C1"],
        world.stores["S2"],
        "open",
    )
    assert task["opens_at"] == shanghai("2026-03-02 11:59")
    (change,) = await rows(world, "select task_id, store_id from task_change where merchant_id = :merchant")
    assert (change["task_id"], change["store_id"]) == (task["id"], world.stores["S2"])
    (one,) = await passages(world)
    assert (one["state"], one["step"]) == ("active", 0)


async def test_three_plans_at_once_make_one_task_with_three_reasons(world: World, clock: TestClock) -> None:
    for priority in (300, 900, 500):
        await start(world, clock, "viewed", task={"priority": priority})
    await send(world, event("viewed", "C1", "2026-03-02 12:00"), event("viewed", "C2", "2026-03-02 12:00"))
    assert {code: sorted(what) for code, what in (await decisions(world)).items()} == {
        code: ["merged", "merged", "task"] for code in ("C1", "C2")
    }
    found = await rows(
        world, "select t.id, t.priority, count(*) as n from task t join task_reason r on r.merchant_id = t.merchant_id and r.task_id = t.id "
        "where t.merchant_id = :merchant group by 1, 2",
    )  # fmt: skip
    assert [(row["priority"], row["n"]) for row in found] == [(900, 3), (900, 3)]
    assert await count(world, "task_change") == 2


async def test_two_zones_and_two_offsets_fire_in_one_transaction(world: World, clock: TestClock) -> None:
    await world.do(lambda unit: create_store(unit, code="T", name="东京", timezone="Asia/Tokyo"))
    await start(world, clock, "viewed", {}, {"after": "1h"})
    await send(
        world, event("viewed", "C1", "2026-03-02 12:00", store="S1"), event("viewed", "C2", "2026-03-02 12:00", store="T"),
        event("viewed", "C3", "2026-03-01 23:59", store="S2"),
    )  # fmt: skip
    assert await decisions(world) == {"C1": ["task"], "C2": ["task"], "C3": ["too_late", "too_late"]}
    tasks = await rows(world, TASKS)
    changes = await rows(world, "select task_id, store_id from task_change where merchant_id = :merchant")
    assert {(row["id"], row["store_id"]) for row in tasks} == {(row["task_id"], row["store_id"]) for row in changes}
    assert [one["state"] for one in await passages(world)] == ["active", "active", "waiting", "waiting"]


async def test_books_of_the_past_never_fire_at_once(world: World, clock: TestClock) -> None:
    await start(world, clock, "service_completed")
    await world.visit("C1", shanghai("2026-03-02 11:59"), historic=True)
    assert await passages(world) == []
    assert await decisions(world) == {}


async def test_an_event_an_hour_late_still_fires_and_a_day_late_does_not(world: World, clock: TestClock) -> None:
    await start(world, clock, "viewed")
    await rows(world, "update plan set activated_at = '2026-01-01' where merchant_id = :merchant returning id")
    await happens(world, "viewed", "C1", "2026-03-02 11:00")
    await happens(world, "viewed", "C2", "2026-03-01 11:00")
    assert await decisions(world) == {"C1": ["task"], "C2": ["too_late"]}


async def test_everything_is_judged_as_when_a_passage_is_due(world: World, clock: TestClock) -> None:
    await start(world, clock, "viewed", audience={"all": [{"condition": "visit_count", "atLeast": 1}]})
    await world.visit("C1", shanghai("2026-02-20 12:00"), historic=True)
    await rows(world, "update customer_contact_state set no_contact_at = :now where merchant_id = :merchant and customer_id = :id returning customer_id",
               id=world.customers["C3"])  # fmt: skip
    await world.visit("C3", shanghai("2026-02-20 12:00"), historic=True)
    await send(world, *(event("viewed", code, "2026-03-02 12:00") for code in ("C1", "C2", "C3")))
    assert await decisions(world) == {"C1": ["task"], "C2": ["exited:visit_count"], "C3": ["suppressed:do_not_contact"]}


async def test_books_that_are_recorded_fire_at_once_too(world: World, clock: TestClock) -> None:
    await start(world, clock, "service_completed", entry={"mode": "never_again"})
    await world.visit("C1", shanghai("2026-03-02 12:00"))
    await world.sale("C1", shanghai("2026-03-02 12:00"))
    assert await decisions(world) == {"C1": ["task"]}


async def test_a_movement_of_level_fires_at_once(world: World, clock: TestClock) -> None:
    await start(world, clock, "level_changed", trigger={"where": [{"field": "to", "value": "gold"}]})
    await happens(world, "level_changed", "C1", "2026-03-02 12:00", **{"from": "silver", "to": "gold"})
    await happens(world, "level_changed", "C2", "2026-03-02 12:00", **{"from": "gold", "to": "silver"})
    assert await decisions(world) == {"C1": ["task"]}


@asynccontextmanager
async def fails(servers: embedded.Servers, plan: UUID, on: str = "task_reason") -> AsyncIterator[None]:
    """While this lasts nothing of the plan can be written to a table."""
    engine = open_engine(servers.migration_url, as_app=False)
    name = f"broken_{plan.hex}"
    async with engine.begin() as owner:
        await owner.execute(
            text(
                f"create function {name}() returns trigger language plpgsql as $$ begin raise exception 'broken'; end $$"
            )
        )
        await owner.execute(
            text(
                f"create trigger {name} before insert on {on} for each row when (new.plan_id = '{plan}') execute function {name}()"
            )
        )
    try:
        yield
    finally:
        async with engine.begin() as owner:
            await owner.execute(text(f"drop function {name}() cascade"))
        await engine.dispose()


async def test_a_plan_that_fails_costs_neither_the_event_nor_another_plan(
    world: World, clock: TestClock, servers: embedded.Servers
) -> None:
    """The failing plan is between two good ones; nothing of it stays, and the sweep tries it again until it passes."""
    plans = [await start(world, clock, "viewed") for _ in range(3)]
    broken = sorted(plans)[1]
    async with fails(servers, broken):
        await happens(world, "viewed", "C1", "2026-03-02 12:00")
        assert await states(world) == ["set_aside"]
        assert await decisions(world) == {"C1": ["task", "merged"]}
        assert await passages(world, broken) == []
        assert (await sweep(world)).retried == 0
    assert await count(world, "task_change") == 1
    assert (await sweep(world)).retried == 1
    assert await states(world) == ["accepted"]
    assert await decisions(world) == {"C1": ["task", "merged", "merged"]}
    assert [one["state"] for one in await passages(world, broken)] == ["active"]


async def test_the_first_plan_of_a_connection_may_fail(
    world: World, clock: TestClock, servers: embedded.Servers
) -> None:
    """What the failing plan had changed in a store is not told; what the next one changed is."""
    first, second = sorted([await start(world, clock, "viewed") for _ in range(2)])
    async with fails(servers, first, "decision"):
        await happens(world, "viewed", "C1", "2026-03-02 12:00")
    assert [one["plan_id"] for one in await passages(world)] == [second]
    tasks = await rows(world, TASKS)
    changes = await rows(world, "select task_id from task_change where merchant_id = :merchant")
    assert [row["task_id"] for row in changes] == [row["id"] for row in tasks]


async def test_an_event_of_a_batch_that_a_plan_cannot_take_is_tried_alone(
    world: World, clock: TestClock, servers: embedded.Servers
) -> None:
    await start(world, clock, "viewed")
    engine = open_engine(servers.migration_url, as_app=False)
    async with engine.begin() as owner:
        await owner.execute(
            text(
                "create function poison() returns trigger language plpgsql as $$ begin raise exception 'poison'; end $$"
            )
        )
        when = f"when (new.customer_id = '{world.customers['C2']}')"
        await owner.execute(
            text(f"create trigger poison before insert on task for each row {when} execute function poison()")
        )
    try:
        await send(world, *(event("viewed", code, "2026-03-02 12:00") for code in ("C1", "C2", "C3")))
        assert await count(world, "task") == 0
        assert (await sweep(world)).retried == 2
    finally:
        async with engine.begin() as owner:
            await owner.execute(text("drop function poison() cascade"))
        await engine.dispose()
    assert await decisions(world) == {"C1": ["task"], "C3": ["task"]}


async def take_in(unit: Unit) -> None:
    """What follows when plans fire again."""
    for plan in await active_behaviours(unit):
        await backfill(unit, plan)


async def test_taken_in_after_a_stop_it_fires_with_the_sweep(world: World, clock: TestClock) -> None:
    plan = await start(world, clock, "viewed")
    await rows(
        world, "update plan set state = 'paused' where merchant_id = :merchant and id = :plan returning id", plan=plan
    )
    await happens(world, "viewed", "C1", "2026-03-02 12:00")
    assert await passages(world) == []
    await rows(
        world, "update plan set state = 'active' where merchant_id = :merchant and id = :plan returning id", plan=plan
    )

    await clock.advance(timedelta(hours=2))
    await world.do(take_in)
    assert await decisions(world) == {}
    assert (await sweep(world)).passages == 1
    assert await decisions(world) == {"C1": ["task"]}


async def test_nobody_is_asked_where_nothing_happened(world: World, clock: TestClock) -> None:
    await start(world, clock, "viewed")
    assert await world.do(lambda unit: record_books(unit, "visits", [])) == []
    assert await count(world, "enrolment") == 0
