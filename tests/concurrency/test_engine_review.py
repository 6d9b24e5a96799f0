"""Runs and passages beside other transactions: what committed meanwhile counts, nobody waits for whom waits for him, and no customer is blamed for a lock."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy.exc import DBAPIError

from backend.db.units import Units
from tasks.flow import fire_passages as passages
from tasks.flow import run_occurrence as runs
from tasks.flow.run_occurrence import run_chunk, run_occurrence
from tasks.flow.run_plans import SweepReport, plan_ahead
from tasks.generation import service
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.people.contact_state import lock_contact_state
from tasks.people.service import create_store
from tasks.plans.occurrences import Claimed, claim, move_cursor, renew
from tasks.worklist.feed import feed
from tests.support.clock import TestClock, shanghai
from tests.support.plans import count, decisions, rows, start_plan, sweep
from tests.support.world import World, make_world

CONTACT = """
insert into contact (merchant_id, id, customer_id, channel, contacted_at, contacted_on)
values (:merchant, new_uuid7(), :customer, 'phone', :now, '2026-03-02')
"""


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    made = await make_world(units, master)
    for code in ("C1", "C2", "C3"):
        await made.customer(code)
        card = await made.card(code, shanghai("2026-01-10 12:00"), principal=40_000)
        await made.card_entry(card, "consume", shanghai("2026-02-20 12:00"), principal=-10_000)
    return made


async def held_run(world: World, clock: TestClock) -> Claimed:
    await start_plan(world, "card_balance_low")
    await clock.set(shanghai("2026-03-02 10:00"))
    await plan_ahead(world.units, world.merchant_id, SweepReport())
    held = await world.do(claim)
    assert held is not None
    return held


async def blocked(unit: Unit) -> None:
    """Wait until some transaction waits for a lock of this one."""
    while not await unit.scalar(
        "select count(*) from pg_stat_activity where pg_backend_pid() = any(pg_blocking_pids(pid))"
    ):
        await unit.run("select pg_sleep(0.01)")
        await unit.run("select pg_stat_clear_snapshot()")  # what is seen of others is remembered within a transaction


async def test_a_contact_logged_while_the_chunk_waited_counts(world: World, clock: TestClock) -> None:
    """The chunk has read its clock before the contact's transaction begins; the contact commits first: one contact a day holds."""
    held = await held_run(world, clock)
    async with world.units.open(world.merchant_id) as gate:
        await lock_contact_state(gate, [world.customers["C1"]])
        run = asyncio.create_task(run_occurrence(world.units, world.merchant_id, held))
        await blocked(gate)
        await gate.run("select pg_sleep(0.01)")
        later = await world.units.now()
        assert later > gate.now
        await gate.run(CONTACT.replace(":now", ":later"), customer=world.customers["C1"], later=later)
    await run
    assert (await decisions(world))["C1"] == ["suppressed:contacted_today"]


async def test_an_event_and_the_passage_it_ends_do_not_wait_for_each_other(world: World, clock: TestClock) -> None:
    """An event holds the contact state and will end the passage: the sweep leaves that customer for the next look."""
    await start_plan(world, "second_visit")
    for code in ("C1", "C2"):
        await world.visit(code, shanghai("2026-03-02 07:00"))
    await clock.set(shanghai("2026-03-09 09:00"))
    async with world.units.open(world.merchant_id) as event:
        await lock_contact_state(event, [world.customers["C1"]])
        assert (await asyncio.wait_for(sweep(world), 20)).passages == 1
        await event.run("select id from enrolment where merchant_id = :merchant order by id for update")
    assert (await sweep(world)).passages == 1
    assert await decisions(world) == {"C1": ["task"], "C2": ["task"]}


async def test_a_long_chunk_leaves_with_a_fresh_lease(world: World, clock: TestClock) -> None:
    held = await held_run(world, clock)
    async with world.units.open(world.merchant_id) as unit:
        await renew(unit, held)
        await unit.run(
            "update occurrence set lease_until = clock_timestamp() - interval '1 second' where merchant_id = :merchant and id = :id",
            id=held.id,
        )
        async with world.units.open(world.merchant_id) as other:
            assert await claim(other) is None
        await move_cursor(unit, held, world.customers["C1"])
    assert await world.do(claim) is None


class _Sick:
    """An asyncpg error of a class, as SQLAlchemy wraps it."""

    def __init__(self, sqlstate: str, times: int) -> None:
        self.sqlstate, self.times = sqlstate, times

    def strike(self) -> None:
        if self.times:
            self.times -= 1
            cause = Exception("driver")
            cause.sqlstate = self.sqlstate  # type: ignore[attr-defined]  # as asyncpg's errors have
            raise DBAPIError("select 1", {}, cause)


async def sweep_until_well(world: World) -> None:
    """Sweep again after each fault, as the worker does; the run's lease ends meanwhile."""
    for _ in range(20):
        try:
            await sweep(world)
        except DBAPIError:
            await rows(
                world,
                "update occurrence set lease_until = clock_timestamp() where merchant_id = :merchant and state = 'running' returning id",
            )
            continue
        break


@pytest.mark.parametrize(("sqlstate", "times"), [("40P01", 3), ("57P03", 1), ("40P01", 50)])
async def test_nobody_is_blamed_for_a_deadlock_or_a_restart(
    world: World, clock: TestClock, monkeypatch: pytest.MonkeyPatch, sqlstate: str, times: int
) -> None:
    """Whatever a run or a batch meets that passes by itself, nobody is failed for it and everything is done in the end."""
    sick = _Sick(sqlstate, times)
    generate = service.generate

    async def ill(*args: Any, **named: Any) -> Any:
        sick.strike()
        return await generate(*args, **named)

    monkeypatch.setattr(runs, "generate", ill)
    monkeypatch.setattr(passages, "generate", ill)
    for code in ("C1", "C2", "C3"):
        await world.visit(code, shanghai("2026-03-02 07:00"))
    await start_plan(world, "second_visit")
    await clock.set(shanghai("2026-03-09 09:00"))
    await sweep_until_well(world)
    assert await decisions(world) == {code: ["task"] for code in ("C1", "C2", "C3")}
    await rows(
        world,
        "update task set status = 'done', closed_at = :now, close_reason = 'callback' where merchant_id = :merchant returning id",
    )
    sick.times = times
    await start_plan(world, "card_balance_low")
    await clock.set(shanghai("2026-03-09 10:00"))
    await sweep_until_well(world)
    assert await decisions(world) == {code: ["task", "task"] for code in ("C1", "C2", "C3")}


async def test_two_stores_in_opposite_order_never_deadlock(world: World, clock: TestClock) -> None:

    async def open_store(unit: Unit) -> UUID:
        return await create_store(unit, code=world.fresh("X"), name="x", timezone="Asia/Shanghai")

    stores = [await world.do(open_store) for _ in range(4)]

    async def touch(order: list[Any]) -> None:
        async with world.units.open(world.merchant_id) as unit:
            for store in order:
                feed(unit).changed(store, new_id())

    await asyncio.gather(*(touch(stores if n % 2 else stores[::-1]) for n in range(16)))
    found = await rows(
        world,
        "select store_id, array_agg(rev order by rev) as revs from task_change where merchant_id = :merchant group by 1",
    )
    assert [list(row["revs"]) for row in found] == [list(range(1, 17))] * 4


async def test_two_plans_at_once_over_the_same_customers_make_one_task_each(world: World, clock: TestClock) -> None:
    await start_plan(world, "card_balance_low")
    first = await held_run(world, clock)
    second = await world.do(claim)
    assert second is not None
    await asyncio.gather(*(run_occurrence(world.units, world.merchant_id, held, chunk=2) for held in (first, second)))
    assert await count(world, "task") == 3
    assert {tuple(sorted(what)) for what in (await decisions(world)).values()} == {("merged", "task")}


async def test_a_chunk_frozen_before_commit_writes_all_or_nothing(world: World, clock: TestClock) -> None:
    """A second worker cannot even claim while the chunk's transaction lives; when it dies, nothing of it is left."""
    held = await held_run(world, clock)

    class Killed(Exception):
        """The worker dies."""

    async def die(unit: Unit) -> None:
        await run_chunk(unit, held, 10)
        assert await world.do(claim) is None
        raise Killed

    with pytest.raises(Killed):
        await world.do(die)
    assert [await count(world, table) for table in ("task", "decision", "enrolment", "task_change")] == [0, 0, 0, 0]
    assert await run_occurrence(world.units, world.merchant_id, held) == 1
    assert await count(world, "task") == 3
