"""Every segment is counted once on every local day, so that tomorrow can be compared with today."""

from datetime import date
from uuid import UUID

import structlog

from tasks.audience.segment_rows import claim_count, get_segment, keep_count, uncounted
from tasks.audience.segments import count_everybody, smart_key
from tasks.audience.smart import SMART, SmartName
from tasks.audience.tree import Node, parse
from tasks.flow.units import OpensUnits
from tasks.kernel.errors import FlowError
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.people.lookups import merchant_zone

log = structlog.get_logger()


async def tend_segments(units: OpensUnits, merchant_id: UUID) -> int:
    """Count every segment, saved and smart, that was not counted on this day of the merchant's zone; returns how many were.

    Safe to run anywhere, at any time, twice at once: the row of the day is the claim, and a second run finds nothing to do. A segment that cannot be
    counted stops no other.
    """
    async with units.open(merchant_id) as unit:
        on = local_day(unit.now, await merchant_zone(unit))
        keys = await uncounted(unit, [smart_key(name) for name in SMART], on)
    counted = 0
    for key in keys:
        try:
            counted += await _count(units, merchant_id, key, on)
        except FlowError as fault:
            log.warning("segment.count.failed", segment=key, fault=str(fault))
    return counted


async def _count(units: OpensUnits, merchant_id: UUID, key: str, on: date) -> bool:
    async with units.open(merchant_id) as unit:
        if not await claim_count(unit, key, on):
            return False
        await keep_count(unit, key, on, await count_everybody(unit, await _tree(unit, key)))
        return True


async def _tree(unit: Unit, key: str) -> Node:
    """Return the tree of a key; raises `NotFound` when it was deleted meanwhile."""
    if key.startswith("smart:"):
        return parse(SMART[SmartName(key.removeprefix("smart:"))].tree)
    return parse((await get_segment(unit, UUID(key))).tree)
