from datetime import timedelta
from uuid import uuid4

import pytest

from backend.db.units import Units
from tasks.flow.work_task import (
    Bucket,
    TaskPage,
    TaskQuery,
    claim,
    expire_due,
    list_tasks,
    open_due,
    release,
    snooze,
    start,
    wake_waiting,
)
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.paging import CursorGarbled
from tasks.kernel.sealing import MasterKey
from tasks.worklist.faults import TaskAlreadyClaimed, TaskClosed, TaskNotReady, TaskUnclaimed
from tasks.worklist.feed import POOL
from tests.support.clock import TestClock, shanghai
from tests.support.rows import Ask, doing, make_plan, make_task, rows_of, task_row
from tests.support.world import World, make_world


async def page(world: World, who: str, bucket: str = "today", **query: object) -> TaskPage:
    ask = TaskQuery(bucket=Bucket(bucket), **query)  # type: ignore[arg-type]  # untyped on purpose: a test row
    return await world.do(lambda unit: list_tasks(unit, world.scope(who), ask))


async def names(world: World, who: str, bucket: str) -> set[str]:
    codes = {customer: code for code, customer in world.customers.items()}
    return {codes[row.customer_id] for row in (await page(world, who, bucket)).items}


def held(**many: int) -> dict[str, int]:
    """How many each list has; the others have none."""
    return {bucket.value: many.get(bucket.value, 0) for bucket in Bucket}


async def test_each_list_holds_what_its_count_says(units: Units, master: MasterKey, clock: TestClock) -> None:
    await clock.set(shanghai("2026-03-02 12:00"))
    world = await make_world(units, master, stores=2, employees=2, customers=9)
    plan = await make_plan(world)
    asks = [
        Ask("C1"),
        Ask("C2", due=-1),
        Ask("C3", who=None),
        Ask("C4", status="queued", opens=3),
        Ask("C5", status="queued", opens=-0.1),
        Ask("C6", status="in_progress"),
        Ask("C7"),
        Ask("C8", who="E2", store="S2"),
        Ask("C9"),
    ]
    made = {ask.customer: await make_task(world, ask, plan) for ask in asks}
    scope = world.scope("E1")
    until = shanghai("2026-03-03 10:00")
    await world.do(lambda unit: snooze(unit, scope, made["C7"].task_id, until))
    async with units.open(world.merchant_id) as unit:
        await unit.run(
            "update task set status = 'done', close_reason = 'callback', closed_at = :now where merchant_id = :merchant and id = :id",
            id=made["C9"].task_id,
        )
    assert await names(world, "E1", "today") == {"C1", "C2", "C3", "C5", "C6"}
    assert await names(world, "E1", "overdue") == {"C2"}
    assert await names(world, "E1", "upcoming") == {"C4", "C7"}
    assert await names(world, "E1", "callbacks") == set()
    assert await names(world, "E1", "done") == {"C9"}
    assert (await page(world, "E1")).counts == held(today=5, overdue=1, upcoming=2, done=1)
    assert await names(world, "E2", "today") == {"C8"}, "the pool of S1 is not E2's"
    assert (await page(world, "manager")).counts == held(today=6, overdue=1, upcoming=2, done=1)
    await clock.set(shanghai("2026-03-03 00:30"))
    assert (await page(world, "E1")).counts["done"] == 0, "done is of the store's own day"


async def test_a_row_says_who_and_why(units: Units, master: MasterKey, clock: TestClock) -> None:
    world = await make_world(units, master, employees=1)
    await world.customer("C1", name="王小红", gender="female", source="点评", level="金卡", phone="")
    await world.sale("C1", shanghai("2026-02-23 15:00"))
    await make_task(world, Ask("C1", value=12_300))
    (row,) = (await page(world, "E1")).items
    assert (row.nickname, row.why, row.level) == ("王女士", "7 天前点评新客，未再到店", "金卡")
    assert (row.has_phone, row.pool, row.assignee, row.value_cents) == (False, False, "员工1", 12_300)
    assert row.plans == ("新客二次到店",)
    (english,) = (await page(world, "E1", locale="en")).items
    assert english.why == "New client from 点评 7 days ago, not back yet"


async def test_the_order_is_urged_promised_expiring_value_attempts(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    await clock.set(shanghai("2026-03-02 12:00"))
    world = await make_world(units, master, employees=1, customers=7)
    plan = await make_plan(world)
    asks = {
        "plain": Ask("C1"),
        "tried": Ask("C2"),
        "worth": Ask("C3", value=50_000),
        "first": Ask("C4", priority=700),
        "ends": Ask("C5", expires=6),
        "promised": Ask("C6"),
        "urged": Ask("C7"),
    }
    made = {name: (await make_task(world, ask, plan)).task_id for name, ask in asks.items()}
    async with units.open(world.merchant_id) as unit:
        for name, change in {
            "urged": "urged_at = :now",
            "promised": "wait_kind = 'callback', wait_until = :now",
            "tried": "attempts = 1",
        }.items():
            await unit.run(f"update task set {change} where merchant_id = :merchant and id = :id", id=made[name])
    found = {task_id: name for name, task_id in made.items()}
    expected = ["urged", "promised", "ends", "first", "worth", "plain", "tried"]
    assert [found[row.id] for row in (await page(world, "E1")).items] == expected
    seen: list[str] = []
    cursor = None
    while True:
        part = await page(world, "E1", limit=2, cursor=cursor)
        seen += [found[row.id] for row in part.items]
        cursor = part.next_cursor
        if cursor is None:
            break
        await clock.advance(minutes=1)
    assert seen == expected
    with pytest.raises(CursorGarbled):
        await page(world, "E1", cursor="nonsense")


async def test_moves_by_hand_are_answered_once_and_the_same_twice(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    world = await make_world(units, master, employees=2, customers=1)
    task = (await make_task(world, Ask(who=None))).task_id
    mine, other = world.scope("E1"), world.scope("E2")
    with pytest.raises(TaskUnclaimed):
        await world.do(lambda unit: release_after(unit, mine, task))
    for changed in (True, False):
        assert (await world.do(lambda unit: claim(unit, mine, task))).changed is changed
    for changed in (True, False):
        moved = await world.do(lambda unit: start(unit, mine, task))
        assert (moved.status, moved.changed) == ("in_progress", changed)
    for act in (claim, start, release):
        with pytest.raises(TaskAlreadyClaimed) as lost:
            await world.do(doing(act, other, task))
        assert lost.value.facts == {"winner": "员工1"}
        assert "员工1" not in str(lost.value)
    until = await clock.now() + timedelta(hours=3)
    for changed in (True, False):
        assert (await world.do(lambda unit: snooze(unit, mine, task, until))).changed is changed
    with pytest.raises(TaskNotReady):
        await world.do(lambda unit: start(unit, mine, task))
    with pytest.raises(Invalid):
        await world.do(lambda unit: snooze(unit, mine, task, until - timedelta(days=1)))
    for changed in (True, False):
        assert (await world.do(lambda unit: release(unit, mine, task))).changed is changed
    history = await rows_of(
        world, "select action from task_history where merchant_id = :merchant and task_id = :t order by id", t=task
    )
    assert [row["action"] for row in history] == ["claimed", "started", "snoozed", "released"]
    changes = await rows_of(
        world, "select rev, left_staff_id from task_change where merchant_id = :merchant order by rev"
    )
    assert [row["left_staff_id"] for row in changes] == [POOL, None, None, world.staff["E1"]]


async def release_after(unit: object, scope: object, task: object) -> None:
    """Snoozing needs the task to be one's own."""
    await snooze(unit, scope, task, unit.now + timedelta(hours=1))  # type: ignore[arg-type, attr-defined]  # called like a move


async def test_another_stores_task_does_not_exist_and_a_closed_one_stays_closed(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    world = await make_world(units, master, stores=2, employees=2, customers=1)
    task = (await make_task(world, Ask(expires=1))).task_id
    for act in (claim, start, release):
        with pytest.raises(NotFound):
            await world.do(doing(act, world.scope("E2"), task))
        with pytest.raises(NotFound):
            await world.do(doing(act, world.scope("E1"), uuid4()))
    await clock.advance(hours=2)
    assert await world.do(lambda unit: expire_due(unit, 10)) == 1
    for act in (claim, start, release):
        with pytest.raises(TaskClosed):
            await world.do(doing(act, world.scope("E1"), task))


async def test_time_opens_wakes_and_expires(units: Units, master: MasterKey, clock: TestClock) -> None:
    await clock.set(shanghai("2026-03-02 12:00"))
    world = await make_world(units, master, employees=1, customers=3)
    queued = await make_task(world, Ask("C1", status="queued", opens=2))
    rests = await make_task(world, Ask("C2"))
    ends = await make_task(world, Ask("C3", expires=3))
    await world.do(lambda unit: snooze(unit, world.scope("E1"), rests.task_id, shanghai("2026-03-02 14:30")))
    expires = (await task_row(world, rests.task_id))["expires_at"]
    assert expires == shanghai("2026-03-10 00:00"), "seven open days after the wait"

    async def sweep() -> tuple[int, int, int]:
        return (
            await world.do(lambda unit: expire_due(unit, 10)),
            await world.do(lambda unit: open_due(unit, 10)),
            await world.do(lambda unit: wake_waiting(unit, 10)),
        )

    assert await sweep() == (0, 0, 0)
    await clock.set(shanghai("2026-03-02 14:31"))
    assert await sweep() == (0, 1, 1)
    assert await sweep() == (0, 0, 0)
    await clock.set(shanghai("2026-03-02 15:01"))
    assert await sweep() == (1, 0, 0)
    assert (await task_row(world, queued.task_id))["status"] == "open"
    woken = await task_row(world, rests.task_id)
    assert (woken["status"], woken["wait_until"], woken["wait_kind"]) == ("open", None, None)
    ended = await task_row(world, ends.task_id)
    assert (ended["status"], ended["close_reason"]) == ("expired", "expired")
    (reason,) = await rows_of(
        world, "select state, close_reason from task_reason where merchant_id = :merchant and id = :r", r=ends.reason_id
    )
    assert reason == {"state": "closed", "close_reason": "expired"}
    (passage,) = await rows_of(
        world, "select state from enrolment where merchant_id = :merchant and id = :e", e=ends.enrolment_id
    )
    assert passage == {"state": "completed"}
