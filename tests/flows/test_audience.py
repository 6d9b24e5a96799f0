"""Audiences over real books: counted, sampled and explained by one predicate."""

from datetime import timedelta
from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.audience.service import count_audience, explain_customer, sample_audience
from tasks.kernel.errors import Invalid
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.people.service import create_store
from tasks.people.trait_inputs import SourceIn
from tests.support.world import World, make_world


@pytest.fixture
async def salon(units: Units, master: MasterKey) -> World:
    world = await make_world(units, master)
    now = await world.units.now()
    for code, gender, days in (("A", "female", 3), ("B", "female", 100), ("C", "male", 100), ("D", "female", None)):
        await world.customer(code, gender=gender)
        if days is not None:
            await world.sale(code, now - timedelta(days=days))
    await world.card("B", now - timedelta(days=200), principal=30_000)
    return world


WOMEN_AWAY = {
    "all": [
        {"condition": "gender", "isOneOf": ["female"]},
        {"condition": "last_visit", "notWithinDays": 90},
        {"condition": "card_balance", "below": 50_000},
    ]
}


async def test_a_tree_is_counted_sampled_and_said_in_words(salon: World) -> None:
    async with salon.units.glance(salon.merchant_id) as unit:
        counted = await count_audience(unit, WOMEN_AWAY, "zh-CN")
        assert (counted.customers, counted.sentence) == (1, "性别为女 且 近 90 天未到店 且 充值卡余额低于 500 元")
        assert await sample_audience(unit, WOMEN_AWAY, 10) == [salon.customers["B"]]
        english = await count_audience(unit, {"not": {"condition": "bought", "withinDays": 30}}, "en")
        assert (english.customers, english.sentence) == (3, "not (bought anything in the last 30 days)")


async def test_explain_shows_every_leaf_with_what_it_saw(salon: World) -> None:
    async with salon.units.glance(salon.merchant_id) as unit:
        told = await explain_customer(unit, WOMEN_AWAY, salon.customers["B"], "zh-CN")
        assert told.holds
        assert [leaf.holds for leaf in told.tree.nodes] == [True, True, True]
        assert told.tree.nodes[2].seen == "300 元"
        out = await explain_customer(unit, WOMEN_AWAY, salon.customers["A"], "en")
        assert [leaf.holds for leaf in out.tree.nodes] == [True, False, False]


async def test_a_smart_segment_is_a_tree_like_any_other(salon: World) -> None:
    async with salon.units.glance(salon.merchant_id) as unit:
        tree = {"condition": "segment", "smart": "sleeping_90"}
        assert (await count_audience(unit, tree, "zh-CN")).customers == 2
        told = await explain_customer(unit, tree, salon.customers["A"], "zh-CN")
        assert not told.holds
        assert [node.holds for node in told.tree.nodes[0].nodes] == [True, False]


async def test_another_merchants_things_are_not_there(salon: World) -> None:
    stranger = {"all": [{"condition": "bought", "withinDays": 3, "products": ["01930000-0000-7000-8000-000000000001"]}]}
    async with salon.units.glance(salon.merchant_id) as unit:
        with pytest.raises(Invalid) as refused:
            await count_audience(unit, stranger, "en")
    assert refused.value.field == "tree.all[0].products[0]"


async def test_codes_are_said_by_the_merchants_own_names(salon: World) -> None:
    await salon.books("sources", SourceIn(code="dianping", name="点评"))
    tree = {"condition": "source", "isOneOf": ["dianping", "elsewhere"]}
    async with salon.units.glance(salon.merchant_id) as unit:
        assert (await count_audience(unit, tree, "zh-CN")).sentence == "来源为点评或elsewhere"


async def test_a_sample_shows_who_spent_most_wherever_they_live(salon: World) -> None:
    async def open_abroad(unit: Unit) -> UUID:
        return await create_store(unit, code="NY", name="纽约店", timezone="America/New_York")

    await salon.do(open_abroad)
    await salon.customer("N", home_store="NY")
    await salon.sale("N", await salon.units.now() - timedelta(days=5), cash=900_000)
    await salon.sale("A", await salon.units.now() - timedelta(days=5), cash=800_000)
    async with salon.units.glance(salon.merchant_id) as unit:
        assert await sample_audience(unit, {}, 2) == [salon.customers["N"], salon.customers["A"]]
        assert (await count_audience(unit, {}, "en")).customers == 5
