"""What a committed unit tells the bell: only what makes something due at once; everything else waits for nobody."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from backend.jobs.bell import SWEEP, Bell
from tasks.flow.manage_plans import PlansChanged

WAKING: Final = (PlansChanged,)
"""After-commit values after which a worker should look at the merchant."""


@dataclass(frozen=True)
class Delivery:
    """Takes the after-commit values of each committed unit; never raises."""

    bell: Bell

    async def __call__(self, merchant_id: UUID, values: Sequence[object]) -> None:
        """Ring once when a value wakes workers."""
        if any(isinstance(value, WAKING) for value in values):
            await self.bell.ring(SWEEP, str(merchant_id))
