"""What a committed unit tells: the bell, of what is due at once; listeners, of stores whose tasks changed and of notices. The rest waits for nobody."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from backend.jobs.bell import PUSH, SWEEP, Bell
from backend.listeners.relay import Relay
from tasks.flow.manage_plans import PlansChanged
from tasks.notices.telling import Noticed
from tasks.worklist.feed import StoresChanged

WAKING: Final = (PlansChanged,)
"""After-commit values after which a worker should look at the merchant."""


@dataclass(frozen=True)
class Delivery:
    """Takes the after-commit values of each committed unit; never raises."""

    bell: Bell
    relay: Relay | None = None

    async def __call__(self, merchant_id: UUID, values: Sequence[object]) -> None:
        """Wake who waits for a change of these stores or for a notice, and ring once when a value wakes workers."""
        stores = {store for value in values if isinstance(value, StoresChanged) for store in value.store_ids}
        staff = {one for value in values if isinstance(value, Noticed) for one in value.staff_ids}
        if (stores or staff) and self.relay is not None:
            self.relay.tell(merchant_id, stores, staff)
        if any(isinstance(value, WAKING) for value in values):
            await self.bell.ring(SWEEP, str(merchant_id))
        if any(isinstance(value, Noticed) for value in values):
            await self.bell.ring(PUSH, str(merchant_id))
