"""Facts as of an instant are the facts of books that end there; at the end of the books they are the facts that are kept."""

import random
from datetime import datetime, timedelta
from typing import Any, Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from backend.db.units import Units
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.ledger.as_of import CARD_FACTS_AS_OF, CUSTOMER_FACTS_AS_OF
from tasks.ledger.inputs import CardIn
from tasks.ledger.points import PointsIn, record_points
from tests.properties.test_facts import CUSTOMERS, Record, _instant, at, feed, fresh_world, histories
from tests.support.audience_draft import fresh
from tests.support.world import ZONE, World

HOURS: Final = 24 * 4
Points = tuple[int, str, int, int | None]
CUSTOMER_COLUMNS: Final = (
    "first_visit_on", "last_visit_on", "visit_count", "spend_cash_cents", "spend_card_cents", "purchase_count", "first_purchase_at", "last_purchase_at",
    "highest_payment_cents", "card_count", "card_principal_cents", "card_gift_cents", "card_uses_left", "points",
)  # fmt: skip
CARD_COLUMNS: Final = (
    "status", "principal_cents", "gift_cents", "balance_cents", "uses_left", "expires_on", "frozen", "last_used_at", "last_topped_up_at",
)  # fmt: skip

points = st.lists(
    st.tuples(
        st.integers(0, HOURS),
        st.sampled_from(CUSTOMERS),
        st.sampled_from((-5, 0, 10)),
        st.sampled_from((None, None, 0, 7)),
    ),
    max_size=6,
)


async def add_points(unit: Unit, world: World, said: list[Points]) -> None:
    rows = [
        PointsIn(fresh(), world.customers[who], points, left, None, at(hour), f"{n:03}")
        for n, (hour, who, points, left) in enumerate(said)
    ]
    await record_points(unit, rows)


async def kept(world: World) -> dict[str, Any]:
    """The facts as they are kept, in the outside's names."""
    return await _facts(
        world,
        "customer_facts f",
        "card_facts kf",
        "f.customer_id = cu.id",
        {},
    )


async def as_of(world: World, instant: datetime) -> dict[str, Any]:
    """The facts as of an instant."""
    values = {"at": instant, "today": local_day(instant, ZONE)}
    return await _facts(world, f"lateral ({CUSTOMER_FACTS_AS_OF}) f", f"({CARD_FACTS_AS_OF}) kf", "true", values)


async def _facts(world: World, facts: str, cards: str, hers: str, values: dict[str, Any]) -> dict[str, Any]:
    names = {one: code for code, one in world.customers.items()}
    async with world.units.open(world.merchant_id) as unit:
        people = await unit.rows(
            f"select cu.id, {', '.join(f'f.{name}' for name in CUSTOMER_COLUMNS)} from customer cu, {facts} where cu.merchant_id = :merchant and {hers}",
            **values,
        )
        held = await unit.rows(
            f"select c.external_id, {', '.join(f'kf.{name}' for name in CARD_COLUMNS)} from card c join {cards} on kf.card_id = c.id "
            "where c.merchant_id = :merchant order by 1",
            **values,
        )
    return {
        "customers": {names[row["id"]]: tuple(row[name] for name in CUSTOMER_COLUMNS) for row in people},
        "cards": [tuple(row.values()) for row in held],
    }


def before(instant: datetime, kind: str, item: Any) -> Record | None:
    """What of a record was true by then: a card is there from the day it was opened, without what came onto it later."""
    if _instant(item) <= instant:
        return kind, item
    return (kind, structs.replace(item, entries=())) if isinstance(item, CardIn) else None


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(books=st.tuples(histories(), points), cut=st.integers(-1, HOURS), seed=st.integers(0, 2**32))
async def test_as_of_an_instant_the_facts_are_those_of_books_that_end_there(
    units: Units, master: MasterKey, books: tuple[tuple[list[Record], list[Record]], list[Points]], cut: int, seed: int
) -> None:
    (_, truth), said = books
    rng = random.Random(seed)  # noqa: S311  # sizes of batches
    all_of_it, until_then = await fresh_world(units, master), await fresh_world(units, master)
    instant = at(cut) + timedelta(minutes=30)
    await feed(all_of_it, truth, rng)
    await feed(until_then, [one for one in (before(instant, *record) for record in truth) if one is not None], rng)
    await all_of_it.do(lambda unit: add_points(unit, all_of_it, said))
    await until_then.do(lambda unit: add_points(unit, until_then, [one for one in said if one[0] <= cut]))
    assert await as_of(all_of_it, instant) == await kept(until_then)
    assert await as_of(all_of_it, at(HOURS + 1)) == await kept(all_of_it)
