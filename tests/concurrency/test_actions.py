"""The same actions at once: from two phones, over two connections, alone and among others."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from backend.db.units import Units
from tasks.flow import action_kinds
from tasks.flow.action_kinds import Kind
from tasks.flow.action_moves import OnTask
from tasks.flow.log_callback import CallbackFact, log_callback
from tasks.flow.perform_action import Ask as Single
from tasks.flow.perform_action import once
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tests.support.actions import called, on, send
from tests.support.clock import TestClock
from tests.support.rows import Ask, make_plan, make_task, rows_of
from tests.support.world import make_world


async def test_a_batch_sent_four_times_at_once_is_done_once(units: Units, master: MasterKey, clock: TestClock) -> None:
    world = await make_world(units, master, employees=1, customers=3)
    plan = await make_plan(world)
    now = await clock.now()
    tasks = [(await make_task(world, Ask(f"C{n}", who=None), plan)).task_id for n in (1, 2, 3)]
    batch = [one for task in tasks for one in (on("claim", task, now), called(task, now), on("start", new_id(), now))]
    answers = await asyncio.gather(*(send(world, "E1", *batch) for _ in range(4)))
    for place, one in enumerate(batch):
        verdicts = [answer.results[place] for answer in answers]
        fresh = [said for said in verdicts if said.verdict != "duplicate"]
        assert len(fresh) == 1, f"{one.kind}: {[said.verdict for said in verdicts]}"
        assert {said.first for said in verdicts} == {fresh[0].verdict}
    kept = await rows_of(
        world, "select verdict, count(*) as n from action where merchant_id = :merchant group by verdict"
    )
    assert {row["verdict"]: row["n"] for row in kept} == {"applied": 6, "rejected": 3}
    (callbacks,) = await rows_of(world, "select count(*) as n from callback where merchant_id = :merchant")
    assert callbacks["n"] == 3


async def test_a_call_of_its_own_and_a_batch_at_once_are_one_action(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    world = await make_world(units, master, employees=1, customers=1)
    task = (await make_task(world, Ask(who=None))).task_id
    now = await clock.now()
    scope = world.scope("E1")
    claimed, rang = on("claim", task, now), called(task, now)
    fact = CallbackFact(action_id=rang.action_id, task_id=task, outcome="no_answer", occurred_at=now)

    async def single() -> Any:
        await world.do(lambda unit: once(unit, scope, Single("claim", OnTask(task_id=task), claimed.action_id)))
        return await world.do(lambda unit: log_callback(unit, scope, fact))

    alone, among = await asyncio.gather(single(), send(world, "E1", claimed, rang))
    verdicts = sorted([str(alone.verdict), str(among.results[1].verdict)])
    assert verdicts == ["applied", "duplicate"]
    told = await rows_of(world, "select action from task_history where merchant_id = :merchant order by id")
    assert sorted(str(row["action"]) for row in told) == ["callback", "claimed"]


class Stuck:
    """A kind that writes, says so, and waits for ever unless it is told to go on."""

    def __init__(self) -> None:
        self.reached, self.go_on = asyncio.Event(), asyncio.Event()

    async def run(self, unit: Any, _scope: Any, body: Any, _at: Any) -> OnTask:
        await unit.run(
            "update task set attempts = attempts + 1 where merchant_id = :merchant and id = :t", t=body.task_id
        )
        self.reached.set()
        await self.go_on.wait()
        return OnTask(task_id=body.task_id)


@pytest.fixture
def stuck() -> Iterator[Stuck]:
    made = Stuck()
    action_kinds.KINDS["stuck"] = Kind(OnTask, made.run)
    yield made
    del action_kinds.KINDS["stuck"]


async def test_a_server_that_dies_in_the_middle_loses_nothing_and_does_nothing_twice(
    units: Units, master: MasterKey, clock: TestClock, stuck: Stuck
) -> None:
    world = await make_world(units, master, employees=1, customers=1)
    task = (await make_task(world, Ask(who=None))).task_id
    now = await clock.now()
    batch = [on("claim", task, now), on("stuck", task, now), on("start", task, now)]
    dying = asyncio.ensure_future(send(world, "E1", *batch))
    await stuck.reached.wait()
    dying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dying
    kept = await rows_of(world, "select kind, verdict from action where merchant_id = :merchant")
    assert kept == [{"kind": "claim", "verdict": "applied"}], "what was answered stands, what was not leaves no trace"
    stuck.go_on.set()
    again = await send(world, "E1", *batch)
    assert [one.verdict for one in again.results] == ["duplicate", "applied", "applied"]
    (row,) = await rows_of(world, "select attempts, status from task where merchant_id = :merchant")
    assert row == {"attempts": 1, "status": "in_progress"}
