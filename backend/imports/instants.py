"""Instants that one text says, a zone at a time; day and time recur in a file where the whole hardly ever does."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from backend.imports.cells import REMEMBERED, Block, OneCell, Read
from backend.imports.header import Row
from backend.imports.moments import Moment, by_halves, midnight_of

_ORIGIN = datetime.combine(date(2000, 1, 1), time(0), UTC)


class WholeInstant:
    """Reads an instant that one text says: a single look-up per row and zone."""

    def __init__(self, meet: Callable[[str], Read]) -> None:
        self._meet = meet
        self._zones: dict[str, Read] = {}

    def __call__(self, row: Row, zone: str) -> datetime | None:
        """Return what the row says, its wall time meant in the zone."""
        at: datetime | None = self.of(zone)(row)
        return at

    def of(self, zone: str) -> Read:
        """Return the reader for rows of one zone."""
        known = self._zones.get(zone)
        if known is None:
            self._zones[zone] = known = self._meet(zone)
        return known


class Halves:
    """Puts instants of one zone together from days and times that were met; the same answer as reading the whole text.

    A half is learnt from a text that was read in full as two halves. Left out are days on which a clock is changed, midnight, which may give way to the
    mapping's own time, and files of several formats, where a half alone does not tell which one is meant.
    """

    def __init__(self, zone: str, formats: Sequence[str]) -> None:
        self.zone, self.formats = zone, formats
        self._days: dict[str, datetime] = {}
        self._times: dict[str, timedelta] = {}

    def find(self, text: str) -> datetime | None:
        """Return the instant of a text whose halves are known."""
        head, _, tail = text.partition(" ")
        day, wall = self._days.get(head), self._times.get(tail)
        return None if day is None or wall is None else day + wall

    def learn(self, text: str, said: Moment) -> None:
        """Keep the halves of a text that was found to say this."""
        if not said.wall or said.wall == time(0) or len(self.formats) > 1 or by_halves(text, self.formats) != said:
            return
        midnight = midnight_of(said.day, self.zone)
        if midnight is None:
            return
        if len(self._days) + len(self._times) >= REMEMBERED:
            self._days.clear()
            self._times.clear()
        head, _, tail = text.partition(" ")
        self._days[head] = midnight
        self._times[tail] = datetime.combine(_ORIGIN, said.wall, UTC) - _ORIGIN


class HalvedCell(OneCell):
    """Reads one column of instants: by their halves where these are known, else as the whole text, which is then remembered."""

    __slots__ = ("halves",)

    def __init__(self, whole: OneCell, halves: Halves) -> None:
        super().__init__(whole.place, whole.memo)
        self.halves = halves

    def down(self, block: Block) -> list[Any]:
        """Return what the cells of many rows say, refusals among them."""
        find, memo = self.halves.find, self.memo
        return [find(text) or memo[text] for text in block.columns[self.place]]
