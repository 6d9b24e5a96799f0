"""Points in any order and any batches are what a plain reading of the entries says, now and as of every instant."""

import random
from datetime import datetime, timedelta
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.db.units import Units
from tasks.flow.accept_events import accept_events
from tasks.kernel.sealing import MasterKey
from tasks.ledger import service as ledger
from tasks.ledger.as_of import CUSTOMER_FACTS_AS_OF
from tests.support.clock import shanghai
from tests.support.clouds import cloud
from tests.support.world import World, make_world

START = shanghai("2026-01-30 20:00")
CUSTOMERS = ("C1", "C2")


class Said(NamedTuple):
    """One entry: hours since the start, whose, how many, and what is left if it says so."""

    hour: int
    customer: str
    points: int
    balance: int | None


said = st.lists(
    st.builds(
        Said,
        st.integers(0, 5),
        st.sampled_from(CUSTOMERS),
        st.sampled_from((-50, -1, 0, 3, 100)),
        st.sampled_from((None, None, 0, 40, 500)),
    ),
    max_size=10,
)


def left(entries: list[tuple[str, Said]], customer: str, until: int) -> int:
    """Walk through the entries as the sender numbered them; a stated balance is what there is."""
    total = 0
    for _, _, one in sorted((one.hour, name, one) for name, one in entries):
        if one.customer == customer and one.hour <= until:
            total = total + one.points if one.balance is None else one.balance
    return total


def at(hour: int) -> datetime:
    return START + timedelta(hours=hour)


async def points(world: World, hour: int | None = None) -> dict[str, int]:
    """The points there are, or were at an hour."""
    names = {one: code for code, one in world.customers.items()}
    async with world.units.glance(world.merchant_id) as unit:
        if hour is None:
            assert await ledger.check_facts(unit) == []
            rows = await unit.rows("select customer_id as id, points from customer_facts where merchant_id = :merchant")
        else:
            rows = await unit.rows(
                f"select cu.id, f.points from customer cu cross join lateral ({CUSTOMER_FACTS_AS_OF}) f where cu.merchant_id = :merchant",
                at=at(hour), today=at(hour).date(),
            )  # fmt: skip
    return {names[row["id"]]: int(row["points"]) for row in rows}


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=said, seed=st.integers(0, 2**32))
async def test_any_order_gives_the_same_points(units: Units, master: MasterKey, history: list[Said], seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  # a shuffle
    world = await make_world(units, master, employees=0)
    for code in CUSTOMERS:
        await world.customer(code, phone="")
    entries = [(f"p{n:02}", one) for n, one in enumerate(history)]
    events = [
        cloud(
            "points_changed", at(one.hour), event_id=name, customer=one.customer, points=one.points, balance=one.balance
        )
        for name, one in entries
    ]
    rest = events + rng.sample(events, len(events) // 2)
    rng.shuffle(rest)
    while rest:
        size = rng.randint(1, 4)
        batch, rest = rest[:size], rest[size:]
        await world.do(lambda unit, sent=batch: accept_events(unit, sent))  # type: ignore[misc]  # the batch of this turn
    expected = {code: left(entries, code, 99) for code in CUSTOMERS}
    assert await points(world) == expected
    for hour in range(6):
        assert await points(world, hour) == {code: left(entries, code, hour) for code in CUSTOMERS}
    async with units.open(world.merchant_id) as unit:
        await unit.run("update customer_facts set points = points + 1 where merchant_id = :merchant")
        await ledger.rebuild_facts(unit)
    assert await points(world) == expected
