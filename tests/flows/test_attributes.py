"""Tags and declared fields of customers, as integrators and imports say them."""

from datetime import date
from typing import Any

import pytest

from backend.db.units import Units
from tasks.flow.record_books import record_books
from tasks.kernel.sealing import MasterKey
from tasks.kernel.verdicts import ItemVerdict, Taken
from tasks.people.inputs import CustomerIn
from tasks.people.states import AttributeKind, TagHand
from tasks.people.trait_inputs import AttributeIn
from tests.support.world import World, make_world

A, D, R = Taken.ACCEPTED, Taken.DUPLICATE, Taken.REJECTED
LEAP = date(2024, 2, 29)


@pytest.fixture
async def world(units: Units, master: MasterKey) -> World:
    made = await make_world(units, master)
    await made.books(
        "attributes",
        AttributeIn(code="skin", name="肤质", kind=AttributeKind.TEXT, choices=("干性", "油性")),
        AttributeIn(code="note", name="备注", kind=AttributeKind.TEXT),
        AttributeIn(code="kids", name="孩子", kind=AttributeKind.NUMBER),
        AttributeIn(code="vip", name="贵宾", kind=AttributeKind.FLAG),
        AttributeIn(code="wed", name="婚期", kind=AttributeKind.DAY),
        AttributeIn(code="gone", name="停用", kind=AttributeKind.FLAG, active=False),
        AttributeIn(code="stars", name="星", kind=AttributeKind.NUMBER, event_type="custom.survey"),
    )
    return made


async def send(world: World, *items: CustomerIn, historic: bool = False) -> list[ItemVerdict]:
    async with world.units.open(world.merchant_id) as unit:
        return await record_books(unit, "customers", items, historic=historic)


def said(code: str, tags: tuple[str, ...] = (), **attributes: Any) -> CustomerIn:
    return CustomerIn(external_id=code, tags=tags, attributes=attributes)


async def stored(world: World) -> dict[str, Any]:
    """The values there are, by field."""
    async with world.units.glance(world.merchant_id) as unit:
        rows = await unit.rows(
            """select a.code, v.text_value, v.number_milli, v.day_value from customer_attribute v
               join attribute a on a.merchant_id = v.merchant_id and a.id = v.attribute_id where v.merchant_id = :merchant"""
        )
    return {row["code"]: row["text_value"] or row["day_value"] or row["number_milli"] for row in rows}


async def tags(world: World) -> list[tuple[str, str]]:
    async with world.units.glance(world.merchant_id) as unit:
        rows = await unit.rows(
            """select t.name, c.hand from customer_tag c join tag t on t.merchant_id = c.merchant_id and t.id = c.tag_id
               where c.merchant_id = :merchant order by t.name"""
        )
    return [(row["name"], row["hand"]) for row in rows]


async def test_values_are_stored_by_kind_changed_kept_and_taken_away(world: World) -> None:
    full = said("C1", skin="干性", kids=2.5, vip=True, wed="2024-02-29")
    (first,) = await send(world, full)
    assert first.status is A
    assert await stored(world) == {"skin": "干性", "kids": 2500, "vip": 1000, "wed": LEAP}
    (again,) = await send(world, full)
    assert (again.status, again.id) == (D, first.id)
    (some,) = await send(world, said("C1", skin="油性", vip=False))
    assert some.status is A
    assert await stored(world) == {"skin": "油性", "kids": 2500, "vip": 0, "wed": LEAP}
    (less,) = await send(world, said("C1", skin=None, gone=None))
    assert less.status is A
    assert set(await stored(world)) == {"kids", "vip", "wed"}
    assert [one.status for one in await send(world, said("C1", skin=None), said("C1"))] == [D, D]


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("skin", "湿性"), ("skin", ""), ("skin", 1), ("skin", True), ("note", "x" * 201), ("note", "a\x00b"), ("note", " "),
        ("kids", "2"), ("kids", True), ("kids", 0.0001), ("kids", 10**13), ("kids", -(10**30)), ("kids", 1e300), ("kids", float("nan")),
        ("kids", float("inf")), ("vip", 1), ("vip", "true"), ("wed", "2023-02-29"), ("wed", "29.2.2024"), ("wed", 20240229), ("wed", "0001-01-01"),
        ("nobody", 1), ("stars", 5), ("gone", True),
    ],
)  # fmt: skip
async def test_a_wrong_value_refuses_that_customer_alone(world: World, code: str, value: Any) -> None:
    bad, good = await send(world, said("C1", ("甲",), **{code: value}), said("C2", vip=True))
    assert (bad.status, bad.field, good.status) == (R, f"attributes.{code}", A)
    assert await stored(world) == {"vip": 1000}
    assert await tags(world) == []


async def test_of_one_customer_twice_in_a_batch_values_and_tags_add_up(world: World) -> None:
    verdicts = await send(world, said("C1", ("甲",), kids=1, vip=True), said("C1", ("乙", "甲"), kids=3, vip=None))
    assert [one.status for one in verdicts] == [A, A]
    assert await stored(world) == {"kids": 3000}
    assert [name for name, _ in await tags(world)] == ["乙", "甲"]


async def test_a_batch_of_many_is_as_many_alone(world: World) -> None:
    items = [said(f"C{n}", (f"标签{n % 3}",), kids=n, note=f"第{n}") for n in range(300)]
    assert {one.status for one in await send(world, *items)} == {A}
    assert {one.status for one in await send(world, *items)} == {D}
    async with world.units.glance(world.merchant_id) as unit:
        count = "select count(*) from customer_attribute where merchant_id = :merchant"
        assert await unit.scalar(count) == 600
        total = "select sum(number_milli) from customer_attribute where merchant_id = :merchant"
        assert await unit.scalar(total) == 1000 * sum(range(300))


@pytest.mark.parametrize("hand", [TagHand.IMPORT, TagHand.INTEGRATOR])
async def test_tags_are_given_by_whoever_sent_them(world: World, hand: TagHand) -> None:
    historic = hand is TagHand.IMPORT
    (first,) = await send(world, said("C1", ("美睫", " ", "美睫")), historic=historic)
    assert first.status is A
    assert await tags(world) == [("美睫", hand.value)]
    (again,) = await send(world, said("C1", ("美睫",)), historic=historic)
    assert again.status is D
    (more,) = await send(world, said("C1", (" 老 客 ",)), historic=historic)
    assert more.status is A
    assert [name for name, _ in await tags(world)] == ["美睫", "老 客"]


async def test_a_bad_tag_refuses_that_customer_alone(world: World) -> None:
    long, many, control, fine = await send(
        world,
        said("C1", ("好", "x" * 41)),
        said("C2", tuple(f"t{n}" for n in range(51))),
        said("C3", ("a\x01b",)),
        said("C4", ("好",)),
    )
    assert [(one.status, one.field) for one in (long, many, control, fine)] == [
        (R, "tags[1]"),
        (R, "tags"),
        (R, "tags[0]"),
        (A, None),
    ]
    assert [name for name, _ in await tags(world)] == ["好"]


async def test_another_merchants_field_is_unknown(world: World, units: Units, master: MasterKey) -> None:
    other = await make_world(units, master)
    (verdict,) = await send(other, said("C1", vip=True))
    assert (verdict.status, verdict.field) == (R, "attributes.vip")
