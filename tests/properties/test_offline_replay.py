"""R10: two phones of one employee, a colleague, and a network that reorders, duplicates and drops what they send.

Whatever arrives, in whatever order: each action is applied at most once, its verdict never changes, and the task never goes back: a closed one stays closed,
and what was done before something that has moved it moves nothing. The figure is 2,000 examples (`make test-faults`); a share of them runs with every test.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec import Struct

from backend import embedded
from backend.db.clock import advance_clock, set_clock
from backend.db.engine import open_engine
from backend.db.units import Units
from tasks.flow.action_callback import CallbackBody
from tasks.flow.action_moves import OnTask, SnoozeBody
from tasks.flow.action_sent import Performed, Sent
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tests.support.actions import send
from tests.support.clock import TestClock, shanghai
from tests.support.plans import sweep
from tests.support.rows import Ask, make_plan, make_task, rows_of, task_row
from tests.support.world import World, make_world

BEGINS = shanghai("2026-03-02 10:00")
CLOSED = frozenset({"done", "expired", "moot", "cancelled"})
BY_HAND = ("claimed", "started", "snoozed", "released")
MOVES = {"claim": "claimed", "start": "started", "release": "released", "snooze": "snoozed"}


def booked(sent: Sent) -> bool:
    """An appointment stands whoever made it and whatever the task had become: it may end the task as an event."""
    return isinstance(sent.body, CallbackBody) and sent.body.outcome == "booked"


class Ground:
    """One database, one salon with one plan; every example has a customer and a task of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, url: str, master: MasterKey) -> None:
        self.loop = loop
        self.engine = open_engine(url, pool_size=4)
        self.units = Units(self.engine, master)
        self.world: World = self.run(make_world(self.units, master, employees=2))
        self.plan: tuple[UUID, UUID] = self.run(make_plan(self.world))

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(work)

    async def begin(self, who: str | None) -> UUID:
        async with self.units.nameless() as session:
            await set_clock(session, BEGINS)
        code = self.world.fresh("R")
        await self.world.customer(code)
        return (await make_task(self.world, Ask(code, who=who, expires=24 * 3), self.plan)).task_id

    async def pass_time(self, minutes: int) -> None:
        async with self.units.nameless() as session:
            await advance_clock(session, timedelta(minutes=minutes))

    def close(self) -> None:
        self.run(self.engine.dispose())


class Phones(RuleBasedStateMachine):
    """Actions are made with the phone's clock, wait on the phone, and reach the server now, later, twice or never."""

    ground: ClassVar[Ground]

    def __init__(self) -> None:
        super().__init__()
        self.task: UUID = UUID(int=0)
        self.waiting: dict[str, list[Sent]] = {"phone": [], "tablet": [], "colleague": []}
        self.numbers: Counter[str] = Counter()
        self.first: dict[UUID, Performed] = {}
        self.sent: list[tuple[str, Sent]] = []
        self.latest: dict[str, datetime] = {}
        self.status = "open"
        self.now: datetime = BEGINS

    @initialize(who=st.sampled_from([None, "E1"]))
    def make(self, who: str | None) -> None:
        self.task = self.ground.run(self.ground.begin(who))

    @rule(
        device=st.sampled_from(["phone", "tablet", "colleague"]),
        kind=st.sampled_from([*MOVES, "log_callback"]),
        outcome=st.sampled_from(["no_answer", "booked", "callback_requested"]),
        ahead=st.integers(10, 400),
    )
    def act(self, device: str, kind: str, outcome: str, ahead: int) -> None:
        """The employee does something; the app keeps it."""
        self.numbers[device] += 1
        body = self.body_of(kind, outcome, self.now + timedelta(minutes=ahead))
        self.waiting[device].append(
            Sent(
                action_id=new_id(),
                kind=kind,
                occurred_at=self.now,
                body=body,
                device=device,
                seq=self.numbers[device],
            )
        )

    @rule(
        early=st.sampled_from([*MOVES, "log_callback"]),
        late=st.sampled_from([*MOVES, "log_callback"]),
        outcome=st.sampled_from(["no_answer", "callback_requested"]),
        minutes=st.integers(6, 60),
    )
    def cross(self, early: str, late: str, outcome: str, minutes: int) -> None:
        """What was done on the tablet arrives before what was done on the phone a while earlier."""
        self.act("phone", early, outcome, 200)
        self.wait(minutes)
        self.act("tablet", late, outcome, 300)
        self.wait(6)
        for device in ("tablet", "phone"):
            self.deliver(device, [self.waiting[device].pop()])

    def body_of(self, kind: str, outcome: str, later: datetime) -> Struct:
        if kind == "snooze":
            return SnoozeBody(task_id=self.task, until=later)
        if kind != "log_callback":
            return OnTask(task_id=self.task)
        starts, calls = (self.now + timedelta(days=3)).isoformat(), later.isoformat()
        needed = {"booked": {"startsAt": starts}, "callback_requested": {"callbackAt": calls}}
        return CallbackBody(task_id=self.task, outcome=outcome, fields=needed.get(outcome, {}))

    @rule(minutes=st.integers(1, 90))
    def wait(self, minutes: int) -> None:
        """Time passes for everybody, and the sweep comes by."""
        self.ground.run(self.ground.pass_time(minutes))
        self.now += timedelta(minutes=minutes)
        self.ground.run(sweep(self.ground.world))

    @precondition(lambda self: any(self.waiting.values()))
    @rule(data=st.data())
    def arrive(self, data: st.DataObject) -> None:
        """Some of what waits on a phone arrives, in any order; the answer may be lost on the way back."""
        device = data.draw(st.sampled_from(sorted(name for name, held in self.waiting.items() if held)))
        held = self.waiting[device]
        chosen = data.draw(st.lists(st.sampled_from(held), min_size=1, max_size=4, unique_by=lambda one: one.action_id))
        heard = data.draw(st.booleans())
        self.deliver(device, chosen)
        if heard:
            self.waiting[device] = [one for one in held if one not in chosen]

    @precondition(lambda self: bool(self.sent))
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """Something that arrived before arrives again."""
        device, again = data.draw(st.sampled_from(self.sent))
        self.deliver(device, [again])

    @precondition(lambda self: any(self.waiting.values()))
    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        """The phone falls into the water."""
        device = data.draw(st.sampled_from(sorted(name for name, held in self.waiting.items() if held)))
        self.waiting[device].clear()

    def deliver(self, device: str, chosen: list[Sent]) -> None:
        who = "E2" if device == "colleague" else "E1"
        before = self.ground.run(task_row(self.ground.world, self.task))
        done = self.ground.run(send(self.ground.world, who, *chosen, device=device)).results
        after = self.ground.run(task_row(self.ground.world, self.task))
        for one, said in sorted(zip(chosen, done, strict=True), key=lambda pair: pair[0].seq or 0):
            self.in_order(who, one, said)
            self.judge(one, said)
            self.sent.append((device, one))
        if not any(said.verdict == "applied" or booked(one) for one, said in zip(chosen, done, strict=True)):
            assert after == before, "only what is applied moves the task"

    def in_order(self, who: str, sent: Sent, said: Performed) -> None:
        """What moved the task was not made before what had moved it, by the same employee or by a callback."""
        callback = sent.kind == "log_callback"
        if said.verdict != "applied" or not (callback or said.answer.changed):
            return
        for earlier in ("callback",) if callback else ("callback", who):
            assert sent.occurred_at >= self.latest.get(earlier, BEGINS)
        self.latest["callback" if callback else who] = sent.occurred_at

    def judge(self, sent: Sent, said: Performed) -> None:
        known = self.first.setdefault(sent.action_id, said)
        if known is said:
            assert said.verdict == said.first != "duplicate"
        else:
            assert (said.verdict, said.first) == ("duplicate", known.first), "the first verdict stands"
            assert (said.refusal is None) == (known.refusal is None)
            assert said.refusal == known.refusal

    @invariant()
    def the_task_never_goes_back(self) -> None:
        if self.task == UUID(int=0):
            return
        row = self.ground.run(task_row(self.ground.world, self.task))
        if self.status in CLOSED:
            assert row["status"] == self.status
        self.status = str(row["status"])

    @invariant()
    def each_action_is_there_once(self) -> None:
        if self.task != UUID(int=0):
            self.ground.run(self.compare())

    async def compare(self) -> None:
        world = self.ground.world
        moved: Counter[str] = Counter()
        kept = applied = 0
        bodies = {sent.action_id: sent for _, sent in self.sent}
        for action_id, said in self.first.items():
            kind = bodies[action_id].kind
            if kind == "log_callback":
                kept += said.first in {"applied", "superseded"}
                applied += said.first == "applied"
            elif said.first == "applied" and said.answer.changed:
                moved[MOVES[kind]] += 1
        told = await rows_of(
            world,
            "select action, count(*) as n from task_history where merchant_id = :merchant and task_id = :t and action = any(:moves) group by action",
            t=self.task,
            moves=list(BY_HAND),
        )
        assert {str(row["action"]): row["n"] for row in told} == dict(moved), "a move each, no move twice"
        (logged,) = await rows_of(
            world,
            "select count(*) as n, count(*) filter (where verdict = 'applied') as applied, count(distinct action_id) as actions "
            "from callback where merchant_id = :merchant and task_id = :t",
            t=self.task,
        )
        assert (logged["n"], logged["applied"], logged["actions"]) == (kept, applied, kept)
        row = await task_row(world, self.task)
        assert row["attempts"] == applied


def play(servers: embedded.Servers, master: MasterKey, examples: int) -> None:
    """The machine in a thread with a loop of its own: Hypothesis calls it from code that waits for nothing."""
    loop = asyncio.new_event_loop()
    try:
        ground = Ground(loop, servers.database_url, master)
        try:
            run_state_machine_as_test(
                type("OnGround", (Phones,), {"ground": ground}),
                settings=settings(
                    max_examples=examples,
                    stateful_step_count=12,
                    deadline=None,
                    suppress_health_check=list(HealthCheck),
                    print_blob=True,
                ),
            )
        finally:
            ground.close()
    finally:
        loop.close()


async def in_thread(work: Callable[..., None], *values: Any) -> None:
    await asyncio.to_thread(work, *values)


async def test_whatever_the_network_does_each_action_counts_once(
    servers: embedded.Servers, master: MasterKey, clock: TestClock
) -> None:
    await in_thread(play, servers, master, 25)


@pytest.mark.faults
@pytest.mark.timeout(7_200)
async def test_whatever_the_network_does_each_action_counts_once_in_2000_examples(
    servers: embedded.Servers, master: MasterKey, clock: TestClock
) -> None:
    await in_thread(play, servers, master, 2_000)
