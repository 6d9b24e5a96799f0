"""Begin, commit and roll back: the only place of the product that ends a transaction of a unit of work."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from tasks.kernel.connection import Connection


class CommitRefused(RuntimeError):
    """A statement of the transaction had failed and its fault was swallowed: the server rolled everything back."""


@asynccontextmanager
async def transaction(connection: Connection) -> AsyncIterator[None]:
    """Begin, and commit when the block ends; roll back when it raises, whatever it raises. Raises `CommitRefused`."""
    await connection.say("begin")
    try:
        yield
        await commit(connection)
    except BaseException:
        await roll_back(connection)
        raise


@asynccontextmanager
async def passing(connection: Connection) -> AsyncIterator[None]:
    """Begin, and roll back when the block ends, however it ends."""
    await connection.say("begin")
    try:
        yield
    finally:
        await roll_back(connection)


async def commit(connection: Connection) -> None:
    """Keep what was written."""
    if await connection.say("commit") != "COMMIT":
        raise CommitRefused


async def roll_back(connection: Connection) -> None:
    """Undo what was written; where the connection is gone the server has done so already."""
    if not connection.driver.is_closed():
        with suppress(Exception):
            await connection.say("rollback")
