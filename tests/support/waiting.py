"""Waits, bounded and without sleeping, for what another process shows only by its rows."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
BETWEEN_S = 0.05


async def until(look: Callable[[], Awaitable[T]], within: float = 20.0) -> T:
    """The first truthy answer of `look`; a look that cannot connect is no answer. Raises TimeoutError."""
    never = asyncio.Event()
    async with asyncio.timeout(within):
        while True:
            try:
                if found := await look():
                    return found
            except OSError:
                pass
            try:
                await asyncio.wait_for(never.wait(), BETWEEN_S)
            except TimeoutError:
                continue
