"""Plans in tests: switch one on, sweep, read what was decided."""

from typing import Any
from uuid import UUID

from tasks.flow.manage_plans import activate, create_plan
from tasks.flow.run_plans import SweepReport, sweep_merchant
from tests.support.world import World


async def start_plan(world: World, template: str, **changes: Any) -> UUID:
    """Create a plan from a template with changes and activate it."""
    async with world.units.open(world.merchant_id) as unit:
        plan = await create_plan(unit, template, changes)
        await activate(unit, plan.id)
        return plan.id


async def sweep(world: World) -> SweepReport:
    """What the worker does for this merchant, once."""
    return await sweep_merchant(world.units, world.merchant_id)


async def rows(world: World, sql: str, **values: Any) -> list[dict[str, Any]]:
    """Rows as this merchant sees them."""
    async with world.units.open(world.merchant_id) as unit:
        return [dict(row) for row in await unit.rows(sql, **values)]


async def count(world: World, table: str) -> int:
    """How many rows of a table this merchant has."""
    (row,) = await rows(world, f"select count(*) as n from {table} where merchant_id = :merchant")
    return int(row["n"])


async def decisions(world: World) -> dict[str, list[str]]:
    """Per customer code, what was decided, oldest first, as `decided` or `decided:reason`."""
    found = await rows(
        world, "select customer_id, decided, reason from decision where merchant_id = :merchant order by decided_at, id"
    )
    names = {ident: code for code, ident in world.customers.items()}
    told: dict[str, list[str]] = {}
    for row in found:
        told.setdefault(names[row["customer_id"]], []).append(
            f"{row['decided']}:{row['reason']}" if row["reason"] else row["decided"]
        )
    return told
