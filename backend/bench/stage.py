"""Where benchmarks run: private servers in a temporary home, and in them one fresh database per round."""

import asyncio
import secrets
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import asyncpg
from sqlalchemy.ext.asyncio import AsyncEngine

from backend import embedded
from backend.db.engine import open_engine
from backend.db.migrate import migrate
from backend.db.units import Units
from backend.embedded.postgres import DATABASE
from backend.runtime import open_servers
from backend.settings import MASTER_KEY_BYTES, Settings
from tasks.kernel.sealing import MasterKey

T = TypeVar("T")
BARE: Final = DATABASE
"""The template that has the schema and no rows."""


@dataclass(frozen=True)
class Database:
    """One database of a round, as the product sees it."""

    servers: embedded.Servers
    engine: AsyncEngine
    units: Units
    master: MasterKey
    raw_key: bytes = b""

    @asynccontextmanager
    async def as_owner(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """A connection of the role that owns the tables; row-level security shows it no rows."""
        async with _connection(self.servers.migration_url) as connection:
            yield connection

    @asynccontextmanager
    async def as_app(self, merchant_id: object) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """A connection of the role that serves, bound to one merchant."""
        async with _connection(self.servers.database_url) as connection:
            await connection.execute("select set_config('app.merchant_id', $1, false)", str(merchant_id))
            yield connection

    async def refresh_stats(self) -> None:
        """Give the planner what autovacuum would have given it by now."""
        async with self.as_owner() as connection:
            await connection.execute("analyze")


@asynccontextmanager
async def _connection(url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    connection = await asyncpg.connect(url, command_timeout=None)
    try:
        yield connection
    finally:
        await connection.close(timeout=5)


@dataclass
class Stage:
    """What a benchmark works on; servers start when the first database is asked for.

    Attributes:
        folder: for the files of this run; gone afterwards.
        say: takes a line for whoever waits.
    """

    folder: Path
    say: Callable[[str], None]
    _stack: AsyncExitStack
    _ground: tuple[embedded.Handle, bytes] | None = None
    _made: int = 0

    async def template(self, name: str, fill: Callable[[Database], Awaitable[T]]) -> T:
        """Fill a database once, for rounds to start from copies of it; returns what `fill` returns."""
        async with self._database(name, BARE) as database:
            filled = await fill(database)
            await database.refresh_stats()
        return filled

    @asynccontextmanager
    async def database(self, template: str = BARE) -> AsyncIterator[Database]:
        """A copy of a template, dropped on leaving."""
        self._made += 1
        name = f"round_{self._made}"
        async with self._database(name, template) as database:
            yield database
        handle, _ = await self._servers()
        await asyncio.to_thread(handle.drop_database, name)

    async def cold(self, database: Database) -> None:
        """Let the server begin anew with empty buffers."""
        await database.engine.dispose()
        handle, _ = await self._servers()
        await asyncio.to_thread(handle.restart_postgres)

    @asynccontextmanager
    async def _database(self, name: str, template: str) -> AsyncIterator[Database]:
        handle, raw = await self._servers()
        servers = await asyncio.to_thread(handle.create_database, name, template)
        engine = open_engine(servers.database_url)
        try:
            master = MasterKey(raw)
            yield Database(servers, engine, Units(engine, master), master, raw)
        finally:
            await engine.dispose()

    async def _servers(self) -> tuple[embedded.Handle, bytes]:
        if self._ground is None:
            settings = Settings(
                home=self.folder / "home"
            )  # never what the environment says: that may be somebody's data
            servers, handle = await self._stack.enter_async_context(open_servers(settings))
            if handle is None:
                raise LookupError("settings without URLs start private servers")
            await migrate(servers.migration_url)
            self.say("  private servers are up")
            self._ground = handle, secrets.token_bytes(MASTER_KEY_BYTES)
        return self._ground


@asynccontextmanager
async def open_stage(say: Callable[[str], None]) -> AsyncIterator[Stage]:
    """A stage in a temporary folder; on leaving, in whatever way, its servers are stopped and its files gone."""
    with tempfile.TemporaryDirectory(prefix="huifang-bench-", ignore_cleanup_errors=True) as folder:
        async with AsyncExitStack() as stack:
            yield Stage(Path(folder), say, stack)
