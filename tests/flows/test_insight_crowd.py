"""A crowd of customers with years of books, computed at once: equal to pandas to the last one."""

from datetime import timedelta
from typing import Any

import pandas as pd
import pytest

from backend.db.units import Units
from tasks.insight.rules import InsightRulesIn
from tasks.insight.service import put_rules, refresh_everybody
from tasks.insight.states import Basis, Method
from tasks.kernel.sealing import MasterKey
from tasks.ledger.inputs import CategoryIn
from tasks.people.service import add_closure
from tests.flows.test_insight import TODAY
from tests.support.clock import TestClock
from tests.support.crowd import make_crowd
from tests.support.plans import rows
from tests.support.value_oracle import Hours, Rules, churn, rfm, rhythm
from tests.support.world import World, make_world

MANY = pytest.param(100_000, marks=[pytest.mark.faults, pytest.mark.timeout(900)])
CLOSED = [TODAY - timedelta(days=n) for n in range(30, 41)]


@pytest.fixture(params=[3_000, MANY])
async def crowd(request: pytest.FixtureRequest, units: Units, master: MasterKey, clock: TestClock) -> World:
    world = await make_world(units, master, stores=3)
    await world.books("categories", CategoryIn(code="hair", name="美发", usual_gap_days=35))

    async def work(unit: Any) -> None:
        await add_closure(unit, world.stores["S1"], CLOSED[-1], CLOSED[0])
        await unit.run(
            "delete from store_hours where merchant_id = :merchant and store_id = :store and weekday = 0",
            store=world.stores["S2"],
        )
        await make_crowd(unit, list(world.stores.values()), request.param, TODAY)

    await world.do(work)
    return world


async def frame(world: World, table: str, columns: str) -> pd.DataFrame:
    return pd.DataFrame(await rows(world, f"select {columns} from {table} where merchant_id = :merchant"))


async def service_days(world: World, known: "pd.Series[Any]") -> pd.DataFrame:
    """What counts for a category, by hand: lines of services, visits by their service, and every visit for ''."""
    products = await frame(world, "product", "id as product_id, kind, category")
    sales = await frame(world, "sale", "id as sale_id, customer_id as customer, sold_on as day, store_id as store")
    lines = await frame(world, "sale_line", "sale_id, product_id, quantity")
    visits = await frame(world, "visit", "customer_id as customer, visited_on as day, store_id as store, product_id")
    lines = lines[lines["quantity"].astype(float) > 0].merge(sales, on="sale_id").merge(products, on="product_id")
    days = pd.concat(
        [lines[lines["kind"] == "service"], visits.merge(products, on="product_id"), visits.assign(category="")]
    )
    days = days.assign(day=pd.to_datetime(days["day"]))[["customer", "category", "day", "store"]]
    return days[days["customer"].isin(known) & days["category"].notna()]


async def test_a_crowd_is_that_of_pandas(crowd: World) -> None:
    customers = await frame(crowd, "customer", "id, home_store_id, anonymous")
    known = customers[~customers["anonymous"]]
    stores = dict.fromkeys(crowd.stores.values(), Hours())
    stores[crowd.stores["S1"]] = Hours(closed=CLOSED)
    stores[crowd.stores["S2"]] = Hours("0111111")
    days = await service_days(crowd, known["id"])
    expected = rhythm(
        days,
        dict(zip(known["id"], known["home_store_id"], strict=True)),
        stores,
        Rules(TODAY, usual={"": 30, "hair": 35, "lash": 21}),
    )
    await crowd.do(refresh_everybody)
    await same_rhythm(crowd, expected)
    await same_levels(crowd, churn(expected))
    sales = await frame(
        crowd, "sale", "customer_id as customer, sold_on as day, cash_cents as cash, card_cents as card"
    )
    sales = sales[sales["customer"].isin(known["id"])].assign(day=pd.to_datetime(sales["day"]))
    await same_tiers(crowd, rfm(sales, Rules(TODAY)))
    await crowd.do(lambda unit: put_rules(unit, InsightRulesIn(method=Method.QUINTILES, basis=Basis.CONSUMED), None))
    await crowd.do(refresh_everybody)
    await same_tiers(crowd, rfm(sales, Rules(TODAY, quintiles=True, consumed=True)))


async def same_rhythm(world: World, expected: pd.DataFrame) -> None:
    found = await rows(
        world,
        """select r.customer_id as customer, r.category, r.days, r.store_id as store, r.own, o.nth - r.last_nth as since,
             r.gap_open_days::float8 / r.gap_over as gap from customer_rhythm r
           join store_open_day o on o.merchant_id = r.merchant_id and o.store_id = r.store_id and o.day_on = :today where r.merchant_id = :merchant""",
        today=TODAY,
    )
    got = pd.DataFrame(found).set_index(["customer", "category"]).sort_index()
    wanted = expected.assign(gap=expected["gap"] / expected["over"])[list(got.columns)].sort_index()
    assert len(got) > len(await rows(world, "select id from customer where merchant_id = :merchant"))
    pd.testing.assert_frame_equal(got, wanted, check_dtype=False, rtol=1e-12)


async def same_levels(world: World, expected: "pd.Series[Any]") -> None:
    got = await frame(world, "customer_insight", "customer_id, churn_level")
    assert dict(expected) == dict(got.dropna().itertuples(index=False, name=None))


async def same_tiers(world: World, expected: pd.DataFrame) -> None:
    got = await frame(
        world,
        "customer_insight",
        "customer_id, recency_score as r, frequency_score as f, money_score as m, rfm_tier as tier",
    )
    got = got.dropna().set_index("customer_id").sort_index()
    assert set(got["tier"]) == set(expected["tier"])
    pd.testing.assert_frame_equal(got, expected.sort_index(), check_dtype=False, check_names=False)
