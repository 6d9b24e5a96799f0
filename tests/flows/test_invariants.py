"""What must hold of a merchant's rows is looked at every night; each check finds what it is for, and nothing in a salon that works."""

from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from backend import embedded
from backend.db.engine import open_engine
from backend.db.units import Units
from tasks.flow import invariants
from tasks.flow.invariants import FACTS, INVARIANTS, Broken, check_invariants, look_tonight
from tasks.flow.log_callback import CallbackFact, Outcome, log_callback
from tasks.flow.tend_merchant import tend_merchant
from tasks.flow.watchdogs import watch
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tests.support.clock import TestClock, shanghai
from tests.support.fleet import for_everybody, turn_on
from tests.support.plans import rows, start_plan, sweep
from tests.support.world import World, make_world

MERCHANT = "where merchant_id = :merchant"


@pytest.fixture
async def salon(units: Units, master: MasterKey, clock: TestClock) -> World:
    """A salon in the middle of its work: two plans have run, employees have logged, one customer refused, one booked."""
    world = await make_world(units, master, employees=3)
    await start_plan(world, "second_visit", holdOut=0)
    for number in range(6):
        await world.customer(f"C{number}")
        await world.sale(f"C{number}", shanghai("2026-03-02 07:00"), card=1_000)
        await world.card(f"C{number}", shanghai("2026-03-01 12:00"))
    await clock.set(shanghai("2026-03-09 09:10"))
    await sweep(world)
    await turn_on(world, [for_everybody("会员日")])
    await clock.set(shanghai("2026-03-10 10:10"))
    await sweep(world)
    tasks = await rows(world, f"select id from task {MERCHANT} order by id")
    said: tuple[tuple[Outcome, dict[str, str]], ...] = (
        (Outcome.NO_ANSWER, {}),
        (Outcome.REFUSED_CONTACT, {"scope": "all"}),
        (Outcome.BOOKED, {"startsAt": "2026-03-12T15:00:00+08:00"}),
    )
    for task, (outcome, fields) in zip(tasks, said, strict=False):
        await log(world, task["id"], outcome, fields)
    await clock.set(shanghai("2026-03-10 12:00"))
    await sweep(world)
    return world


async def log(world: World, task_id: UUID, outcome: Outcome, fields: dict[str, str]) -> None:
    async with world.units.open(world.merchant_id) as unit:
        fact = CallbackFact(action_id=new_id(), task_id=task_id, outcome=outcome, occurred_at=unit.now, fields=fields)
        await log_callback(unit, world.scope("manager"), fact)


@pytest.fixture
async def unbound(servers: embedded.Servers) -> AsyncIterator[AsyncConnection]:
    """The owner, who may do what no process of ours would."""
    engine = open_engine(servers.migration_url, as_app=False)
    async with engine.connect() as connection:
        yield connection
    await engine.dispose()


async def test_a_salon_that_works_breaks_nothing(salon: World) -> None:
    assert await check_invariants(salon.units, salon.merchant_id) == []
    statuses = {row["status"] for row in await rows(salon, f"select distinct status from task {MERCHANT}")}
    assert statuses >= {"open", "waiting", "done"}, "and there was something to look at"
    assert {row["state"] for row in await rows(salon, f"select distinct state from enrolment {MERCHANT}")} >= {"active"}


LIVE_TASK = f"(select id from task {MERCHANT} and status = 'open' order by id limit 1)"
BREAKS = {
    "task_of_nobody": (
        f"update task set assignee_id = null {MERCHANT} and id = {LIVE_TASK} returning id",
        f"update store set pool = false {MERCHANT} returning null as id",
    ),
    "task_without_reason": (
        f"update task_reason set state = 'closed', closed_at = :now {MERCHANT} and task_id = {LIVE_TASK} returning task_id as id",
        (
            f"update enrolment set state = 'completed' {MERCHANT} "
            f"and id in (select enrolment_id from task_reason {MERCHANT} and state = 'closed') returning null as id"
        ),
    ),
    "task_of_refuser": (
        (
            f"update customer_contact_state set no_contact_at = cast(:now as timestamptz) - interval '2 minutes' {MERCHANT} "
            f"and customer_id = (select customer_id from task {MERCHANT} and id = {LIVE_TASK}) returning {LIVE_TASK} as id"
        ),
    ),
    "decision_without_task": (
        (
            f"delete from task_reason {MERCHANT} and id = (select r.id from task_reason r join task t on t.id = r.task_id where r.merchant_id = :merchant "
            "and r.state = 'closed' order by r.id limit 1) returning (select d.id from decision d where d.enrolment_id = task_reason.enrolment_id "
            "and d.step = task_reason.step) as id"
        ),
    ),
    "reason_without_decision": (
        (
            f"delete from decision {MERCHANT} and id = (select d.id from decision d where d.merchant_id = :merchant and d.decided = 'merged' limit 1) "
            "returning (select r.id from task_reason r where r.enrolment_id = decision.enrolment_id) as id"
        ),
    ),
    "passage_without_task": (
        (
            f"update enrolment set state = 'active' {MERCHANT} and id = (select id from enrolment {MERCHANT} and state in ('completed', 'exited') "
            "order by id limit 1) returning id"
        ),
    ),
    "run_miscounted": (f"update occurrence set made = made + 1 {MERCHANT} and state = 'done' returning id",),
    "change_beyond_revision": (f"update store_revision set rev = 0 {MERCHANT} returning store_id as id",),
    FACTS: (
        (
            f"update customer_facts set visit_count = 99 {MERCHANT} and customer_id = (select min(customer_id::text)::uuid from customer_facts {MERCHANT}) "
            "returning customer_id as id"
        ),
    ),
}


def test_every_invariant_that_the_database_does_not_keep_itself_is_broken_here() -> None:
    assert {*INVARIANTS, FACTS} - set(BREAKS) == {"run_without_lease"}


@pytest.mark.parametrize("name", sorted(BREAKS))
async def test_each_invariant_finds_the_rows_that_break_it(salon: World, name: str) -> None:
    wrong = {row["id"] for statement in BREAKS[name] for row in await rows(salon, statement) if row["id"]}
    assert wrong
    broken = {one.name: one for one in await check_invariants(salon.units, salon.merchant_id)}
    assert set(broken) == {name}
    assert set(broken[name].ids) == wrong
    assert broken[name].found == len(wrong)


async def test_the_database_refuses_a_run_without_a_lease(salon: World, unbound: AsyncConnection) -> None:
    names = await unbound.execute(text("select conname from pg_constraint where conrelid = 'occurrence'::regclass"))
    assert "ck_occurrence_lease" in {row.conname for row in names}


async def test_the_night_is_looked_at_once_and_told_in_the_morning(salon: World, clock: TestClock) -> None:
    await clock.set(shanghai("2026-03-10 22:00"))
    assert await look_tonight(salon.units, salon.merchant_id) == []
    assert await look_tonight(salon.units, salon.merchant_id) is None, "once a night"
    await rows(salon, f"update store_revision set rev = 0 {MERCHANT} returning store_id")
    await clock.set(shanghai("2026-03-11 02:59"))
    assert await look_tonight(salon.units, salon.merchant_id) is None
    await clock.set(shanghai("2026-03-11 03:00"))
    await tend_merchant(salon.units, salon.merchant_id)
    (one,) = [one for one in await salon.do(watch) if one.kind == "change_beyond_revision"]
    assert (one.name, one.count, one.detail) == ("change_beyond_revision", 1, str(salon.stores["S1"]))

    await rows(salon, f"update store_revision set rev = 10000 {MERCHANT} returning store_id")
    await clock.set(shanghai("2026-03-12 03:00"))
    await tend_merchant(salon.units, salon.merchant_id)
    assert [one for one in await salon.do(watch) if one.kind == "change_beyond_revision"] == []


async def test_a_look_that_died_is_taken_up_again_after_half_an_hour(salon: World, clock: TestClock) -> None:
    async with salon.units.open(salon.merchant_id) as unit:
        assert await invariants._begin(unit) is not None
    assert await look_tonight(salon.units, salon.merchant_id) is None, "somebody is at it"
    await clock.advance(timedelta(minutes=31))
    assert await look_tonight(salon.units, salon.merchant_id) == []


async def test_facts_are_counted_slice_by_slice(salon: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.flow.invariants.SLICE", 2)
    everybody = await rows(salon, f"update customer_facts set visit_count = 99 {MERCHANT} returning customer_id")
    (broken,) = await check_invariants(salon.units, salon.merchant_id)
    assert broken == Broken(FACTS, len(everybody), tuple(sorted(row["customer_id"] for row in everybody)))
