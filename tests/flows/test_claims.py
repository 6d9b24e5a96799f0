"""已购买 and 已充值 are what an employee says; the books verify it, late ones too."""

from collections.abc import Awaitable, Callable
from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.flow.log_callback import CallbackFact, log_callback
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tests.support.clock import TestClock, shanghai
from tests.support.plans import rows, sweep
from tests.support.rows import make_task
from tests.support.world import World, make_world


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-02 12:00"))
    return await make_world(units, master, employees=2, customers=2)


async def claim(world: World, outcome: str = "purchased", amount: int | None = None) -> UUID:
    """E1 says of C1, now, that she paid."""
    task = await make_task(world)

    async def work(unit: Unit) -> UUID:
        fields = {"amountCents": amount} if amount is not None else {}
        said = CallbackFact(
            action_id=new_id(), task_id=task.task_id, outcome=outcome, occurred_at=unit.now, fields=fields
        )
        return (await log_callback(unit, world.scope("E1"), said)).callback_id

    return await world.do(work)


async def state(world: World, callback: UUID) -> str:
    (row,) = await rows(world, "select claim from callback where merchant_id = :merchant and id = :id", id=callback)
    return str(row["claim"])


async def bought(world: World) -> None:
    await world.sale("C1", shanghai("2026-03-02 11:00"), service="OIL", cash=19_900)


async def somebody_else_bought(world: World) -> None:
    await world.sale("C2", shanghai("2026-03-02 11:00"), service="OIL", cash=19_900)


async def bought_weeks_ago(world: World) -> None:
    await world.sale("C1", shanghai("2026-02-10 11:00"), service="OIL", cash=19_900)


@pytest.mark.parametrize(
    ("happened", "amount", "expected"),
    [
        (bought, None, "verified"),
        (bought, 19_900, "verified"),
        (bought, 10_000, "verified"),
        (bought, 30_000, "pending"),
        (somebody_else_bought, None, "pending"),
        (bought_weeks_ago, None, "pending"),
    ],
)
async def test_what_the_books_know_already_verifies_at_the_next_sweep(
    world: World, happened: Callable[[World], Awaitable[None]], amount: int | None, expected: str
) -> None:
    await happened(world)
    callback = await claim(world, amount=amount)
    assert await state(world, callback) == "pending"
    due = "select merchant_id from merchants_due(:now) where merchant_id = :merchant"
    assert len(await rows(world, due)) == 1
    await sweep(world)
    assert await state(world, callback) == expected
    assert await rows(world, due) == [], "it is not looked at again before its time"


async def test_books_that_come_verify_at_once(world: World, clock: TestClock) -> None:
    callback = await claim(world)
    await clock.set(shanghai("2026-03-03 02:00"))
    await world.sale("C1", shanghai("2026-03-02 15:00"), service="OIL", historic=True)
    assert await state(world, callback) == "verified"


async def test_a_top_up_is_in_the_cards_ledger(world: World, clock: TestClock) -> None:
    card = await world.card("C1", shanghai("2026-01-05 12:00"))
    callback = await claim(world, "topped_up", 100_000)
    await clock.set(shanghai("2026-03-02 20:00"))
    await world.sale("C1", shanghai("2026-03-02 15:00"), service="OIL", cash=100_000)
    assert await state(world, callback) == "pending", "a purchase is no top-up"
    await world.card_entry(card, "top_up", shanghai("2026-03-02 15:30"), principal=100_000)
    assert await state(world, callback) == "verified"


async def test_after_five_days_nothing_is_waited_for_and_late_books_still_count(world: World, clock: TestClock) -> None:
    callback = await claim(world)
    await clock.set(shanghai("2026-03-07 11:59"))
    await sweep(world)
    assert await state(world, callback) == "pending"
    await clock.set(shanghai("2026-03-07 12:01"))
    await sweep(world)
    assert await state(world, callback) == "unverified"
    await world.sale("C1", shanghai("2026-03-02 15:00"), service="OIL")
    assert await state(world, callback) == "verified"
