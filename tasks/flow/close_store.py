"""A store closes for some days (春节, 装修)."""

from datetime import date
from uuid import UUID

from tasks.insight.service import Reason, mark
from tasks.kernel.unit import Unit
from tasks.people.service import add_closure


async def close_store(unit: Unit, store_id: UUID, from_on: date, to_on: date, *, reason: str = "") -> UUID:
    """Close a store from the first to the last day, both included; gaps of customers are counted anew. Raises `Invalid` for days in the wrong order."""
    closure_id = await add_closure(unit, store_id, from_on, to_on, reason=reason)
    await mark(unit, Reason.CALENDAR)
    return closure_id
