from decimal import Decimal
from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.flow.copy_script import CopyFact, copy_script
from tasks.flow.log_callback import CallbackFact, Outcome, log_callback
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.ledger.inputs import LineIn, SaleIn
from tasks.plans.definition import Goal
from tasks.plans.states import GoalKind
from tests.support.clock import TestClock, shanghai
from tests.support.rows import Ask, Made, add_reason, make_enrolment, make_plan, make_task, rows_of
from tests.support.world import World, make_world

CREDITS = """
select kind, task_id, reason_id, staff_id, cash_cents, card_cents, variant, revoked_at, revoke_reason from credit
where merchant_id = :merchant order by credited_at, kind
"""


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-02 12:00"))
    return await make_world(units, master, employees=2, customers=2)


async def called(world: World, task: Made, clock: TestClock, who: str = "E1", outcome: str = "no_answer") -> None:
    """The holder rings; whether anybody answers, it is a contact by a person."""
    said = CallbackFact(
        action_id=new_id(), task_id=task.task_id, outcome=Outcome(outcome), occurred_at=await clock.now()
    )
    await world.do(lambda unit: log_callback(unit, world.scope(who), said))


async def test_a_visit_with_a_purchase_is_credited_once_cash_and_card_apart(world: World, clock: TestClock) -> None:
    task = await make_task(world)
    copy = CopyFact(task_id=task.task_id, variant="second_visit/b", text="小红，周四有位")
    await world.do(lambda unit: copy_script(unit, world.scope("E1"), copy))
    await called(world, task, clock)
    await clock.set(shanghai("2026-03-05 16:00"))
    for _ in range(2):
        await world.sale("C1", shanghai("2026-03-05 15:00"), cash=8_000, card=5_000, external_id="R-1")
    found = await rows_of(world, CREDITS)
    assert [(row["kind"], row["cash_cents"], row["card_cents"]) for row in found] == [
        ("arrived", 0, 0),
        ("purchased", 8_000, 5_000),
    ]
    assert {row["variant"] for row in found} == {"second_visit/b"}
    assert {row["reason_id"] for row in found} == {task.reason_id}
    (reason,) = await rows_of(world, "select result from task_reason where merchant_id = :merchant")
    assert reason == {"result": "arrived"}


async def test_the_last_contact_by_a_person_wins(world: World, clock: TestClock) -> None:
    first = await make_task(world, Ask(origin="own"))
    await called(world, first, clock)
    await clock.set(shanghai("2026-03-03 12:00"))
    second = await make_task(world, Ask(origin="own", who="E2"))
    await called(world, second, clock, who="E2")
    await clock.set(shanghai("2026-03-05 12:00"))
    await world.visit("C1", shanghai("2026-03-05 11:00"))
    (credit,) = await rows_of(world, CREDITS)
    assert (credit["task_id"], credit["staff_id"]) == (second.task_id, world.staff["E2"])


@pytest.mark.parametrize(
    ("day", "kinds"), [("2026-03-16", ["arrived", "purchased"]), ("2026-03-18", ["purchased"]), ("2026-04-03", [])]
)
async def test_windows_are_fourteen_and_thirty_days(world: World, clock: TestClock, day: str, kinds: list[str]) -> None:
    task = await make_task(world)
    await called(world, task, clock)
    await clock.set(shanghai(f"{day} 12:00"))
    await world.sale("C1", shanghai(f"{day} 11:00"))
    assert [row["kind"] for row in await rows_of(world, CREDITS)] == kinds


async def test_before_any_contact_and_for_others_there_is_no_credit(world: World, clock: TestClock) -> None:
    task = await make_task(world)
    await called(world, task, clock)
    await world.visit("C1", shanghai("2026-03-02 11:00"))
    await world.visit("C2", shanghai("2026-03-02 13:00"))
    assert await rows_of(world, CREDITS) == []


async def second_reason(world: World, task: Made, priority: int, kind: GoalKind) -> Made:
    plan = await make_plan(world, goals=(Goal(kind=kind, days=14),), exit_on=())
    passage = await make_enrolment(world, plan, Ask(), "active")
    made = Made(task.task_id, plan[0], plan[1], passage, new_id(), task.customer_id)
    await add_reason(world, made, Ask(priority=priority))
    return made


async def test_of_a_tasks_reasons_the_one_whose_goal_is_met_gets_it_then_the_highest(
    world: World, clock: TestClock
) -> None:
    task = await make_task(world, Ask(priority=900))
    wants_money = await second_reason(world, task, 100, GoalKind.PURCHASED)
    await called(world, task, clock)
    await clock.set(shanghai("2026-03-03 16:00"))
    await world.sale("C1", shanghai("2026-03-03 15:00"), service="OIL")
    await world.appointment("C1", shanghai("2026-03-08 10:00"))
    found = {str(row["kind"]): row["reason_id"] for row in await rows_of(world, CREDITS)}
    assert found == {"purchased": wants_money.reason_id, "booked": task.reason_id}
    states = await rows_of(world, "select id, state from enrolment where merchant_id = :merchant")
    assert {row["id"]: row["state"] for row in states}[wants_money.enrolment_id] == "converted"


async def test_a_top_up_meets_its_goal_without_a_credit_of_its_own(world: World, clock: TestClock) -> None:
    code = await world.card("C1", shanghai("2026-01-02 12:00"), principal=40_000)
    (card,) = await rows_of(world, "select id from card where merchant_id = :merchant")
    assert isinstance(card["id"], UUID)
    task = await make_task(world, Ask(template="card_balance_low", card_id=card["id"]))
    await called(world, task, clock)
    await clock.set(shanghai("2026-03-04 12:00"))
    await world.card_entry(code, "top_up", shanghai("2026-03-04 11:00"), principal=100_000)
    (passage,) = await rows_of(world, "select state from enrolment where merchant_id = :merchant")
    assert passage == {"state": "converted"}
    assert await rows_of(world, CREDITS) == []
    (reason,) = await rows_of(world, "select result from task_reason where merchant_id = :merchant")
    assert reason == {"result": "topped_up"}


@pytest.mark.parametrize("how", ["cancelled", "missed"])
async def test_an_appointment_that_came_to_nothing_takes_its_credit_back(
    world: World, clock: TestClock, how: str
) -> None:
    task = await make_task(world)
    await called(world, task, clock)
    await clock.set(shanghai("2026-03-03 12:00"))
    await world.appointment("C1", shanghai("2026-03-03 18:00"), external_id="A-1")
    assert [row["revoked_at"] for row in await rows_of(world, CREDITS)] == [None]
    await clock.set(shanghai("2026-03-04 12:00"))
    await world.appointment("C1", shanghai("2026-03-03 18:00"), external_id="A-1", status=how)
    (credit,) = await rows_of(world, CREDITS)
    assert (credit["kind"], credit["revoke_reason"]) == ("booked", f"appointment_{how}")


async def test_refunds_take_money_back_and_then_the_credit(world: World, clock: TestClock) -> None:
    task = await make_task(world)
    await called(world, task, clock)
    await clock.set(shanghai("2026-03-06 12:00"))
    await world.sale("C1", shanghai("2026-03-03 15:00"), service="OIL", cash=10_000)

    async def refund(day: str, cents: int) -> None:
        line = LineIn(product="OIL", quantity=Decimal(-1), cash_cents=-cents)
        await world.books(
            "sales", SaleIn(external_id=f"X-{day}", store="S1", at=shanghai(day), customer="C1", lines=(line,))
        )

    await refund("2026-03-04 15:00", 4_000)
    (credit,) = await rows_of(world, CREDITS)
    assert (credit["cash_cents"], credit["revoked_at"]) == (6_000, None)
    await refund("2026-03-05 15:00", 6_000)
    (credit,) = await rows_of(world, CREDITS)
    assert (credit["cash_cents"], credit["revoke_reason"]) == (0, "refunded")
