"""Typing in at the front desk, in tests."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, TypeVar

from tasks.kernel.unit import Unit
from tests.support.world import World

T = TypeVar("T")


async def typed(
    world: World, act: Callable[..., Awaitable[T]], said: Any, who: str = "E1", at: datetime | None = None
) -> T:
    """What somebody types in, in a unit of its own; `at` is when the phone says it was."""

    async def work(unit: Unit) -> T:
        return await act(unit, world.scope(who), said, at or unit.now)

    return await world.do(work)
