"""Long work between two statements lets others go on: their answers are there, and the database would wait for the next question."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Final, TypeVar

T = TypeVar("T")

EVERY: Final = 256
"""Items in one breath; a few milliseconds of the heaviest loops."""


async def breathing(items: Iterable[T]) -> AsyncIterator[T]:
    """Yield the items, letting other tasks of the loop run every now and then."""
    for number, item in enumerate(items, 1):
        yield item
        if not number % EVERY:
            await asyncio.sleep(0)
