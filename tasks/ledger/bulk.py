"""Rows on their way into a table: as arrays when few, through COPY when many.

COPY cannot write to a table under row-level security, so it fills a temporary table that empties itself at commit. Measured for 10,000 receipts: arrays
take 3.6 µs of our processor a row, COPY 1.8 µs; below a thousand rows the two extra statements cost more than they save.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tasks.kernel.unit import Unit
from tasks.people.batches import columns

MANY = 1000
"""From this many rows on, COPY."""


@dataclass(frozen=True)
class Shape:
    """The columns of incoming rows, in order, with their PostgreSQL types; `name` names the temporary table."""

    name: str
    fields: tuple[tuple[str, str], ...]

    @property
    def names(self) -> str:
        """The columns, as a list in SQL."""
        return ", ".join(name for name, _ in self.fields)


async def incoming(unit: Unit, shape: Shape, rows: Sequence[Sequence[Any]]) -> tuple[str, dict[str, Any]]:
    """Return what to select the rows from (`… as u`) and the values to bind; good until the next call for the same shape."""
    if len(rows) < MANY:
        casts = ", ".join(f"cast(:{name} as {kind}[])" for name, kind in shape.fields)
        values = columns(rows, len(shape.fields))
        return f"unnest({casts}) as u({shape.names})", dict(
            zip((name for name, _ in shape.fields), values, strict=True)
        )
    connection = unit.connection.driver
    table = f"incoming_{shape.name}"
    ddl = ", ".join(f"{name} {kind}" for name, kind in shape.fields)
    await connection.execute("set local client_min_messages = warning")
    await connection.execute(f"create temporary table if not exists {table} ({ddl}) on commit delete rows")
    await connection.execute(f"delete from {table}")
    await connection.copy_records_to_table(table, records=rows)
    return f"{table} as u", {}
