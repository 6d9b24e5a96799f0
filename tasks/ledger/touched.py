"""Whose records a transaction touched: corrected ones too, of which no event tells."""

from collections.abc import Iterable
from uuid import UUID

from tasks.kernel.unit import Unit


class Touched:
    """The customers whose facts were locked in this transaction and that nobody has asked for yet."""

    def __init__(self) -> None:
        self.customers: set[UUID] = set()

    async def close(self, unit: Unit) -> None:
        """Write nothing."""


def touch(unit: Unit, customer_ids: Iterable[UUID]) -> None:
    """Note that something is recorded of these customers."""
    unit.closer("touched", Touched).customers.update(customer_ids)


def take_touched(unit: Unit) -> set[UUID]:
    """Return the customers touched since the last call."""
    touched = unit.closer("touched", Touched)
    found, touched.customers = touched.customers, set()
    return found
