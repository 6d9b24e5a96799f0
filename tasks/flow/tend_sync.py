"""What the change feed needs now and then: what nobody can ask for any more is forgotten."""

from typing import Final
from uuid import UUID

from tasks.flow.units import OpensUnits
from tasks.sync.pruning import prune

BATCH: Final = 2_000
"""Changes of each store forgotten in one transaction: the stores' writers wait for it."""


async def tend_sync(units: OpensUnits, merchant_id: UUID, batch: int = BATCH) -> int:
    """Forget changes that are older than any cursor, in short transactions; returns how many."""
    total = 0
    while True:
        async with units.open(merchant_id) as unit:
            forgotten = await prune(unit, batch)
        total += forgotten
        if forgotten == 0:
            return total
