"""Whom a tree means, asked in every way the product asks; all must agree."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from tasks.audience.judging import Frame, answers, chosen, count, forms, sample
from tasks.audience.resolving import check_tree, segments_of
from tasks.audience.service import looks
from tasks.kernel.unit import Unit
from tests.support.world import World

Tree = Mapping[str, Any]
MANY = 10_000


async def meant(world: World, tree: Tree, on: date | None = None) -> set[str]:
    """The codes of the customers a tree means: gathered in one pass, looked up one by one, and counted."""
    async with world.units.glance(world.merchant_id) as unit:
        return await meant_in(unit, world, tree, on)


async def meant_in(unit: Unit, world: World, tree: Tree, on: date | None = None) -> set[str]:
    """As `meant`, in a unit that is open."""
    node = await check_tree(unit, dict(tree))
    segments = await segments_of(unit, node)
    codes = {one: code for code, one in world.customers.items()}
    found: set[str] = set()
    for look in await looks(unit, on):
        frame = Frame("select cu.id", "order by cu.id")
        swept, probed = [await chosen(unit, look, frame, (form, form)) for form in forms(node, segments, look)]
        assert swept == probed
        assert sorted(one for _, one in await sample(unit, node, segments, look, MANY)) == swept
        assert await count(unit, node, segments, look) == len(swept)
        found |= {codes[one] for one in swept}
        for customer_id in world.customers.values():
            (answer,) = await answers(unit, customer_id, [node], segments, look)
            assert answer.holds or customer_id not in swept
    return found
