import asyncio

from backend.db.units import Units
from tasks.flow.log_callback import CallbackFact, Outcome, log_callback
from tasks.flow.record_books import record_books
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.ledger.inputs import VisitIn
from tests.support.clock import TestClock
from tests.support.rows import Ask, make_plan, make_task, rows_of, task_row
from tests.support.world import World, make_world

TIMES = 8


async def at_once(world: World, facts: list[CallbackFact]) -> list[str]:
    """Everybody logs at once; the verdicts in the order of the facts."""
    ready = asyncio.Barrier(len(facts))

    async def one(said: CallbackFact) -> str:
        async with world.units.open(world.merchant_id) as unit:
            await ready.wait()
            return (await log_callback(unit, world.scope("E1"), said)).verdict

    return await asyncio.gather(*(one(said) for said in facts))


async def test_the_same_action_at_once_is_applied_once(units: Units, master: MasterKey, clock: TestClock) -> None:
    world = await make_world(units, master, employees=1, customers=1)
    task = await make_task(world)
    said = CallbackFact(
        action_id=new_id(), task_id=task.task_id, outcome=Outcome.NO_ANSWER, occurred_at=await clock.now()
    )
    verdicts = await at_once(world, [said] * TIMES)
    assert sorted(verdicts) == ["applied", *["duplicate"] * (TIMES - 1)]
    assert (await task_row(world, task.task_id))["attempts"] == 1
    assert len(await rows_of(world, "select id from contact where merchant_id = :merchant")) == 1


async def test_of_two_bookings_at_once_one_moves_the_task_and_there_is_one_appointment(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    world = await make_world(units, master, employees=1, customers=1)
    task = await make_task(world)
    now = await clock.now()
    facts = [
        CallbackFact(
            action_id=new_id(),
            task_id=task.task_id,
            outcome=Outcome.BOOKED,
            occurred_at=now,
            fields={"startsAt": "2026-03-05T15:00:00+08:00"},
        )
        for _ in range(TIMES)
    ]
    verdicts = await at_once(world, facts)
    assert sorted(verdicts) == ["applied", *["superseded"] * (TIMES - 1)]
    assert len(await rows_of(world, "select id from appointment where merchant_id = :merchant")) == 1
    assert len(await rows_of(world, "select id from callback where merchant_id = :merchant")) == TIMES, "each is kept"


async def test_refusals_on_several_tasks_of_one_customer_at_once_do_not_lock_each_other_out(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    world = await make_world(units, master, employees=1, customers=1)
    tasks = [await make_task(world, Ask(origin="own")) for _ in range(TIMES)]
    facts = [
        CallbackFact(
            action_id=new_id(),
            task_id=task.task_id,
            outcome=Outcome.REFUSED_CONTACT,
            occurred_at=await clock.now(),
            fields={"scope": "all"},
        )
        for task in tasks
    ]
    verdicts = await at_once(world, facts)
    assert sorted(verdicts) == ["applied", *["superseded"] * (TIMES - 1)]
    statuses = [(await task_row(world, task.task_id))["status"] for task in tasks]
    assert sorted(map(str, statuses)) == ["done", *["moot"] * (TIMES - 1)]


async def test_books_and_callbacks_of_the_same_customers_at_once_take_turns(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    world = await make_world(units, master, employees=1, customers=6)
    plan = await make_plan(world)
    tasks = [await make_task(world, Ask(f"C{n}"), plan) for n in range(1, 7)]
    now = await clock.now()
    visits = [VisitIn(customer=f"C{n}", store="S1", at=now, staff="E1", service="CUT") for n in range(6, 0, -1)]

    async def books() -> None:
        async with world.units.open(world.merchant_id) as unit:
            await record_books(unit, "visits", visits)

    facts = [
        CallbackFact(action_id=new_id(), task_id=task.task_id, outcome=Outcome.NO_ANSWER, occurred_at=now)
        for task in tasks
    ]
    await asyncio.gather(books(), *(at_once(world, [said]) for said in facts))
    statuses = {str((await task_row(world, task.task_id))["status"]) for task in tasks}
    assert statuses == {"moot"}, "whoever came first: she came, and that is the last word"
