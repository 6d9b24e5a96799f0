"""`huifang api` in one process: uvicorn, on a socket of its own or one that a parent gave."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn

from backend.app import create_app
from backend.cli.serving import Process, serving
from backend.cli.sockets import BACKLOG, listening
from backend.observability import logs
from backend.runtime import Runtime
from backend.services import Services
from backend.settings import Settings

GRACE_S: Final = 5
"""How long open requests may take after we are told to end."""


async def serve_api(settings: Settings, process: Process) -> None:
    """Answer requests until told to end; open ones are answered first, for five seconds at most."""
    logs.configure(settings.log_level)
    with _listener(settings, process) as listener:
        async with serving(settings, process, worker=False) as (runtime, stop):
            server = _Server(_config(settings, runtime))
            answering = asyncio.ensure_future(server.serve(sockets=[listener]))
            await _started(server, answering)
            logs.info("api.listen.started", port=listener.getsockname()[1])
            process.announce()
            await _either(answering, stop)
            await runtime.hub.close()  # who waits for a change would be waited for
            server.should_exit = True
            await answering
            logs.info("api.listen.stopped")


@contextmanager
def _listener(settings: Settings, process: Process) -> Iterator[socket.socket]:
    if process.listener is not None:
        with socket.socket(fileno=process.listener) as given:
            given.setblocking(False)
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
        units=runtime.units,
        master=runtime.master,
        settings=settings,
        probes={"bell": runtime.bell.probe},
        hub=runtime.hub,
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


async def _started(server: uvicorn.Server, answering: asyncio.Future[None]) -> None:
    """Return when requests are answered; what stops the start is raised."""
    while not server.started:
        await asyncio.wait((answering,), timeout=0.01)
        if answering.done():
            await answering
            raise RuntimeError("the API did not start")


async def _either(answering: asyncio.Future[None], stop: asyncio.Event) -> None:
    stopped = asyncio.ensure_future(stop.wait())
    await asyncio.wait((answering, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    await asyncio.gather(stopped, return_exceptions=True)
