"""What a merchant needs now and then rather than at once: value and rhythm of everybody, rules of tags, counts of segments, a nightly look at every row."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import msgspec
import structlog

from tasks.events.happened import Happened
from tasks.flow.follow_value import listens
from tasks.flow.invariants import look_tonight
from tasks.flow.react import notice
from tasks.flow.tend_benefits import tend_benefits
from tasks.flow.tend_segments import tend_segments
from tasks.flow.tend_sync import tend_sync
from tasks.flow.tend_tags import tend_tags
from tasks.flow.units import OpensUnits
from tasks.insight.service import Outcome, begin, finish, is_due, refresh_slice
from tasks.kernel.unit import Unit
from tasks.notices.outbox import forget_pushes
from tasks.plans.repository import active_behaviours

SLICE = 20_000
"""Customers computed in one transaction: their records wait for it, a second or two."""
BATCH = 1_000
"""Movements shown to the plans at once."""

log = structlog.get_logger()


class TendReport(msgspec.Struct, frozen=True):
    """What was done: customers computed and movements found (None: it was not due, or somebody else is at it), tags set and taken, segments counted."""

    computed: int | None = None
    moved: int = 0
    tagged: int = 0
    counted: int = 0


async def tend_merchant(units: OpensUnits, merchant_id: UUID) -> TendReport:
    """Do what the merchant needs, in many short transactions; safe to run anywhere, at any time, twice at once."""
    async with units.open(merchant_id) as unit:
        due = await is_due(unit)
    computed = await refresh_merchant(units, merchant_id) if due else None
    tagged = await tend_tags(units, merchant_id)
    counted = await tend_segments(units, merchant_id)
    await tend_benefits(units, merchant_id)
    await tend_sync(units, merchant_id)
    async with units.open(merchant_id) as unit:
        await forget_pushes(unit)
    await look_tonight(units, merchant_id)
    return TendReport(computed.customers if computed else None, computed.moved if computed else 0, tagged, counted)


async def refresh_merchant(units: OpensUnits, merchant_id: UUID, size: int = SLICE) -> Outcome | None:
    """Compute everybody slice by slice and show the movements to the plans; None when somebody else is at it. One that dies is begun anew."""
    async with units.open(merchant_id) as unit:
        begun = await begin(unit, size, telling=listens(await active_behaviours(unit)))
    if begun is None:
        return None
    customers = moved = 0
    for one in begun.slices:
        async with units.open(merchant_id) as unit:
            found = await refresh_slice(unit, begun, one)
            if found is None:
                return None
            await _tell(unit, found.events)
        customers, moved = customers + found.customers, moved + found.moved
        await asyncio.sleep(0)
    outcome = Outcome(customers, moved)
    async with units.open(merchant_id) as unit:
        await finish(unit, begun, outcome)
    log.info("insight.run.done", customers=customers, moved=moved)
    return outcome


async def _tell(unit: Unit, events: Sequence[Happened]) -> None:
    for start in range(0, len(events), BATCH):
        await notice(unit, events[start : start + BATCH])
