import asyncio

import pytest

from tasks.kernel.breath import EVERY, breaths


@pytest.mark.parametrize("many", [0, 1, EVERY, EVERY + 1, 3 * EVERY])
async def test_every_item_comes_once_at_its_place(many: int) -> None:
    seen = [(place, item) async for start, some in breaths(range(many)) for place, item in enumerate(some, start)]
    assert seen == [(at, at) for at in range(many)]


async def test_others_go_on_between_breaths() -> None:
    steps: list[str] = []

    async def other() -> None:
        steps.append("other")

    waiting = asyncio.create_task(other())
    async for start, _ in breaths(range(2 * EVERY)):
        steps.append(f"from {start}")
    await waiting
    assert steps == ["from 0", "other", f"from {EVERY}"]
