"""What phones send late: done once, answered the same for ever, in the order it was made, and never turning a task back."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from backend.db.units import Units
from tasks.actions.faults import ActionRefused, ActionReused
from tasks.flow import action_kinds
from tasks.flow.action_kinds import Kind
from tasks.flow.action_moves import CopyBody, OnTask
from tasks.flow.action_sent import Refusal, Said, Sent
from tasks.flow.log_callback import CallbackFact, log_callback
from tasks.flow.perform_action import Ask as Single
from tasks.flow.perform_action import once
from tasks.flow.replay_actions import Unread
from tasks.flow.work_task import claim
from tasks.kernel.errors import Conflict
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tests.support.actions import action, called, on, put_off, send, tell
from tests.support.clock import TestClock, shanghai
from tests.support.rows import Ask, make_task, rows_of, task_row
from tests.support.world import World, make_world

NINE = shanghai("2026-03-02 09:00")
TEN = shanghai("2026-03-02 10:00")


async def made(units: Units, master: MasterKey, clock: TestClock, ask: Ask | None = None) -> tuple[World, Any]:
    await clock.set(NINE)
    world = await make_world(units, master, employees=2, customers=1)
    task = (await make_task(world, ask or Ask())).task_id
    await clock.set(shanghai("2026-03-02 12:00"))
    return world, task


async def history(world: World, task: Any) -> list[str]:
    found = await rows_of(
        world, "select action from task_history where merchant_id = :merchant and task_id = :t order by id", t=task
    )
    return [str(row["action"]) for row in found]


async def test_a_morning_without_reception_is_kept_in_the_order_it_was_made(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    world, task = await made(units, master, clock, Ask(who=None))
    claimed, begun = on("claim", task, TEN), on("start", task, TEN + timedelta(minutes=5))
    copy = action(
        "copy_script", CopyBody(task_id=task, variant="second_visit/a", text="您好"), TEN + timedelta(minutes=6)
    )
    rang = called(task, TEN + timedelta(minutes=9))
    sent = (rang, copy, begun, claimed)
    done = await send(world, "E1", *sent)
    assert [one.action_id for one in done.results] == [one.action_id for one in sent]
    assert [one.verdict for one in done.results] == ["applied"] * 4
    row = await task_row(world, task)
    assert (row["status"], row["assignee_id"], row["attempts"]) == ("waiting", world.staff["E1"], 1)
    told = await rows_of(
        world,
        "select action, occurred_at from task_history where merchant_id = :merchant and task_id = :t order by id",
        t=task,
    )
    assert [one["action"] for one in told] == ["claimed", "started", "callback"]
    assert [one["occurred_at"] for one in told[:2]] == [TEN, TEN + timedelta(minutes=5)]
    (contact,) = await rows_of(world, "select contacted_at from contact where merchant_id = :merchant")
    assert contact["contacted_at"] == TEN + timedelta(minutes=9)
    again = await send(world, "E1", *sent)
    assert [one.verdict for one in again.results] == ["duplicate"] * 4
    assert [one.first for one in again.results] == ["applied"] * 4
    assert again.results[3].answer == {**again.results[3].answer, "status": "open", "changed": True}
    assert again.results[0].answer["verdict"] == "duplicate"
    assert await history(world, task) == ["claimed", "started", "callback"]


async def test_what_comes_too_late_moves_nothing_and_a_callback_is_kept_all_the_same(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    world, task = await made(units, master, clock)
    later = await tell(world, "E1", put_off(task, TEN + timedelta(minutes=30), shanghai("2026-03-02 18:00")))
    before = await task_row(world, task)
    assert later == ["applied"]
    assert await tell(world, "E1", on("start", task, TEN), on("release", task, TEN)) == ["superseded", "superseded"]
    assert await tell(world, "E1", put_off(task, TEN, shanghai("2026-03-02 20:00"))) == ["superseded"]
    assert await task_row(world, task) == before
    booked = called(task, TEN + timedelta(hours=1), "booked", fields={"startsAt": "2026-03-05T15:00:00+08:00"})
    assert await tell(world, "E1", booked) == ["applied"]
    assert await tell(world, "E1", called(task, TEN)) == ["superseded"]
    ended = await task_row(world, task)
    assert (ended["status"], ended["close_reason"]) == ("done", "callback")
    late = [on(kind, task, TEN + timedelta(minutes=50)) for kind in ("claim", "start", "release")]
    assert await tell(world, "E1", *late) == ["superseded"] * 3
    await clock.set(shanghai("2026-03-02 12:30"))
    stale = on("start", task, shanghai("2026-03-02 12:29"))
    assert await tell(world, "E1", stale) == ["rejected:task-closed"], "the phone had not heard of its end"
    assert await task_row(world, task) == ended
    (count,) = await rows_of(world, "select count(*) as n from callback where merchant_id = :merchant")
    assert count["n"] == 2


async def test_a_time_that_has_come_meanwhile_puts_nothing_off(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    world, task = await made(units, master, clock)
    assert await tell(world, "E1", put_off(task, TEN, shanghai("2026-03-02 11:00"))) == ["superseded"]
    assert (await task_row(world, task))["status"] == "open"
    nowhere = put_off(task, TEN, shanghai("2026-03-02 18:00").replace(tzinfo=None))
    assert await tell(world, "E1", nowhere) == ["rejected:invalid"], "an instant has a zone"


async def test_a_rejection_says_why_and_stays(units: Units, master: MasterKey, clock: TestClock) -> None:
    world, task = await made(units, master, clock, Ask(who=None))
    await world.do(lambda unit: claim(unit, world.scope("E2"), task))
    mine = on("claim", task, TEN)
    first = (await send(world, "E1", mine)).results[0]
    assert first.refusal is not None
    assert (first.verdict, first.refusal.code, first.refusal.zh.detail) == (
        "rejected",
        "task-already-claimed",
        "员工2 已经在跟进这位客户",
    )
    await world.do(lambda unit: unit.run("update task set assignee_id = null where merchant_id = :merchant"))
    second = (await send(world, "E1", mine)).results[0]
    assert (second.verdict, second.first, second.refusal) == ("duplicate", "rejected", first.refusal)
    assert (await task_row(world, task))["assignee_id"] is None, "what was rejected is not done later"
    with pytest.raises(ActionRefused):
        await world.do(
            lambda unit: once(unit, world.scope("E1"), Single("claim", OnTask(task_id=task), mine.action_id))
        )
    (stored,) = await rows_of(
        world,
        "select verdict, answer, sealed from action where merchant_id = :merchant and action_id = :a",
        a=mine.action_id,
    )
    assert stored["verdict"] == "rejected"
    assert "员工2" not in str(stored["answer"])
    assert stored["sealed"] is not None
    assert "员工2".encode() not in stored["sealed"]  # type: ignore[operator]  # bytea


async def test_a_rejected_callback_stays_rejected_in_a_call_of_its_own(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    world, task = await made(units, master, clock)
    wrong = called(task, TEN, "booked")
    assert await tell(world, "E1", wrong) == ["rejected:invalid"]
    fact = CallbackFact(action_id=wrong.action_id, task_id=task, outcome="booked", occurred_at=TEN)
    with pytest.raises(ActionRefused):
        await world.do(lambda unit: log_callback(unit, world.scope("E1"), fact))
    assert await tell(world, "E1", wrong) == ["duplicate:invalid"]


async def test_one_id_means_one_thing_whichever_way_it_comes(units: Units, master: MasterKey, clock: TestClock) -> None:
    world, task = await made(units, master, clock)
    start = on("start", task, TEN)
    assert await tell(world, "E1", start) == ["applied"]
    other = Sent(action_id=start.action_id, kind="release", occurred_at=TEN, body=OnTask(task_id=task))
    elsewhere = Sent(action_id=start.action_id, kind="start", occurred_at=TEN, body=OnTask(task_id=new_id()))
    assert await tell(world, "E1", other, elsewhere) == ["rejected:action-reused"] * 2
    assert await tell(world, "E1", start) == ["duplicate"], "the first verdict stands"
    scope = world.scope("E1")
    single = Single("start", OnTask(task_id=task), start.action_id)
    assert (await world.do(lambda unit: once(unit, scope, single)))["changed"] is True, "the answer of the first time"
    with pytest.raises(ActionReused):
        await world.do(lambda unit: once(unit, scope, Single("release", OnTask(task_id=task), start.action_id)))
    rang = called(task, TEN + timedelta(minutes=1))
    fact = CallbackFact(
        action_id=rang.action_id, task_id=task, outcome="no_answer", occurred_at=TEN + timedelta(minutes=1)
    )
    answer = await world.do(lambda unit: log_callback(unit, scope, fact))
    assert answer.verdict == "applied"
    assert await tell(world, "E1", rang) == ["duplicate"], "the call of its own was the same action"
    assert await tell(world, "E2", on("start", task, TEN)) == ["rejected:task-already-claimed"]


class Breaks(Exception):
    """A defect."""


class Away(Conflict):
    """The database is away."""

    code = "unavailable"
    status = 503


@pytest.fixture
def fragile() -> Iterator[list[Exception]]:
    """A kind that raises what the list holds, and works once it is empty."""
    faults: list[Exception] = []

    async def run(unit: Any, scope: Any, body: Any, at: Any) -> Any:
        await unit.run(
            "update task set attempts = attempts + 1 where merchant_id = :merchant and id = :t", t=body.task_id
        )
        if faults:
            raise faults.pop()
        return OnTask(task_id=body.task_id)

    action_kinds.KINDS["fragile"] = Kind(OnTask, run)
    yield faults
    del action_kinds.KINDS["fragile"]


async def test_a_defect_costs_no_other_action_and_can_be_sent_again(
    units: Units, master: MasterKey, clock: TestClock, fragile: list[Exception]
) -> None:
    world, task = await made(units, master, clock)
    sent = [on("start", task, TEN), on("fragile", task, TEN), put_off(task, TEN, shanghai("2026-03-02 18:00"))]
    fragile.append(Breaks())
    done = (await send(world, "E1", *sent)).results
    assert [one.verdict for one in done] == ["applied", "rejected", "applied"]
    assert done[1].refusal is not None
    assert (done[1].refusal.code, done[1].refusal.final) == ("internal-error", False)
    assert (await task_row(world, task))["attempts"] == 0, "nothing of it was kept"
    assert await tell(world, "E1", *sent) == ["duplicate", "applied", "duplicate"]
    assert (await task_row(world, task))["attempts"] == 1
    fragile.append(Away())
    rest = await send(world, "E1", on("fragile", task, TEN), on("fragile", task, TEN), on("fragile", task, TEN))
    assert [one.refusal.status for one in rest.results if one.refusal] == [503, 503, 503], "the rest were not tried"
    assert (await task_row(world, task))["attempts"] == 1


async def test_numbers_of_a_phone_show_what_never_came(units: Units, master: MasterKey, clock: TestClock) -> None:
    world, task = await made(units, master, clock)

    def numbered(seq: int, minute: int, kind: str = "start") -> Sent:
        return action(kind, OnTask(task_id=task), TEN + timedelta(minutes=minute), seq=seq, device="phone-1")

    first = await send(world, "E1", numbered(2, 1), numbered(5, 3), device="phone-1")
    assert (first.highest, first.missing) == (5, (1, 3, 4))
    filled = await send(world, "E1", numbered(1, 0), numbered(4, 2), numbered(3, 2, "release"), device="phone-1")
    assert (filled.highest, filled.missing) == (5, ())
    assert [one.seq_repeated for one in filled.results] == [False, False, False]
    repeated = await send(world, "E1", numbered(5, 9), device="phone-1")
    assert (repeated.results[0].seq_repeated, repeated.missing) == (True, ())
    assert (await send(world, "E2", device="phone-1")).highest is None, "another employee's count is another's"


async def test_of_one_phone_its_own_count_is_the_order_whatever_its_clock_says(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    world, task = await made(units, master, clock, Ask(who=None))

    def numbered(kind: str, seq: int, minute: int) -> Sent:
        return action(kind, OnTask(task_id=task), TEN + timedelta(minutes=minute), seq=seq, device="p")

    done = await send(
        world, "E1", numbered("release", 3, 0), numbered("start", 2, 0), numbered("claim", 1, 0), device="p"
    )
    assert [one.verdict for one in done.results] == ["applied"] * 3
    assert await history(world, task) == ["claimed", "started", "released"]


async def test_a_clock_that_cannot_be_right_is_told_and_not_believed(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    world, task = await made(units, master, clock)
    now = shanghai("2026-03-02 12:00")
    ahead, ancient = on("start", task, now + timedelta(hours=2)), on("release", task, now - timedelta(days=400))
    done = (await send(world, "E1", ahead, ancient)).results
    assert [one.suspect for one in done] == [True, True]
    assert done[0].occurred_at is not None
    assert now <= done[0].occurred_at < now + timedelta(minutes=5)
    assert (await send(world, "E1", ahead)).results[0].suspect is True, "as it was when it first came"
    slightly = (await send(world, "E1", on("start", task, now + timedelta(minutes=4)))).results[0]
    assert slightly.suspect is False


async def test_what_cannot_be_read_is_rejected_for_good_unless_a_later_version_may_know_it(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    world, task = await made(units, master, clock)
    garbled = Unread(refusal=refusal(final=True), action_id=new_id(), kind="start")
    unknown = Unread(refusal=refusal(final=False), action_id=new_id())
    nameless = Unread(refusal=refusal(final=True))
    assert await tell(world, "E1", garbled, unknown, nameless) == ["rejected:invalid-request"] * 3
    right = Sent(action_id=garbled.action_id or new_id(), kind="start", occurred_at=TEN, body=OnTask(task_id=task))
    assert await tell(world, "E1", garbled, right) == ["duplicate:invalid-request"] * 2
    known = Sent(action_id=unknown.action_id or new_id(), kind="start", occurred_at=TEN, body=OnTask(task_id=task))
    assert await tell(world, "E1", known) == ["applied"]


def refusal(*, final: bool) -> Refusal:
    return Refusal(code="invalid-request", status=422, final=final, zh=Said("不对"), en=Said("wrong"))


async def test_a_snooze_with_an_id_is_answered_the_same_after_the_time_has_come(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    world, task = await made(units, master, clock)
    until = shanghai("2026-03-02 13:00")
    sent = put_off(task, shanghai("2026-03-02 12:00"), until)
    single = Single("snooze", sent.body, sent.action_id)
    first = await world.do(lambda unit: once(unit, world.scope("E1"), single))
    await clock.set(shanghai("2026-03-02 14:00"))
    assert await world.do(lambda unit: once(unit, world.scope("E1"), single)) == first
