"""Starts the demo, shows the walk, stays up until told to end, and leaves nothing behind."""

import asyncio
import fcntl
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from time import monotonic
from typing import Final

import msgspec

from backend.cli.demo.guard import DONE
from backend.cli.demo.people import BRAND, staff
from backend.cli.demo.seeding import PASSWORD, Salon, seed
from backend.cli.demo.telling import Login, Teller
from backend.cli.demo.walk import Step, Walk
from backend.cli.edge import Refused, show
from backend.cli.endings import ends_on_signals
from backend.cli.supervisor import leave, start_child
from backend.cli.together import Address, running
from backend.observability import logs
from backend.runtime import Runtime
from backend.settings import LogLevel, Settings

HOME: Final = Path(".huifang-demo")
PREFIX: Final = "HUIFANG_"


class Shown(msgspec.Struct, frozen=True, rename="camel"):
    """What the demo answers: where it is, who may log in, and every step of the walk."""

    brand: str
    merchant_id: str
    url: str
    docs: str
    api_key: str
    logins: list[Login]
    seconds_to_first_task: float
    seconds: float
    steps: list[Step]


async def demo(settings: Settings, *, once: bool, as_json: bool) -> None:
    """Seed, walk, and stay up unless `once`. Raises `Refused` when a demo runs here already."""
    logs.configure(LogLevel.ERROR)
    began, asked = monotonic(), asyncio.Event()
    with only_one(settings.home), ends_on_signals(asked):
        async with guarded(settings.home):
            performing = asyncio.ensure_future(_perform(settings, asked, Teller(began, quiet=as_json), once=once))
            shown = await _unless(asked, performing)
            if as_json and shown is not None:
                show(shown, (), as_json=True)


async def _unless(asked: asyncio.Event, performing: "asyncio.Task[Shown]") -> Shown | None:
    """What was shown; nothing when we were asked to end first, and then everything was taken down in order."""
    stopped = asyncio.ensure_future(asked.wait())
    await asyncio.wait((performing, stopped), return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if not performing.done():
        performing.cancel()
    (answer,) = await asyncio.gather(performing, return_exceptions=True)
    if isinstance(answer, asyncio.CancelledError):
        return None
    if isinstance(answer, BaseException):
        raise answer
    return answer


async def _perform(settings: Settings, asked: asyncio.Event, teller: Teller, *, once: bool) -> Shown:
    ready: list[Salon] = []

    async def build(runtime: Runtime) -> None:
        ready.append(await seed(runtime))

    teller.say(f"{BRAND}: starting private PostgreSQL and Valkey under {settings.home}/ and filling the books …")
    async with running(settings, asyncio.Event(), meanwhile=build) as (runtime, address):
        (salon,) = ready
        teller.open(address, _logins())
        steps = await Walk(runtime, address.url, salon, teller.step).go()
        if not once:
            teller.say(f"\nStill up at {address.url} ({address.docs}). Ctrl-C ends it and leaves nothing running.")
            await asked.wait()
    return _shown(salon, address, teller, steps)


def _shown(salon: Salon, address: Address, teller: Teller, steps: list[Step]) -> Shown:
    return Shown(
        brand=BRAND,
        merchant_id=str(salon.merchant_id),
        url=address.url,
        docs=address.docs,
        api_key=salon.api_key,
        logins=_logins(),
        seconds_to_first_task=teller.first_task,
        seconds=teller.elapsed(),
        steps=steps,
    )


def _logins() -> list[Login]:
    return [Login(one.name, one.role, one.stores, one.phone or "", PASSWORD) for one in staff()]


def settings_of(own: Settings, port: int | None) -> Settings:
    """A deployment of its own, whatever the environment says of the real one."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    wanted = own.port if port is None else port
    free = wanted if port is not None or _is_free(own.host, wanted) else 0
    return Settings(home=HOME.absolute(), host="127.0.0.1", port=free, job_slots=2, log_level=LogLevel.ERROR)


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


@contextmanager
def only_one(home: Path) -> Iterator[None]:
    """One demo at a time in a home. Raises `Refused`."""
    home.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    descriptor = os.open(home / "demo.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as fault:
        raise Refused("a demo is running here already") from fault
    finally:
        os.close(descriptor)


@asynccontextmanager
async def guarded(home: Path) -> AsyncIterator[None]:
    """A guard that stops the servers of this home however we end."""
    guard = await start_child(("guard", str(home)), os.environ)
    try:
        yield
        if guard.stdin is not None:
            guard.stdin.write(DONE)
    finally:
        await leave(guard)
