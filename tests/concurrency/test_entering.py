"""Two transactions let the same scopes into a plan: the entry rule holds, whoever is first, and nobody waits for whom waits for him."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from backend.db.units import Units
from tasks.events.happened import Happened
from tasks.flow.accept_events import accept_events
from tasks.flow.react import notice
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.plans.due import lock_due
from tests.support.clock import TestClock, shanghai
from tests.support.entering import begin, event, happens, passages, send
from tests.support.plans import count, decisions, rows, sweep
from tests.support.world import World, make_world

NEXT_DAY = {"afterDays": 1, "at": "10:00"}
STATE = "update plan set state = :state where merchant_id = :merchant returning id"
EVENTS = """
select id as event_id, type, customer_id, occurred_at, store_id, staff_id, ledger_kind, ledger_id, historic from event
where merchant_id = :merchant order by occurred_at, id
"""


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    return await make_world(units, master, customers=4)


async def two_events(world: World, clock: TestClock, **plan: Any) -> list[Happened]:
    """Two events of C1 that the plan has not seen."""
    await begin(world, "viewed", NEXT_DAY, **plan)
    await clock.set(shanghai("2026-03-02 12:00"))
    await rows(world, STATE, state="paused")
    await send(world, *(event("viewed", "C1", f"2026-03-02 1{hour}:00") for hour in (0, 1)))
    await rows(world, STATE, state="active")
    return [Happened(**row) for row in await rows(world, EVENTS)]


async def blocked(unit: Unit, other: asyncio.Task[None]) -> None:
    """Wait until the other's transaction waits for a lock of this one."""
    while not await unit.scalar(
        "select count(*) from pg_stat_activity where pg_backend_pid() = any(pg_blocking_pids(pid))"
    ):
        assert not other.done(), "nobody waits"
        # The connections of a transaction's first look are remembered; the other's may be newer.
        await unit.run("select pg_stat_clear_snapshot(), pg_sleep(0.01)")


async def race(world: World, first: Happened, second: Happened) -> None:
    """The second transaction begins before the first commits, and has to wait for it."""

    def seen(one: Happened) -> Callable[[Unit], Awaitable[None]]:
        return lambda unit: notice(unit, [one])

    async with world.units.open(world.merchant_id) as unit:
        await notice(unit, [first])
        other = asyncio.create_task(world.do(seen(second)))
        await blocked(unit, other)
    await asyncio.wait_for(other, 20)


async def guards(world: World) -> list[str | None]:
    return [row["guard"] for row in await rows(world, "select guard from enrolment where merchant_id = :merchant order by created_at, id")]  # fmt: skip


async def test_after_exit_lets_one_in(world: World, clock: TestClock) -> None:
    first, second = await two_events(world, clock, entry={"mode": "after_exit"})
    await race(world, first, second)
    assert await guards(world) == ["entry 0"]
    assert await decisions(world) == {"C1": ["entry"]}


async def test_never_again_lets_one_in(world: World, clock: TestClock) -> None:
    first, second = await two_events(world, clock, entry={"mode": "never_again"})
    await race(world, first, second)
    assert await guards(world) == ["once"]


@pytest.mark.parametrize(("times", "entered"), [(1, ["entry 0"]), (2, ["entry 0", "entry 1"])])
async def test_at_most_lets_in_as_many_as_may(world: World, clock: TestClock, times: int, entered: list[str]) -> None:
    first, second = await two_events(world, clock, entry={"mode": "at_most", "times": times, "days": 7})
    await race(world, first, second)
    assert await guards(world) == entered
    assert len(await passages(world)) == len(entered)


@pytest.mark.parametrize(("order", "decided"), [((0, 1), "exited:restarted"), ((1, 0), "entry")])
async def test_a_restart_leaves_the_newest(
    world: World, clock: TestClock, order: tuple[int, int], decided: str
) -> None:
    events = await two_events(world, clock, entry={"mode": "restart"})
    await race(world, events[order[0]], events[order[1]])
    waiting = [one["event_id"] for one in await passages(world) if one["state"] == "waiting"]
    assert waiting == [events[1].event_id]
    assert await decisions(world) == {"C1": [decided]}


async def test_a_first_transaction_that_gives_up_leaves_room(world: World, clock: TestClock) -> None:
    first, second = await two_events(world, clock, entry={"mode": "after_exit"})

    waits: list[asyncio.Task[None]] = []

    async def lost(unit: Unit) -> None:
        await notice(unit, [first])
        waits.append(asyncio.create_task(world.do(lambda own: notice(own, [second]))))
        await blocked(unit, waits[0])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await world.do(lost)
    await asyncio.wait_for(waits[0], 20)
    assert [one["event_id"] for one in await passages(world)] == [second.event_id]


async def test_batches_in_any_order_fire_at_once_without_a_deadlock(world: World, clock: TestClock) -> None:
    """Four batches of the same customers in different orders, two plans at once, and sweeps beside them: one task each, every reason in it."""
    for _ in range(2):
        await begin(world, "viewed")
    await clock.set(shanghai("2026-03-02 12:00"))
    codes = ["C1", "C2", "C3", "C4"]

    async def batch(turn: int) -> None:
        ordered = [*codes[turn:], *codes[:turn]] if turn % 2 else [*codes[turn:], *codes[:turn]][::-1]
        items = [event("viewed", code, "2026-03-02 11:00") for code in ordered]
        await world.do(lambda unit: accept_events(unit, items))

    await asyncio.wait_for(asyncio.gather(*(batch(turn) for turn in range(4)), sweep(world), sweep(world)), 60)
    assert await rows(world, "select id from event where merchant_id = :merchant and state <> 'accepted'") == []
    assert await count(world, "task") == 4
    assert {code: sorted(what) for code, what in (await decisions(world)).items()} == {
        code: ["merged"] * 7 + ["task"] for code in codes
    }


async def test_two_workers_never_lock_the_same_passage(world: World, clock: TestClock) -> None:
    await begin(world, "viewed", NEXT_DAY, {"afterDays": 1, "at": "09:00"})
    for code in ("C1", "C2", "C3", "C4"):
        await happens(world, "viewed", code, "2026-03-02 08:00")
    await clock.set(shanghai("2026-03-03 10:00"))
    async with world.units.open(world.merchant_id) as one, world.units.open(world.merchant_id) as other:
        mine = {ident for due in await lock_due(one, 4) for ident in due.ids}
        theirs = {ident for due in await lock_due(other, 10) for ident in due.ids}
    assert (len(mine), len(theirs)) == (4, 0)  # the four of 09:00 are everybody's first
    assert (await sweep(world)).passages == 8


async def test_a_cancellation_and_the_firing_of_its_reminder_take_turns(world: World, clock: TestClock) -> None:
    """Whoever is first decides; neither waits for the other for ever."""
    await begin(
        world, "appointment_booked", {"before": "startsAt", "by": "2h"}, entry={"scope": "appointment", "mode": "each_time"}, suppress={"appointment": False}
    )  # fmt: skip
    for code in ("C1", "C2"):
        await world.appointment(code, shanghai("2026-03-03 12:00"), external_id=code)
    await clock.set(shanghai("2026-03-03 10:00"))
    async with world.units.open(world.merchant_id) as unit:
        await accept_events(unit, [event("appointment_cancelled", "C1", "2026-03-03 09:59", appointmentId="C1")])
        assert (await asyncio.wait_for(sweep(world), 20)).passages == 1
    assert (await sweep(world)).passages == 0
    assert await decisions(world) == {"C1": ["exited:appointment_cancelled"], "C2": ["task"]}
