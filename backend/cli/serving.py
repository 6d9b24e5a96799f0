"""Serves: the API, a worker, or both with the private servers, each until it is told to end."""

import asyncio
import socket
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

import msgspec
import uvicorn

from backend.app import create_app
from backend.cli.endings import ends_on_signals, follow_parent, say_ready
from backend.cli.sockets import BACKLOG, listening
from backend.jobs.worker import work
from backend.observability import logs
from backend.runtime import Runtime, open_runtime
from backend.runtime.keeping import keep
from backend.services import Services
from backend.settings import Settings
from tasks.flow.run_plans import sweep_merchant

GRACE_S: Final = 5
"""How long open requests may take after we are told to end."""


class Process(msgspec.Struct, frozen=True):
    """How this process is run: `followed` means by a parent, whose end is ours; `listener` is a socket it gave us."""

    followed: bool = False
    listener: int | None = None


async def serve_api(settings: Settings, process: Process) -> None:
    """Answer requests until told to end; open ones are answered first, for five seconds at most."""
    logs.configure(settings.log_level)
    with _listener(settings, process) as listening:
        async with _serving(settings, process, worker=False) as (runtime, stop):
            server = _Server(_config(settings, runtime))
            serving = asyncio.ensure_future(server.serve(sockets=[listening]))
            await _started(server, serving)
            logs.info("api.listen.started", port=listening.getsockname()[1])
            _announce(process)
            await _first((serving, stop.wait()))
            server.should_exit = True
            await serving
            logs.info("api.listen.stopped")


async def serve_worker(settings: Settings, process: Process) -> None:
    """Do what is due until told to end, and be out within ten seconds."""
    logs.configure(settings.log_level)
    async with _serving(settings, process, worker=True) as (runtime, stop):
        _announce(process)
        await work(
            runtime.units,
            lambda merchant_id: sweep_merchant(runtime.units, merchant_id),
            runtime.servers.redis_url,
            stop,
            slots=settings.job_slots,
        )


@asynccontextmanager
async def _serving(
    settings: Settings, process: Process, *, worker: bool
) -> AsyncIterator[tuple[Runtime, asyncio.Event]]:
    """A runtime, and an event that is set when this process should end; private servers are kept alive meanwhile."""
    stop = asyncio.Event()
    with ends_on_signals(stop):
        following = [asyncio.ensure_future(follow_parent(stop))] if process.followed else []
        try:
            async with open_runtime(settings, worker=worker) as runtime:
                keeping = asyncio.ensure_future(keep(runtime.private, stop))
                try:
                    yield runtime, stop
                finally:
                    stop.set()
                    await keeping
        finally:
            stop.set()
            await asyncio.gather(*following)


def _announce(process: Process) -> None:
    if process.followed:
        say_ready()


@contextmanager
def _listener(settings: Settings, process: Process) -> Iterator[socket.socket]:
    if process.listener is not None:
        with socket.socket(fileno=process.listener) as given:
            yield given
    else:
        with listening(settings) as own:
            yield own


class _Server(uvicorn.Server):
    """uvicorn without signal handlers: `stop` decides."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to us."""
        yield


def _config(settings: Settings, runtime: Runtime) -> uvicorn.Config:
    services = Services(
        units=runtime.units, master=runtime.master, settings=settings, probes={"bell": runtime.bell.probe}
    )
    return uvicorn.Config(
        create_app(services),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        backlog=BACKLOG,
        proxy_headers=False,
    )


async def _started(server: uvicorn.Server, serving: asyncio.Future[None]) -> None:
    """Return when requests are answered; what stops the start is raised."""
    while not server.started:
        await asyncio.wait((serving,), timeout=0.01)
        if serving.done():
            await serving
            raise RuntimeError("the API did not start")


async def _first(waits: tuple[asyncio.Future[None], Coroutine[Any, Any, Any]]) -> None:
    futures = [asyncio.ensure_future(each) for each in waits]
    await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
    futures[1].cancel()
    await asyncio.gather(futures[1], return_exceptions=True)
