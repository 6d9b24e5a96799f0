"""Promises under concurrency: one task for a broken one, whoever settles it, and books that come in the same moment win."""

import asyncio

import pytest

from backend.db.units import Units
from tasks.flow.record_books import record_books
from tasks.flow.run_plans import sweep_merchant
from tasks.kernel.sealing import MasterKey
from tasks.ledger.inputs import VisitIn
from tests.support.clock import TestClock, shanghai
from tests.support.promises import promise_row, recovery_of, say
from tests.support.rows import rows_of
from tests.support.world import World, make_world

PEOPLE = 12


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-02 12:00"))
    return await make_world(units, master, employees=2, customers=PEOPLE)


async def test_four_sweeps_at_once_make_one_task_each(world: World, clock: TestClock) -> None:
    for n in range(1, PEOPLE + 1):
        await say(world, f"C{n}", "2026-03-05")
    await clock.set(shanghai("2026-03-06 09:00"))
    reports = await asyncio.gather(*(sweep_merchant(world.units, world.merchant_id) for _ in range(4)))
    assert sum(report.promises for report in reports) == PEOPLE
    made = await rows_of(world, "select customer_id from task where merchant_id = :merchant")
    assert sorted(row["customer_id"] for row in made) == sorted(world.customers.values())  # type: ignore[type-var]  # ids
    states = await rows_of(world, "select distinct state from promise where merchant_id = :merchant")
    assert states == [{"state": "broken"}]


async def test_late_books_and_the_sweep_at_once_end_the_same_whoever_is_first(world: World, clock: TestClock) -> None:
    promises = {f"C{n}": await say(world, f"C{n}", "2026-03-05") for n in range(1, PEOPLE + 1)}
    await clock.set(shanghai("2026-03-06 09:00"))

    async def book(code: str) -> None:
        visit = VisitIn(customer=code, store="S1", at=shanghai("2026-03-05 15:00"), staff="E1", service="CUT")
        await world.do(lambda unit: record_books(unit, "visits", [visit], historic=True))

    await asyncio.gather(*(book(code) for code in promises), sweep_merchant(world.units, world.merchant_id))
    for promise in promises.values():
        assert (await promise_row(world, promise))["state"] == "kept"
        task = await recovery_of(world, promise)
        assert task is None or task["status"] == "moot"
    assert await rows_of(world, "select id from task where merchant_id = :merchant and status = 'open'") == []
