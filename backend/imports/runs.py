"""Rows that stand together under one key: runs of a file, and those keys whose rows do not stand together, joined at its end."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any
from zlib import crc32

Numbered = tuple[int, list[str]]
"""A row's number in the file, and its cells."""
Run = tuple[str, list[Numbered], list[Any]]
"""A key, its rows, and what each of them says or why it is refused."""


def mark_of(key: str) -> int:
    """Return 32 bits of a key: two keys with the same mark only wait for the end of the file together."""
    return crc32(key.encode())


class Runs:
    """Cuts rows into runs as they come. The last run of what was added may go on with what comes next, so it is kept back."""

    def __init__(self, scattered: frozenset[int]) -> None:
        self._scattered = scattered
        self._held: dict[str, Run] = {}
        self._last: Run | None = None

    def add(self, keys: list[str], rows: list[Numbered], pieces: list[Any]) -> list[Run]:
        """Add rows, with the key of each and what it says; returns the runs that are complete."""
        if not keys:
            return []
        if self._last is not None:
            key, before, said = self._last
            if keys.count(key) == len(keys):
                before += rows
                said += pieces
                return []
            keys, rows, pieces = [key] * len(before) + keys, before + rows, said + pieces
        ends = [at for at, (key, following) in enumerate(pairwise(keys), 1) if key != following]
        runs = [(keys[start], rows[start:end], pieces[start:end]) for start, end in pairwise([0, *ends, len(keys)])]
        self._last = runs.pop()
        return [run for run in runs if not self._held_back(run)] if self._scattered else runs

    def rest(self) -> Iterator[Run]:
        """Yield what is left at the end of the file."""
        if self._last is not None and not (self._scattered and self._held_back(self._last)):
            yield self._last
        yield from self._held.values()

    def _held_back(self, run: Run) -> bool:
        """Keep a run whose key has others; returns whether it was kept."""
        key, rows, pieces = run
        if mark_of(key) not in self._scattered:
            return False
        _, held, said = self._held.setdefault(key, (key, [], []))
        held += rows
        said += pieces
        return True
