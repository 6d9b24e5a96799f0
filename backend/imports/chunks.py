"""The file as chunks: rows decoded, joined, dealt to lanes.

Every row is in exactly one chunk, and there it is part of an item, a refusal or a skip.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any
from zlib import crc32

import msgspec

from backend.imports.books import Books, Newcomers
from backend.imports.decoders import Decode, Decoded, decoder
from backend.imports.header import Header, Test, condition_test
from backend.imports.kinds import ImportKind
from backend.imports.mapping import Mapping
from backend.imports.readers import MAX_TEXT, Readers
from backend.imports.reasons import CellRefused, Refusal
from backend.imports.receipts import Joint, joint
from backend.imports.source import Source

Numbered = tuple[int, list[str]]

BLANK = "blank row"
"""The built-in reason for rows without any text."""
NOBODY = "anonymous"
"""The built-in reason for rows that are about nobody known and say nothing else worth keeping."""


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


@dataclass
class _Group:
    """Rows of one key so far."""

    key: str
    rows: list[Numbered] = field(default_factory=list)
    pieces: list[Any] = field(default_factory=list)
    faults: dict[int, CellRefused] = field(default_factory=dict)


@dataclass(frozen=True)
class Survey:
    """What a first pass found: how many rows, and the keys whose rows do not stand together."""

    rows: int
    scattered: frozenset[int]


class Reader:
    """Reads one file twice: `survey` counts and finds scattered receipts, `chunks` decodes."""

    def __init__(self, source: Source, mapping: Mapping, kind: ImportKind, books: Books) -> None:
        self.source = source
        self.books = books
        self._mapping, self._kind = mapping, kind
        self._width = len(source.columns)
        readers = self._make()
        self.joint: Joint | None = joint(readers)
        self._decode: Decode | None = None if self.joint else decoder(readers)
        self._skips: list[tuple[Test, str]] = [
            (condition_test(readers.header, skip), skip.reason) for skip in mapping.skip
        ]
        readers.header.must_be_complete()

    def _make(self) -> Readers:
        return Readers(self._mapping, self._kind, Header(self.source.columns), self.books)

    def survey(self) -> Survey:
        """Read the whole file once, before anything is written; raises `FileUnfit` where it stops being a table."""
        made = joint(self._make())
        if made is None:
            return Survey(sum(1 for _ in self.source.rows()), frozenset())
        starts: list[int] = []
        before, rows = None, 0
        for _, cells in self.source.rows():
            rows += 1
            key = _key_of(made, cells)
            if key is not None and key != before:
                starts.append(mark_of(key))
            before = key or before
        starts.sort()
        return Survey(rows, frozenset(one for one, following in pairwise(starts) if one == following))

    def chunks(self, size: int, lanes: int, scattered: frozenset[int]) -> Iterator[Chunk]:
        """Yield chunks of about `size` rows; items of one customer are always in the same lane."""
        dealer = _Dealer(size, lanes, self.books)
        groups = _Groups(scattered)
        for number, cells in self.source.rows():
            row = (number, cells)
            fault = self._unfit(cells)
            reason = None if fault else self._skip(cells)
            if fault is not None:
                yield from dealer.refuse(row, fault)
            elif reason is not None:
                yield from dealer.skip(reason)
            elif self.joint is None:
                yield from self._alone(dealer, row)
            else:
                yield from self._joined(dealer, groups, row)
        for group in groups.rest():
            yield from self._close(dealer, group)
        yield from dealer.rest()

    def _joined(self, dealer: "_Dealer", groups: "_Groups", row: Numbered) -> Iterator[Chunk]:
        try:
            key: str = self.joint.key(row[1])  # type: ignore[union-attr]  # only joined kinds come here
        except CellRefused as fault:
            return dealer.refuse(row, fault)
        ended = groups.turn_to(key)
        self._add(groups.open, row)  # type: ignore[arg-type]  # there is one after turning to it
        return self._close(dealer, ended) if ended is not None else iter(())

    def _unfit(self, cells: list[str]) -> CellRefused | None:
        if len(cells) != self._width:
            if len(cells) > self._width and not any(cells[self._width :]):
                return None
            if not any(cells):
                return None
            return CellRefused("ragged", detail=f"{len(cells)} ≠ {self._width}")
        if self.source.table.has_nul and any("\0" in one for one in cells):
            return CellRefused("nul", self._column_with(cells, lambda one: "\0" in one))
        # Summing first keeps the usual row cheap: no cell can be too long when all together are not.
        if sum(map(len, cells)) > MAX_TEXT and any(len(one) > MAX_TEXT for one in cells):
            return CellRefused("too-long", self._column_with(cells, lambda one: len(one) > MAX_TEXT))
        return None

    def _column_with(self, cells: list[str], test: Callable[[str], bool]) -> str:
        return next((name for name, one in zip(self.source.columns, cells, strict=False) if test(one)), "")

    def _skip(self, cells: list[str]) -> str | None:
        if not (cells and cells[0].strip()) and not any(one.strip() for one in cells):
            return BLANK
        for test, reason in self._skips:
            if test(cells):
                return reason
        return None

    def _alone(self, dealer: "_Dealer", row: Numbered) -> Iterator[Chunk]:
        try:
            decoded = self._decode(row[1]) if self._decode else None
        except CellRefused as fault:
            return dealer.refuse(row, fault)
        return dealer.skip(NOBODY) if decoded is None else dealer.take(decoded, (row,))

    def _add(self, group: _Group, row: Numbered) -> None:
        group.rows.append(row)
        try:
            group.pieces.append(self.joint.piece(row[1]))  # type: ignore[union-attr]  # only joined kinds have groups
        except CellRefused as fault:
            group.faults[row[0]] = fault

    def _close(self, dealer: "_Dealer", group: _Group) -> Iterator[Chunk]:
        if group.faults:
            first = min(group.faults)
            for row in group.rows:
                yield from dealer.refuse(
                    row, group.faults.get(row[0]) or CellRefused("rows-incomplete", detail=str(first))
                )
            return
        try:
            decoded = self.joint.join(group.key, group.pieces)  # type: ignore[union-attr]  # as above
        except CellRefused as fault:
            for row in group.rows:
                yield from dealer.refuse(row, fault)
            return
        yield from dealer.take(decoded, tuple(group.rows))


def mark_of(key: str) -> int:
    """Return 32 bits of a key: two keys with the same mark only wait for the end of the file together."""
    return crc32(key.encode())


def _key_of(made: Joint, cells: list[str]) -> str | None:
    try:
        key: str = made.key(cells)
    except (CellRefused, IndexError):
        return None
    return key


class _Groups:
    """The group that rows are being added to, and the scattered ones, which stay open until the end of the file."""

    def __init__(self, scattered: frozenset[int]) -> None:
        self.open: _Group | None = None
        self._scattered = scattered
        self._held: dict[str, _Group] = {}

    def turn_to(self, key: str) -> _Group | None:
        """Make the group of a key the open one; returns the one that is complete thereby, if any."""
        before = self.open
        if before is not None and before.key == key:
            return None
        self.open = self._held.get(key) or _Group(key)
        if mark_of(key) in self._scattered:
            self._held[key] = self.open
        return None if before is None or before.key in self._held else before

    def rest(self) -> Iterator[_Group]:
        """Yield what is open at the end of the file."""
        if self.open is not None and self.open.key not in self._held:
            yield self.open
        yield from self._held.values()


class _Dealer:
    """Fills one chunk per lane and hands over those that are full."""

    def __init__(self, size: int, lanes: int, books: Books) -> None:
        self.size = size
        self.books = books
        self.open = [Chunk(lane) for lane in range(lanes)]

    def take(self, decoded: Decoded, rows: tuple[Numbered, ...]) -> Iterator[Chunk]:
        """Put an item into the lane of its customer."""
        lane = (
            0
            if len(self.open) == 1
            else mark_of(getattr(decoded.item, "customer", None) or str(rows[0][0])) % len(self.open)
        )
        chunk = self.open[lane]
        chunk.drafts.append(Draft(decoded.item, rows, decoded.at, decoded.zone))
        return self._counted(chunk, len(rows))

    def refuse(self, row: Numbered, fault: CellRefused) -> Iterator[Chunk]:
        """Note a row that cannot be read."""
        chunk = self.open[0]
        chunk.refusals.append(Refusal(row[0], fault.column, fault.code, fault.detail, tuple(row[1])))
        return self._counted(chunk, 1)

    def skip(self, reason: str) -> Iterator[Chunk]:
        """Count a row that is left out on purpose."""
        chunk = self.open[0]
        chunk.skipped[reason] += 1
        return self._counted(chunk, 1)

    def rest(self) -> Iterator[Chunk]:
        """Hand over what is left."""
        for chunk in self.open:
            if chunk.rows:
                chunk.newcomers = self.books.take_newcomers()
                yield chunk

    def _counted(self, chunk: Chunk, rows: int) -> Iterator[Chunk]:
        chunk.rows += rows
        if chunk.rows < self.size:
            return iter(())
        chunk.newcomers = self.books.take_newcomers()
        self.open[chunk.lane] = Chunk(chunk.lane)
        return iter((chunk,))
