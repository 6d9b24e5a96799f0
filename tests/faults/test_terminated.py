"""R3: a worker that is told to end under load is out in time, and nobody waits for a lease of its."""

import signal
from time import monotonic

import pytest

from tasks.kernel.sealing import MasterKey
from tests.faults.conftest import Elsewhere
from tests.support.fleet import Shape, let_fire, make_fleet
from tests.support.odd_worker import Odd
from tests.support.seeds import seeded
from tests.support.waiting import until
from tests.support.workers import workers_of

OUT_WITHIN_S = 10
SHORT, FULL = Shape(merchants=3, plans=2, customers=1_000), Shape(merchants=6, plans=8, customers=3_000)
SLOW = Odd(chunk=20)
"""Works in such small chunks that it is always in the middle of a run."""
HELD = "occurrence where state = 'running' and lease_until > clock_timestamp()"
"""Firings that nobody else may take."""


async def test_a_worker_told_to_end_in_the_middle_of_runs_leaves_nothing_held(
    elsewhere: Elsewhere, master: MasterKey
) -> None:
    await terminate(elsewhere, master, SHORT, 1)


@pytest.mark.faults
async def test_worker_after_worker_is_told_to_end_under_load(elsewhere: Elsewhere, master: MasterKey) -> None:
    chance = seeded("test_terminated.py::test_worker_after_worker_is_told_to_end_under_load")
    await terminate(elsewhere, master, FULL, 6 + chance.randrange(3))


async def terminate(elsewhere: Elsewhere, master: MasterKey, shape: Shape, times: int) -> None:
    """One worker at a time, each told to end while it holds runs; the last one finishes everything."""
    sight = elsewhere.sight
    await make_fleet(elsewhere.units, master, shape)
    await let_fire(elsewhere.clock)

    async def in_the_middle() -> bool:
        return await sight.count(f"{HELD} and cursor is not null") > 0

    async with workers_of(elsewhere.env) as workers:
        for _ in range(times):
            worker = await workers.start(SLOW)
            await until(in_the_middle, within=30)
            began = monotonic()
            worker.signal(signal.SIGTERM)
            assert await worker.ends(within=OUT_WITHIN_S) == 0
            out = monotonic() - began
            assert not await sight.done(), "it was in the middle"
            assert await sight.count(HELD) == 0, "whoever looks next goes on at once"
            print(f"out after {out:.1f} s")  # noqa: T201  # the figure
        await workers.start()
        await until(sight.done, within=300)
    assert await sight.faults() == {}
    assert await sight.count("decision") == shape.runs * shape.customers
