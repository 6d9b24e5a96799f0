"""Events whose customer was not known when they came."""

from collections.abc import Sequence
from uuid import UUID

from tasks.events.happened import Happened
from tasks.kernel.unit import Unit


async def attach(unit: Unit, customer_ids: Sequence[UUID]) -> list[Happened]:
    """Give waiting events to their customers."""
    return []
