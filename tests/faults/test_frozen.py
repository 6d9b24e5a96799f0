"""R2: a worker freezes at the worst places of a run; another takes over, and when it wakes it writes nothing."""

import signal
from dataclasses import dataclass
from datetime import timedelta

import pytest

from backend.jobs.frozen import Frozen
from tasks.kernel.sealing import MasterKey
from tests.faults.conftest import Elsewhere
from tests.support.fleet import Shape, let_fire, make_fleet
from tests.support.odd_worker import Freeze, Odd
from tests.support.waiting import until
from tests.support.workers import workers_of

SHAPE = Shape(merchants=1, plans=1, customers=300)
CHUNK = 100
TAKEN_OVER_WITHIN = timedelta(seconds=30)


@dataclass(frozen=True)
class Patience:
    """How long a lease lasts, and how long the server lets a worker's transaction idle."""

    lease: int | None = None
    idle: int | None = None


SHORT, AS_SHIPPED = Patience(lease=4, idle=1), Patience()


@pytest.mark.parametrize("place", Freeze)
async def test_a_frozen_worker_is_replaced_and_writes_nothing_when_it_wakes(
    elsewhere: Elsewhere, master: MasterKey, place: Freeze
) -> None:
    await freeze_and_wake(elsewhere, master, place, SHORT)


@pytest.mark.faults
@pytest.mark.parametrize("place", Freeze)
async def test_with_leases_and_time_outs_as_shipped_a_frozen_worker_is_replaced(
    elsewhere: Elsewhere, master: MasterKey, place: Freeze
) -> None:
    await freeze_and_wake(elsewhere, master, place, AS_SHIPPED)


async def test_a_worker_that_stands_still_for_a_moment_goes_on_with_its_run(
    elsewhere: Elsewhere, master: MasterKey
) -> None:
    await make_fleet(elsewhere.units, master, SHAPE)
    async with workers_of(elsewhere.env) as workers:
        slow = await (await workers.start(Odd(Freeze.READING, CHUNK))).up()
        await let_fire(elsewhere.clock)
        await until(slow.is_frozen)
        sending = "pg_stat_activity where wait_event = 'ClientWrite' and datname = current_database()"
        await until(lambda: elsewhere.sight.count(sending))
        assert await Frozen(elsewhere.units).free() == 0
        slow.signal(signal.SIGCONT)
        await until(elsewhere.sight.done)
    assert [(one.state, one.epoch) for one in await elsewhere.sight.firings()] == [("done", 1)]
    assert await elsewhere.sight.faults() == {}


async def freeze_and_wake(elsewhere: Elsewhere, master: MasterKey, place: Freeze, patience: Patience) -> None:
    """One worker freezes in its first chunk; another does the rest; it wakes."""
    sight, odd = elsewhere.sight, Odd(chunk=CHUNK, lease=patience.lease, idle=patience.idle)
    await make_fleet(elsewhere.units, master, SHAPE)
    async with workers_of(elsewhere.env) as workers:
        frozen = await workers.start(Odd(place, CHUNK, patience.lease, patience.idle))
        other = await (await workers.start(odd)).up()
        other.signal(signal.SIGSTOP)  # so that the first one gets the run
        await frozen.up()
        await let_fire(elsewhere.clock)
        await until(frozen.is_frozen)
        began = await sight.now()
        assert await sight.count("decision") == (CHUNK if place is Freeze.BETWEEN else 0), "frozen where it should be"
        other.signal(signal.SIGCONT)

        await until(sight.done, within=TAKEN_OVER_WITHIN.total_seconds() + 5)
        (run,) = await sight.firings()
        assert run.epoch == 2, "taken over once"
        assert run.finished_at is not None
        assert run.finished_at - began <= TAKEN_OVER_WITHIN
        print(f"frozen {place}: done by another {(run.finished_at - began).total_seconds():.1f} s later")  # noqa: T201  # the figure

        before = await sight.digest()
        frozen.signal(signal.SIGCONT)
        await frozen.says("run.lease.lost" if place is Freeze.BETWEEN else "sweep.merchant.failed")
        frozen.signal(signal.SIGTERM)
        assert await frozen.ends(within=10) == 0
        assert await sight.digest() == before, "what it had in hand is not written"
    assert await sight.faults() == {}
    assert await sight.count("task") == await sight.count("decision") == SHAPE.customers
