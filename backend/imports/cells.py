"""Cells of one column: read one row at a time, or a block of rows at once, by the same look-ups."""

from collections.abc import Callable, Sequence
from typing import Any

from backend.imports.header import Row, bare
from backend.imports.reasons import CellRefused

Read = Callable[[Row], Any]

REMEMBERED = 65_536
"""How many distinct texts of a column are kept parsed; past it the memory starts anew."""


class Block:
    """Rows that are read a column at a time; `columns` reach as far as the shortest row."""

    __slots__ = ("columns", "rows")

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.columns = list(zip(*rows, strict=False))


class Memo(dict[str, Any]):
    """Text → value, parsed when it is first met; a text that is refused is kept as its refusal. `refused`: there was such a text."""

    def __init__(self, parse: Callable[[str], Any], label: str) -> None:
        super().__init__()
        self.parse = parse
        self.label = label
        self.refused = False

    def __missing__(self, text: str) -> Any:
        value: Any
        try:
            value = self.parse(text)
        except CellRefused as fault:
            value = CellRefused(fault.code, fault.column or self.label, fault.detail)
            self.refused = True
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

    def down(self, block: Block) -> list[Any]:
        """Return what the cells of many rows say, refusals among them."""
        return list(map(self.memo.__getitem__, block.columns[self.place]))

    @property
    def refused(self) -> bool:
        """True when a cell was refused so far."""
        return self.memo.refused


class WrittenCell:
    """Reads one column as it is written; raises `CellRefused` for an empty cell, which `refused` tells of blocks. Nothing is kept: ids hardly recur."""

    __slots__ = ("label", "place", "refused")

    def __init__(self, place: int, label: str) -> None:
        self.place, self.label = place, label
        self.refused = False

    def __call__(self, row: Row) -> str:
        """Return the row's text."""
        said = bare(row[self.place])
        if not said:
            raise CellRefused("missing", self.label)
        return said

    def down(self, block: Block) -> list[Any]:
        """Return the texts of many rows, refusals among them."""
        texts = list(map(str.strip, block.columns[self.place]))
        if "'" in "".join(texts):
            texts = list(map(bare, texts))
        if all(texts):
            return texts
        self.refused = True
        missing = CellRefused("missing", self.label)
        return [text or missing for text in texts]


class Constant:
    """Says the same of every row."""

    __slots__ = ("refused", "value")

    def __init__(self, value: Any) -> None:
        self.value = value
        self.refused = value.__class__ is CellRefused

    def __call__(self, _row: Row) -> Any:
        """Return it; raises it if it is a refusal."""
        if self.refused:
            raise self.value
        return self.value

    def down(self, block: Block) -> list[Any]:
        """Return it once per row."""
        return [self.value] * len(block.rows)


def down(read: Read, block: Block) -> list[Any]:
    """Return what a field of many rows says; a refused one is its `CellRefused`."""
    if not block.rows:
        return []
    if isinstance(read, OneCell | WrittenCell | Constant):
        return read.down(block)
    return [attempt(read, row) for row in block.rows]


def attempt(read: Callable[..., Any], *arguments: Any) -> Any:
    """Return what a reader says, or its refusal."""
    try:
        return read(*arguments)
    except CellRefused as fault:
        return fault


def refuses(values: Sequence[Any]) -> bool:
    """True when a refusal is among the values."""
    return CellRefused in set(map(type, values))


def refused_by(read: Read, values: Sequence[Any]) -> bool:
    """True when a refusal is among the values that a reader said of a block; the values of one that knows it never refused are not looked at."""
    return getattr(read, "refused", True) and refuses(values)
