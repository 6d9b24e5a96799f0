"""The pool: a claim is on loan, the next best task is softly kept for who was offered it, and replies wait in a list of their own."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from backend.db.units import Units
from tasks.flow.work_task import (
    Bucket,
    TaskPage,
    TaskQuery,
    claim,
    list_tasks,
    next_task,
    release,
    return_idle,
    snooze,
    start,
)
from tasks.kernel.errors import NotFound
from tasks.kernel.sealing import MasterKey
from tests.support.actions import called, send
from tests.support.clock import TestClock, shanghai
from tests.support.plans import sweep
from tests.support.rows import Ask, doing, make_plan, make_task, rows_of, task_row
from tests.support.world import World, make_world


async def opened(units: Units, master: MasterKey, clock: TestClock, **size: int) -> World:
    await clock.set(shanghai("2026-03-02 12:00"))
    return await make_world(units, master, **{"employees": 2, "customers": 4, **size})


async def offered(world: World, who: str, **words: Any) -> UUID | None:
    found = await world.do(lambda unit: next_task(unit, world.scope(who), "zh-CN", **words))
    return found.task.id if found.task else None


async def page(world: World, who: str, **query: Any) -> TaskPage:
    return await world.do(lambda unit: list_tasks(unit, world.scope(who), TaskQuery(**query)))


async def set_lease(world: World, minutes: int) -> None:
    await world.do(
        lambda unit: unit.run(
            "update merchant set settings = settings || jsonb_build_object('claimLeaseMinutes', cast(:m as int)) where merchant_id = :merchant",
            m=minutes,
        )
    )


async def test_a_claim_that_is_not_begun_goes_back_to_the_pool(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    world = await opened(units, master, clock)
    plan = await make_plan(world)
    idle, begun, rests, rang = [(await make_task(world, Ask(f"C{n}", who=None), plan)).task_id for n in range(1, 5)]
    mine = world.scope("E1")
    for task in (idle, begun, rests, rang):
        await world.do(doing(claim, mine, task))
    await world.do(lambda unit: start(unit, mine, begun))
    await world.do(lambda unit: snooze(unit, mine, rests, shanghai("2026-03-02 12:20")))
    await send(world, "E1", called(rang, shanghai("2026-03-02 12:00")))
    assert (await page(world, "E1")).items[0].claimed_until is not None
    await clock.set(shanghai("2026-03-02 12:29"))
    assert (await sweep(world)).returned == 0
    await clock.set(shanghai("2026-03-02 12:31"))
    assert world.merchant_id in await due(world)
    await sweep(world)
    held = {task: (await task_row(world, task))["assignee_id"] for task in (idle, begun, rests, rang)}
    assert held == {idle: None, begun: mine.staff_id, rests: mine.staff_id, rang: mine.staff_id}
    last = await rows_of(
        world,
        "select action, staff_id from task_history where merchant_id = :merchant and task_id = :t order by id desc",
        t=idle,
    )
    assert last[0] == {"action": "returned", "staff_id": None}
    left = await rows_of(
        world,
        "select left_staff_id from task_change where merchant_id = :merchant and task_id = :t order by rev desc",
        t=idle,
    )
    assert left[0]["left_staff_id"] == mine.staff_id
    assert world.merchant_id not in await due(world), "looked at once"
    assert (await world.do(lambda unit: claim(unit, world.scope("E2"), idle))).changed


async def due(world: World) -> set[UUID]:
    now = await world.units.now()
    async with world.units.nameless() as session:
        found = await session.execute(
            text("select merchant_id from merchants_due(cast(:now as timestamptz))"), {"now": now}
        )
        return {row.merchant_id for row in found}


async def test_the_merchant_says_how_long_a_claim_may_lie(units: Units, master: MasterKey, clock: TestClock) -> None:
    world = await opened(units, master, clock)
    plan = await make_plan(world)
    first, second = [(await make_task(world, Ask(code, who=None), plan)).task_id for code in ("C1", "C2")]
    await set_lease(world, 5)
    await world.do(lambda unit: claim(unit, world.scope("E1"), first))
    await set_lease(world, 0)
    await world.do(lambda unit: claim(unit, world.scope("E1"), second))
    await clock.advance(minutes=6)
    assert await world.do(lambda unit: return_idle(unit, 10)) == 1
    assert (await task_row(world, first))["assignee_id"] is None
    await clock.advance(hours=10)
    assert await world.do(lambda unit: return_idle(unit, 10)) == 0
    assert (await task_row(world, second))["assignee_id"] == world.staff["E1"]


async def test_a_lease_of_one_holder_does_not_take_the_task_from_the_next(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    world = await opened(units, master, clock)
    task = (await make_task(world, Ask(who=None))).task_id
    await world.do(lambda unit: claim(unit, world.scope("E1"), task))
    await world.do(
        lambda unit: unit.run("update task set assignee_id = :e2 where merchant_id = :merchant", e2=world.staff["E2"])
    )
    await clock.advance(hours=1)
    await sweep(world)
    row = await task_row(world, task)
    assert (row["assignee_id"], row["claimed_until"]) == (world.staff["E2"], None)


async def test_the_next_task_is_the_best_and_nobody_else_is_offered_it(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    world = await opened(units, master, clock)
    plan = await make_plan(world)
    asks = (Ask("C1", who=None, priority=700), Ask("C2", who=None, priority=600), Ask("C3", priority=500))
    best, second, own = [(await make_task(world, ask, plan)).task_id for ask in asks]
    await make_task(world, Ask("C4", status="queued", opens=5, priority=999), plan)
    assert await offered(world, "E1") == best
    assert await offered(world, "E2") == second
    assert await offered(world, "E1") == best, "asked again, the same"
    told = await rows_of(world, "select action from task_history where merchant_id = :merchant order by id")
    assert [row["action"] for row in told] == ["offered", "offered"], "nothing is written twice"
    row = next(item for item in (await page(world, "E2")).items if item.id == best)
    assert (row.reserved_by, row.pool) == ("员工1", True)
    assert row.reserved_until is not None
    assert shanghai("2026-03-02 12:05") <= row.reserved_until < shanghai("2026-03-02 12:06")
    await world.do(lambda unit: claim(unit, world.scope("E2"), best))
    assert (await task_row(world, best))["reserved_by"] is None, "it is an offer, not a lock"
    assert await offered(world, "E1") == own
    await clock.advance(minutes=6)
    assert await offered(world, "E1") == second, "an offer ends by itself"
    await world.do(lambda unit: release(unit, world.scope("E2"), best))
    assert await offered(world, "E2") == best


async def test_of_many_who_ask_at_once_nobody_is_offered_anothers(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    world = await opened(units, master, clock, employees=6, customers=4)
    plan = await make_plan(world)
    tasks = {(await make_task(world, Ask(f"C{n}", who=None), plan)).task_id for n in range(1, 5)}
    ready = asyncio.Barrier(6)

    async def ask(who: str) -> UUID | None:
        async with units.open(world.merchant_id) as unit:
            await ready.wait()
            found = await next_task(unit, world.scope(who), "zh-CN")
            return found.task.id if found.task else None

    got = await asyncio.gather(*(ask(f"E{n}") for n in range(1, 7)))
    assert sorted(one for one in got if one) == sorted(tasks)
    assert got.count(None) == 2


async def test_an_employee_of_two_stores_sees_both_and_can_look_at_one(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    world = await opened(units, master, clock, stores=2, employees=2)
    plan = await make_plan(world)
    here, there = [
        (await make_task(world, Ask(code, who=None, store=store), plan)).task_id
        for code, store in (("C1", "S1"), ("C2", "S2"))
    ]
    assert {row.id for row in (await page(world, "manager")).items} == {here, there}
    one = await page(world, "manager", store_id=world.stores["S2"])
    assert ([row.id for row in one.items], one.counts["today"]) == ([there], 1)
    assert await offered(world, "manager", store_id=world.stores["S2"]) == there
    for ask in (page(world, "E1", store_id=world.stores["S2"]), offered(world, "E1", store_id=world.stores["S2"])):
        with pytest.raises(NotFound):
            await ask


async def test_what_waits_for_a_reply_is_in_no_list_that_asks_for_work(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    world = await opened(units, master, clock)
    task = (await make_task(world, Ask(due=-1))).task_id
    await world.do(
        lambda unit: unit.run(
            "update task set status = 'waiting', wait_kind = 'reply', wait_until = cast(:now as timestamptz) + interval '48 hours' "
            "where merchant_id = :merchant"
        )
    )
    for hours in (0, 49):
        await clock.advance(hours=hours)
        counts = (await page(world, "E1")).counts
        assert counts == {"today": 0, "overdue": 0, "callbacks": 0, "upcoming": 0, "replies": 1, "done": 0}
        assert [row.id for row in (await page(world, "E1", bucket=Bucket.REPLIES)).items] == [task]
        assert await offered(world, "E1") is None
