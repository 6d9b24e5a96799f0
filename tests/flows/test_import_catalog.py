"""Files of levels, sources, attributes and categories; tags and declared fields in a file of customers."""

from datetime import date
from pathlib import Path
from typing import NamedTuple

import pytest
from openpyxl import Workbook  # type: ignore[import-untyped]  # ships no types

from backend.db.units import Units
from backend.imports.errors import MappingInvalid
from tasks.kernel.sealing import MasterKey
from tasks.people.states import AttributeKind
from tasks.people.trait_inputs import AttributeIn
from tests.flows.test_import import ask, bring, rejected, written
from tests.support.world import World, make_world

CUSTOMERS = """
date_formats = ["%d.%m.%Y"]
[columns]
external_id = "编号"
tags = { column = "标签", separator = "、," }
attributes.skin = "肤质"
attributes.kids = "孩子"
attributes.vip = "贵宾"
attributes.wed = "婚期"
[values.attributes.skin]
"干" = "干性"
[defaults]
attributes.vip = "否"
"""
TABLE = "编号,标签,肤质,孩子,贵宾,婚期\n"


@pytest.fixture
async def world(units: Units, master: MasterKey) -> World:
    made = await make_world(units, master)
    await made.books(
        "attributes",
        AttributeIn(code="skin", name="肤质", kind=AttributeKind.TEXT, choices=("干性", "油性")),
        AttributeIn(code="kids", name="孩子", kind=AttributeKind.NUMBER),
        AttributeIn(code="vip", name="贵宾", kind=AttributeKind.FLAG),
        AttributeIn(code="wed", name="婚期", kind=AttributeKind.DAY),
        AttributeIn(code="off", name="停用", kind=AttributeKind.DAY, active=False),
    )
    return made


class Listed(NamedTuple):
    """A file of a list: two good rows, one without a code, one that is wrong."""

    kind: str
    text: str
    columns: str
    select: str
    expected: list[tuple[object, ...]]


LISTS = (
    Listed(
        "levels", "代码,名称,次序,优惠\nGOLD,金卡,3,老客9折\nIRON,铁卡,,\n,空,1,\nBAD,坏,高,\n",
        'code="代码"\nname="名称"\nrank="次序"\nbenefit="优惠"', "select code, name, rank, benefit from customer_level",
        [("GOLD", "金卡", 3, "老客9折"), ("IRON", "铁卡", 0, "")],
    ),
    Listed(
        "sources", "代码,名称,在用\nDP,点评,是\nOLD,旧,否\n,空,是\nBAD,坏,也许\n", 'code="代码"\nname="名称"\nactive="在用"',
        "select code, name, active from customer_source", [("DP", "点评", True), ("OLD", "旧", False)],
    ),
    Listed(
        "categories", "代码,名称,周期\nlash,美睫,28\nhair,美发,\n,空,1\nBAD,坏,0\n", 'code="代码"\nname="名称"\nusual_gap_days="周期"',
        "select code, name, usual_gap_days from category", [("hair", "美发", None), ("lash", "美睫", 28)],
    ),
    Listed(
        "attributes", "代码,名称,类型,取值\nhairtype,发质,text,粗/细\nage,年龄,number,\n,空,text,\nBAD,坏,color,\n",
        'code="代码"\nname="名称"\nkind="类型"\nchoices={column="取值",separator="/"}',
        "select code, kind, choices from attribute", [("age", "number", []), ("hairtype", "text", ["粗", "细"])],
    ),
)  # fmt: skip


@pytest.mark.parametrize("listed", LISTS, ids=[one.kind for one in LISTS])
async def test_a_list_comes_in_and_again_changes_nothing(world: World, tmp_path: Path, listed: Listed) -> None:
    kind, mapping = listed.kind, f"[columns]\n{listed.columns}\n"
    path = written(tmp_path / f"{kind}.csv", listed.text)
    rehearsed = await bring(world, kind, path, mapping, dry_run=True)
    known = "'skin', 'kids', 'vip', 'wed', 'off'"
    stored = f"{listed.select} where merchant_id = '{world.merchant_id}' and code not in ({known}) order by code"
    assert (rehearsed.accepted, rehearsed.rejected, await ask(world, stored)) == (2, 2, [])
    report = await bring(world, kind, path, mapping)
    assert (report.accepted, report.rejected, report.duplicate) == (2, 2, 0)
    assert await ask(world, stored) == listed.expected
    assert [row["代码"] for row in rejected(report)] == ["", "BAD"]
    again = await bring(world, kind, path, mapping)
    assert (again.accepted, again.duplicate, again.rejected) == (0, 2, 2)


async def test_tags_and_declared_fields_of_customers(world: World, tmp_path: Path) -> None:
    text = TABLE + '1,"美睫、老客",干,2.5,是,29.02.2024\n2,,,,,\n3,美睫,湿性,1,是,\n4,,干,两个,是,\n5,,,,大概,\n'
    path = written(tmp_path / "会员.csv", text)
    report = await bring(world, "customers", path, CUSTOMERS)
    assert (report.accepted, report.rejected) == (2, 3)
    refused = [(row["编号"], row["import_column"], row["import_code"]) for row in rejected(report)]
    assert sorted(refused) == [("3", "肤质", "invalid"), ("4", "孩子", "not-a-number"), ("5", "贵宾", "not-a-flag")]
    found = await ask(
        world,
        f"""select a.code, v.text_value, v.number_milli, v.day_value from customer_attribute v
            join attribute a on a.merchant_id = v.merchant_id and a.id = v.attribute_id
            where v.merchant_id = '{world.merchant_id}' order by a.code, v.number_milli""",
    )
    assert found == [
        ("kids", None, 2500, None),
        ("skin", "干性", None, None),
        ("vip", None, 0, None),
        ("vip", None, 1000, None),
        ("wed", None, None, date(2024, 2, 29)),
    ]
    tags = f"""select t.name, c.hand from customer_tag c join tag t on t.merchant_id = c.merchant_id and t.id = c.tag_id
               where c.merchant_id = '{world.merchant_id}' order by t.name"""
    assert await ask(world, tags) == [("美睫", "import"), ("老客", "import")]
    again = await bring(world, "customers", path, CUSTOMERS)
    assert (again.accepted, again.duplicate, again.rejected) == (0, 2, 3)


async def test_an_empty_cell_says_nothing_and_a_workbook_keeps_its_kinds(world: World, tmp_path: Path) -> None:
    book = Workbook()
    for row in (["编号", "标签", "肤质", "孩子", "贵宾", "婚期"], [1, "甲", "油性", 3, True, date(2025, 1, 2)]):
        book.active.append(row)
    path = tmp_path / "会员.xlsx"
    book.save(path)
    assert (await bring(world, "customers", path, CUSTOMERS)).accepted == 1
    blank = written(tmp_path / "again.csv", TABLE + "1,,,4,,\n")
    plain = CUSTOMERS.replace('[defaults]\nattributes.vip = "否"\n', "")
    assert (await bring(world, "customers", blank, plain)).accepted == 1
    found = await ask(
        world,
        f"""select a.code, coalesce(v.text_value, v.number_milli::text, v.day_value::text) from customer_attribute v
            join attribute a on a.merchant_id = v.merchant_id and a.id = v.attribute_id
            where v.merchant_id = '{world.merchant_id}' order by a.code""",
    )
    assert found == [("kids", "4000"), ("skin", "油性"), ("vip", "1000"), ("wed", "2025-01-02")]


@pytest.mark.parametrize(
    ("kind", "columns", "key"),
    [
        ("customers", 'external_id="编号"\nattributes.nobody="肤质"', "columns.attributes.nobody"),
        ("customers", 'external_id="编号"\nattributes.off="肤质"', "columns.attributes.off"),
        ("customers", 'external_id="编号"\nattributes="肤质"', "columns.attributes"),
        (
            "customers",
            'external_id="编号"\nattributes.skin={column="肤质",negate=true}',
            "columns.attributes.skin.negate",
        ),
        ("levels", 'code="编号"\nname="标签"\nattributes.skin="肤质"', "columns.attributes.skin"),
    ],
)
async def test_a_mapping_that_cannot_be_meant_is_refused_before_anything_is_read(
    world: World, tmp_path: Path, kind: str, columns: str, key: str
) -> None:
    path = written(tmp_path / "x.csv", TABLE)
    with pytest.raises(MappingInvalid) as fault:
        await bring(world, kind, path, f"[columns]\n{columns}\n")
    assert fault.value.field == key
