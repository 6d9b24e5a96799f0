"""Rhythm, RFM and churn level of the salon's own books, against pandas over the salon's own files."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from uuid import UUID

import pandas as pd
import pytest

from backend.db.units import Units
from tasks.insight.rules import InsightRulesIn, Thresholds
from tasks.insight.service import put_rules, refresh_everybody
from tasks.insight.states import Method
from tasks.kernel.sealing import MasterKey
from tasks.people.lookups import customer_index
from tests.salon.books import BOOKS, FILES, NOBODY, import_all, needs_books, open_salon
from tests.support.clock import TestClock
from tests.support.value_oracle import Hours, Rules, churn, rfm, rhythm

pytestmark = needs_books

SERVICES, RECEIPTS = FILES[0][0], FILES[2][0]
TODAY = date(2018, 7, 20)


@pytest.fixture(scope="module")
async def salon(units: Units, master: MasterKey, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[UUID]:
    clock = TestClock(units)
    await clock.set(datetime(2018, 7, 20, 20, tzinfo=UTC))
    merchant_id = await open_salon(units)
    await import_all(units, master, merchant_id, tmp_path_factory.mktemp("rejects"), order=(0, 1, 2))
    async with units.open(merchant_id) as unit:  # as autovacuum would have by the next morning
        await unit.run("select refresh_stats(array['customer', 'customer_facts', 'sale', 'sale_line', 'visit'])")
    yield merchant_id
    await clock.reset()


def receipts() -> pd.DataFrame:
    """The lines of clients with a name, up to today."""
    lines = pd.read_csv(BOOKS / RECEIPTS, dtype=str, keep_default_na=False)
    lines["day"] = pd.to_datetime(lines["Date"], format="%m/%d/%Y")
    lines = lines[~lines["Client"].isin(NOBODY) & (lines["day"] <= pd.Timestamp(TODAY))]
    return lines.assign(customer=lines["Client"], cents=(lines["Amount"].astype(float) * 100).round().astype(int))


def service_days(lines: pd.DataFrame) -> pd.DataFrame:
    services = pd.read_csv(BOOKS / SERVICES, dtype=str, keep_default_na=False)
    services = services[services["Desc"] != ""].drop_duplicates("Desc")
    done = lines[lines["Quantity"].astype(float) > 0].merge(services, left_on="Description", right_on="Desc")
    done = done.assign(category=done["Cate"], store="main")
    return pd.concat([done, done.assign(category="")])[["customer", "category", "day", "store"]]


async def test_rhythm_and_levels_are_those_of_pandas(units: Units, salon: UUID) -> None:
    async with units.open(salon) as unit:
        await refresh_everybody(unit)
    expected = rhythm(service_days(receipts()), {}, {"main": Hours()}, Rules(TODAY))
    levels = churn(expected)
    async with units.glance(salon) as unit:
        index = {customer_index(unit, code): code for code in levels.index}
        found = await unit.rows(
            """select c.external_index, r.category, r.days, r.last_on, r.own, (o.nth - r.last_nth)::float8 * r.gap_over / r.gap_open_days as ratio,
                 i.churn_level
               from customer_rhythm r join customer c on c.merchant_id = r.merchant_id and c.id = r.customer_id
               join store_open_day o on o.merchant_id = r.merchant_id and o.store_id = r.store_id and o.day_on = :today
               join customer_insight i on i.merchant_id = r.merchant_id and i.customer_id = r.customer_id where r.merchant_id = :merchant""",
            today=TODAY,
        )
    seen = {(index[row["external_index"]], row["category"]): row for row in found}
    assert set(seen) == set(expected.index)
    assert len(levels.unique()) == 4, "the books show every level"
    for key, row in expected.iterrows():
        got = seen[key]  # type: ignore[index]  # a pair
        assert (got["days"], got["last_on"], got["own"]) == (row["days"], row["last"].date(), row["own"]), key
        assert (got["ratio"] is None) == pd.isna(row["ratio"])
        assert got["ratio"] is None or got["ratio"] == pytest.approx(row["ratio"], rel=1e-12), key
        assert got["churn_level"] == levels[key[0]]  # type: ignore[index]  # a pair


@pytest.mark.parametrize("method", list(Method))
async def test_rfm_is_that_of_pandas(units: Units, salon: UUID, method: Method) -> None:
    async with units.open(salon) as unit:
        said = Thresholds(recency_days=30, frequency=2, money_cents=15_000)
        await put_rules(unit, InsightRulesIn(method=method, thresholds=said), None)
        await refresh_everybody(unit)
    lines = receipts()
    sales = lines.groupby(["Receipt", "customer", "day"])["cents"].sum().reset_index(name="cash").assign(card=0)
    expected = rfm(sales, Rules(TODAY, quintiles=method is Method.QUINTILES, thresholds=(30, 2, 15_000)))
    async with units.glance(salon) as unit:
        index = {customer_index(unit, code): code for code in expected.index}
        found = await unit.rows(
            """select c.external_index, i.recency_score as r, i.frequency_score as f, i.money_score as m, i.rfm_tier as tier
               from customer_insight i join customer c on c.merchant_id = i.merchant_id and c.id = i.customer_id
               where i.merchant_id = :merchant and i.rfm_tier is not null"""
        )
    seen = {index[row["external_index"]]: (row["r"], row["f"], row["m"], row["tier"]) for row in found}
    assert seen == {customer: tuple(row) for customer, row in expected.iterrows()}
    assert len({tier for *_, tier in seen.values()}) >= 7
