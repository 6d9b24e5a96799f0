"""What the set-based use cases share: refusals as verdicts, rows as columns."""

from collections.abc import Iterable, Sequence
from typing import Any

from tasks.kernel.errors import FlowError, Invalid
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import ItemVerdict, Taken


class Unknown(Invalid):
    """A code or external id that nobody knows."""

    code = "unknown"

    def __init__(self, field: str) -> None:
        """Name the field (JSON path)."""
        super().__init__(field, "is not known")


def refused(index: int, fault: FlowError) -> ItemVerdict:
    """Return the verdict of an item that was not taken; names the field and repeats nothing of its value."""
    return ItemVerdict(
        index, Taken.REJECTED, code=fault.code, field=fault.field, detail=str(fault.facts.get("why") or fault.code)
    )


def columns(rows: Iterable[Sequence[Any]], width: int) -> list[list[Any]]:
    """Return the rows turned into `width` columns, for `unnest`; no rows give empty columns."""
    turned = [list(column) for column in zip(*rows, strict=True)]
    return turned or [[] for _ in range(width)]


async def tuples(unit: Unit, statement: str, **values: Any) -> Sequence[Any]:
    """Execute and return all rows as tuples, for the paths where a mapping per row is felt."""
    return (await unit.run(statement, **values)).all()
