"""Points (积分): entered once per event, counted in the same transaction, whatever comes late."""

from typing import Any

import pytest

from backend.db.units import Units
from tasks.flow.accept_events import accept_events
from tasks.kernel.sealing import MasterKey
from tasks.kernel.verdicts import Taken
from tasks.ledger.service import check_facts, rebuild_facts
from tests.support.clock import TestClock, shanghai
from tests.support.clouds import cloud
from tests.support.world import World, make_world


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-20 08:00"))
    return await make_world(units, master, customers=2)


def moved(day: int, points: int, balance: int | None = None, **more: Any) -> dict[str, Any]:
    said: dict[str, Any] = {"customer": "C1", "points": points} | ({} if balance is None else {"balance": balance})
    return cloud("points_changed", shanghai(f"2026-03-{day:02} 12:00"), **(said | more))


async def send(world: World, *events: dict[str, Any]) -> list[Taken]:
    verdicts = await world.do(lambda unit: accept_events(unit, list(events)))
    return [verdict.status for verdict in verdicts]


async def points(world: World, customer: str = "C1") -> int:
    """What the facts say; they are what the entries add up to."""
    async with world.units.glance(world.merchant_id) as unit:
        assert await check_facts(unit) == []
        found = await unit.scalar(
            "select points from customer_facts where merchant_id = :merchant and customer_id = :id",
            id=world.customers[customer],
        )
    return int(found)


async def test_without_a_stated_balance_points_are_the_sum(world: World) -> None:
    await send(world, moved(1, 100), moved(2, -30))
    assert await points(world) == 70
    await send(world, moved(3, 5))
    assert await points(world) == 75
    assert await points(world, "C2") == 0


async def test_the_newest_stated_balance_and_what_came_later(world: World) -> None:
    await send(world, moved(5, 10, 500))
    assert await points(world) == 500
    await send(world, moved(7, -50))
    assert await points(world) == 450
    await send(world, moved(3, 1_000), moved(2, 1, 9_999))
    assert await points(world) == 450
    await send(world, moved(6, 0, 20))
    assert await points(world) == -30


async def test_entries_of_one_instant_are_in_the_senders_order(world: World) -> None:
    first, second = moved(5, 10, 110, event_id="p-1"), moved(5, -60, 50, event_id="p-2")
    await send(world, second)
    await send(world, first)
    assert await points(world) == 50


async def test_an_event_sent_again_moves_nothing(world: World) -> None:
    event = moved(5, 10)
    assert await send(world, event, event) == [Taken.ACCEPTED, Taken.DUPLICATE]
    assert await send(world, event) == [Taken.DUPLICATE]
    assert await points(world) == 10


async def test_points_of_somebody_not_yet_known_come_with_her(world: World) -> None:
    await send(world, moved(5, 10, 210, customer="C9"), moved(6, 3, customer="C9"))
    await world.customer("C9")
    assert await points(world, "C9") == 213


async def test_only_added_points_expire(world: World) -> None:
    until: dict[str, Any] = {"expiresOn": "2026-12-31"}
    assert (
        await send(world, moved(1, 10, **until), moved(2, -4, **until), moved(3, 0, 6, **until)) == [Taken.ACCEPTED] * 3
    )
    async with world.units.glance(world.merchant_id) as unit:
        rows = await unit.rows(
            "select points, expires_on::text as expires from point_entry where merchant_id = :merchant order by occurred_at"
        )
    assert [(row["points"], row["expires"]) for row in rows] == [(10, "2026-12-31"), (-4, None), (0, None)]


async def test_a_rebuild_and_a_recount_keep_points(world: World) -> None:
    await send(world, moved(1, 100), moved(2, 0, 80), moved(3, -10))
    async with world.units.open(world.merchant_id) as unit:
        await unit.run("update customer_facts set points = 5 where merchant_id = :merchant")
        assert len(await check_facts(unit)) == 2
        await rebuild_facts(unit)
    assert await points(world) == 70
    await world.sale("C1", shanghai("2026-03-04 12:00"), external_id="R1")
    await world.sale("C1", shanghai("2026-03-04 12:00"), external_id="R1", cash=1)
    assert await points(world) == 70


async def test_many_customers_in_one_batch(world: World) -> None:
    for n in range(3, 60):
        await world.customer(f"C{n}", phone="")
    events = [moved(1 + n % 9, n, customer=f"C{n}") for n in range(1, 60)] + [
        moved(10, 1, customer=f"C{n}") for n in range(1, 60)
    ]
    await send(world, *events)
    assert [await points(world, f"C{n}") for n in (1, 30, 59)] == [2, 31, 60]
