"""Conditions of visits, purchases and service mean what a plain reading of the books says, now and as of a past day."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from backend.db.units import Units
from tasks.kernel.sealing import MasterKey
from tasks.ledger.inputs import LineIn, SaleIn, VisitIn
from tasks.people import service
from tests.support.audience_books import read_books
from tests.support.audience_consumption import CONSUMPTION
from tests.support.audience_trees import (
    AWAY,
    ZONES,
    Drawn,
    ago,
    bounds,
    check,
    instant,
    joined,
    maybe,
    nows,
    whens,
    windows,
)
from tests.support.clock import TestClock
from tests.support.world import World, make_world

CUSTOMERS: Final = ("A", "B", "C", "WALK", None)
CENTS: Final = (-5_000, 0, 1, 4_999, 5_000, 5_001, 10_000)

lines = st.lists(
    st.builds(
        LineIn,
        product=st.sampled_from(("CUT", "LASH", "OIL", None)),
        quantity=st.sampled_from((Decimal(1), Decimal(2), Decimal("0.5"), Decimal(-1))),
        cash_cents=st.sampled_from((0, 1, 4_999, 5_000, -5_000)),
        card_cents=st.sampled_from((0, 1, 5_000, -5_000)),
        staff=st.sampled_from(((), ("E1",), ("E2", "E1"))),
        requested=st.booleans(),
    ),
    max_size=3,
).map(tuple)


@dataclass(frozen=True)
class Said:
    """A receipt (with lines) or a visit: of whom, where and when; `corrects` sends an earlier receipt again."""

    customer: str | None
    store: str
    when: tuple[int, Any]
    lines: tuple[LineIn, ...] | None
    corrects: int | None


said = st.builds(
    Said,
    customer=st.sampled_from(CUSTOMERS),
    store=st.sampled_from(("S1", "S1", "S2")),
    when=ago,
    lines=st.one_of(lines, lines, st.none()),
    corrects=st.one_of(st.none(), st.none(), st.integers(0, 5)),
)


async def salon(units: Units, master: MasterKey) -> World:
    """Two stores in two zones; A and D live in Shanghai, B and C far away, D never did anything; a walk-in record."""
    world = await make_world(units, master)
    async with units.open(world.merchant_id) as unit:
        world.stores["S2"] = await service.create_store(unit, code="S2", name="分店", timezone=AWAY)
    for code, store in (("A", "S1"), ("B", "S2"), ("C", "S2"), ("D", "S1")):
        await world.customer(code, phone="", home_store=store)
    await world.customer("WALK", phone="", anonymous=True)
    return world


async def write(world: World, now: datetime, history: list[Said]) -> None:
    """Tell the books, a record at a time."""
    for number, one in enumerate(history):
        at = instant(now, ZONES[one.store], *one.when)
        if one.lines is not None:
            code = f"R{number if one.corrects is None else min(one.corrects, number)}"
            sale = SaleIn(external_id=code, store=one.store, at=at, customer=one.customer, lines=one.lines)
            await world.books("sales", sale, historic=number % 3 == 0)
        elif one.customer not in (None, "WALK"):  # a walk-in record has no visits
            staff = ("E1", "E2", None)[number % 3]
            await world.books(
                "visits", VisitIn(customer=one.customer, store=one.store, at=at, staff=staff, service="CUT")
            )


def conditions(now: datetime, products: dict[str, str], staff: dict[str, str]) -> dict[str, Drawn]:
    """Parameters of every condition of this file."""
    counts, cents = bounds(0, 1, 2, 3), bounds(*CENTS)
    basis = st.sampled_from(("cash", "consumed")).map(lambda one: {"basis": one})
    some = st.lists(st.sampled_from(sorted(products.values())), max_size=2, unique=True).map(
        lambda ids: {"products": ids}
    )
    categories = st.lists(st.sampled_from(("hair", "lash", "nail")), max_size=2, unique=True).map(
        lambda codes: {"categories": codes}
    )
    whom = st.lists(st.sampled_from(sorted(staff.values())), min_size=1, max_size=2, unique=True).map(
        lambda ids: {"staff": ids}
    )
    return {
        "last_visit": whens(now),
        "first_visit": whens(now),
        "visit_count": counts,
        "visits_in_period": joined(windows(now), counts),
        "first_purchase": whens(now),
        "last_purchase": whens(now),
        "spend": joined(maybe(windows(now)), basis, cents),
        "highest_payment": cents,
        "average_ticket": joined(maybe(windows(now)), basis, bounds(*CENTS, 2_500, 2_501, 3_333, 3_334)),
        "last_service": st.one_of(some, categories, joined(some, categories)).filter(lambda said: any(said.values())),
        "last_ticket": bounds(*CENTS, 9_999),
        "milestone": joined(
            st.sampled_from(("first_purchase", "first_visit")).map(lambda one: {"since": one}),
            st.one_of(
                st.sampled_from(([30], [365], [30, 366])).map(lambda days: {"days": days}),
                st.just({"yearly": True}),
                st.just({"days": [365], "yearly": True}),
            ),
        ),
        "bought": joined(windows(now), maybe(some), maybe(categories), st.booleans().map(lambda one: {"bought": one})),
        "served_by": joined(
            windows(now), whom, st.booleans().map(lambda one: {"requested": one}), st.booleans().map(lambda one: {"served": one})
        ),
    }  # fmt: skip


@settings(
    max_examples=10,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data(), story=st.tuples(nows, st.lists(said, min_size=6, max_size=12)))
async def test_conditions_of_consumption_mean_what_the_books_say(
    units: Units, master: MasterKey, clock: TestClock, data: st.DataObject, story: tuple[datetime, list[Said]]
) -> None:
    now, history = story
    await clock.set(now)
    world = await salon(units, master)
    await write(world, now, history)
    books = await read_books(world)
    products = {row["code"]: str(row["id"]) for row in books.rows["product"]}
    asked = conditions(await clock.now(), products, {code: str(one) for code, one in world.staff.items()})
    assert set(asked) == set(CONSUMPTION)
    past = st.sampled_from((None, None, 0, 1, 30, 31, 365))
    trees = [
        ({"condition": name} | data.draw(params), data.draw(past)) for name, params in asked.items() for _ in range(8)
    ]
    await check(world, books, CONSUMPTION, trees, now)
