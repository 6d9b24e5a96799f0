"""Promises: "Thursday" becomes a date that the books keep or break, and a broken one leads to one task. 2 March 2026 is a Monday."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest

from backend.db.units import Units
from tasks.flow.manage_plans import stop_everything
from tasks.flow.work_task import Bucket, TaskQuery, list_tasks
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.ledger.inputs import LineIn, SaleIn
from tasks.people.contact_state import complain, mark_wrong_number, refuse
from tasks.people.service import add_closure
from tasks.promises.service import KeptRate, kept_rate, withdraw
from tests.support.clock import TestClock, shanghai
from tests.support.plans import rows, sweep
from tests.support.promises import promise_row, recovery_of, say
from tests.support.rows import Ask, make_task, rows_of, task_row
from tests.support.world import World, make_world

THURSDAY = "2026-03-05"
FRIDAY_MORNING = "2026-03-06 09:00"


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-02 12:00"))
    return await make_world(units, master, employees=2, customers=2)


async def came(world: World) -> None:
    await world.visit("C1", shanghai("2026-03-05 15:00"))


async def bought_online_the_day_before(world: World) -> None:
    await world.sale("C1", shanghai("2026-03-04 21:00"), service="OIL")


async def used_her_card(world: World) -> None:
    card = await world.card("C1", shanghai("2026-01-05 12:00"))
    await world.card_entry(card, "consume", shanghai("2026-03-05 15:00"), principal=-10_000)


@pytest.mark.parametrize("kept_by", [came, bought_online_the_day_before, used_her_card])
async def test_a_promise_is_kept_as_soon_as_the_books_say_so(
    world: World, clock: TestClock, kept_by: Callable[[World], Awaitable[None]]
) -> None:
    promise = await say(world, "C1", THURSDAY)
    await clock.set(shanghai("2026-03-05 20:00"))
    await kept_by(world)
    row = await promise_row(world, promise)
    assert row["state"] == "kept"
    assert row["settled_at"] is not None
    await clock.set(shanghai(FRIDAY_MORNING))
    assert (await sweep(world)).promises == 0
    assert await recovery_of(world, promise) is None


async def test_the_visit_of_the_morning_keeps_nothing_that_was_promised_at_noon(world: World, clock: TestClock) -> None:
    await world.visit("C1", shanghai("2026-03-02 10:30"))
    promise = await say(world, "C1", "2026-03-02", half="afternoon")
    assert (await promise_row(world, promise))["half_day"] == "pm"
    await clock.set(shanghai("2026-03-03 09:00"))
    await sweep(world)
    assert (await promise_row(world, promise))["state"] == "broken"


async def test_a_broken_promise_leads_to_one_task_for_the_same_employee(world: World, clock: TestClock) -> None:
    promise = await say(world, "C1", THURSDAY)
    await clock.set(shanghai("2026-03-06 08:59"))
    assert (await sweep(world)).promises == 0
    await clock.set(shanghai(FRIDAY_MORNING))
    assert [row["merchant_id"] for row in await due_merchants(world)] == [world.merchant_id]
    assert (await sweep(world)).promises == 1
    row, task = await promise_row(world, promise), await recovery_of(world, promise)
    assert row["state"] == "broken"
    assert task is not None
    assert (task["origin"], task["cause"], task["status"], task["priority"]) == (
        "recovery",
        "broken_promise",
        "open",
        850,
    )
    assert (task["assignee_id"], task["opens_on"]) == (world.staff["E1"], date(2026, 3, 6))
    assert (task["due_at"], task["expires_at"]) == (shanghai("2026-03-07 00:00"), shanghai("2026-03-09 00:00"))
    assert task["contact_from"] == shanghai("2026-03-06 09:30"), "the window opens later than the list"
    assert await due_merchants(world) == []
    assert (await sweep(world)).promises == 0
    assert len(await rows_of(world, "select id from task where merchant_id = :merchant")) == 1
    told = await rows_of(world, "select action, to_status from task_history where merchant_id = :merchant")
    assert told == [{"action": "made", "to_status": "open"}]
    assert len(await rows_of(world, "select task_id from task_change where merchant_id = :merchant")) == 1


async def due_merchants(world: World) -> list[dict[str, Any]]:
    """What the sweeper finds of this merchant."""
    return await rows(world, "select merchant_id from merchants_due(:now) where merchant_id = :merchant")


async def test_the_list_says_what_she_promised(world: World, clock: TestClock) -> None:
    await say(world, "C1", THURSDAY, half="afternoon")
    await clock.set(shanghai(FRIDAY_MORNING))
    await sweep(world)
    page = await world.do(lambda unit: list_tasks(unit, world.scope("E1"), TaskQuery(bucket=Bucket.TODAY)))
    assert [row.why for row in page.items] == ["说好昨天下午来，没有到店"]
    page = await world.do(lambda unit: list_tasks(unit, world.scope("E1"), TaskQuery(locale="en")))
    assert [row.why for row in page.items] == ["Said she would come yesterday afternoon, and did not"]


async def test_late_books_make_it_a_kept_promise_and_take_the_task_back(world: World, clock: TestClock) -> None:
    promise = await say(world, "C1", THURSDAY)
    await clock.set(shanghai(FRIDAY_MORNING))
    await sweep(world)
    task = await recovery_of(world, promise)
    assert task is not None
    await clock.set(shanghai("2026-03-06 12:00"))
    await world.visit("C1", shanghai("2026-03-05 15:00"), historic=True)
    assert (await promise_row(world, promise))["state"] == "kept"
    row = await task_row(world, task["id"])
    assert (row["status"], row["close_reason"]) == ("moot", "arrived")


async def test_who_comes_later_has_broken_it_and_need_not_be_asked(world: World, clock: TestClock) -> None:
    promise = await say(world, "C1", THURSDAY)
    await clock.set(shanghai(FRIDAY_MORNING))
    await sweep(world)
    await clock.set(shanghai("2026-03-06 18:00"))
    await world.sale("C1", shanghai("2026-03-06 17:00"), service="OIL")
    task = await recovery_of(world, promise)
    assert task is not None
    assert ((await promise_row(world, promise))["state"], task["status"], task["close_reason"]) == (
        "broken",
        "moot",
        "purchased",
    )


async def other_task(world: World) -> None:
    await make_task(world)


async def appointment(world: World) -> None:
    await world.appointment("C1", shanghai("2026-03-09 11:00"))


async def refusal(world: World) -> None:
    await world.do(lambda unit: refuse(unit, world.customers["C1"], "all"))


async def complaint(world: World) -> None:
    await world.do(lambda unit: complain(unit, [world.customers["C1"]]))


async def wrong_number(world: World) -> None:
    await world.do(lambda unit: mark_wrong_number(unit, world.customers["C1"]))


async def stop(world: World) -> None:
    await world.do(lambda unit: stop_everything(unit, stopped=True, reason="盘点"))


async def later_visit(world: World) -> None:
    await world.visit("C1", shanghai("2026-03-06 08:30"))


@pytest.mark.parametrize("meanwhile", [other_task, appointment, refusal, complaint, wrong_number, stop, later_visit])
async def test_nobody_asks_when_somebody_sees_to_her_or_may_not(
    world: World, clock: TestClock, meanwhile: Callable[[World], Awaitable[None]]
) -> None:
    promise = await say(world, "C1", THURSDAY)
    await clock.set(shanghai(FRIDAY_MORNING))
    await meanwhile(world)
    await sweep(world)
    row = await promise_row(world, promise)
    assert (row["state"], row["recovery_task_id"]) == ("broken", None)


async def test_a_sweep_that_comes_weeks_later_settles_and_asks_nobody(world: World, clock: TestClock) -> None:
    promise = await say(world, "C1", THURSDAY)
    await clock.set(shanghai("2026-03-13 09:00"))
    await sweep(world)
    row = await promise_row(world, promise)
    assert (row["state"], row["recovery_task_id"]) == ("broken", None)


async def test_a_closure_stops_the_clock_even_one_that_is_entered_later(world: World, clock: TestClock) -> None:
    promise = await say(world, "C1", THURSDAY)
    store = world.stores["S1"]
    await world.do(lambda unit: add_closure(unit, store, date(2026, 3, 5), date(2026, 3, 7), reason="装修"))
    known = await say(world, "C2", THURSDAY)
    assert (await promise_row(world, known))["settle_at"] == shanghai("2026-03-09 09:00")
    await clock.set(shanghai(FRIDAY_MORNING))
    await sweep(world)
    row = await promise_row(world, promise)
    assert (row["state"], row["until_on"], row["settle_at"]) == ("open", date(2026, 3, 8), shanghai("2026-03-09 09:00"))
    await clock.set(shanghai("2026-03-09 09:00"))
    await world.visit("C2", shanghai("2026-03-08 16:00"))
    await sweep(world)
    assert (await promise_row(world, promise))["state"] == "broken"
    assert (await promise_row(world, known))["state"] == "kept", "she came as soon as the store was open again"


async def away(world: World, who: str, last: str) -> None:
    await rows(
        world, "insert into staff_leave (merchant_id, id, staff_id, from_on, to_on) values (:merchant, :id, :who, '2026-03-01', :last) returning id",
        id=new_id(), who=world.staff[who], last=date.fromisoformat(last),
    )  # fmt: skip


async def test_who_is_off_that_day_asks_on_the_next(world: World, clock: TestClock) -> None:
    promise = await say(world, "C1", THURSDAY)
    await away(world, "E1", "2026-03-06")
    await clock.set(shanghai(FRIDAY_MORNING))
    await sweep(world)
    task = await recovery_of(world, promise)
    assert task is not None
    assert (task["assignee_id"], task["status"], task["opens_at"]) == (
        world.staff["E1"],
        "queued",
        shanghai("2026-03-07 09:00"),
    )


@pytest.mark.parametrize(
    ("consultant", "pool", "expected"), [("E2", True, "E2"), (None, True, None), (None, False, "manager")]
)
async def test_the_task_of_somebody_away_goes_down_the_chain(
    world: World, clock: TestClock, consultant: str | None, *, pool: bool, expected: str | None
) -> None:
    await world.customer("C1", consultant=consultant)
    await rows(world, "update store set pool = :pool where merchant_id = :merchant returning id", pool=pool)
    promise = await say(world, "C1", THURSDAY)
    await away(world, "E1", "2026-03-30")
    await clock.set(shanghai(FRIDAY_MORNING))
    await sweep(world)
    task = await recovery_of(world, promise)
    assert task is not None
    assert task["assignee_id"] == (world.staff[expected] if expected else None)


async def test_another_day_takes_the_place_of_the_first(world: World, clock: TestClock) -> None:
    first = await say(world, "C1", THURSDAY)
    await clock.set(shanghai("2026-03-04 12:00"))
    second = await say(world, "C1", "2026-03-07")
    assert (await promise_row(world, first))["state"] == "withdrawn"
    await clock.set(shanghai(FRIDAY_MORNING))
    await sweep(world)
    assert (await promise_row(world, second))["state"] == "open"


async def test_what_is_corrected_counts_for_nothing_and_its_task_goes(world: World, clock: TestClock) -> None:
    promise = await say(world, "C1", THURSDAY)
    callback = new_id()
    made = await make_task(world, Ask("C2"))
    await rows(
        world, "insert into callback (merchant_id, id, task_id, customer_id, staff_id, action_id, outcome, channel, fields, verdict, occurred_at, received_at) "
        "values (:merchant, :id, :task, :customer, :staff, :id, 'will_come', 'phone', '{}', 'applied', :now, :now) returning id",
        id=callback, task=made.task_id, customer=world.customers["C1"], staff=world.staff["E1"],
    )  # fmt: skip
    await rows(
        world,
        "update promise set callback_id = :callback where merchant_id = :merchant returning id",
        callback=callback,
    )
    await clock.set(shanghai(FRIDAY_MORNING))
    await sweep(world)
    assert await world.do(lambda unit: withdraw(unit, callback)) == 1
    task = await recovery_of(world, promise)
    assert task is not None
    assert ((await promise_row(world, promise))["state"], task["status"], task["close_reason"]) == (
        "withdrawn",
        "cancelled",
        "cancelled",
    )
    assert await world.do(lambda unit: withdraw(unit, callback)) == 0
    assert await rates(world) == {}


async def rates(world: World) -> dict[str, KeptRate]:
    async def read(unit: Unit) -> dict[str, KeptRate]:
        found = await kept_rate(unit, world.customers.values())
        return {code: found[ident] for code, ident in world.customers.items() if ident in found}

    return await world.do(read)


async def test_the_kept_rate_counts_what_is_settled(world: World, clock: TestClock) -> None:
    assert await world.do(lambda unit: kept_rate(unit, [])) == {}
    for day in ("2026-03-03", "2026-03-04", "2026-03-05"):
        await clock.set(shanghai(f"{day} 09:00"))
        await say(world, "C1", day)
    await world.visit("C1", shanghai("2026-03-05 09:30"))
    await clock.set(shanghai("2026-03-05 12:00"))
    await say(world, "C1", "2026-03-09")
    await clock.set(shanghai("2026-03-06 12:00"))
    await sweep(world)
    assert await rates(world) == {"C1": KeptRate(kept=1, settled=3)}
    assert KeptRate(1, 3).percent == 33


async def test_a_receipt_that_was_not_hers_breaks_the_promise_after_all(world: World, clock: TestClock) -> None:
    promise = await say(world, "C1", THURSDAY)
    await clock.set(shanghai("2026-03-05 20:00"))
    await world.sale("C1", shanghai("2026-03-05 15:00"), service="OIL", external_id="R1")
    assert (await promise_row(world, promise))["state"] == "kept"
    line = LineIn(product="OIL", cash_cents=10_000, card_cents=0)
    await world.books(
        "sales", SaleIn(external_id="R1", store="S1", at=shanghai("2026-03-05 15:00"), customer="C2", lines=(line,))
    )
    assert (await promise_row(world, promise))["state"] == "open"
    await clock.set(shanghai(FRIDAY_MORNING))
    await sweep(world)
    assert (await promise_row(world, promise))["state"] == "broken"
    assert await recovery_of(world, promise) is not None
