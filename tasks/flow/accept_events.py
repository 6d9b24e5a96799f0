"""Events in: accepted, recorded and reacted to in one transaction, so that an acknowledged event already has its task."""

from collections.abc import Sequence
from typing import Final

from tasks.events import service as events
from tasks.events.happened import Happened
from tasks.flow.react import react
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import ItemVerdict
from tasks.people.contact_state import complain, lock_contact_state

COMPLAINTS: Final = frozenset({"complaint", "bad_review"})
"""Events that open a complaint."""


async def accept_events(unit: Unit, items: Sequence[object]) -> list[ItemVerdict]:
    """Accept CloudEvents (decoded JSON objects) and let the flow react; one verdict per item, in order."""
    recorded = await events.accept(unit, items)
    await open_complaints(unit, recorded.happened)
    await react(unit, recorded.happened)
    return recorded.verdicts


async def open_complaints(unit: Unit, happened: Sequence[Happened]) -> None:
    """Stop marketing to customers who complained. Everybody of the batch is locked, so that the flow's own lock comes in one order."""
    complaints = {one.customer_id for one in happened if one.type in COMPLAINTS}
    if complaints:
        await lock_contact_state(unit, {one.customer_id for one in happened})
        await complain(unit, complaints)
