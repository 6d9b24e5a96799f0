from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.flow.log_callback import CallbackFact, Outcome, log_callback
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.plans.states import ExitOn
from tests.support.clock import TestClock, shanghai
from tests.support.rows import Ask, Made, add_reason, make_enrolment, make_plan, make_task, rows_of, task_row
from tests.support.world import World, make_world


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-02 12:00"))
    return await make_world(units, master, employees=2, customers=2)


async def first_visit(world: World) -> UUID:
    """C1 comes for the first time; the event that says so."""
    await world.sale("C1", shanghai("2026-02-23 15:00"))
    (event,) = await rows_of(world, "select id from event where merchant_id = :merchant and type = 'service_completed'")
    event_id = event["id"]
    assert isinstance(event_id, UUID)
    return event_id


async def test_she_came_by_herself_and_the_task_closes(world: World) -> None:
    task = await make_task(world, Ask(event_id=await first_visit(world)))
    await world.visit("C1", shanghai("2026-03-02 11:00"))
    row = await task_row(world, task.task_id)
    assert (row["status"], row["close_reason"]) == ("moot", "arrived")
    (passage,) = await rows_of(world, "select state, exit_reason from enrolment where merchant_id = :merchant")
    assert passage == {"state": "exited", "exit_reason": "arrived"}
    (told,) = await rows_of(world, "select action, to_status from task_history where merchant_id = :merchant")
    assert told == {"action": "moot", "to_status": "moot"}
    (change,) = await rows_of(world, "select task_id from task_change where merchant_id = :merchant")
    assert change == {"task_id": task.task_id}


@pytest.mark.parametrize("again", ["2026-02-23 15:00", "2026-02-23 18:00", "2026-02-20 12:00"])
async def test_the_same_visit_and_older_ones_end_nothing(world: World, again: str) -> None:
    task = await make_task(world, Ask(event_id=await first_visit(world)))
    await world.sale("C1", shanghai(again), service="OIL")
    await world.visit("C1", shanghai(again))
    assert (await task_row(world, task.task_id))["status"] == "open"


async def test_what_waits_exits_with_a_decision_that_says_why(world: World) -> None:
    waits = await make_enrolment(world, await make_plan(world), Ask(event_id=await first_visit(world), opens=48))
    await world.appointment("C1", shanghai("2026-03-09 11:00"))
    (passage,) = await rows_of(world, "select state, exit_reason from enrolment where merchant_id = :merchant")
    assert passage == {"state": "exited", "exit_reason": "booked"}
    (decision,) = await rows_of(
        world, "select enrolment_id, decided, reason from decision where merchant_id = :merchant"
    )
    assert decision == {"enrolment_id": waits, "decided": "exited", "reason": "booked"}


async def test_a_task_lives_until_its_last_reason_goes(world: World) -> None:
    task = await make_task(world)
    plan = await make_plan(world, exit_on=(ExitOn.PURCHASED,))
    passage = await make_enrolment(world, plan, Ask(), "active")
    second = Made(task.task_id, plan[0], plan[1], passage, new_id(), task.customer_id)
    await add_reason(world, second, Ask())
    await world.visit("C1", shanghai("2026-03-02 11:00"))
    assert (await task_row(world, task.task_id))["status"] == "open"
    states = await rows_of(
        world, "select id, state, close_reason from task_reason where merchant_id = :merchant order by state"
    )
    assert states == [
        {"id": task.reason_id, "state": "closed", "close_reason": "arrived"},
        {"id": second.reason_id, "state": "live", "close_reason": None},
    ]
    await world.sale("C1", shanghai("2026-03-02 11:30"), service="OIL")
    row = await task_row(world, task.task_id)
    assert (row["status"], row["close_reason"]) == ("moot", "purchased")


async def card_id(world: World, code: str) -> UUID:
    (row,) = await rows_of(
        world, "select id from card where merchant_id = :merchant and external_id = :code", code=code
    )
    assert isinstance(row["id"], UUID)
    return row["id"]


async def test_a_top_up_ends_what_is_about_that_card_only(world: World) -> None:
    codes = [await world.card("C1", shanghai("2026-01-02 12:00"), principal=40_000) for _ in range(2)]
    ask = Ask(template="card_balance_low", card_id=await card_id(world, codes[0]))
    task = await make_task(world, ask)
    await world.card_entry(codes[1], "top_up", shanghai("2026-03-02 10:00"), principal=100_000)
    assert (await task_row(world, task.task_id))["status"] == "open", "another card"
    await world.card_entry(codes[0], "top_up", shanghai("2026-03-02 11:00"), principal=100_000)
    row = await task_row(world, task.task_id)
    assert (row["status"], row["close_reason"]) == ("moot", "topped_up")


async def test_books_of_long_ago_do_not_end_what_no_event_started(world: World) -> None:
    task = await make_task(world)
    await world.visit("C1", shanghai("2026-02-25 11:00"), historic=True)
    assert (await task_row(world, task.task_id))["status"] == "open"
    await world.visit("C1", shanghai("2026-03-01 20:00"), historic=True)
    assert (await task_row(world, task.task_id))["status"] == "moot", "last night's books, imported this morning"


async def test_a_task_that_was_tried_closes_and_the_arrival_is_credited(world: World, clock: TestClock) -> None:
    task = await make_task(world, Ask(event_id=await first_visit(world)))
    said = CallbackFact(
        action_id=new_id(), task_id=task.task_id, outcome=Outcome.NO_ANSWER, occurred_at=await clock.now()
    )
    await world.do(lambda unit: log_callback(unit, world.scope("E1"), said))
    await clock.set(shanghai("2026-03-03 15:00"))
    await world.visit("C1", shanghai("2026-03-03 14:00"))
    row = await task_row(world, task.task_id)
    assert (row["status"], row["close_reason"]) == ("moot", "arrived")
    (credit,) = await rows_of(world, "select kind, staff_id, reason_id from credit where merchant_id = :merchant")
    assert credit == {"kind": "arrived", "staff_id": world.staff["E1"], "reason_id": task.reason_id}
    (passage,) = await rows_of(world, "select state from enrolment where merchant_id = :merchant")
    assert passage == {"state": "converted"}, "the goal was met: an arrival within fourteen days of the contact"
