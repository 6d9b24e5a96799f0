"""Items on their way to units of work: dealt to lanes, collected in chunks."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from backend.imports.books import Books, Newcomers
from backend.imports.cells import REMEMBERED
from backend.imports.decoders import Decoded
from backend.imports.reasons import CellRefused, Refusal
from backend.imports.runs import Numbered, mark_of


class Draft(msgspec.Struct, frozen=True, gc=False):
    """An item for the flow, the file's rows that made it, and when and in which zone it happened."""

    item: Any
    rows: tuple[Numbered, ...]
    at: datetime | None
    zone: str


@dataclass
class Chunk:
    """What one unit of work takes."""

    lane: int = 0
    drafts: list[Draft] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)
    rows: int = 0
    newcomers: Newcomers = field(default_factory=Newcomers)


class Dealer:
    """Fills one chunk per lane and hands over those that are full.

    The first chunk of each lane but the last is smaller, so that the database has work early and lanes do not ask for it all at once.
    """

    def __init__(self, size: int, lanes: int, books: Books) -> None:
        self.size = size
        self.books = books
        self.open = [Chunk(lane) for lane in range(lanes)]
        self._sizes = [size * (lane + 1) // lanes for lane in range(lanes)]
        self._full: list[Chunk] = []
        self._turn = 0
        self._lanes: dict[str, int] = {}

    def take(self, decoded: Decoded, rows: tuple[Numbered, ...]) -> None:
        """Put an item into the lane of its customer."""
        chunk = self.open[self._lane(decoded.item) if len(self.open) > 1 else 0]
        chunk.drafts.append(Draft(decoded.item, rows, decoded.at, decoded.zone))
        self._counted(chunk, len(rows))

    def _lane(self, item: Any) -> int:
        """Return the lane of an item's customer; what is nobody's goes to each in turn."""
        customer = getattr(item, "customer", None)
        if not customer:
            self._turn = (self._turn + 1) % len(self.open)
            return self._turn
        lane = self._lanes.get(customer)
        if lane is None:
            if len(self._lanes) >= REMEMBERED:
                self._lanes.clear()
            self._lanes[customer] = lane = mark_of(customer) % len(self.open)
        return lane

    def refuse(self, row: Numbered, fault: CellRefused) -> None:
        """Note a row that cannot be read."""
        chunk = self.open[0]
        chunk.refusals.append(Refusal(row[0], fault.column, fault.code, fault.detail, tuple(row[1])))
        self._counted(chunk, 1)

    def skip(self, reason: str) -> None:
        """Count a row that is left out on purpose."""
        chunk = self.open[0]
        chunk.skipped[reason] += 1
        self._counted(chunk, 1)

    def filled(self) -> Iterator[Chunk]:
        """Hand over the chunks that are full."""
        full, self._full = self._full, []
        yield from full

    def rest(self) -> Iterator[Chunk]:
        """Hand over what is left."""
        for chunk in self.open:
            if chunk.rows:
                chunk.newcomers = self.books.take_newcomers()
                yield chunk

    def _counted(self, chunk: Chunk, rows: int) -> None:
        chunk.rows += rows
        if chunk.rows >= self._sizes[chunk.lane]:
            chunk.newcomers = self.books.take_newcomers()
            self._full.append(chunk)
            self.open[chunk.lane] = Chunk(chunk.lane)
            self._sizes[chunk.lane] = self.size
