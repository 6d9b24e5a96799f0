"""Workers against lost bells, dead servers and signals. Runs that are killed half-way are in `test_worker_killed.py`."""

import asyncio
import signal
from collections.abc import AsyncIterator
from time import monotonic
from uuid import UUID

import pytest
from redis.asyncio import Redis

from backend import embedded
from backend.db.engine import open_engine
from backend.db.migrate import migrate
from backend.db.units import Units
from backend.embedded.postgres import Postgres
from backend.embedded.valkey import Valkey
from backend.jobs.bell import SWEEP, Bell
from backend.jobs.delivery import Delivery
from backend.jobs.sweeper import Sweeper
from backend.jobs.worker import work
from tasks.flow.manage_plans import PlansChanged
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tests.support.processes import environment_of, running
from tests.support.waiting import until


class Swept:
    """A sweep that remembers, and fails where it is told to."""

    def __init__(self) -> None:
        self.merchants: list[UUID] = []
        self.broken: set[UUID] = set()
        self._came = asyncio.Semaphore(0)

    async def __call__(self, merchant_id: UUID) -> None:
        self.merchants.append(merchant_id)
        self._came.release()
        if merchant_id in self.broken:
            raise ConnectionResetError

    async def again(self) -> None:
        """One sweep that was not waited for yet."""
        async with asyncio.timeout(10):
            await self._came.acquire()

    async def anew(self) -> None:
        """One sweep that begins from here on."""
        while not self._came.locked():
            await self._came.acquire()
        await self.again()


@pytest.fixture(scope="module")
async def apart(stack: embedded.Handle) -> AsyncIterator[embedded.Servers]:
    """A database and a Valkey number that no other test's merchants are in."""
    servers = stack.create_database("workers")
    await migrate(servers.migration_url)
    yield servers
    stack.drop_database("workers")


@pytest.fixture
async def alone(apart: embedded.Servers, master: MasterKey) -> AsyncIterator[Units]:
    engine = open_engine(apart.database_url, worker=True)
    yield Units(engine, master)
    await engine.dispose()


async def merchant_with_something_due(units: Units) -> UUID:
    merchant_id = new_id()
    await units.create_merchant(merchant_id, "Salon", "Asia/Shanghai")
    async with units.open(merchant_id) as unit:
        await unit.run(
            "insert into event (merchant_id, id, source, external_id, type, state, occurred_at, received_at) "
            "values (:merchant, :id, 'test', 'one', 'purchase', 'set_aside', :now, :now)",
            id=new_id(),
        )
    return merchant_id


async def test_one_look_sweeps_every_merchant_with_something_due_and_a_broken_one_stops_no_other(alone: Units) -> None:
    good, broken = [await merchant_with_something_due(alone) for _ in range(2)]
    idle = new_id()
    await alone.create_merchant(idle, "Idle", "Asia/Shanghai")
    swept = Swept()
    swept.broken.add(broken)

    report = await Sweeper(alone, swept).run_once()

    assert {good, broken} <= set(swept.merchants)
    assert idle not in swept.merchants
    assert report.failed == 1
    assert report.swept == report.due - 1


async def test_a_ring_is_heard_at_once_and_a_ring_during_a_sweep_sweeps_once_more(
    alone: Units, apart: embedded.Servers
) -> None:
    merchant_id, first = new_id(), asyncio.Event()
    swept = Swept()

    async def slow(merchant: UUID) -> None:
        if merchant == merchant_id:
            await swept(merchant)
            if len(swept.merchants) == 1:
                await first.wait()

    bell, stop = Bell(apart.redis_url), asyncio.Event()
    worker = asyncio.create_task(work(alone, slow, apart.redis_url, stop))
    began = monotonic()
    await Delivery(bell)(merchant_id, [object()])
    await Delivery(bell)(merchant_id, [PlansChanged(new_id())])
    await swept.again()
    assert monotonic() - began < 1.5, "before the next look could have found it"

    async def taken() -> bool:
        async with Redis.from_url(apart.redis_url) as redis:
            return not await redis.exists(f"arq:job:{SWEEP}:{merchant_id}")

    await until(taken)
    assert await bell.ring(SWEEP, str(merchant_id))
    await until(taken)
    first.set()
    await swept.again()
    assert swept.merchants[:2] == [merchant_id, merchant_id]
    stop.set()
    await asyncio.wait_for(worker, 10)
    await bell.close()


async def test_a_bell_that_is_gone_delays_nobody_and_is_heard_again_when_it_is_back(
    alone: Units, apart: embedded.Servers, stack: embedded.Handle
) -> None:
    due = await merchant_with_something_due(alone)
    swept, bell, stop = Swept(), Bell(apart.redis_url), asyncio.Event()
    worker = asyncio.create_task(work(alone, swept, apart.redis_url, stop))
    await swept.again()

    Valkey(stack.places).stop()
    began = monotonic()
    assert await bell.ring(SWEEP, str(due)) is False
    assert await bell.ring(SWEEP, str(due)) is False
    assert monotonic() - began < 3
    await swept.anew()  # the look does not need a bell

    stack.ensure_running()
    back = Bell(apart.redis_url)
    only_rung = new_id()

    async def heard() -> bool:
        await back.ring(SWEEP, str(only_rung))
        return only_rung in swept.merchants

    await until(heard)
    stop.set()
    await asyncio.wait_for(worker, 10)
    await bell.close()
    await back.close()


async def test_a_flushed_bell_loses_nothing(alone: Units, apart: embedded.Servers) -> None:
    due = await merchant_with_something_due(alone)
    swept, bell, stop = Swept(), Bell(apart.redis_url), asyncio.Event()
    async with Redis.from_url(apart.redis_url) as redis:
        assert await bell.ring(SWEEP, str(due))
        await redis.flushall()
        worker = asyncio.create_task(work(alone, swept, apart.redis_url, stop))
        await until(lambda: _among(due, swept))
        await redis.flushall()
        await swept.anew()
    stop.set()
    await asyncio.wait_for(worker, 10)
    await bell.close()


async def _among(merchant_id: UUID, swept: Swept) -> bool:
    return merchant_id in swept.merchants


async def test_a_database_that_crashed_is_used_again_without_a_restart(
    alone: Units, units: Units, stack: embedded.Handle, apart: embedded.Servers
) -> None:
    await merchant_with_something_due(alone)
    swept, stop = Swept(), asyncio.Event()
    worker = asyncio.create_task(work(alone, swept, apart.redis_url, stop))
    await swept.again()
    postgres = Postgres(stack.places)
    postgres._pg_ctl("stop", "-m", "immediate", "-w")
    stack.ensure_running()
    await units.engine.dispose()  # the run's other tests share the server: their pooled connections went with it
    await swept.anew()  # within ten seconds
    assert not worker.done()
    stop.set()
    await asyncio.wait_for(worker, 10)


async def test_what_a_bell_carries_is_message_pack_and_never_a_pickle(apart: embedded.Servers) -> None:
    bell, merchant_id = Bell(apart.redis_url), new_id()
    async with Redis.from_url(apart.redis_url) as redis:
        await redis.flushdb()
        assert await bell.ring(SWEEP, str(merchant_id))
        assert await bell.ring(SWEEP, str(merchant_id)), "the same ring again is fine"
        job = await redis.get(f"arq:job:{SWEEP}:{merchant_id}")
        assert job[0] & 0xF0 == 0x80, "a message pack map"
        assert str(merchant_id).encode() in job
        assert await redis.zcard("huifang:bell") == 1
        await redis.flushdb()
    await bell.close()


async def test_a_worker_told_to_end_is_out_in_time_with_a_sweep_that_never_ends(
    alone: Units, apart: embedded.Servers
) -> None:
    await merchant_with_something_due(alone)
    began, ended = asyncio.Event(), asyncio.Event()

    async def endless(_merchant_id: UUID) -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    stop = asyncio.Event()
    worker = asyncio.create_task(work(alone, endless, apart.redis_url, stop))
    await asyncio.wait_for(began.wait(), 10)
    stop.set()
    await asyncio.wait_for(worker, 10)
    assert ended.is_set()


async def test_each_of_many_sweeps_has_time_to_give_back_what_it_holds(alone: Units, apart: embedded.Servers) -> None:
    """They are looked after together: the first one that is over must not take the others' time away."""
    quick, slow = [await merchant_with_something_due(alone) for _ in range(2)]
    held: set[UUID] = set()

    async def holding(merchant_id: UUID) -> None:
        held.add(merchant_id)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if merchant_id == slow:
                await asyncio.shield(alone.now())  # as a run is given back: some time in the database
                await asyncio.shield(alone.now())
            held.discard(merchant_id)
            raise

    async def both() -> bool:
        return {quick, slow} <= held

    stop = asyncio.Event()
    worker = asyncio.create_task(work(alone, holding, apart.redis_url, stop, slots=100))
    await until(both)
    stop.set()
    await asyncio.wait_for(worker, 10)
    assert held == set()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_worker_process_ends_on_a_signal(
    apart: embedded.Servers, master: MasterKey, number: signal.Signals
) -> None:
    async with running("worker", env=environment_of(apart, master)) as worker:
        await worker.says("worker.loop.started")
        worker.signal(number)
        assert await worker.ends(within=10) == 0
        assert any("worker.loop.stopped" in line for line in worker.lines)
