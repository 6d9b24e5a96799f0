"""A correction is a new row: what it corrects stops counting, and what that had done is taken back."""

from datetime import date, timedelta
from typing import Any

import pytest

from backend.db.units import Units
from tasks.callbacks.faults import CallbackVoid, CorrectionTooLate
from tasks.callbacks.refusals import lift_refusal
from tasks.kernel.errors import Forbidden, Invalid
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.people.contact_state import refuse
from tasks.stats.service import completion
from tests.support.clock import TestClock, shanghai
from tests.support.outcomes import Logs
from tests.support.rows import Ask, make_plan, make_task, rows_of, task_row
from tests.support.world import make_world

TODAY = date(2026, 3, 2)


@pytest.fixture
async def logs(units: Units, master: MasterKey, clock: TestClock) -> Logs:
    await clock.set(shanghai("2026-03-02 12:00"))
    return Logs(await make_world(units, master, employees=2, customers=2), clock)


async def callbacks(logs: Logs) -> list[dict[str, Any]]:
    return await rows_of(
        logs.world,
        "select id, outcome, corrects, verdict, void_at is not null as void, occurred_at from callback where merchant_id = :merchant order by received_at, id",
    )


async def test_a_call_that_was_a_booking_after_all(logs: Logs) -> None:
    task = await make_task(logs.world)
    first = await logs.says(task, "no_answer")
    await logs.later(minutes=5)
    answer = await logs.says(task, "booked", corrects=first.callback_id)
    assert (answer.verdict, answer.status, answer.attempts, answer.corrects) == (
        "applied",
        "done",
        1,
        first.callback_id,
    )
    assert answer.occurred_at == first.occurred_at, "it is the same contact"
    before, after = await callbacks(logs)
    assert (before["void"], before["verdict"], after["corrects"]) == (True, "applied", before["id"])
    assert await logs.contacts() == [("phone", True)], "and one contact"
    assert await logs.reason(task) == ("closed", "callback", "booked")


async def test_a_booking_that_was_none_is_called_off(logs: Logs) -> None:
    task = await make_task(logs.world)
    booked = await logs.says(task, "booked")
    await logs.later(minutes=5)
    answer = await logs.says(task, "no_answer", corrects=booked.callback_id)
    assert (answer.verdict, answer.status, answer.wait_kind) == ("applied", "done", None), "closed for good"
    appointment = await logs.one("select status from appointment where merchant_id = :merchant")
    event = await logs.one("select state from event where merchant_id = :merchant and type = 'appointment_booked'")
    credit = await logs.one(
        "select revoked_at is not null as gone, revoke_reason from credit where merchant_id = :merchant"
    )
    assert (appointment["status"], event["state"]) == ("cancelled", "withdrawn")
    assert credit == {"gone": True, "revoke_reason": "corrected"}
    assert await logs.reason(task) == ("closed", "callback", "no_answer")
    assert await logs.contacts() == [("phone", False)]
    assert (await logs.passage(task.enrolment_id))[0] != "converted"


async def test_an_appointment_the_pos_has_by_now_stays(logs: Logs) -> None:
    task = await make_task(logs.world)
    booked = await logs.says(task, "booked")
    await logs.world.appointment("C1", shanghai("2026-03-05 15:00"), external_id="POS-1")
    await logs.says(task, "no_answer", corrects=booked.callback_id)
    assert (await logs.one("select status from appointment where merchant_id = :merchant"))["status"] == "booked"


async def test_an_appointment_that_stood_before_stays(logs: Logs) -> None:
    task = await make_task(logs.world)
    await logs.world.appointment("C1", shanghai("2026-03-05 10:00"))
    booked = await logs.says(task, "booked")
    await logs.says(task, "will_come", corrects=booked.callback_id)
    assert (await logs.one("select status from appointment where merchant_id = :merchant"))["status"] == "booked"


async def test_a_promise_is_withdrawn(logs: Logs) -> None:
    task = await make_task(logs.world)
    promised = await logs.says(task, "will_come")
    await logs.says(task, "will_come", corrects=promised.callback_id, promisedOn="2026-03-06")
    kept = await rows_of(
        logs.world, "select promised_on, state from promise where merchant_id = :merchant order by promised_on"
    )
    assert [(str(row["promised_on"]), row["state"]) for row in kept] == [
        ("2026-03-05", "withdrawn"),
        ("2026-03-06", "open"),
    ]


async def test_a_number_that_was_right_after_all(logs: Logs) -> None:
    task = await make_task(logs.world)
    wrong = await logs.says(task, "wrong_number")
    assert wrong.ask_number
    assert await logs.contacts() == []
    answer = await logs.says(task, "purchased", corrects=wrong.callback_id)
    assert (answer.ask_number, answer.close_reason) == (False, "callback")
    point = await logs.one(
        "select valid from contact_point where merchant_id = :merchant and customer_id = :c", c=task.customer_id
    )
    assert point["valid"] is True
    assert await logs.contacts() == [("phone", True)]


async def test_a_refusal_that_was_none_lifts_only_itself(logs: Logs) -> None:
    await logs.world.customer("C3", wechat="hong_1990")
    task, own = await make_task(logs.world, Ask("C3")), await make_task(logs.world, Ask("C3", origin="own"))
    await logs.says(own, "refused_contact", scope="phone")
    await logs.later(minutes=1)
    mistaken = await logs.says(task, "refused_contact", scope="all")
    answer = await logs.says(task, "callback_requested", corrects=mistaken.callback_id)
    state = await logs.state_of("C3")
    assert state["no_phone_at"] is not None, "what she said before stands"
    assert state["no_contact_at"] is None
    consent = await rows_of(
        logs.world, "select granted, source from consent where merchant_id = :merchant and customer_id = :c order by at, id",
        c=task.customer_id,
    )  # fmt: skip
    assert [row["granted"] for row in consent] == [True, False, True]
    assert consent[-1]["source"] == "undo"
    assert answer.status == "done", "a closed task never opens again"


async def test_what_is_said_last_in_one_instant_counts(logs: Logs) -> None:
    """A refusal that is corrected to a refusal is lifted and said again in one unit: of rows of one instant the later made is the newer, every time."""
    customer = await logs.world.customer("C3")
    newest = "select granted from consent where merchant_id = :merchant and customer_id = :c and kind = 'person' order by at desc, id desc limit 1"
    async with logs.world.units.open(logs.world.merchant_id) as unit:
        for _ in range(50):
            await refuse(unit, customer, "all")
            assert await unit.scalar(newest, c=customer) is False
            await lift_refusal(unit, customer, unit.now, logs.world.staff["E1"])
            assert await unit.scalar(newest, c=customer) is True


async def test_what_was_promised_after_the_task_closed_is_kept_by_a_task_of_ones_own(logs: Logs) -> None:
    task = await make_task(logs.world)
    booked = await logs.says(task, "booked")
    answer = await logs.says(task, "callback_requested", corrects=booked.callback_id, note="她说周二晚上再聊")
    assert answer.follow_up_task_id is not None
    own = await task_row(logs.world, answer.follow_up_task_id)
    assert (own["origin"], own["status"], own["assignee_id"]) == ("own", "queued", logs.world.staff["E1"])
    assert (own["opens_at"], own["due_at"]) == (shanghai("2026-03-03 18:00"), shanghai("2026-03-04 00:00"))
    assert own["source_task_id"] == task.task_id


async def test_a_complaint_that_was_none_takes_everything_back(logs: Logs) -> None:
    task = await make_task(logs.world)
    complained = await logs.says(task, "complaint")
    recovery = await logs.one("select id from task where merchant_id = :merchant and origin = 'recovery'")
    await logs.later(minutes=2)
    await logs.says(task, "not_interested", corrects=complained.callback_id)
    assert await logs.task(recovery["id"]) == ("cancelled", "cancelled")
    state = await logs.state_of()
    assert (state["complaint_at"], state["marketing_frozen_until"]) == (None, None)
    event = await logs.one("select state from event where merchant_id = :merchant and type = 'complaint'")
    assert event["state"] == "withdrawn"


async def test_a_complaint_from_elsewhere_keeps_its_protection(logs: Logs) -> None:
    task = await make_task(logs.world)
    own = await make_task(logs.world, Ask(origin="own"))
    mistaken = await logs.says(task, "complaint")
    await logs.later(minutes=2)
    again = await logs.says(own, "complaint", category="price")
    await logs.says(task, "skipped", corrects=mistaken.callback_id)
    state = await logs.state_of()
    assert state["complaint_at"] == again.received_at
    assert state["marketing_frozen_until"] == again.received_at + timedelta(days=30)


async def test_the_attempts_stay_as_many_as_there_were(logs: Logs) -> None:
    task = await make_task(logs.world)
    first = await logs.says(task, "no_answer")
    second = await logs.says(task, "busy", corrects=first.callback_id)
    assert (second.attempts, second.wait_until) == (1, first.wait_until), "still the first call"
    third = await logs.says(task, "skipped", corrects=second.callback_id)
    assert (third.attempts, third.status, third.close_reason) == (0, "done", "skipped")
    assert await logs.contacts() == []


async def test_a_skip_that_was_a_call_counts_as_one(logs: Logs) -> None:
    task = await make_task(logs.world)
    skipped = await logs.says(task, "skipped")
    await logs.says(task, "booked", corrects=skipped.callback_id)
    assert await logs.task(task) == ("done", "callback")
    (row,) = await logs.world.do(lambda unit: completion(unit, logs.world.scope("manager"), TODAY, TODAY, "employee"))
    assert (row.attempted, row.positive, row.done, row.skipped) == (1, 1, 1, 0)


async def test_what_was_credited_to_a_contact_that_was_none_is_taken_back(logs: Logs) -> None:
    task = await make_task(logs.world, plan=await make_plan(logs.world, exit_on=()))
    bought = await logs.says(task, "purchased")
    await logs.world.sale("C1", await logs.later(hours=1), service="OIL")
    await logs.says(task, "skipped", corrects=bought.callback_id)
    credits_ = await rows_of(logs.world, "select revoke_reason from credit where merchant_id = :merchant")
    assert [row["revoke_reason"] for row in credits_] == ["corrected"]
    left = await logs.one("select task_id, human from contact where merchant_id = :merchant")
    assert left == {"task_id": None, "human": False}


async def test_a_later_word_stands_and_the_correction_is_kept_as_a_fact(logs: Logs) -> None:
    task = await make_task(logs.world)
    first = await logs.says(task, "no_answer")
    await logs.later(minutes=10)
    last = await logs.says(task, "callback_requested")
    answer = await logs.says(task, "booked", corrects=first.callback_id)
    assert (answer.verdict, answer.status, answer.wait_until) == ("superseded", "waiting", last.wait_until)
    assert answer.appointment_id is not None, "she did agree"


async def test_only_the_author_or_who_leads_and_only_for_a_day_and_only_once(logs: Logs) -> None:
    task = await make_task(logs.world)
    other = await make_task(logs.world, Ask("C2"))
    first = await logs.says(task, "no_answer")
    with pytest.raises(Forbidden):
        await logs.says(task, "busy", who="E2", corrects=first.callback_id)
    for wrong in (new_id(), (await logs.says(other, "no_answer")).callback_id):
        with pytest.raises(Invalid) as refused:
            await logs.says(task, "busy", corrects=wrong)
        assert refused.value.field == "corrects"
    again = await logs.says(task, "busy", who="manager", corrects=first.callback_id)
    assert (await task_row(logs.world, task.task_id))["assignee_id"] == logs.world.staff["E1"]
    with pytest.raises(CallbackVoid):
        await logs.says(task, "booked", corrects=first.callback_id)
    await logs.later(hours=24, seconds=1)
    with pytest.raises(CorrectionTooLate):
        await logs.says(task, "booked", who="manager", corrects=again.callback_id)


async def test_a_correction_sent_twice_is_one(logs: Logs) -> None:
    task = await make_task(logs.world)
    first = await logs.says(task, "no_answer")
    action, at = new_id(), await logs.clock.now()
    one = await logs.says(task, "busy", corrects=first.callback_id, action=action, at=at)
    two = await logs.says(task, "busy", corrects=first.callback_id, action=action, at=at)
    assert (two.verdict, two.callback_id) == ("duplicate", one.callback_id)
    assert len(await callbacks(logs)) == 2


async def test_offline_a_callback_is_named_by_the_action_it_was_sent_with(logs: Logs) -> None:
    task = await make_task(logs.world)
    action = new_id()
    first = await logs.says(task, "no_answer", action=action)
    answer = await logs.says(task, "busy", corrects=action)
    assert answer.corrects == first.callback_id
    with pytest.raises(Invalid):
        await logs.says(task, "busy", who="manager", corrects=action)
