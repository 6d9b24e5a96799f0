"""Long work between two statements lets others go on: their answers are there, and the database would wait for the next question."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final, TypeVar

T = TypeVar("T")

EVERY: Final = 256
"""Items in one breath; a few milliseconds of the heaviest loops."""


async def breaths(items: Sequence[T]) -> AsyncIterator[tuple[int, Sequence[T]]]:
    """Yield the items a breath at a time, each with the place of its first, and let other tasks of the loop run in between."""
    for start in range(0, len(items), EVERY):
        if start:
            await asyncio.sleep(0)
        yield start, items[start : start + EVERY]
