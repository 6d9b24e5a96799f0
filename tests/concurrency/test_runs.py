"""Runs under races: two workers, a worker that lost its lease, a customer that cannot be judged."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from backend import embedded
from backend.db.engine import open_engine
from backend.db.units import Units
from tasks.flow.run_occurrence import run_chunk, run_occurrence
from tasks.flow.run_plans import SweepReport, plan_ahead, run_next
from tasks.generation import service
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.plans.occurrences import Claimed, LeaseLost, claim
from tests.support.clock import TestClock, shanghai
from tests.support.fleet import for_everybody, turn_on
from tests.support.plans import count, decisions, rows, start_plan, sweep
from tests.support.world import World, make_world

EXPIRE = """
update occurrence set lease_until = clock_timestamp() - interval '1 second' where merchant_id = :merchant and state = 'running' returning id
"""


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    made = await make_world(units, master, stores=1, employees=3)
    for number in range(30):
        await made.customer(f"N{number}")
        await made.visit(f"N{number}", shanghai("2026-03-01 11:00"), historic=True)
        card = await made.card(f"N{number}", shanghai("2026-01-10 12:00"), principal=40_000)
        await made.card_entry(card, "consume", shanghai("2026-02-20 12:00"), principal=-10_000)
    return made


@pytest.fixture
async def owner(servers: embedded.Servers) -> AsyncIterator[AsyncConnection]:
    engine = open_engine(servers.migration_url, as_app=False)
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()


async def claimed(world: World) -> Claimed:
    await plan_ahead(world.units, world.merchant_id, SweepReport())
    async with world.units.open(world.merchant_id) as unit:
        held = await claim(unit)
    assert held is not None
    return held


async def test_many_sweeps_at_once_make_each_task_once(world: World, clock: TestClock) -> None:
    await start_plan(world, "second_visit")
    await start_plan(world, "card_balance_low")
    await clock.set(shanghai("2026-03-08 10:00"))
    await asyncio.gather(*(sweep(world) for _ in range(6)))
    await sweep(world)
    assert await count(world, "task") == 30
    assert await count(world, "task_reason") == 60
    told = await decisions(world)
    assert all(sorted(what) == ["merged", "task"] for what in told.values())
    assert len(told) == 30


async def test_a_worker_that_lost_its_lease_writes_nothing(world: World, clock: TestClock) -> None:
    await start_plan(world, "card_balance_low")
    await clock.set(shanghai("2026-03-02 10:00"))
    zombie = await claimed(world)
    for _ in range(2):  # who is meant; the first ten of them
        async with world.units.open(world.merchant_id) as unit:
            assert await run_chunk(unit, zombie, 10) is False
    await rows(world, EXPIRE)
    async with world.units.open(world.merchant_id) as unit:
        heir = await claim(unit)
    assert heir is not None
    assert (heir.id, heir.epoch) == (zombie.id, zombie.epoch + 1)
    before = await count(world, "task")
    with pytest.raises(LeaseLost):
        async with world.units.open(world.merchant_id) as unit:
            await run_chunk(unit, zombie, 10)
    assert await count(world, "task") == before == 10
    await run_occurrence(world.units, world.merchant_id, heir, chunk=7)
    assert await count(world, "task") == 30


async def test_a_finished_run_done_again_writes_nothing(world: World, clock: TestClock) -> None:
    await start_plan(world, "card_balance_low")
    await clock.set(shanghai("2026-03-02 10:00"))
    await sweep(world)
    before = [await count(world, table) for table in ("task", "task_reason", "decision", "enrolment", "task_change")]
    held = (await rows(world, "update occurrence set state = 'running', cursor = null, audience = null, lease_until = clock_timestamp() - interval '1 second' "
                       "where merchant_id = :merchant and state = 'done' returning id"))  # fmt: skip
    assert len(held) == 1
    await sweep(world)
    assert [
        await count(world, table) for table in ("task", "task_reason", "decision", "enrolment", "task_change")
    ] == before


async def test_a_customer_that_cannot_be_judged_stops_nobody_and_is_reported(
    world: World, clock: TestClock, owner: AsyncConnection
) -> None:
    poison = world.customers["N7"]
    await owner.execute(
        text(
            "create or replace function poison() returns trigger language plpgsql as $$ begin raise exception 'poison'; end $$"
        )
    )
    await owner.execute(
        text(
            f"create trigger poison before insert on task for each row when (new.customer_id = '{poison}') execute function poison()"
        )
    )
    await owner.commit()
    try:
        await start_plan(world, "second_visit")
        await clock.set(shanghai("2026-03-08 09:00"))
        await sweep(world)
        await start_plan(world, "card_balance_low")
        await clock.set(shanghai("2026-03-09 10:00"))
        await sweep(world)
    finally:
        await owner.execute(text("drop function poison() cascade"))
        await owner.commit()
    told = await decisions(world)
    assert [what.split(":")[0] for what in told["N7"]] == ["failed", "failed"]
    assert await count(world, "task") == 29
    assert await rows(world, "select id from occurrence where merchant_id = :merchant and state = 'running'") == []


async def test_a_refusal_in_the_middle_of_a_chunk_is_seen(world: World, clock: TestClock) -> None:
    """The refusal holds the contact state; the chunk waits for it and then suppresses."""
    await start_plan(world, "card_balance_low")
    await clock.set(shanghai("2026-03-02 10:00"))
    held = await claimed(world)
    async with world.units.open(world.merchant_id) as refusing:
        await refusing.run(
            "update customer_contact_state set no_contact_at = :now where merchant_id = :merchant and customer_id = :customer",
            customer=world.customers["N3"],
        )
        run = asyncio.create_task(run_occurrence(world.units, world.merchant_id, held))
        while not await refusing.scalar("select count(*) from pg_locks where not granted"):
            await refusing.run("select pg_sleep(0.01)")
    await run
    assert (await decisions(world))["N3"] == ["suppressed:do_not_contact"]
    assert await count(world, "task") == 29


async def test_a_worker_told_to_stop_gives_its_run_back_at_once(
    world: World, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGTERM cancels the sweep in the middle of a chunk: the chunk rolls back, the lease ends, and the next worker need not wait for it."""
    await start_plan(world, "card_balance_low")
    await clock.set(shanghai("2026-03-02 10:00"))
    inside = asyncio.Event()

    async def stuck(*_: object, **__: object) -> None:
        inside.set()
        await asyncio.Event().wait()

    with monkeypatch.context() as patched:
        patched.setattr("tasks.flow.run_occurrence.generate", stuck)
        stopped = asyncio.create_task(sweep(world))
        await inside.wait()
        stopped.cancel()
        with pytest.raises(asyncio.CancelledError):
            await stopped
    assert await count(world, "task") == 0
    assert (await sweep(world)).runs == 1
    assert await count(world, "task") == 30


class Stopped:
    """Units whose user is told to stop while the one in which a run is claimed commits, or before it opens."""

    def __init__(self, units: Units, *, claimed: bool) -> None:
        self._units = units
        self._claimed = claimed

    @asynccontextmanager
    async def open(self, merchant_id: UUID) -> AsyncIterator[Unit]:
        if not self._claimed:
            raise asyncio.CancelledError
        async with self._units.open(merchant_id) as unit:
            yield unit
        if await self._is_held(merchant_id):
            raise asyncio.CancelledError

    def glance(self, merchant_id: UUID) -> AbstractAsyncContextManager[Unit]:
        return self._units.glance(merchant_id)

    async def _is_held(self, merchant_id: UUID) -> bool:
        async with self.glance(merchant_id) as unit:
            return bool(await unit.scalar(HELD))


HELD = """
select count(*) from occurrence where merchant_id = :merchant and state = 'running' and lease_until > clock_timestamp()
"""


@pytest.mark.parametrize("claimed", [True, False])
async def test_a_worker_told_to_stop_while_it_claims_leaves_nothing_held(
    world: World, clock: TestClock, *, claimed: bool
) -> None:
    await start_plan(world, "card_balance_low")
    await clock.set(shanghai("2026-03-02 10:00"))
    await plan_ahead(world.units, world.merchant_id, SweepReport())
    with pytest.raises(asyncio.CancelledError):
        await run_next(Stopped(world.units, claimed=claimed), world.merchant_id, SweepReport())
    assert (await rows(world, HELD))[0]["count"] == 0
    assert (await sweep(world)).runs == 1
    assert await count(world, "task") == 30


async def test_two_runs_at_once_do_not_give_an_employee_more_than_a_day_holds(
    units: Units, master: MasterKey, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Women and men are two plans' customers, so no lock on a customer keeps the runs apart; what one has assigned and not committed counts for the other."""
    world = await make_world(units, master, stores=1, employees=1)
    for number in range(20):
        await world.customer(f"W{number}", gender="female")
        await world.customer(f"M{number}", gender="male")
    of = {who: {"condition": "gender", "isOneOf": [who]} for who in ("female", "male")}
    await turn_on(world, [for_everybody(who, audience=tree) for who, tree in of.items()])
    await plan_ahead(world.units, world.merchant_id, SweepReport())
    await clock.set(shanghai("2026-03-02 10:00"))
    assigned, over, whole = asyncio.Event(), asyncio.Event(), vars(service)["assign"]

    async def slowly(*values: Any) -> None:
        await whole(*values)
        if not assigned.is_set():
            assigned.set()
            with suppress(TimeoutError):
                await asyncio.wait_for(over.wait(), 1)

    monkeypatch.setattr(service, "assign", slowly)
    first = asyncio.create_task(sweep(world))
    await assigned.wait()
    await sweep(world)
    over.set()
    await first
    days = await rows(
        world,
        "select opens_on, count(*) as n, max(s.max_new_weekday) as most from task t join staff s on s.id = t.assignee_id "
        "where t.merchant_id = :merchant and extract(isodow from t.opens_on) < 6 group by opens_on order by opens_on",
    )
    assert await count(world, "task") == 40
    assert [(row["n"], row["most"]) for row in days if row["n"] > row["most"]] == []
