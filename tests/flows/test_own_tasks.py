"""What an employee wants to do and what an employee saw: own follow-ups, and events that no till records."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.flow.action_sent import Sent
from tasks.flow.log_callback import CallbackFact, log_callback
from tasks.flow.own_tasks import FollowUp, FollowUpMade, create_own_task
from tasks.flow.perform_action import perform
from tasks.flow.record_staff_events import EventKept, Seen, StaffEvent, record_staff_event
from tasks.flow.view_task import view_task
from tasks.flow.work_task import Bucket, TaskQuery, list_tasks
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.people.contact_state import refuse
from tasks.people.inputs import CustomerIn
from tasks.people.service import add_closure
from tests.support.clock import TestClock, shanghai
from tests.support.plans import decisions, rows, start_plan, sweep
from tests.support.rows import doing, rows_of, task_row
from tests.support.world import World, make_world


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-02 12:00"))
    return await make_world(units, master, employees=2, customers=2)


async def plan(world: World, who: str = "E1", **said: Any) -> FollowUpMade:
    asked: dict[str, Any] = {"customer_id": world.customers["C1"], "contact_at": shanghai("2026-03-04 15:00")}
    asked = asked | {"words": "问她补色"} | said

    async def work(unit: Unit) -> FollowUpMade:
        return await create_own_task(unit, world.scope(who), FollowUp(**asked), unit.now)

    return await world.do(work)


async def test_an_own_follow_up_opens_when_it_was_meant_and_says_the_employees_words(
    world: World, clock: TestClock
) -> None:
    made = await plan(world)
    assert (made.status, made.opens_at, made.due_at) == (
        "queued",
        shanghai("2026-03-04 15:00"),
        shanghai("2026-03-05 00:00"),
    )
    assert made.expires_at == shanghai("2026-03-12 00:00"), "seven open days after the day it is due"
    row: dict[str, Any] = await task_row(world, made.task_id)
    assert (row["origin"], row["cause"], row["assignee_id"]) == ("own", "own", world.staff["E1"])
    assert "补色".encode() not in row["sealed"]
    await clock.set(shanghai("2026-03-04 15:00"))
    await sweep(world)
    page = await world.do(lambda unit: list_tasks(unit, world.scope("E1"), TaskQuery(bucket=Bucket.TODAY)))
    assert [(one.id, one.why, one.status) for one in page.items] == [(made.task_id, "问她补色", "open")]
    assert (await world.do(lambda unit: view_task(unit, world.scope("E1"), made.task_id))).why == "问她补色"


async def test_what_was_asked_for_without_reception_may_be_due_already(world: World) -> None:
    made = await plan(world, contact_at=shanghai("2026-03-02 10:00"))
    row = await task_row(world, made.task_id)
    assert (made.status, made.opens_at) == ("open", row["created_at"])


async def test_a_closed_day_moves_what_is_late_to_the_next_open_one(world: World) -> None:
    store = world.stores["S1"]
    await world.do(lambda unit: add_closure(unit, store, date(2026, 3, 4), date(2026, 3, 5)))
    made = await plan(world)
    assert (made.due_at, made.contact_from) == (shanghai("2026-03-07 00:00"), shanghai("2026-03-06 09:30"))
    said = await plan(world, due_at=shanghai("2026-03-04 18:00"))
    assert said.due_at == shanghai("2026-03-04 18:00"), "what the employee says stands"


async def test_the_same_action_makes_one_task(world: World) -> None:
    said = FollowUp(customer_id=world.customers["C1"], contact_at=shanghai("2026-03-04 15:00"), words="问她补色")

    async def work(unit: Unit) -> Any:
        return await perform(
            unit, world.scope("E1"), Sent(action_id=action, kind="create_task", occurred_at=unit.now, body=said)
        )

    action = new_id()
    first, again = await world.do(work), await world.do(work)
    assert (first.verdict, again.verdict) == ("applied", "duplicate")
    assert again.answer["taskId"] == str(first.answer.task_id)
    assert len(await rows_of(world, "select id from task where merchant_id = :merchant")) == 1


async def test_it_stands_beside_a_plans_task_and_keeps_new_ones_back(world: World, clock: TestClock) -> None:
    await start_plan(world, "second_visit")
    for code in ("C1", "C2"):
        await world.visit(code, shanghai("2026-03-02 11:00"))
    await plan(world, contact_at=shanghai("2026-03-09 12:00"))
    await plan(world, contact_at=shanghai("2026-03-09 13:00"), words="还有一件")
    await clock.set(shanghai("2026-03-09 09:00"))
    await sweep(world)
    assert await decisions(world) == {"C1": ["deferred:other_task"], "C2": ["task"]}
    own = await rows(world, "select id from task where merchant_id = :merchant and origin = 'own' order by id")
    await clock.set(shanghai("2026-03-09 14:00"))
    await sweep(world)
    for row in own:
        await world.do(doing(log_skipped, world, row["id"]))
    await clock.set(shanghai("2026-03-10 09:30"))
    await sweep(world)
    assert (await decisions(world))["C1"] == ["task"], "looked at again the next day"


async def log_skipped(unit: Unit, world: World, task: UUID) -> None:
    said = CallbackFact(
        action_id=new_id(), task_id=task, outcome="skipped", occurred_at=unit.now, fields={"reason": "duplicate"}
    )
    await log_callback(unit, world.scope("E1"), said)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"contact_at": shanghai("2027-03-02 12:00")}, "contactAt"),
        ({"contact_at": shanghai("2026-03-04 12:00").replace(tzinfo=None)}, "contactAt"),
        ({"due_at": shanghai("2026-03-04 14:00")}, "dueAt"),
        ({"due_at": shanghai("2028-03-04 14:00")}, "dueAt"),
        ({"words": "长" * 501}, "words"),
    ],
)
async def test_what_makes_no_sense_is_refused_by_field(world: World, said: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        await plan(world, **said)
    assert refused.value.field == field
    assert await rows_of(world, "select id from task where merchant_id = :merchant") == []


async def test_nobody_is_followed_up_who_refused_or_is_no_customer(world: World) -> None:
    await world.books("customers", CustomerIn(external_id="WALK", anonymous=True, home_store="S1"))
    (walk,) = await rows(world, "select id from customer where merchant_id = :merchant and anonymous")
    with pytest.raises(Invalid, match="never followed up"):
        await plan(world, customer_id=walk["id"])
    await world.do(lambda unit: refuse(unit, world.customers["C1"], "phone"))
    await plan(world)
    await world.do(lambda unit: refuse(unit, world.customers["C1"], "wechat"))
    with pytest.raises(Invalid, match="does not want to be contacted"):
        await plan(world)


async def test_a_store_must_be_named_where_several_could_be_meant(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    await clock.set(shanghai("2026-03-02 12:00"))
    world = await make_world(units, master, stores=2, employees=2, customers=1)
    assert (await plan(world, "manager")).store_id == world.stores["S1"], "where she is at home"
    await world.customer("C9", home_store=None)
    with pytest.raises(Invalid) as refused:
        await plan(world, "manager", customer_id=world.customers["C9"])
    assert refused.value.field == "storeId"
    assert (
        await plan(world, "manager", customer_id=world.customers["C9"], store_id=world.stores["S2"])
    ).store_id == world.stores["S2"]
    with pytest.raises(NotFound):
        await plan(world, "E1", store_id=world.stores["S2"])
    with pytest.raises(NotFound):
        await plan(world, "E2")


async def see(world: World, kind: str, who: str = "E1", **said: Any) -> EventKept:
    seen = Seen(customer_id=world.customers["C1"], type=StaffEvent(kind), **said)

    async def work(unit: Unit) -> EventKept:
        return await record_staff_event(unit, world.scope(who), seen, unit.now)

    return await world.do(work)


async def test_an_event_is_in_the_inbox_with_who_saw_it_and_starts_plans(world: World, clock: TestClock) -> None:
    await start_plan(world, "tried_not_bought")
    kept = await see(world, "tried_not_bought", product="护发油", text="嫌贵")
    (event,) = await rows(world, "select * from event where merchant_id = :merchant and id = :id", id=kept.event_id)
    assert (event["source"], event["type"], event["staff_id"]) == (
        "huifang:staff",
        "tried_not_bought",
        world.staff["E1"],
    )
    assert "嫌贵".encode() not in event["sealed"]
    await clock.set(shanghai("2026-03-03 10:00"))
    await sweep(world)
    (task,) = await rows(world, "select id, assignee_id from task where merchant_id = :merchant")
    assert task["assignee_id"] == world.staff["E1"], "who recorded it"
    page = await world.do(lambda unit: list_tasks(unit, world.scope("E1"), TaskQuery()))
    assert [one.why for one in page.items] == ["昨天试过，没有购买"]


async def test_a_complaint_stops_marketing_and_the_manager_has_four_hours(world: World) -> None:
    await rows(world, "update store set pool = false where merchant_id = :merchant returning id")
    kept = await see(world, "complaint", category="service", text="等了一个小时")
    assert kept.task_id is not None
    task: dict[str, Any] = await task_row(world, kept.task_id)
    assert (task["assignee_id"], task["priority"], task["cause"]) == (world.staff["manager"], 999, "complaint")
    assert task["due_at"] == task["created_at"] + timedelta(hours=4)
    (state,) = await rows(
        world, "select complaint_at, marketing_frozen_until from customer_contact_state where merchant_id = :merchant and customer_id = :customer",
        customer=world.customers["C1"],
    )  # fmt: skip
    assert state["complaint_at"] == task["created_at"]
    assert state["marketing_frozen_until"] == task["created_at"] + timedelta(days=30)
    page = await world.do(lambda unit: view_task(unit, world.scope("manager"), task["id"]))
    assert page.why == "客户投诉，请尽快回复：等了一个小时"


async def test_a_plan_that_answers_complaints_makes_the_only_task(world: World) -> None:
    await start_plan(world, "complaint_recovery")
    kept = await see(world, "bad_review", stars=1)
    assert kept.task_id is None
    (task,) = await rows(world, "select origin from task where merchant_id = :merchant")
    assert task["origin"] == "plan"


@pytest.mark.parametrize(
    ("kind", "said", "field"),
    [
        ("sample_taken", {"stars": 3}, "stars"),
        ("voucher_redeemed", {"platform": "dianping"}, "deal"),
        ("consulted", {"at": shanghai("2026-03-03 12:00")}, "at"),
        ("complaint", {"product": "护发油"}, "product"),
    ],
)
async def test_a_field_that_does_not_belong_is_named(world: World, kind: str, said: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        await see(world, kind, **said)
    assert refused.value.field == field


async def test_events_are_of_customers_one_sees(units: Units, master: MasterKey, clock: TestClock) -> None:
    await clock.set(shanghai("2026-03-02 12:00"))
    world = await make_world(units, master, stores=2, employees=2, customers=1)
    with pytest.raises(NotFound):
        await see(world, "consulted", "E2")
    assert (await see(world, "wecom_friend_added", "manager")).event_id is not None
