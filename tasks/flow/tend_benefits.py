"""The days of benefits are kept written ahead, and benefits whose last day is over end."""

from uuid import UUID

import structlog

from tasks.benefits.ahead import forget_days, is_over, write_days
from tasks.benefits.repository import active_before, get_benefit, set_state
from tasks.benefits.states import BenefitState
from tasks.flow.units import OpensUnits
from tasks.kernel.unit import Unit
from tasks.kernel.zones import day_start, local_day
from tasks.people.lookups import merchant_zone, zones_of_merchant

log = structlog.get_logger()


async def tend_benefits(units: OpensUnits, merchant_id: UUID) -> int:
    """Write the days of active benefits ahead, once on each local day of the merchant, and when an own festival moved; returns how many were written.

    Safe to run anywhere, at any time, twice at once: writing the same days again changes nothing.
    """
    async with units.open(merchant_id) as unit:
        zone = await merchant_zone(unit)
        ids = await active_before(unit, day_start(local_day(unit.now, zone), zone))
        if ids:
            await forget_days(unit)
    for benefit_id in ids:
        async with units.open(merchant_id) as unit:
            await write_anew(unit, benefit_id)
    return len(ids)


async def write_anew(unit: Unit, benefit_id: UUID) -> None:
    """Make the days of an active benefit what it says now; it ends when its last one is over."""
    stored = await get_benefit(unit, benefit_id, lock=True)
    if stored.state is not BenefitState.ACTIVE:
        return
    zones = await zones_of_merchant(unit)
    written = await write_days(unit, benefit_id, stored.said, zones)
    if is_over(stored.said, unit.now, zones):
        await set_state(unit, benefit_id, BenefitState.ENDED)
    log.info("benefit.days.written", benefit=str(benefit_id), days=written)
