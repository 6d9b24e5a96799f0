"""Value and rhythm follow the books: at once for customers of today's events, later for everybody when books of the past came in."""

from collections.abc import Iterable, Sequence

from tasks.events.happened import Happened
from tasks.insight.service import MOVED, Reason, mark, refresh_customers
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import ItemVerdict, Taken
from tasks.ledger.service import take_touched
from tasks.plans.definition import Behaviour
from tasks.plans.repository import ActivePlan, active_behaviours


async def follow_value(unit: Unit, happened: Sequence[Happened], *, historic: bool) -> Sequence[Happened]:
    """Compute anew whoever was recorded in this transaction, by event or correction; returns the movements that a plan waits for.

    With `historic`, and for historic events, nobody is computed: everybody is due.
    """
    touched = take_touched(unit)
    past = touched if historic else {event.customer_id for event in happened if event.historic}
    if past:
        await mark(unit, Reason.BOOKS)
    now = touched - past
    if not now:
        return []
    moved = (await refresh_customers(unit, now, locked=True)).events
    return moved if moved and listens(await active_behaviours(unit)) else []


async def catalogue_changed(unit: Unit, kind: str, verdicts: list[ItemVerdict]) -> list[ItemVerdict]:
    """Note that everybody is due when products or categories changed, for a day counts for a category; returns the verdicts."""
    if kind in ("products", "categories") and any(one.status is Taken.ACCEPTED for one in verdicts):
        await mark(unit, Reason.CATALOGUE)
    return verdicts


def listens(plans: Iterable[ActivePlan]) -> bool:
    """True when one of these plans is entered by a movement of tier or level."""
    return any(
        isinstance(one.definition.trigger, Behaviour) and MOVED in one.definition.trigger.events for one in plans
    )
