"""Where the stores of a merchant are: for those who wait for a change."""

from collections.abc import Sequence
from uuid import UUID

from tasks.kernel.unit import Unit
from tasks.sync.repository import read_revisions


async def revisions_of(unit: Unit, store_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return the number of the last committed change of each store."""
    return {store: each.rev for store, each in (await read_revisions(unit, store_ids)).items()}
