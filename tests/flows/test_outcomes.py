"""Each outcome of engine.md: what it needs, and exactly what follows."""

from datetime import timedelta
from typing import Any

import pytest

from backend.db.units import Units
from tasks.callbacks.numbers import ask_number_of
from tasks.callbacks.replies import close_unanswered
from tasks.callbacks.tables import Outcome
from tasks.flow.work_task import Bucket, TaskQuery, list_tasks, wake_waiting
from tasks.kernel.errors import Invalid
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tests.support.clock import TestClock, shanghai
from tests.support.outcomes import DEFAULTS, Logs
from tests.support.rows import Ask, make_enrolment, make_plan, make_task, rows_of, task_row
from tests.support.world import make_world


@pytest.fixture
async def logs(units: Units, master: MasterKey, clock: TestClock) -> Logs:
    await clock.set(shanghai("2026-03-02 12:00"))
    return Logs(await make_world(units, master, employees=2, customers=2), clock)


STANDS = {
    "booked": ("done", "callback", None, True, True),
    "will_come": ("done", "callback", None, True, True),
    "purchased": ("done", "callback", None, True, True),
    "topped_up": ("done", "callback", None, True, True),
    "interested_later": ("waiting", None, "later", True, True),
    "callback_requested": ("waiting", None, "callback", True, True),
    "message_sent": ("waiting", None, "reply", True, False),
    "no_answer": ("waiting", None, "retry", True, False),
    "busy": ("waiting", None, "retry", True, False),
    "wrong_number": ("done", "wrong_number", None, False, False),
    "not_interested": ("done", "callback", None, True, True),
    "refused_contact": ("done", "do_not_contact", None, True, True),
    "complaint": ("done", "callback", None, True, True),
    "already_done": ("moot", "arrived", None, False, False),
    "skipped": ("done", "skipped", None, False, False),
}
"""Outcome → status, close reason, wait kind; whether she was contacted, and reached."""
UNTRIED = {"already_done", "skipped"}


def test_every_outcome_is_told_here() -> None:
    assert set(STANDS) == set(DEFAULTS) == {outcome.value for outcome in Outcome}


@pytest.mark.parametrize("outcome", list(STANDS))
async def test_the_task_takes_the_state_the_outcome_asks_for(logs: Logs, outcome: str) -> None:
    task = await make_task(logs.world)
    answer = await logs.says(task, outcome)
    status, reason, kind, contacted, reached = STANDS[outcome]
    assert (answer.verdict, answer.status, answer.close_reason, answer.wait_kind) == ("applied", status, reason, kind)
    assert await logs.contacts() == ([("wechat" if outcome == "message_sent" else "phone", reached)] * contacted)
    assert answer.attempts == (0 if outcome in UNTRIED else 1)
    state, _, result = await logs.reason(task)
    assert (state, result) == (("closed", outcome) if status in {"done", "moot"} else ("live", None))


@pytest.mark.parametrize(
    ("outcome", "fields", "blamed"),
    [
        ("will_come", {"promisedOn": "2026-03-01"}, "fields.promisedOn"),
        ("will_come", {"promisedOn": None}, "fields.promisedOn"),
        ("will_come", {"halfDay": "noon"}, "fields.halfDay"),
        ("purchased", {"amountCents": 0}, "fields.amountCents"),
        ("topped_up", {"amountCents": 100_000_001}, "fields.amountCents"),
        ("interested_later", {"contactAt": "2026-03-02T11:00:00+08:00"}, "fields.contactAt"),
        ("interested_later", {"contactAt": None}, "fields.contactAt"),
        ("message_sent", {"channel": "phone"}, "channel"),
        ("message_sent", {"text": "hi"}, "fields.text"),
        ("busy", {"minutes": 5}, "fields.minutes"),
        ("wrong_number", {"contactPointId": str(new_id())}, "fields.contactPointId"),
        ("not_interested", {"reason": "mood"}, "fields.reason"),
        ("not_interested", {"reason": None}, "fields.reason"),
        ("complaint", {"category": "mood"}, "fields.category"),
        ("skipped", {"reason": None}, "fields.reason"),
        ("skipped", {"reason": "price"}, "fields.reason"),
        ("refused_contact", {"scope": "sms"}, "fields.scope"),
        ("invented", {}, "outcome"),
    ],
)
async def test_what_is_missing_or_makes_no_sense_is_named_and_nothing_is_kept(
    logs: Logs, outcome: str, fields: dict[str, Any], blamed: str
) -> None:
    task = await make_task(logs.world)
    with pytest.raises(Invalid) as refused:
        await logs.says(task, outcome, **fields)
    assert refused.value.field == blamed
    assert await rows_of(logs.world, "select id from callback where merchant_id = :merchant") == []
    assert await logs.task(task) == ("open", None)


async def test_a_promise_is_written_down_and_ends_no_plan(logs: Logs) -> None:
    task = await make_task(logs.world)
    answer = await logs.says(task, "will_come", promisedOn="2026-03-05", halfDay="afternoon")
    promise = await logs.one("select * from promise where merchant_id = :merchant")
    assert (str(promise["promised_on"]), promise["half_day"], promise["state"]) == ("2026-03-05", "pm", "open")
    assert (promise["callback_id"], promise["task_id"]) == (answer.callback_id, task.task_id)
    assert promise["staff_id"] == logs.world.staff["E1"]
    assert await logs.passage(task.enrolment_id) == ("completed", None)


@pytest.mark.parametrize(("outcome", "exit_on"), [("purchased", "purchased"), ("topped_up", "topped_up")])
async def test_a_claim_waits_for_the_books_and_ends_the_plans_it_ends(logs: Logs, outcome: str, exit_on: str) -> None:
    ended = await make_task(logs.world, plan=await make_plan(logs.world, exit_on=(exit_on,)))
    await logs.says(ended, outcome, amountCents=30_000)
    kept = await logs.one("select claim, fields from callback where merchant_id = :merchant")
    assert kept == {"claim": "pending", "fields": {"amountCents": 30_000}}
    assert await logs.passage(ended.enrolment_id) == ("exited", exit_on)
    other = await make_task(logs.world, Ask("C2"), await make_plan(logs.world, exit_on=("arrived",)))
    await logs.says(other, outcome)
    assert await logs.passage(other.enrolment_id) == ("completed", None)


async def test_who_is_interested_later_comes_back_then_to_the_same_employee(logs: Logs) -> None:
    task = await make_task(logs.world)
    answer = await logs.says(task, "interested_later", contactAt="2026-03-06T10:00:00+08:00")
    assert answer.wait_until == shanghai("2026-03-06 10:00")
    assert await logs.world.do(lambda unit: wake_waiting(unit, 10)) == 0
    await logs.at("2026-03-06 10:00")
    assert await logs.world.do(lambda unit: wake_waiting(unit, 10)) == 1
    row = await task_row(logs.world, task.task_id)
    assert (row["status"], row["assignee_id"], row["wait_kind"]) == ("open", logs.world.staff["E1"], None)


async def test_busy_climbs_the_same_ladder_as_no_answer(logs: Logs) -> None:
    task = await make_task(logs.world)
    first = await logs.says(task, "busy")
    assert first.wait_until == first.occurred_at + timedelta(hours=4)
    await logs.at("2026-03-02 16:05")
    second = await logs.says(task, "no_answer")
    assert second.wait_until == shanghai("2026-03-03 09:30"), "never a third call of a day"
    await logs.at("2026-03-03 09:40")
    third = await logs.says(task, "busy")
    assert (third.status, third.close_reason, third.attempts) == ("done", "exhausted", 3)


async def test_two_calls_a_day_are_enough_whatever_the_task(logs: Logs) -> None:
    await logs.at("2026-03-02 10:00")
    own = await make_task(logs.world, Ask(origin="own"))
    task = await make_task(logs.world)
    first = await logs.says(own, "busy")
    assert first.wait_until == first.occurred_at + timedelta(hours=4)
    again = await logs.says(task, "busy")
    assert again.wait_until == shanghai("2026-03-03 14:00"), "she was called twice today"


async def test_a_message_is_no_call_on_the_ladder(logs: Logs) -> None:
    task = await make_task(logs.world)
    await logs.says(task, "message_sent")
    await logs.later(minutes=5)
    called = await logs.says(task, "no_answer")
    assert called.wait_until == called.occurred_at + timedelta(hours=4), "the first call of all"


async def test_a_wrong_number_is_invalid_and_another_one_is_tried(logs: Logs) -> None:
    await logs.world.customer("C3", wechat="hong_1990")
    task = await make_task(logs.world, Ask("C3", status="in_progress"))
    answer = await logs.says(task, "wrong_number")
    assert (answer.status, answer.ask_number) == ("open", True), "WeChat is left"
    points = await rows_of(
        logs.world, "select kind, valid from contact_point where merchant_id = :merchant and customer_id = :c order by kind",
        c=task.customer_id,
    )  # fmt: skip
    assert [(row["kind"], row["valid"]) for row in points] == [("phone", False), ("wechat", True)]
    ask = [logs.world.customers["C3"], logs.world.customers["C1"]]
    assert await logs.world.do(lambda unit: ask_number_of(unit, ask)) == {task.customer_id}
    await logs.world.customer("C3", phone="13812345678")
    assert await logs.world.do(lambda unit: ask_number_of(unit, ask)) == set()


async def test_of_two_numbers_the_one_that_was_meant_is_wrong(logs: Logs) -> None:
    await logs.world.customer("C1", phone="13912345678")
    task = await make_task(logs.world)
    points = await rows_of(
        logs.world,
        "select id from contact_point where merchant_id = :merchant and customer_id = :c order by id",
        c=task.customer_id,
    )
    answer = await logs.says(task, "wrong_number", contactPointId=str(points[1]["id"]))
    assert (answer.status, answer.ask_number) == ("open", False)
    left = await logs.one(
        "select id from contact_point where merchant_id = :merchant and customer_id = :c and valid", c=task.customer_id
    )
    assert left["id"] == points[0]["id"]


async def test_already_there_is_moot_and_earns_no_credit(logs: Logs) -> None:
    task = await make_task(logs.world)
    await logs.says(task, "already_done")
    await logs.world.visit("C1", await logs.later(hours=1))
    assert await rows_of(logs.world, "select id from credit where merchant_id = :merchant") == []
    assert await logs.passage(task.enrolment_id) == ("exited", "arrived")


async def test_skipping_contacts_nobody_and_lets_the_plan_go_on(logs: Logs) -> None:
    task = await make_task(logs.world)
    await logs.says(task, "skipped", reason="duplicate", note="同事刚聊过")
    kept = await logs.one("select fields, sealed is not null as noted from callback where merchant_id = :merchant")
    assert kept == {"fields": {"reason": "duplicate"}, "noted": True}
    assert await logs.passage(task.enrolment_id) == ("completed", None)


async def test_who_is_not_interested_gets_no_further_step(logs: Logs) -> None:
    task = await make_task(logs.world)
    other = await make_enrolment(logs.world, await make_plan(logs.world), Ask(opens=48))
    await logs.says(task, "not_interested", reason="no_need")
    assert await logs.passage(task.enrolment_id) == ("exited", "not_interested")
    assert await logs.passage(other) == ("waiting", None), "what fires later is decided when it fires"


async def test_a_message_waits_quietly_in_a_list_of_its_own(logs: Logs) -> None:
    task = await make_task(logs.world, Ask(due=1))
    answer = await logs.says(task, "message_sent")
    assert answer.wait_until == answer.occurred_at + timedelta(hours=48)
    await logs.at("2026-03-04 12:30")
    assert await logs.world.do(lambda unit: wake_waiting(unit, 10)) == 0
    page = await logs.world.do(lambda unit: list_tasks(unit, logs.world.scope("E1"), TaskQuery(bucket=Bucket.REPLIES)))
    assert [row.id for row in page.items] == [task.task_id]
    assert {name: n for name, n in page.counts.items() if n} == {"replies": 1}
    assert await logs.world.do(lambda unit: close_unanswered(unit, 10)) == 1
    assert await logs.task(task) == ("done", "sent_no_reply")
    assert await logs.reason(task) == ("closed", "sent_no_reply", "message_sent")
    assert await logs.world.do(lambda unit: close_unanswered(unit, 10)) == 0


@pytest.mark.parametrize(("what", "reason"), [("booking", "booked"), ("visit", "arrived"), ("sale", "purchased")])
async def test_a_booking_visit_or_purchase_upgrades_a_message(logs: Logs, what: str, reason: str) -> None:
    task = await make_task(logs.world, plan=await make_plan(logs.world, exit_on=("do_not_contact",)))
    own = await make_task(logs.world, Ask("C2", origin="own"))
    await logs.says(task, "message_sent")
    await logs.says(own, "message_sent")
    at = await logs.later(hours=1)
    if what == "booking":
        await logs.world.appointment("C1", shanghai("2026-03-06 10:00"))
    elif what == "visit":
        await logs.world.visit("C1", at)
    else:
        await logs.world.sale("C1", at, service="OIL")
    assert await logs.task(task) == ("done", reason), "done, not moot: the work was done"
    assert await logs.task(own) == ("waiting", None)
    assert sorted(await logs.contacts()) == [("wechat", False), ("wechat", True)]


async def test_what_happened_before_the_message_is_no_answer_to_it(logs: Logs) -> None:
    task = await make_task(logs.world, plan=await make_plan(logs.world, exit_on=("do_not_contact",)))
    before = await logs.clock.now()
    await logs.later(hours=1)
    await logs.says(task, "message_sent")
    await logs.world.sale("C1", before, service="OIL")
    assert await logs.task(task) == ("waiting", None)


async def test_a_reply_is_logged_as_what_it_was(logs: Logs) -> None:
    task = await make_task(logs.world)
    await logs.says(task, "message_sent")
    await logs.later(hours=3)
    answer = await logs.says(task, "booked")
    assert (answer.status, answer.close_reason, answer.attempts) == ("done", "callback", 2)
