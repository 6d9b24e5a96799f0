"""Opens a deployment and closes it again: the only place that puts servers, keys, engine and bell together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from backend import embedded, master_key
from backend.db.clock import set_clock
from backend.db.engine import open_engine
from backend.db.units import Units
from backend.jobs.bell import Bell
from backend.jobs.delivery import Delivery
from backend.listeners.hub import LINGER_S, Hub
from backend.listeners.relay import Relay
from backend.settings import Environment, Settings
from tasks.kernel.sealing import MasterKey


@dataclass(frozen=True)
class Runtime:
    """What a process of a running deployment works with.

    Attributes:
        settings: what the deployment decided.
        servers: where PostgreSQL and Valkey are.
        master: the key that every other key hangs from.
        units: the way to a unit of work; what is committed rings the bell.
        bell: wakes workers.
        hub: who waits for a change in this process; they are woken by what this process and others commit.
        private: our share in the private servers; None when both are somebody else's.
    """

    settings: Settings
    servers: embedded.Servers
    master: MasterKey
    units: Units
    bell: Bell
    hub: Hub
    private: embedded.Handle | None


@asynccontextmanager
async def open_runtime(settings: Settings, *, worker: bool = False, prepared: bool = False) -> AsyncIterator[Runtime]:
    """A deployment ready to serve; private servers are started, migrated and at the end given up.

    `prepared` says that a parent has migrated and checked a moment ago. `worker` sessions are ended by PostgreSQL when
    idle in a transaction. Raises `Unfit`, `SettingsError`, `EmbeddedError`.
    """
    async with AsyncExitStack() as stack:
        servers, private = await stack.enter_async_context(open_servers(settings))
        master = MasterKey(master_key.load(settings, settings.home))
        engine = open_engine(servers.database_url, pool_size=settings.database_pool, worker=worker)
        stack.push_async_callback(engine.dispose)
        if not prepared:
            from backend.runtime.preparing import prepare  # noqa: PLC0415  # half a second that a child need not spend

            await prepare(settings, servers, engine)
        bell = Bell(servers.redis_url)
        stack.push_async_callback(bell.close)
        hub = Hub(LINGER_S)
        relay = Relay(servers.redis_url, hub)
        stack.push_async_callback(relay.close)
        hub.attend(relay.hear)
        stack.push_async_callback(hub.close)
        units = Units(engine, master, Delivery(bell, relay))
        await _move_clock(settings, units)
        yield Runtime(settings, servers, master, units, bell, hub, private)


@asynccontextmanager
async def open_servers(settings: Settings) -> AsyncIterator[tuple[embedded.Servers, embedded.Handle | None]]:
    """Where the servers are; the private ones run until the last process that opened them is out."""
    private = await _start(settings.home) if settings.embedded_database or settings.embedded_redis else None
    try:
        yield _addresses(settings, private), private
    finally:
        if private is not None:
            await asyncio.shield(asyncio.to_thread(private.close))


async def _start(home: Path) -> embedded.Handle:
    """A share in the private servers; given back when we are cancelled while they start."""
    starting = asyncio.ensure_future(asyncio.to_thread(embedded.start, home))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        handle = await starting
        await asyncio.to_thread(handle.close)
        raise


def _addresses(settings: Settings, private: embedded.Handle | None) -> embedded.Servers:
    own = private.servers if private else embedded.Servers("", "", "")
    return embedded.Servers(
        database_url=settings.database_url or own.database_url,
        migration_url=settings.migration_url or settings.database_url or own.migration_url,
        redis_url=settings.redis_url or own.redis_url,
    )


async def _move_clock(settings: Settings, units: Units) -> None:
    """HUIFANG_NOW sets business time once, at start, in development only; from then it ticks."""
    if settings.now is not None and settings.env is Environment.DEVELOPMENT:
        async with units.nameless() as session:
            await set_clock(session, settings.now)
