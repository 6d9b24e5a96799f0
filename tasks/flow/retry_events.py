"""Events on which a plan failed are shown to the plans again, one by one, until they pass or are too old to matter."""

from datetime import timedelta
from uuid import UUID

from tasks.events.happened import Happened
from tasks.flow.react import notice
from tasks.flow.units import OpensUnits
from tasks.kernel.unit import Unit

GIVE_UP = timedelta(days=1)
"""After this an event stays accepted and the plan's failure has been logged every sweep."""

_ASIDE = """
select id as event_id, type, customer_id, occurred_at, store_id, staff_id, ledger_kind, ledger_id, historic from event
where merchant_id = :merchant and state = 'set_aside' order by received_at, id limit 200 for update skip locked
"""


async def retry_events(units: OpensUnits, merchant_id: UUID) -> int:
    """Show each event that was set aside to the plans again, alone; returns how many passed."""
    async with units.open(merchant_id) as unit:
        waiting = [Happened(**row) for row in await unit.rows(_ASIDE)]
        passed = 0
        for event in waiting:
            passed += await _again(unit, event)
        return passed


async def _again(unit: Unit, event: Happened) -> bool:
    """Accept it and let the plans look; `notice` sets it aside again when one still fails."""
    await unit.run("update event set state = 'accepted' where merchant_id = :merchant and id = :id", id=event.event_id)
    await notice(unit, [event])
    state = await unit.scalar(
        "update event set state = case when state = 'set_aside' and received_at < :oldest then 'accepted' else state end "
        "where merchant_id = :merchant and id = :id returning state",
        id=event.event_id, oldest=unit.now - GIVE_UP,
    )  # fmt: skip
    return bool(state == "accepted")
