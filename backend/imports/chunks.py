"""The file as chunks: rows decoded, joined, dealt to lanes.

Every row is in exactly one chunk, and there it is part of an item, a refusal or a skip.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any, Final

from backend.imports.books import Books
from backend.imports.cells import Block, attempt, down, refused_by, refuses
from backend.imports.dealing import Chunk, Dealer
from backend.imports.decoders import Decode, decoder
from backend.imports.header import Header, Test, condition_test
from backend.imports.kinds import ImportKind
from backend.imports.mapping import Mapping
from backend.imports.readers import MAX_TEXT, Readers
from backend.imports.reasons import CellRefused
from backend.imports.receipts import Joint, joint
from backend.imports.runs import Numbered, Run, Runs, mark_of
from backend.imports.source import Source

BLANK = "blank row"
"""The built-in reason for rows without any text."""
NOBODY = "anonymous"
"""The built-in reason for rows that are about nobody known and say nothing else worth keeping."""
BLOCK: Final = 512
"""Rows that are read a column at a time."""


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
        starts: list[int] = []
        before, rows = None, 0
        for block in _blocks(self.source.rows()):
            rows += len(block)
            if made is None:
                continue
            keys = [key for key in _keys_of(made, block) if key.__class__ is not CellRefused]
            starts += [mark_of(key) for key, last in zip(keys, [before, *keys], strict=False) if key != last]
            before = keys[-1] if keys else before
        starts.sort()
        return Survey(rows, frozenset(one for one, following in pairwise(starts) if one == following))

    def chunks(self, size: int, lanes: int, scattered: frozenset[int]) -> Iterator[Chunk]:
        """Yield chunks of about `size` rows; items of one customer are always in the same lane."""
        dealer = Dealer(size, lanes, self.books)
        runs = Runs(scattered)
        for block in _blocks(self.source.rows()):
            rows = block if self._plain(block) else [row for row in block if not self._left_out(dealer, row)]
            if self.joint is None:
                self._alone(dealer, rows)
            else:
                self._joined(dealer, runs, rows)
            yield from dealer.filled()
        for run in runs.rest():
            self._close(dealer, run)
            yield from dealer.filled()
        yield from dealer.rest()

    def _joined(self, dealer: Dealer, runs: Runs, rows: list[Numbered]) -> None:
        made: Joint = self.joint  # type: ignore[assignment]  # only joined kinds come here
        keys = down(made.key, Block([cells for _, cells in rows]))
        if refused_by(made.key, keys):
            for row, key in zip(rows, keys, strict=True):
                if refuses((key,)):
                    dealer.refuse(row, key)
            rows = [row for row, key in zip(rows, keys, strict=True) if not refuses((key,))]
            keys = [key for key in keys if not refuses((key,))]
        pieces = made.pieces([cells for _, cells in rows])
        for run in runs.add(keys, rows, pieces):
            self._close(dealer, run)

    def _plain(self, block: list[Numbered]) -> bool:
        """True when no row of the block can be unfit, blank or left out: looked at a block at a time, for nearly all are plain."""
        return (
            not self._skips
            and not self.source.table.has_nul
            and {len(cells) for _, cells in block} == {self._width}
            and all(cells[0].strip() for _, cells in block)
            # No cell can be too long when a whole row is not.
            and max([len("".join(cells)) for _, cells in block]) <= MAX_TEXT
        )

    def _left_out(self, dealer: Dealer, row: Numbered) -> bool:
        """Refuse or skip a row that is not to be read; returns whether it was."""
        fault = self._unfit(row[1])
        if fault is not None:
            dealer.refuse(row, fault)
            return True
        reason = self._skip(row[1])
        if reason is not None:
            dealer.skip(reason)
        return reason is not None

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

    def _alone(self, dealer: Dealer, rows: list[Numbered]) -> None:
        decode: Decode = self._decode  # type: ignore[assignment]  # only kinds whose rows stand alone come here
        for row in rows:
            try:
                decoded = decode(row[1])
            except CellRefused as fault:
                dealer.refuse(row, fault)
                continue
            if decoded is None:
                dealer.skip(NOBODY)
            else:
                dealer.take(decoded, (row,))

    def _close(self, dealer: Dealer, run: Run) -> None:
        key, rows, pieces = run
        if CellRefused in [piece.__class__ for piece in pieces]:
            _refuse_all(dealer, rows, pieces)
            return
        try:
            decoded = self.joint.join(key, pieces)  # type: ignore[union-attr]  # only joined kinds have runs
        except CellRefused as fault:
            for row in rows:
                dealer.refuse(row, fault)
            return
        dealer.take(decoded, tuple(rows))


def _refuse_all(dealer: Dealer, rows: list[Numbered], pieces: list[Any]) -> None:
    """Refuse the rows of a run: each for its own fault, the others because of the first of these."""
    first = next(row[0] for row, piece in zip(rows, pieces, strict=True) if isinstance(piece, CellRefused))
    incomplete = CellRefused("rows-incomplete", detail=str(first))
    for row, piece in zip(rows, pieces, strict=True):
        dealer.refuse(row, piece if isinstance(piece, CellRefused) else incomplete)


def _blocks(rows: Iterator[Numbered]) -> Iterator[list[Numbered]]:
    while block := list(islice(rows, BLOCK)):
        yield block


def _keys_of(made: Joint, block: list[Numbered]) -> list[Any]:
    """Return the keys of a block; a row without one, or too short to have one, is a refusal."""
    try:
        return down(made.key, Block([cells for _, cells in block]))
    except IndexError:
        return [attempt(_key_or_refused, made, cells) for _, cells in block]


def _key_or_refused(made: Joint, cells: list[str]) -> Any:
    try:
        return made.key(cells)
    except IndexError:
        raise CellRefused("ragged") from None
