from datetime import datetime, timedelta
from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.actions.faults import ActionReused
from tasks.flow.log_callback import CallbackAnswer, CallbackFact, Outcome, log_callback
from tasks.flow.work_task import Bucket, TaskQuery, list_tasks, wake_waiting
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.plans.states import ExitOn
from tasks.worklist.states import Channel
from tests.support.clock import TestClock, shanghai
from tests.support.rows import Ask, Made, make_enrolment, make_plan, make_task, rows_of, task_row
from tests.support.world import World, make_world


def fact(task: Made, outcome: str, at: datetime, **fields: object) -> CallbackFact:
    channel, note = str(fields.pop("channel", "phone")), fields.pop("note", None)
    assert note is None or isinstance(note, str)
    return CallbackFact(
        action_id=new_id(),
        task_id=task.task_id,
        outcome=Outcome(outcome),
        occurred_at=at,
        channel=Channel(channel),
        note=note,
        fields=fields,
    )


async def log(world: World, said: CallbackFact, who: str = "E1") -> CallbackAnswer:
    return await world.do(lambda unit: log_callback(unit, world.scope(who), said))


async def reason_of(world: World, task: Made) -> dict[str, object]:
    (row,) = await rows_of(
        world,
        "select state, close_reason, result from task_reason where merchant_id = :merchant and id = :r",
        r=task.reason_id,
    )
    return row


async def passage_of(world: World, enrolment_id: UUID) -> tuple[object, object]:
    (row,) = await rows_of(
        world, "select state, exit_reason from enrolment where merchant_id = :merchant and id = :e", e=enrolment_id
    )
    return row["state"], row["exit_reason"]


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-02 12:00"))
    return await make_world(units, master, employees=2, customers=2)


async def test_booked_closes_the_task_and_writes_the_appointment(world: World, clock: TestClock) -> None:
    task = await make_task(world)
    now = await clock.now()
    said = fact(
        task,
        "booked",
        now,
        startsAt="2026-03-05T15:00:00+08:00",
        service="CUT",
        staffId=str(world.staff["E2"]),
        note="要靠窗",
    )
    answer = await log(world, said)
    assert (answer.verdict, answer.status, answer.close_reason, answer.attempts) == ("applied", "done", "callback", 1)
    (booked,) = await rows_of(world, "select * from appointment where merchant_id = :merchant")
    assert (booked["id"], booked["external_id"], booked["precision"]) == (answer.appointment_id, None, "exact")
    assert (booked["starts_at"], booked["staff_id"]) == (shanghai("2026-03-05 15:00"), world.staff["E2"])
    (event,) = await rows_of(world, "select type, ledger_id from event where merchant_id = :merchant")
    assert event == {"type": "appointment_booked", "ledger_id": answer.appointment_id}
    assert await reason_of(world, task) == {"state": "closed", "close_reason": "callback", "result": "booked"}
    assert await passage_of(world, task.enrolment_id) == ("exited", "booked")
    (contact,) = await rows_of(
        world, "select human, marketing, reached, phone_index from contact where merchant_id = :merchant"
    )
    assert contact["phone_index"] is not None
    assert (contact["human"], contact["marketing"], contact["reached"]) == (True, True, True)
    (credit,) = await rows_of(
        world, "select kind, evidence_id, staff_id, reason_id from credit where merchant_id = :merchant"
    )
    assert credit == {
        "kind": "booked",
        "evidence_id": answer.appointment_id,
        "staff_id": world.staff["E1"],
        "reason_id": task.reason_id,
    }
    (kept,) = await rows_of(world, "select sealed, verdict from callback where merchant_id = :merchant")
    assert kept["verdict"] == "applied"
    assert "要靠窗".encode() not in kept["sealed"]  # type: ignore[operator]  # rows are untyped


async def test_a_half_day_will_do_and_the_pos_appointment_of_the_next_day_is_the_same_one(
    world: World, clock: TestClock
) -> None:
    task = await make_task(world)
    answer = await log(world, fact(task, "booked", await clock.now(), startsOn="2026-03-05", halfDay="afternoon"))
    await world.appointment("C1", shanghai("2026-03-06 10:00"), external_id="POS-1")
    (booked,) = await rows_of(
        world, "select id, external_id, precision, starts_at from appointment where merchant_id = :merchant"
    )
    assert (booked["id"], booked["external_id"]) == (answer.appointment_id, "POS-1")
    assert booked["starts_at"] == shanghai("2026-03-06 10:00")
    events = await rows_of(world, "select type from event where merchant_id = :merchant")
    assert events == [{"type": "appointment_booked"}], "booked once"


async def test_a_booking_within_a_day_of_one_that_stands_is_that_one(world: World, clock: TestClock) -> None:
    task = await make_task(world, plan=await make_plan(world, exit_on=()))
    known = await world.appointment("C1", shanghai("2026-03-05 10:00"))
    answer = await log(world, fact(task, "booked", await clock.now(), startsAt="2026-03-05T15:00:00+08:00"))
    assert (answer.verdict, answer.appointment_id) == ("applied", known)
    assert len(await rows_of(world, "select id from appointment where merchant_id = :merchant")) == 1
    assert await passage_of(world, task.enrolment_id) == ("completed", None), "this plan does not end on a booking"


async def test_a_booking_ends_what_waits_in_other_plans(world: World, clock: TestClock) -> None:
    task = await make_task(world)
    waits = await make_enrolment(world, await make_plan(world), Ask(opens=48))
    hers = await make_enrolment(world, await make_plan(world), Ask("C2", opens=48))
    stays = await make_enrolment(world, await make_plan(world, exit_on=(ExitOn.ARRIVED,)), Ask(opens=48))
    await log(world, fact(task, "booked", await clock.now(), startsAt="2026-03-05T15:00:00+08:00"))
    assert await passage_of(world, waits) == ("exited", "booked")
    assert await passage_of(world, hers) == ("waiting", None), "another customer's"
    assert await passage_of(world, stays) == ("waiting", None), "a plan that a booking does not end"
    decisions = await rows_of(world, "select enrolment_id, decided, reason from decision where merchant_id = :merchant")
    assert decisions == [{"enrolment_id": waits, "decided": "exited", "reason": "booked"}]


async def test_nobody_answers_three_times(world: World, clock: TestClock) -> None:
    task = await make_task(world)
    first = await log(world, fact(task, "no_answer", await clock.now()))
    assert (first.status, first.wait_kind) == ("waiting", "retry")
    assert first.wait_until == first.occurred_at + timedelta(hours=4)
    stored = await task_row(world, task.task_id)
    assert stored["expires_at"] == shanghai("2026-03-10 00:00"), "the end of the seventh open day after the wait"
    await clock.set(shanghai("2026-03-02 16:05"))
    assert await world.do(lambda unit: wake_waiting(unit, 10)) == 1
    second = await log(world, fact(task, "no_answer", await clock.now()))
    assert second.wait_until == shanghai("2026-03-03 09:30"), "the next day, in the other half-day"
    await clock.set(shanghai("2026-03-03 09:40"))
    await world.do(lambda unit: wake_waiting(unit, 10))
    third = await log(world, fact(task, "no_answer", await clock.now()))
    assert (third.status, third.close_reason, third.attempts) == ("done", "exhausted", 3)
    assert await reason_of(world, task) == {"state": "closed", "close_reason": "exhausted", "result": "no_answer"}
    assert await passage_of(world, task.enrolment_id) == ("completed", None)
    reached = await rows_of(world, "select reached from contact where merchant_id = :merchant")
    assert [row["reached"] for row in reached] == [False] * 3


async def test_a_promised_call_back_comes_back_on_top(world: World, clock: TestClock) -> None:
    plan = await make_plan(world)
    task = await make_task(world, Ask("C1", priority=1), plan)
    await make_task(world, Ask("C2", priority=900), plan)
    at = shanghai("2026-03-03 18:00")
    answer = await log(world, fact(task, "callback_requested", await clock.now(), callbackAt=at.isoformat()))
    assert (answer.status, answer.wait_kind, answer.wait_until) == ("waiting", "callback", at)
    await clock.set(at + timedelta(minutes=1))
    page = await world.do(lambda unit: list_tasks(unit, world.scope("E1"), TaskQuery()))
    assert page.items[0].id == task.task_id, "due although no sweep has been by"
    assert page.counts["callbacks"] == 1
    await world.do(lambda unit: wake_waiting(unit, 10))
    page = await world.do(lambda unit: list_tasks(unit, world.scope("E1"), TaskQuery(bucket=Bucket.CALLBACKS)))
    assert [row.id for row in page.items] == [task.task_id]
    again = await log(world, fact(task, "no_answer", await clock.now()))
    assert (again.wait_kind, again.status) == ("retry", "waiting"), "reaching her started the count again"


async def test_a_refusal_closes_everything_at_once(world: World, clock: TestClock) -> None:
    task = await make_task(world)
    own = await make_task(world, Ask(origin="own", who="E2"))
    spared = await make_task(world, Ask("C2"))
    waits = await make_enrolment(world, await make_plan(world), Ask(opens=48))
    answer = await log(world, fact(task, "refused_contact", await clock.now(), scope="all"))
    assert (answer.status, answer.close_reason) == ("done", "do_not_contact")
    other = await task_row(world, own.task_id)
    assert (other["status"], other["close_reason"]) == ("moot", "do_not_contact")
    assert (await task_row(world, spared.task_id))["status"] == "open"
    for passage in (task.enrolment_id, own.enrolment_id, waits):
        assert await passage_of(world, passage) == ("exited", "do_not_contact")
    (state,) = await rows_of(
        world,
        "select no_contact_at from customer_contact_state where merchant_id = :merchant and customer_id = :c",
        c=task.customer_id,
    )
    assert state["no_contact_at"] is not None


async def test_refusing_calls_leaves_those_with_wechat_their_tasks(world: World, clock: TestClock) -> None:
    await world.customer("C3", wechat="hong_1990")
    task, own = await make_task(world, Ask("C3")), await make_task(world, Ask("C3", origin="own"))
    await log(world, fact(task, "refused_contact", await clock.now(), scope="phone"))
    assert (await task_row(world, own.task_id))["status"] == "open"
    await log(world, fact(own, "refused_contact", await clock.now(), scope="wechat"))
    only_phone, its_other = await make_task(world, Ask("C1")), await make_task(world, Ask("C1", origin="own"))
    await log(world, fact(only_phone, "refused_contact", await clock.now(), scope="phone"))
    assert (await task_row(world, its_other.task_id))["status"] == "moot", "no way is left to reach her"


async def test_an_action_is_applied_once_and_answered_the_same(world: World, clock: TestClock) -> None:
    task = await make_task(world)
    said = fact(task, "no_answer", await clock.now())
    first = await log(world, said)
    again = await log(world, said)
    assert (again.verdict, again.first, again.callback_id) == ("duplicate", "applied", first.callback_id)
    assert (await task_row(world, task.task_id))["attempts"] == 1
    other = CallbackFact(
        action_id=said.action_id,
        task_id=said.task_id,
        outcome=said.outcome,
        occurred_at=said.occurred_at,
        note="另一条",
    )
    with pytest.raises(ActionReused):
        await log(world, other)


async def test_what_comes_late_is_kept_and_moves_nothing(world: World, clock: TestClock) -> None:
    task = await make_task(world)
    early = await clock.now()
    await clock.set(shanghai("2026-03-02 13:00"))
    await log(world, fact(task, "booked", await clock.now(), startsAt="2026-03-05T15:00:00+08:00"))
    late = await log(world, fact(task, "no_answer", early))
    assert (late.verdict, late.status, late.attempts) == ("superseded", "done", 1)
    refused = await log(world, fact(task, "refused_contact", await clock.now(), scope="all"))
    assert refused.verdict == "superseded"
    (state,) = await rows_of(
        world,
        "select no_contact_at from customer_contact_state where merchant_id = :merchant and customer_id = :c",
        c=task.customer_id,
    )
    assert state["no_contact_at"] is not None, "a refusal holds whatever became of the task"
    assert len(await rows_of(world, "select id from callback where merchant_id = :merchant")) == 3
    assert len(await rows_of(world, "select id from contact where merchant_id = :merchant")) == 3


async def test_what_happened_before_the_last_word_does_not_move_the_task(world: World, clock: TestClock) -> None:
    task = await make_task(world)
    early = await clock.now()
    await clock.set(shanghai("2026-03-02 13:00"))
    at = shanghai("2026-03-04 10:00")
    await log(world, fact(task, "callback_requested", await clock.now(), callbackAt=at.isoformat()))
    late = await log(world, fact(task, "no_answer", early))
    assert (late.verdict, late.wait_until, late.wait_kind) == ("superseded", at, "callback")


async def test_a_colleagues_task_is_not_moved_but_a_refusal_still_closes_it(world: World, clock: TestClock) -> None:
    task = await make_task(world, Ask(who="E2"))
    assert (await log(world, fact(task, "no_answer", await clock.now()))).verdict == "superseded"
    assert (await task_row(world, task.task_id))["status"] == "open"
    await log(world, fact(task, "refused_contact", await clock.now(), scope="all"))
    assert (await task_row(world, task.task_id))["status"] == "moot"


async def test_a_callback_takes_a_task_from_the_pool_and_opens_a_queued_one(world: World, clock: TestClock) -> None:
    task = await make_task(world, Ask(who=None, status="queued", opens=2))
    answer = await log(world, fact(task, "no_answer", await clock.now()))
    assert answer.status == "waiting"
    assert (await task_row(world, task.task_id))["assignee_id"] == world.staff["E1"]


async def test_a_clock_from_the_future_counts_as_now(world: World, clock: TestClock) -> None:
    task = await make_task(world)
    answer = await log(world, fact(task, "no_answer", await clock.now() + timedelta(days=2)))
    assert answer.suspect_clock
    assert answer.occurred_at == answer.received_at
    (kept,) = await rows_of(
        world, "select fields ->> 'claimedAt' as claimed from callback where merchant_id = :merchant"
    )
    assert str(kept["claimed"]).startswith("2026-03-04")


@pytest.mark.parametrize(
    ("outcome", "fields", "field"),
    [
        ("booked", {}, "fields.startsAt"),
        ("booked", {"startsAt": "2026-03-05T15:00:00+08:00", "service": "NONE"}, "fields.service"),
        ("booked", {"startsAt": "2026-03-05T15:00:00+08:00", "staffId": str(new_id())}, "fields.staffId"),
        ("callback_requested", {}, "fields.callbackAt"),
        ("refused_contact", {}, "fields.scope"),
        ("no_answer", {"note": "x" * 2001}, "note"),
    ],
)
async def test_a_missing_field_is_named_and_nothing_is_kept(
    world: World, clock: TestClock, outcome: str, fields: dict[str, object], field: str
) -> None:
    task = await make_task(world)
    said = fact(task, outcome, await clock.now(), **fields)
    with pytest.raises(Invalid) as refused:
        await log(world, said)
    assert refused.value.field == field
    assert await rows_of(world, "select action_id from action where merchant_id = :merchant") == []
    assert (await task_row(world, task.task_id))["attempts"] == 0


async def test_an_instant_without_a_zone_and_a_task_of_elsewhere_are_refused(world: World, clock: TestClock) -> None:
    task = await make_task(world)
    with pytest.raises(Invalid):
        await log(world, fact(task, "no_answer", datetime(2026, 3, 2, 12)))  # noqa: DTZ001  # naive on purpose
    gone = Made(new_id(), *(new_id() for _ in range(5)))
    with pytest.raises(NotFound):
        await log(world, fact(gone, "no_answer", await clock.now()))
