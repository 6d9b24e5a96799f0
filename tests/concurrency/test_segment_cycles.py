"""Edits at once: two that together would close a circle, and a deletion beside a new use. One of them wins, the other is told."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.audience.states import Visibility
from tasks.flow.in_use import SegmentInUse
from tasks.flow.manage_segments import SegmentView, SegmentWish, change_segment, create_segment, drop_segment
from tasks.flow.manage_tags import TagWish, change_tag, create_tag
from tasks.flow.tend_segments import tend_segments
from tasks.kernel.errors import FlowError, Invalid
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.people.states import Pace
from tests.support.clock import TestClock
from tests.support.rows import doing
from tests.support.world import World, make_world

CAME: dict[str, Any] = {"condition": "visit_count", "atLeast": 1}
ROUNDS = 8
Edit = Callable[[Unit], Awaitable[object]]


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    return await make_world(units, master, customers=2)


def using(key: str) -> dict[str, Any]:
    return {"condition": "segment", "segment": key}


def wish(name: str, tree: dict[str, Any]) -> SegmentWish:
    return SegmentWish(name=name, tree=tree, seen_by=Visibility.SHARED)


async def make(world: World, name: str, tree: dict[str, Any] = CAME) -> str:
    async with world.units.open(world.merchant_id) as unit:
        made: SegmentView = await create_segment(unit, world.scope("owner"), wish(name, tree), "zh-CN")
        return made.key


def edit(world: World, key: str, name: str, tree: dict[str, Any]) -> Edit:
    return lambda unit: change_segment(unit, world.scope("owner"), (UUID(key), None), wish(name, tree), "zh-CN")


async def at_once(world: World, *edits: Edit) -> list[FlowError | None]:
    """Begin all, then let them go together; what each was told."""
    ready = asyncio.Barrier(len(edits))

    async def one(work: Edit) -> FlowError | None:
        try:
            async with world.units.open(world.merchant_id) as unit:
                await unit.scalar("select 1")
                await ready.wait()
                await work(unit)
        except FlowError as told:
            return told
        return None

    return await asyncio.gather(*(one(work) for work in edits))


async def circles(world: World) -> int:
    """How many segments lead back to themselves."""
    async with world.units.open(world.merchant_id) as unit:
        return int(
            await unit.scalar(
                """with recursive path (first, id) as (
                       select segment_id, uses_id from segment_use where merchant_id = :merchant
                       union select p.first, su.uses_id from path p join segment_use su on su.merchant_id = :merchant and su.segment_id = p.id)
                   select count(*) from path where first = id"""
            )
        )


async def test_two_edits_never_close_a_circle_together(world: World) -> None:
    for round_ in range(ROUNDS):
        one, two = await make(world, f"甲{round_}"), await make(world, f"乙{round_}")
        told = await at_once(
            world, edit(world, one, f"甲{round_}", using(two)), edit(world, two, f"乙{round_}", {"not": using(one)})
        )
        (refused,) = [each for each in told if each is not None]
        assert isinstance(refused, Invalid)
        assert refused.field in {"tree.segment", "tree.not.segment"}
        assert await circles(world) == 0


async def test_three_edits_never_close_a_circle_together(world: World) -> None:
    for round_ in range(ROUNDS):
        keys = [await make(world, f"{name}{round_}") for name in "甲乙丙"]
        edits = [
            edit(world, key, f"{name}{round_}", {"all": [CAME, using(keys[(place + 1) % 3])]})
            for place, (key, name) in enumerate(zip(keys, "甲乙丙", strict=True))
        ]
        told = await at_once(world, *edits)
        assert sorted(each.field or "" for each in told if each is not None) == ["tree.all[1].segment"]
        assert await circles(world) == 0


async def test_a_segment_and_a_rule_never_close_a_circle_together(world: World) -> None:
    owner = world.scope("owner")
    for round_ in range(ROUNDS):
        key = await make(world, f"分群{round_}")
        async with world.units.open(world.merchant_id) as unit:
            tag = await create_tag(unit, owner, TagWish(name=f"标签{round_}"), "zh-CN")
        asks = {"condition": "tags", "anyOf": [str(tag.id)]}
        rule = TagWish(name=tag.name, rule=using(key), pace=Pace.HALF_HOUR)
        told = await at_once(
            world,
            edit(world, key, f"分群{round_}", asks),
            doing(change_tag, owner, (tag.id, None), rule, "zh-CN"),
        )
        (refused,) = [each for each in told if each is not None]
        assert refused.field in {"tree.anyOf[0]", "rule.segment"}


async def test_a_segment_does_not_go_while_another_takes_it_into_use(world: World) -> None:
    owner = world.scope("owner")
    for round_ in range(ROUNDS):
        used = await make(world, f"被用{round_}")
        told = await at_once(
            world,
            doing(drop_segment, owner, UUID(used)),
            doing(create_segment, owner, wish(f"用它{round_}", using(used)), "zh-CN"),
        )
        (refused,) = [each for each in told if each is not None]
        gone = isinstance(refused, Invalid) and refused.field == "tree.segment"
        assert gone or isinstance(refused, SegmentInUse)


async def test_two_edits_of_one_version_leave_one(world: World) -> None:
    key = await make(world, "甲")
    owner = world.scope("owner")

    def rename(name: str) -> Edit:
        return lambda unit: change_segment(unit, owner, (UUID(key), 1), wish(name, CAME), "zh-CN")

    told = await at_once(world, rename("乙"), rename("丙"))
    assert sorted(each.code for each in told if each is not None) == ["segment-changed"]


async def test_workers_at_once_count_each_segment_once(world: World) -> None:
    for number in range(3):
        await make(world, f"分群{number}")
    counted = await asyncio.gather(*(tend_segments(world.units, world.merchant_id) for _ in range(4)))
    async with world.units.open(world.merchant_id) as unit:
        kept = await unit.scalar("select count(*) from segment_count where merchant_id = :merchant")
    assert sum(counted) == kept > 3
