"""What a use case with several transactions needs: somebody who opens them."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol, runtime_checkable
from uuid import UUID

from tasks.kernel.unit import Unit


@runtime_checkable
class OpensUnits(Protocol):
    """Opens one unit of work per call, and commits it on a clean exit."""

    def open(self, merchant_id: UUID) -> AbstractAsyncContextManager[Unit]:
        """Open a unit of one merchant."""

    def glance(self, merchant_id: UUID) -> AbstractAsyncContextManager[Unit]:
        """Open a unit that is always rolled back."""
