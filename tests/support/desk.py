"""Typing in at the front desk, in tests."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from tasks.desk.inputs import DeskDone
from tasks.kernel.unit import Unit
from tests.support.world import World

Do = Callable[..., Awaitable[DeskDone]]


async def typed(world: World, act: Do, said: Any, who: str = "E1", at: datetime | None = None) -> DeskDone:
    """What somebody types in, in a unit of its own; `at` is when the phone says it was."""

    async def work(unit: Unit) -> DeskDone:
        return await act(unit, world.scope(who), said, at or unit.now)

    return await world.do(work)
