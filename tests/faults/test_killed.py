"""R1: workers are killed at random while plans run; others finish what they left, and nothing is lost or twice."""

import signal
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

import pytest

from tasks.kernel.sealing import MasterKey
from tests.faults.conftest import Elsewhere
from tests.support.fleet import Shape, let_fire, make_fleet
from tests.support.odd_worker import Odd
from tests.support.seeds import seeded
from tests.support.waiting import until
from tests.support.workers import Worker, Workers, workers_of

DONE_WITHIN = timedelta(seconds=30)


@dataclass(frozen=True)
class Ordeal:
    """How much is run and how often somebody dies meanwhile."""

    shape: Shape
    kills: int
    workers: int
    odd: Odd


SHORT = Ordeal(Shape(merchants=4, plans=5, customers=50), kills=3, workers=2, odd=Odd(lease=4))
"""With a lease of 4 s instead of 15."""
FULL = Ordeal(Shape(merchants=20, plans=10, customers=50), kills=25, workers=3, odd=Odd())

Deaths = dict[tuple[UUID, int], datetime]
"""Of a firing and an epoch: when its owner may have died last."""


async def test_a_few_workers_are_killed_while_plans_run(elsewhere: Elsewhere, master: MasterKey) -> None:
    await survive(elsewhere, master, SHORT, seeded("test_killed.py::test_a_few_workers_are_killed_while_plans_run"))


@pytest.mark.faults
@pytest.mark.parametrize("nth", range(5))
async def test_twenty_five_workers_are_killed_over_two_hundred_runs(
    elsewhere: Elsewhere, master: MasterKey, nth: int
) -> None:
    name = f"test_killed.py::test_twenty_five_workers_are_killed_over_two_hundred_runs[{nth}]"
    await survive(elsewhere, master, FULL, seeded(name, nth))


async def survive(elsewhere: Elsewhere, master: MasterKey, ordeal: Ordeal, chance: Random) -> None:
    """Run everything with workers that die; then account for every customer of every run."""
    sight = elsewhere.sight
    await make_fleet(elsewhere.units, master, ordeal.shape)
    async with workers_of(elsewhere.env) as workers:
        await workers.start_many(ordeal.workers, ordeal.odd)
        await let_fire(elsewhere.clock)
        deaths = await kill_now_and_then(elsewhere, workers, ordeal, chance)
        await until(sight.done, within=120)
        firings = await sight.firings()
    assert len(firings) == ordeal.shape.runs
    assert await sight.faults() == {}
    assert await sight.count("decision") == ordeal.shape.runs * ordeal.shape.customers
    assert await sight.count("task") == ordeal.shape.merchants * ordeal.shape.customers
    waits = [one.finished_at - deaths[one.id, one.epoch - 1] for one in firings if one.epoch > 1 and one.finished_at]
    assert waits, "somebody died in the middle of a run"
    assert max(waits) <= DONE_WITHIN
    print(f"{len(waits)} runs taken over, the last done {max(waits).total_seconds():.1f} s after its owner died")  # noqa: T201  # the figure


async def kill_now_and_then(elsewhere: Elsewhere, workers: Workers, ordeal: Ordeal, chance: Random) -> Deaths:
    """Kill a random worker each time so many runs are done, and put another in its place."""
    deaths: Deaths = {}
    for done in sorted(chance.sample(range(ordeal.shape.runs - 4), ordeal.kills)):
        victim = await in_the_middle(elsewhere, workers, (done, deaths), chance)
        victim.signal(signal.SIGKILL)
        await victim.ends(within=10)
        died = await elsewhere.sight.now()
        deaths |= {(one.id, one.epoch): died for one in await elsewhere.sight.firings() if one.state == "running"}
        await workers.start(ordeal.odd)
    return deaths


async def in_the_middle(elsewhere: Elsewhere, workers: Workers, so_far: tuple[int, Deaths], chance: Random) -> Worker:
    """A worker that is up, once so many runs are done and somebody who lives is at another."""
    done, deaths = so_far

    async def found() -> list[Worker]:
        firings = await elsewhere.sight.firings()
        held = [one for one in firings if one.state == "running" and (one.id, one.epoch) not in deaths]
        up = [worker for worker in workers.all if worker.is_up]
        return up if held and sum(one.state == "done" for one in firings) >= done else []

    return chance.choice(await until(found, within=60))
