"""The unit of work: one transaction, one merchant, one reading of the clock.

`backend.db.units` opens and commits it; application code never does. Things that must be the last statements of the transaction (the sync revision) are
closers; things that must happen after it (wake-ups, webhooks) are values.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar, cast
from uuid import UUID

import msgspec

from tasks.kernel.connection import Connection, Result, Row
from tasks.kernel.sealing import Vault

C = TypeVar("C", bound="Closer")
S = TypeVar("S", bound=msgspec.Struct)


class Closer(Protocol):
    """Something that writes the last statements of a transaction."""

    async def close(self, unit: "Unit") -> None:
        """Write them."""


@dataclass
class Unit:
    """One transaction of one merchant.

    Attributes:
        connection: the open transaction; row-level security is set to the merchant.
        merchant_id: whose data it sees.
        now: business time, read once: database clock + stored offset, UTC.
        vault: the merchant's keys.
    """

    connection: Connection
    merchant_id: UUID
    now: datetime
    vault: Vault
    _values: list[object] = field(default_factory=list)
    _closers: dict[str, Closer] = field(default_factory=dict)

    def after_commit(self, value: object) -> None:
        """Hand over a value when the transaction has committed, and never otherwise."""
        self._values.append(value)

    def closer(self, name: str, factory: Callable[[], C]) -> C:
        """Return the named closer, made on first use; closers run in the order they were made, just before commit."""
        return cast("C", self._closers.setdefault(name, factory()))

    async def close(self) -> Sequence[object]:
        """Run the closers and return the after-commit values; called once, by whoever commits."""
        for closer in self._closers.values():
            await closer.close(self)
        return self._values

    async def run(self, statement: str, **values: Any) -> Result:
        """Execute one SQL statement with `:merchant` and `:now` bound beside the given values."""
        return await self.connection.execute(statement, {"merchant": self.merchant_id, "now": self.now, **values})

    async def rows(self, statement: str, **values: Any) -> Sequence[Row]:
        """Execute and return all rows."""
        return (await self.run(statement, **values)).all()

    async def row(self, statement: str, **values: Any) -> Row | None:
        """Execute and return the first row, or None."""
        return (await self.run(statement, **values)).first()

    async def structs(self, shape: type[S], statement: str, **values: Any) -> list[S]:
        """Execute and return rows as Structs of the same field names."""
        return [shape(**row) for row in await self.rows(statement, **values)]

    async def scalar(self, statement: str, **values: Any) -> Any:
        """Execute and return the first column of the first row, or None."""
        return (await self.run(statement, **values)).scalar()
