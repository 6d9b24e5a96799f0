"""Cells of one column: read one row at a time, or a block of rows at once, by the same look-ups."""

from collections.abc import Callable, Sequence
from typing import Any

from backend.imports.header import Row, bare
from backend.imports.reasons import CellRefused

Read = Callable[[Row], Any]

REMEMBERED = 65_536
"""How many distinct texts of a column are kept parsed; past it the memory starts anew."""


class Memo(dict[str, Any]):
    """Text → value, parsed when it is first met; a text that is refused is kept as its refusal."""

    def __init__(self, parse: Callable[[str], Any], label: str) -> None:
        super().__init__()
        self.parse = parse
        self.label = label

    def __missing__(self, text: str) -> Any:
        value: Any
        try:
            value = self.parse(text)
        except CellRefused as fault:
            value = CellRefused(fault.code, fault.column or self.label, fault.detail)
        if len(self) >= REMEMBERED:
            self.clear()
        self[text] = value
        return value


class OneCell:
    """Reads one column; raises what the cell was refused for."""

    __slots__ = ("memo", "place")

    def __init__(self, place: int, memo: Memo) -> None:
        self.place, self.memo = place, memo

    def __call__(self, row: Row) -> Any:
        """Return what the row's cell says."""
        value = self.memo[row[self.place]]
        if value.__class__ is CellRefused:
            raise value
        return value

    def down(self, rows: Sequence[Row]) -> list[Any]:
        """Return what the cells of many rows say, refusals among them."""
        memo, place = self.memo, self.place
        return [memo[row[place]] for row in rows]


class WrittenCell:
    """Reads one column as it is written; raises `CellRefused` for an empty cell. Nothing is kept: ids hardly recur."""

    __slots__ = ("label", "place")

    def __init__(self, place: int, label: str) -> None:
        self.place, self.label = place, label

    def __call__(self, row: Row) -> str:
        """Return the row's text."""
        said = bare(row[self.place])
        if not said:
            raise CellRefused("missing", self.label)
        return said

    def down(self, rows: Sequence[Row]) -> list[Any]:
        """Return the texts of many rows, refusals among them."""
        place, missing = self.place, CellRefused("missing", self.label)
        return [bare(row[place]) or missing for row in rows]


class Constant:
    """Says the same of every row."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __call__(self, _row: Row) -> Any:
        """Return it; raises it if it is a refusal."""
        if self.value.__class__ is CellRefused:
            raise self.value
        return self.value

    def down(self, rows: Sequence[Row]) -> list[Any]:
        """Return it once per row."""
        return [self.value] * len(rows)


def down(read: Read, rows: Sequence[Row]) -> list[Any]:
    """Return what a field of many rows says; a refused one is its `CellRefused`."""
    if isinstance(read, OneCell | WrittenCell | Constant):
        return read.down(rows)
    return [attempt(read, row) for row in rows]


def attempt(read: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a reader says, or its refusal."""
    try:
        return read(*arguments)
    except CellRefused as fault:
        return fault


def refuses(values: Sequence[Any]) -> bool:
    """True when a refusal is among the values."""
    return CellRefused in set(map(type, values))
