"""The lists a merchant keeps: stored by code in batches, listed, replaced with the version that was seen, switched off; and what forms offer."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.flow.offer_choices import PAGE, Choice, ChoiceOf, ChoiceQuery, offer_choices
from tasks.flow.record_books import record_books
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.paging import CursorGarbled
from tasks.kernel.scope import Role, StaffScope
from tasks.kernel.sealing import MasterKey
from tasks.kernel.verdicts import Taken
from tasks.ledger.catalog import CATEGORIES, PRODUCTS
from tasks.ledger.inputs import CategoryIn, ProductIn
from tasks.ledger.states import ProductKind
from tasks.people.coded import (
    EntryChanged,
    create_coded,
    deactivate_coded,
    get_coded,
    list_coded,
    replace_coded,
)
from tasks.people.states import AttributeKind
from tasks.people.trait_inputs import AttributeIn, LevelIn, SourceIn
from tasks.people.traits import ATTRIBUTES, LEVELS, SOURCES
from tests.support.world import World, make_world

A, D, R = Taken.ACCEPTED, Taken.DUPLICATE, Taken.REJECTED
TEXT, NUMBER = AttributeKind.TEXT, AttributeKind.NUMBER


@pytest.fixture
async def world(units: Units, master: MasterKey) -> World:
    return await make_world(units, master, stores=2)


async def send(world: World, kind: str, *items: object) -> list[tuple[Taken, str | None]]:
    async with world.units.open(world.merchant_id) as unit:
        verdicts = await record_books(unit, kind, items)
    assert [verdict.index for verdict in verdicts] == list(range(len(items)))
    return [(verdict.status, verdict.field) for verdict in verdicts]


async def codes(world: World, sheet: Any, limit: int = 100) -> list[str]:
    """Every code, page by page."""
    found, cursor = [], None
    while True:
        async with world.units.glance(world.merchant_id) as unit:
            page = await list_coded(unit, sheet, limit, cursor)
        assert len(page.items) <= limit
        found += [item.code for item in page.items]
        if page.next_cursor is None:
            return found
        cursor = page.next_cursor


async def test_a_batch_is_stored_by_code_and_again_is_a_duplicate(world: World) -> None:
    gold, iron = LevelIn(code="gold", name="金卡", rank=3), LevelIn(code="iron", name="铁卡")
    assert await send(world, "levels", gold, iron) == [(A, None), (A, None)]
    assert await send(world, "levels", gold, LevelIn(code="iron", name="铁卡", rank=1)) == [(D, None), (A, None)]
    async with world.units.glance(world.merchant_id) as unit:
        first, second = (await list_coded(unit, LEVELS, 10)).items
    assert (first.code, first.rank, first.etag) == ("gold", 3, 1)
    assert (second.code, second.rank, second.etag) == ("iron", 1, 2)


async def test_of_one_code_said_twice_the_last_counts(world: World) -> None:
    said = [CategoryIn(code="lash", name=name, usual_gap_days=days) for name, days in (("睫毛", 21), ("美睫", 28))]
    assert await send(world, "categories", *said) == [(A, None), (A, None)]
    async with world.units.glance(world.merchant_id) as unit:
        found = await get_coded(unit, CATEGORIES, ("lash",))
    assert (found.name, found.usual_gap_days, found.etag) == ("美睫", 28, 1)


@pytest.mark.parametrize(
    ("kind", "item", "field"),
    [
        ("levels", LevelIn(code="", name="x"), "code"),
        ("levels", LevelIn(code="x" * 65, name="x"), "code"),
        ("levels", LevelIn(code="a\tb", name="x"), "code"),
        ("levels", LevelIn(code="x", name=" "), "name"),
        ("levels", LevelIn(code="x", name="n" * 101), "name"),
        ("levels", LevelIn(code="x", name="x", rank=10**12), "rank"),
        ("levels", LevelIn(code="x", name="x", benefit="b" * 129), "benefit"),
        ("sources", SourceIn(code="x", name="\x00"), "name"),
        ("categories", CategoryIn(code="x", name="x", usual_gap_days=0), "usualGapDays"),
        ("categories", CategoryIn(code="x", name="x", usual_gap_days=10**10), "usualGapDays"),
        ("categories", CategoryIn(code="x" * 65, name="x"), "code"),
        ("products", ProductIn(code="x", name="x", kind=ProductKind.GOODS, price_cents=10**18), "priceCents"),
        ("attributes", AttributeIn(code="no space", name="x", kind=TEXT), "code"),
        ("attributes", AttributeIn(code="9x", name="x", kind=TEXT), "code"),
        ("attributes", AttributeIn(code="x", name="x", kind=NUMBER, choices=("a",)), "choices"),
        ("attributes", AttributeIn(code="x", name="x", kind=TEXT, choices=("a", "a")), "choices"),
        ("attributes", AttributeIn(code="x", name="x", kind=TEXT, choices=("a", "")), "choices[1]"),
        ("attributes", AttributeIn(code="x", name="x", kind=TEXT, event_type="purchase"), "eventType"),
        ("attributes", AttributeIn(code="x", name="x", kind=TEXT, event_type="custom.Ü"), "eventType"),
    ],
)
async def test_a_bad_item_names_its_field_and_costs_the_others_nothing(
    world: World, kind: str, item: Any, field: str
) -> None:
    good: dict[str, Any] = {
        "levels": LevelIn(code="ok", name="好"),
        "sources": SourceIn(code="ok", name="好"),
        "categories": CategoryIn(code="ok", name="好"),
        "products": ProductIn(code="ok", name="好", kind=ProductKind.GOODS),
        "attributes": AttributeIn(code="ok", name="好", kind=TEXT),
    }
    assert await send(world, kind, item, good[kind]) == [(R, field), (A, None)]


async def test_a_kind_that_is_stored_stays(world: World) -> None:
    skin = AttributeIn(code="skin", name="肤质", kind=TEXT)
    stars = AttributeIn(code="skin", name="肤质", kind=NUMBER, event_type="custom.survey")
    assert await send(world, "attributes", skin, stars) == [(A, None), (A, None)]
    other = AttributeIn(code="skin", name="皮肤", kind=NUMBER)
    assert await send(world, "attributes", other) == [(R, "kind")]
    async with world.units.open(world.merchant_id) as unit:
        with pytest.raises(Invalid) as fault:
            await replace_coded(unit, ATTRIBUTES, other, None)
        assert fault.value.field == "kind"
        found = await get_coded(unit, ATTRIBUTES, ("", "skin"))
        assert (found.name, found.kind, found.etag) == ("肤质", TEXT, 1)
        assert (await get_coded(unit, ATTRIBUTES, ("custom.survey", "skin"))).kind is NUMBER
    both = [AttributeIn(code="n", name="n", kind=kind) for kind in (TEXT, NUMBER)]
    assert await send(world, "attributes", *both) == [(R, "kind"), (A, None)]


async def test_an_edit_needs_the_version_that_was_seen(world: World) -> None:
    item = ProductIn(code="X", name="面膜", kind=ProductKind.GOODS, price_cents=1)
    async with world.units.open(world.merchant_id) as unit:
        made = await create_coded(unit, PRODUCTS, item)
        assert made is not None
        assert (made.etag, made.name, made.price_cents) == (1, "面膜", 1)
        assert await create_coded(unit, PRODUCTS, item) is None
        same = await replace_coded(unit, PRODUCTS, item, 1)
        assert same == made
        dear = ProductIn(code="X", name="面膜", kind=ProductKind.GOODS, price_cents=2)
        changed = await replace_coded(unit, PRODUCTS, dear, 1)
        assert (changed.id, changed.etag, changed.price_cents) == (made.id, 2, 2)
        with pytest.raises(EntryChanged):
            await replace_coded(unit, PRODUCTS, item, 1)
        with pytest.raises(EntryChanged):
            await deactivate_coded(unit, PRODUCTS, ("X",), 1)
        with pytest.raises(NotFound):
            await replace_coded(unit, PRODUCTS, ProductIn(code="Y", name="y", kind=ProductKind.GOODS), None)
        assert (await replace_coded(unit, PRODUCTS, item, None)).etag == 3


async def test_what_is_switched_off_stays_and_comes_back(world: World) -> None:
    await send(world, "sources", SourceIn(code="dp", name="点评"))
    customer = await world.customer("C1", source="dp")
    async with world.units.open(world.merchant_id) as unit:
        off = await deactivate_coded(unit, SOURCES, ("dp",), 1)
        assert (off.active, off.etag) == (False, 2)
        assert await deactivate_coded(unit, SOURCES, ("dp",), 2) == off
        told = await unit.scalar("select source from customer where merchant_id = :merchant and id = :id", id=customer)
        assert told == "dp"
    assert await codes(world, SOURCES) == ["dp"]
    assert await send(world, "sources", SourceIn(code="dp", name="点评")) == [(A, None)]
    async with world.units.glance(world.merchant_id) as unit:
        assert (await get_coded(unit, SOURCES, ("dp",))).active


async def test_pages_show_every_code_once_in_order(world: World) -> None:
    names = [f"{letter}{n}" for letter in "ba" for n in range(7)] + ["a", "中", "a b", "Z'"]
    await send(world, "levels", *(LevelIn(code=name, name=name) for name in names))
    every = await codes(world, LEVELS)
    assert sorted(every) == sorted(names)
    for size in (1, 3, 18):
        assert await codes(world, LEVELS, size) == every
    pairs = [("", "z"), ("", "a"), ("custom.b", "a"), ("custom.a", "z")]
    await send(world, "attributes", *(AttributeIn(code=c, name="x", kind=TEXT, event_type=kind) for kind, c in pairs))
    assert await codes(world, ATTRIBUTES, 1) == ["a", "z", "z", "a"]
    for broken in ("xx", "!", ""):
        with pytest.raises(CursorGarbled):
            async with world.units.glance(world.merchant_id) as unit:
                await list_coded(unit, ATTRIBUTES, 1, broken)


async def test_another_merchants_code_is_not_there(world: World, units: Units, master: MasterKey) -> None:
    other = await make_world(units, master)
    await send(other, "levels", LevelIn(code="gold", name="金卡", rank=9))
    async with world.units.open(world.merchant_id) as unit:
        with pytest.raises(NotFound):
            await get_coded(unit, LEVELS, ("gold",))
        with pytest.raises(NotFound):
            await deactivate_coded(unit, LEVELS, ("gold",), None)
    assert await send(world, "levels", LevelIn(code="gold", name="我的", rank=1)) == [(A, None)]
    async with other.units.glance(other.merchant_id) as unit:
        assert (await get_coded(unit, LEVELS, ("gold",))).rank == 9


async def test_two_batches_with_the_same_new_codes_do_not_meet_in_a_knot(world: World) -> None:
    items = [LevelIn(code=f"L{n:03}", name="一", rank=n) for n in range(200)]
    others = [LevelIn(code=one.code, name="二", rank=one.rank) for one in reversed(items)]
    await asyncio.gather(*(send(world, "levels", *batch) for batch in (items, others, items, others)))
    async with world.units.glance(world.merchant_id) as unit:
        rows = await unit.rows(
            "select name, count(*) as n from customer_level where merchant_id = :merchant group by name"
        )
    assert [row["n"] for row in rows] == [200]


async def offered(world: World, who: StaffScope, kind: str, q: str = "") -> list[Choice]:
    found, cursor = [], None
    while True:
        async with world.units.glance(world.merchant_id) as unit:
            page = await offer_choices(unit, who, ChoiceQuery(ChoiceOf(kind), q, cursor))
        assert len(page.items) <= PAGE
        found += list(page.items)
        if page.next_cursor is None:
            return found
        cursor = page.next_cursor


def leader(world: World, store: str) -> StaffScope:
    return replace_scope(world.scope("manager"), (world.stores[store],))


def replace_scope(scope: StaffScope, stores: tuple[UUID, ...]) -> StaffScope:
    return StaffScope(scope.merchant_id, scope.staff_id, Role.MANAGER, stores)


async def test_choices_are_what_is_in_use_and_what_one_may_see(world: World) -> None:
    owner, manager = world.scope("owner"), leader(world, "S1")
    await send(world, "levels", LevelIn(code="gold", name="金卡"), LevelIn(code="old", name="旧", active=False))
    assert await offered(world, manager, "level") == [Choice("金卡", code="gold")]
    assert [one.code for one in await offered(world, manager, "product", "护发")] == ["OIL"]
    assert [(one.code, one.kind) for one in await offered(world, manager, "product", "lash")] == [("LASH", "service")]
    assert await offered(world, manager, "product", "%") == []
    assert {one.code for one in await offered(world, manager, "card_product")} == {"VALUE", "TIMES", "PROMO"}
    assert [one.id for one in await offered(world, manager, "store")] == [str(world.stores["S1"])]
    assert len(await offered(world, owner, "store")) == 2
    assert [one.name for one in await offered(world, manager, "staff")] == ["员工1", "店长", "老板"]
    assert {one.name for one in await offered(world, owner, "staff")} == {"老板", "店长", "员工1", "员工2"}
    assert [one.name for one in await offered(world, owner, "staff", "2")] == ["员工2"]
    await send(world, "attributes", AttributeIn(code="skin", name="肤质", kind=TEXT))
    await send(world, "attributes", AttributeIn(code="stars", name="星", kind=NUMBER, event_type="custom.survey"))
    assert [(one.code, one.kind) for one in await offered(world, manager, "attribute")] == [("skin", "text")]
    for kind in ChoiceOf:
        await offered(world, owner, kind)


async def test_regions_are_those_of_the_stores_one_leads(world: World) -> None:
    async with world.units.open(world.merchant_id) as unit:
        for code, region in (("S1", "华东"), ("S2", "华北")):
            await unit.run(
                "update store set region = :region where merchant_id = :merchant and code = :code",
                region=region,
                code=code,
            )
    assert [one.code for one in await offered(world, leader(world, "S2"), "region")] == ["华北"]
    assert {one.code for one in await offered(world, world.scope("owner"), "region")} == {"华东", "华北"}


async def test_segments_are_those_one_sees(world: World) -> None:
    boss, manager = world.staff["owner"], world.staff["manager"]
    made = [
        ("全店", "shared", None, boss), ("一店", "store", "S1", boss), ("二店", "store", "S2", boss), ("我的", "personal", None, manager),
        ("老板的", "personal", None, boss),
    ]  # fmt: skip
    async with world.units.open(world.merchant_id) as unit:
        for name, seen_by, store, author in made:
            await unit.run(
                """insert into segment (merchant_id, id, name, tree, seen_by, store_id, owner_id, created_at, changed_at)
                   values (:merchant, gen_random_uuid(), :name, '{}', :seen, cast(:store as uuid), :owner, :now, :now)""",
                name=name, seen=seen_by, store=world.stores[store] if store else None, owner=author,
            )  # fmt: skip
    assert {one.name for one in await offered(world, leader(world, "S1"), "segment")} == {"全店", "一店", "我的"}
    assert {one.name for one in await offered(world, world.scope("owner"), "segment")} == {
        "全店",
        "一店",
        "二店",
        "老板的",
    }


async def test_choices_come_in_pages(world: World) -> None:
    await send(world, "levels", *(LevelIn(code=f"{n:03}", name=f"级{n % 7}") for n in range(PAGE + 7)))
    found = await offered(world, world.scope("owner"), "level")
    assert sorted(one.code or "" for one in found) == [f"{n:03}" for n in range(PAGE + 7)]
    assert [one.name for one in found] == sorted(one.name for one in found)
