"""Opens and commits units of work: the only place of the product that commits."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from tasks.kernel.errors import NotFound
from tasks.kernel.sealing import MasterKey, Vault
from tasks.kernel.unit import Unit

Deliver = Callable[[UUID, Sequence[object]], Awaitable[None]]
"""Takes a merchant and the values of a committed unit; must not raise."""

_BEGIN = text(
    "select set_config('app.merchant_id', :merchant, true), "
    "(select clock_timestamp() + offset_us * interval '1 microsecond' from clock_setting) as now"
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
    """

    engine: AsyncEngine
    master: MasterKey
    deliver: Deliver = nobody_listens
    _vaults: dict[UUID, Vault] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @asynccontextmanager
    async def open(self, merchant_id: UUID) -> AsyncIterator[Unit]:
        """Open a unit of one merchant; commits on a clean exit, rolls back on any exception. Raises `NotFound` for an unknown merchant."""
        async with self._sessions() as session, session.begin():
            unit = await self._begin(session, merchant_id)
            yield unit
            values = await unit.close()
        if values:
            await self.deliver(merchant_id, values)

    @asynccontextmanager
    async def glance(self, merchant_id: UUID) -> AsyncIterator[Unit]:
        """Open a unit that is always rolled back: previews look with the same engine and write nothing."""
        async with self._sessions() as session:
            transaction = await session.begin()
            try:
                yield await self._begin(session, merchant_id)
            finally:
                await transaction.rollback()

    @asynccontextmanager
    async def nameless(self) -> AsyncIterator[AsyncSession]:
        """Open a transaction with no merchant set: it sees what the definer functions return, the clock and the throttles."""
        async with self._sessions() as session, session.begin():
            yield session

    async def now(self) -> datetime:
        """Return business time."""
        async with self.nameless() as session:
            return await business_now(session)

    async def _begin(self, session: AsyncSession, merchant_id: UUID) -> Unit:
        now = (await session.execute(_BEGIN, {"merchant": str(merchant_id)})).one().now
        vault = self._vaults.get(merchant_id) or await self._unlock(session, merchant_id)
        return Unit(session, merchant_id, now, vault)

    async def _unlock(self, session: AsyncSession, merchant_id: UUID) -> Vault:
        wrapped = (
            await session.execute(text("select wrapped_key from merchant where merchant_id = :m"), {"m": merchant_id})
        ).scalar()
        if wrapped is None:
            raise NotFound(what="商家/merchant")
        self._vaults[merchant_id] = vault = self.master.vault(merchant_id, wrapped)
        return vault

    async def create_merchant(self, merchant_id: UUID, name: str, timezone: str) -> None:
        """Insert the merchant row with a fresh key of its own; everything else of it is made inside units."""
        async with self._sessions() as session, session.begin():
            now = (await session.execute(_BEGIN, {"merchant": str(merchant_id)})).one().now
            values: dict[str, Any] = {
                "m": merchant_id,
                "n": name,
                "z": timezone,
                "k": self.master.new_merchant_key(merchant_id),
                "now": now,
            }
            await session.execute(
                text(
                    "insert into merchant (merchant_id, name, timezone, wrapped_key, settings, created_at) values (:m, :n, :z, :k, cast('{}' as jsonb), :now)"
                ),
                values,
            )


async def business_now(session: AsyncSession) -> datetime:
    """Return business time as this transaction sees it: database clock + stored offset, UTC."""
    found = await session.execute(
        text("select clock_timestamp() + offset_us * interval '1 microsecond' from clock_setting")
    )
    return found.scalar_one()  # type: ignore[no-any-return]  # timestamptz is datetime
