"""Opens units of work, each a transaction of its own."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession, async_sessionmaker

from backend.db.transactions import passing, transaction
from tasks.kernel.connection import Connection, Watch
from tasks.kernel.errors import NotFound
from tasks.kernel.sealing import MasterKey, Vault
from tasks.kernel.unit import Unit

Deliver = Callable[[UUID, Sequence[object]], Awaitable[None]]
"""Takes a merchant and the values of a committed unit; must not raise."""

_BEGIN = (
    "select set_config('app.merchant_id', cast(:merchant as text), true), "
    "(select clock_timestamp() + offset_us * interval '1 microsecond' from clock_setting) as now"
)
_KEY = "select wrapped_key from merchant where merchant_id = :merchant"
_CREATE = (
    "insert into merchant (merchant_id, name, timezone, wrapped_key, settings, created_at) "
    "values (:merchant, :name, :zone, :key, cast('{}' as jsonb), :now)"
)


async def nobody_listens(_merchant_id: UUID, _values: Sequence[object]) -> None:
    """Take the after-commit values and do nothing: the sweep finds what a bell would have told."""


@dataclass
class Units:
    """The way to a unit of work.

    Attributes:
        engine: connections of the app role.
        master: unwraps merchant keys.
        deliver: gets the after-commit values of each committed unit.
        watch: told of every statement of every unit, for measurements.
    """

    engine: AsyncEngine
    master: MasterKey
    deliver: Deliver = nobody_listens
    watch: Watch | None = None
    _vaults: dict[UUID, Vault] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def open(self, merchant_id: UUID) -> AsyncIterator[Unit]:
        """Open a unit of one merchant; commits on a clean exit, rolls back on any exception. Raises `NotFound` for an unknown merchant."""
        async with self._connection() as connection, transaction(connection):
            unit = await self._begin(connection, merchant_id)
            yield unit
            values = await unit.close()
        if values:
            await self.deliver(merchant_id, values)

    @asynccontextmanager
    async def glance(self, merchant_id: UUID) -> AsyncIterator[Unit]:
        """Open a unit that is always rolled back: previews look with the same engine and write nothing."""
        async with self._connection() as connection, passing(connection):
            yield await self._begin(connection, merchant_id)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Connection]:
        """Lend a connection of the pool; one that is closed, or was left in a transaction by a cancelled task, never goes back to it."""
        async with self.engine.connect() as pooled:
            connection = await self._living(pooled)
            connection.watch = self.watch
            try:
                yield connection
            finally:
                if connection.driver.is_closed() or connection.driver.is_in_transaction():
                    await pooled.invalidate()

    async def _living(self, pooled: AsyncConnection) -> Connection:
        """Return a connection that was not closed while it lay in the pool, as all are when the server restarts."""
        raw = await pooled.get_raw_connection()
        if raw.driver_connection is None or raw.driver_connection.is_closed():
            await pooled.invalidate()
            raw = await pooled.get_raw_connection()
        assert raw.driver_connection is not None  # noqa: S101  # the pool's connections are the driver's
        known: Connection | None = raw.info.get("huifang")
        if known is None:
            known = raw.info["huifang"] = Connection(raw.driver_connection)
        return known

    @asynccontextmanager
    async def nameless(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction with no merchant set: it sees what the definer functions return, the clock and the throttles."""
        async with self._sessions() as session, session.begin():
            yield session

    async def now(self) -> datetime:
        """Return business time."""
        async with self.nameless() as session:
            return await business_now(session)

    async def _begin(self, connection: Connection, merchant_id: UUID) -> Unit:
        now = await _enter(connection, merchant_id)
        vault = self._vaults.get(merchant_id) or await self._unlock(connection, merchant_id)
        return Unit(connection, merchant_id, now, vault)

    async def _unlock(self, connection: Connection, merchant_id: UUID) -> Vault:
        wrapped = (await connection.execute(_KEY, {"merchant": merchant_id})).scalar()
        if wrapped is None:
            raise NotFound(what="商家/merchant")
        self._vaults[merchant_id] = vault = self.master.vault(merchant_id, wrapped)
        return vault

    async def create_merchant(self, merchant_id: UUID, name: str, timezone: str) -> None:
        """Insert the merchant row with a fresh key of its own; everything else of it is made inside units."""
        async with self._connection() as connection, transaction(connection):
            now = await _enter(connection, merchant_id)
            key = self.master.new_merchant_key(merchant_id)
            values = {"merchant": merchant_id, "name": name, "zone": timezone, "key": key, "now": now}
            await connection.execute(_CREATE, values)


async def _enter(connection: Connection, merchant_id: UUID) -> datetime:
    """Let the transaction see this merchant's rows and nobody else's; returns business time."""
    now: datetime = (await connection.execute(_BEGIN, {"merchant": str(merchant_id)})).all()[0]["now"]
    return now


async def business_now(session: AsyncSession) -> datetime:
    """Return business time as this transaction sees it: database clock + stored offset, UTC."""
    found = await session.execute(
        text("select clock_timestamp() + offset_us * interval '1 microsecond' from clock_setting")
    )
    return found.scalar_one()  # type: ignore[no-any-return]  # timestamptz is datetime
