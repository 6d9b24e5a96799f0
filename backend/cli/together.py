"""`huifang up`: API, worker and private servers as one thing that starts and ends together.

API and worker are child processes, so that a crash or a memory leak of one is not the other's, and so that a long run
of the worker never delays an answer of the API. The listening socket is ours: it is refused here with one line when the
port is taken, and connections wait in it while an API process is started again.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final

import msgspec

from backend.cli.edge import Refused, say, to_json
from backend.cli.endings import ends_on_signals
from backend.cli.sockets import listening
from backend.cli.supervisor import Child, ChildLeft, keep_all
from backend.observability import logs
from backend.runtime import Runtime, open_runtime
from backend.runtime.keeping import keep
from backend.settings import Settings, variable

DOCS: Final = "/docs"


class Address(msgspec.Struct, frozen=True, rename="camel"):
    """Where the running product is."""

    url: str
    docs: str
    home: str


Meanwhile = Callable[[Runtime], Awaitable[None]]


async def nothing(_runtime: Runtime) -> None:
    """Do nothing meanwhile."""


async def up(settings: Settings, *, as_json: bool) -> None:
    """Run everything until Ctrl-C or SIGTERM; prints the address when requests are answered."""
    logs.configure(settings.log_level)
    stop = asyncio.Event()
    with ends_on_signals(stop):
        async with running(settings, stop) as (_, address):
            if stop.is_set():
                return
            if as_json:
                print(to_json(address), flush=True)  # noqa: T201  # the answer of the command
            else:
                say(f"Huifang is up at {address.url}  (API: {address.docs}; data: {address.home}). Ctrl-C stops it.")
            await stop.wait()


async def api_processes(settings: Settings) -> None:
    """Run the API in several processes on one socket until Ctrl-C or SIGTERM."""
    logs.configure(settings.log_level)
    stop = asyncio.Event()
    with ends_on_signals(stop):
        async with running(settings, stop, worker=False):
            await stop.wait()


@asynccontextmanager
async def running(
    settings: Settings, stop: asyncio.Event, *, worker: bool = True, meanwhile: Meanwhile = nothing
) -> AsyncIterator[tuple[Runtime, Address]]:
    """The product, answering requests; `meanwhile` is done while the processes start.

    `stop` is set when it cannot go on, and everything has ended on leaving.
    """
    with listening(settings) as sock:
        host, port = sock.getsockname()[:2]
        async with open_runtime(settings) as runtime:
            children = _children(settings, sock.fileno(), worker=worker)
            keeping = [
                asyncio.ensure_future(keep_all(children, stop)),
                asyncio.ensure_future(keep(runtime.private, stop)),
            ]
            try:
                await asyncio.gather(_all_ready(children, keeping[0], stop), meanwhile(runtime))
                url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
                yield runtime, Address(url, url + DOCS, str(settings.home))
            finally:
                stop.set()
                await asyncio.gather(*keeping, return_exceptions=True)


def _children(settings: Settings, descriptor: int, *, worker: bool = True) -> list[Child]:
    environment = _environment(os.environ, settings)
    api = [
        Child(f"api-{number + 1}", ("api", "--follow", "--listener", str(descriptor)), environment, (descriptor,))
        for number in range(settings.workers)
    ]
    return [*api, *([Child("worker", ("worker", "--follow"), environment)] if worker else [])]


def _environment(own: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Ours, but the clock is set once, by us: a child that is started again must not turn it back."""
    kept = {name: value for name, value in own.items() if name != variable("now")}
    decided = {"home": str(settings.home.absolute()), "log_level": settings.log_level, "job_slots": settings.job_slots}
    return {**kept, **{variable(name): str(value) for name, value in decided.items()}}


async def _all_ready(children: list[Child], keeping: "asyncio.Future[None]", stop: asyncio.Event) -> None:
    """Return when every child is ready or `stop` is set. Raises `Refused` when one could not start."""
    waits = [asyncio.ensure_future(child.ready.wait()) for child in children]
    everybody = asyncio.ensure_future(asyncio.gather(*waits))
    stopped = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait((everybody, keeping, stopped), return_when=asyncio.FIRST_COMPLETED)
        if not everybody.done():
            await keeping
    except ChildLeft as fault:
        raise Refused(f"the {fault} process could not start; its own line above says why") from fault
    finally:
        for wait in (everybody, stopped):
            wait.cancel()
        await asyncio.gather(everybody, stopped, *waits, return_exceptions=True)
