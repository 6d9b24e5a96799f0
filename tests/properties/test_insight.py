"""Whoever is computed after each of her events is judged as she is when everybody is computed at once."""

import random
from datetime import timedelta
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.db.units import Units
from tasks.insight.rules import InsightRulesIn, Thresholds
from tasks.insight.service import put_rules, refresh_customers, refresh_everybody
from tasks.insight.states import Basis, Method
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.ledger.inputs import LineIn, SaleIn, VisitIn
from tasks.people.service import add_closure
from tests.support.plans import rows
from tests.support.rows import doing
from tests.support.world import World, make_world

CUSTOMERS = ("C1", "C2", "C3", "C4")

days_ago = st.integers(0, 500)
lines = st.lists(
    st.builds(
        LineIn,
        product=st.sampled_from(("CUT", "LASH", "OIL", None)),
        quantity=st.sampled_from((Decimal(1), Decimal(1), Decimal(-1))),
        cash_cents=st.sampled_from((0, 5_000, 60_000, -5_000)),
        card_cents=st.sampled_from((0, 0, 70_000)),
    ),
    min_size=1,
    max_size=3,
).map(tuple)
receipts = st.tuples(
    st.just("sale"), st.sampled_from(CUSTOMERS), days_ago, st.integers(0, 12), lines, st.sampled_from(("S1", "S2"))
)
visits = st.tuples(
    st.just("visit"),
    st.sampled_from(CUSTOMERS),
    days_ago,
    st.sampled_from((None, "CUT", "LASH")),
    st.sampled_from(("S1", "S2")),
)
histories = st.lists(receipts | visits, min_size=1, max_size=25)
rules = st.builds(
    InsightRulesIn,
    window_days=st.sampled_from((365, 120)),
    basis=st.sampled_from(Basis),
    thresholds=st.builds(
        Thresholds,
        recency_days=st.sampled_from((30, 90)),
        frequency=st.sampled_from((2, 4)),
        money_cents=st.just(60_000),
    ),
    usual_gap_days=st.sampled_from((7, 30)),
)
RHYTHM = "customer_id, category, store_id, days, first_on, last_on, last_nth, gap_open_days, gap_over, own"
TIERS = "customer_id, recency_score, frequency_score, money_score, rfm_tier, churn_level"


async def judged(world: World) -> list[Any]:
    """Everything that is computed of the customers, but for when it changed."""
    found = []
    for table, columns in (("customer_rhythm", RHYTHM), ("customer_insight", TIERS)):
        found += await rows(world, f"select {columns} from {table} where merchant_id = :merchant order by {columns}")
    return found


def _books(number: int, one: Any, now: Any) -> tuple[str, Any]:
    if one[0] == "sale":
        _, customer, ago, receipt, said, store = one
        return "sales", SaleIn(
            external_id=f"R{receipt}",
            store=store,
            at=now - timedelta(days=ago, minutes=number),
            customer=customer,
            lines=said,
        )
    _, customer, ago, service, store = one
    return "visits", VisitIn(
        customer=customer, store=store, at=now - timedelta(days=ago, minutes=number), service=service
    )


async def _salon(units: Units, master: MasterKey, closed: tuple[int, int]) -> World:
    world = await make_world(units, master, stores=2)
    for code, home in zip(CUSTOMERS, ("S1", "S2", None, None), strict=True):
        await world.customer(code, phone="", **({"home_store": home} if home else {"home_store": None}))
    today = (await units.now()).date()

    async def close(unit: Unit) -> None:
        first = today - timedelta(days=closed[0])
        await add_closure(unit, world.stores["S1"], first, first + timedelta(days=closed[1]))
        await unit.run(
            "delete from store_hours where merchant_id = :merchant and store_id = :store and weekday = 0",
            store=world.stores["S2"],
        )

    await world.do(close)
    return world


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories, said=rules, closed=st.tuples(st.integers(0, 300), st.integers(0, 40)))
async def test_one_after_each_event_is_everybody_at_once(
    units: Units, master: MasterKey, history: list[Any], said: InsightRulesIn, closed: tuple[int, int]
) -> None:
    world = await _salon(units, master, closed)
    await world.do(lambda unit: put_rules(unit, said, None))
    now = await units.now()
    for number, one in enumerate(history):
        kind, item = _books(number, one, now)
        await world.books(kind, item)
    one_by_one = await judged(world)
    ids = {row["customer_id"] for row in one_by_one}
    await world.do(refresh_everybody)
    # Who never had a record is known to the computation of everybody alone, with nothing to say of her.
    everybody = [row for row in await judged(world) if row["customer_id"] in ids]
    assert everybody == one_by_one
    assert (
        await rows(
            world,
            "select id from event where merchant_id = :merchant and source = 'huifang:insight' and type <> 'segment_changed'",
        )
        == []
    )


@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories, seed=st.integers(0, 2**16))
async def test_the_cuts_of_the_last_run_judge_one_customer_as_they_judged_everybody(
    units: Units, master: MasterKey, history: list[Any], seed: int
) -> None:
    world = await _salon(units, master, (100, 5))
    await world.do(lambda unit: put_rules(unit, InsightRulesIn(method=Method.QUINTILES), None))
    now = await units.now()
    for number, one in enumerate(history):
        kind, item = _books(number, one, now)
        await world.books(kind, item)
    await world.do(refresh_everybody)
    everybody = await judged(world)
    ids = list(world.customers.values())
    random.Random(seed).shuffle(ids)  # noqa: S311  # a shuffle
    for one in ids:
        await world.do(doing(refresh_customers, [one]))
    assert await judged(world) == everybody
