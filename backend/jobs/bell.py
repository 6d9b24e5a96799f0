"""The bell: arq on Redis or Valkey carries wake-ups and nothing else. The only module that knows arq.

A ring that fails is forgotten: the sweep finds the work. A job only tells the sweeper which merchant to look at and is
over at once, so arq's timeouts, retries and job ids never decide anything.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from time import monotonic
from typing import Any, Final

import msgspec
from arq.connections import ArqRedis
from arq.worker import Worker, func
from redis.asyncio.connection import ConnectionPool
from redis.exceptions import RedisError

from backend.observability import logs

SWEEP: Final = "sweep"
"""The job that makes workers look at one merchant."""

PUSH: Final = "push"
"""The job that makes workers look for what to tell at one merchant, and send it."""

SWEEP_ALL: Final = "sweep_all"
"""The job that makes workers look at every merchant: the clock was moved."""

QUEUE: Final = "huifang:bell"
PATIENCE_S: Final = 1.0
"""How long a committed request may wait for the bell."""
MUTE_S: Final = 5.0
"""How long nobody tries again after the bell did not answer."""
POLL_S: Final = 0.05
LONGEST_PAUSE_S: Final = 5.0
EXPIRES_MS: Final = 60_000
"""A ring nobody heard for a minute is worthless: the sweep has been there."""

TROUBLE: Final = (RedisError, OSError, TimeoutError)
Job = Callable[[str], Awaitable[None]]
"""Gets the key of the ring; must be over in milliseconds."""


def _encode(value: Any) -> bytes:
    """Message pack; of what it does not know, such as arq's exceptions, only the type's name."""
    return msgspec.msgpack.encode(value, enc_hook=lambda other: type(other).__name__)


def _pool(url: str) -> ArqRedis:
    """Connections that give up on a silent server, and never unpickle anything."""
    return ArqRedis(
        ConnectionPool.from_url(url, socket_timeout=5, socket_connect_timeout=PATIENCE_S),
        job_serializer=_encode,
        job_deserializer=msgspec.msgpack.decode,
        default_queue_name=QUEUE,
        expires_extra_ms=EXPIRES_MS,
    )


class Bell:
    """Wakes workers; never raises and never keeps anybody waiting for long."""

    def __init__(self, url: str) -> None:
        self._redis = _pool(url)
        self._muted_until = 0.0

    async def ring(self, job: str, key: str = "") -> bool:
        """Wake a worker for `job` about `key`; a ring that is still unheard is not doubled. False: nobody was told."""
        if monotonic() < self._muted_until:
            return False
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._redis.enqueue_job(job, key, _job_id=f"{job}:{key}")
        except TROUBLE as fault:
            self._muted_until = monotonic() + MUTE_S
            logs.warning("bell.ring.failed", fault, job=job)
            return False
        return True

    async def probe(self) -> None:
        """Return when the bell answers; raises otherwise."""
        async with asyncio.timeout(PATIENCE_S):
            await self._redis.ping()

    async def close(self) -> None:
        """Let go of the connections."""
        with suppress(*TROUBLE):
            await self._redis.aclose(close_connection_pool=True)


async def listen(url: str, jobs: Mapping[str, Job], stop: asyncio.Event) -> None:
    """Hear rings until `stop`; a bell that is gone is tried again, ever less often, and never ends the process."""
    pause = POLL_S
    while not stop.is_set():
        worker = _worker(url, jobs)
        began = monotonic()
        try:
            await _until(stop, worker.main())
        except TROUBLE as fault:
            pause = POLL_S if monotonic() - began > LONGEST_PAUSE_S else min(pause * 2, LONGEST_PAUSE_S)
            logs.warning("bell.listen.lost", fault, retry_s=pause)
        finally:
            await _let_go(worker)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)


def _worker(url: str, jobs: Mapping[str, Job]) -> Worker:
    return Worker(
        [func(_job(body), name=name, keep_result=0, max_tries=1) for name, body in jobs.items()],
        redis_pool=_pool(url),
        queue_name=QUEUE,
        handle_signals=False,
        keep_result=0,
        poll_delay=POLL_S,
        job_timeout=10,
        job_serializer=_encode,
        job_deserializer=msgspec.msgpack.decode,
    )


def _job(body: Job) -> Any:
    async def job(_context: dict[Any, Any], key: str) -> None:
        await body(key)

    return job


async def _until(stop: asyncio.Event, work: Awaitable[None]) -> None:
    """Run `work` until it ends or `stop` is set; what it raises is raised."""
    running = asyncio.ensure_future(work)
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((running, stopped), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            await running
    finally:
        stopped.cancel()
        await _end(running)


async def _end(task: asyncio.Future[None]) -> None:
    """The task is over: redis-py swallows a cancellation that meets it while connecting, so once may not be enough."""
    while not task.done():
        task.cancel()
        await asyncio.wait((task,), timeout=0.1)
    await asyncio.gather(task, return_exceptions=True)


async def _let_go(worker: Worker) -> None:
    """End what is left of a worker without asking the server for anything."""
    left = [task for task in worker.tasks.values() if not task.done()]
    for task in left:
        task.cancel()
    await asyncio.gather(*worker.tasks.values(), return_exceptions=True)
    with suppress(*TROUBLE):
        await worker.pool.aclose(close_connection_pool=True)
