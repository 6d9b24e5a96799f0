"""Makes a database fit to be served from where it is ours, and refuses one that is not fit.

Apart from `opening`, because a child of a process that has just done this need not do it again, nor load what it takes.
"""

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from backend import embedded
from backend.db.migrate import head, migrate
from backend.db.roles import APP
from backend.runtime.fitness import (
    LEAST_POSTGRES,
    MOST_POSTGRES,
    STILL,
    Unfit,
    identity,
    offset,
    revision,
    unreachable,
)
from backend.settings import Environment, Settings


async def prepare(settings: Settings, servers: embedded.Servers, engine: AsyncEngine) -> None:
    """Migrate the private database; check that any may be served from. Raises `Unfit`."""
    if settings.embedded_database:
        await migrate(servers.migration_url)
    await check(engine, settings.env)


async def check(engine: AsyncEngine, env: Environment) -> None:
    """Return when the database may be served from. Raises `Unfit`."""
    try:
        async with engine.connect() as connection:
            await _check_role(connection)
            await _check_version(connection)
            await _check_schema(connection)
            await _check_clock(connection, env)
    except Unfit:
        raise
    except (OSError, DBAPIError) as fault:
        raise Unfit(unreachable(fault)) from fault


async def _check_role(connection: AsyncConnection) -> None:
    who = await identity(connection)
    if not who.bound:
        raise Unfit(f"the database role {who.name} is above row-level security: connect as {APP}, which owns nothing")


async def _check_version(connection: AsyncConnection) -> None:
    number = int((await connection.execute(text("show server_version_num"))).scalar_one())
    if not LEAST_POSTGRES <= number < MOST_POSTGRES:
        raise Unfit(f"PostgreSQL {number // 10_000} is not supported: use 15, 16, 17 or 18")


async def _check_schema(connection: AsyncConnection) -> None:
    found, wanted = await revision(connection), head()
    if found != wanted:
        raise Unfit(f"the schema is at {found or 'nothing'} and this code needs {wanted}: run `huifang migrate`")


async def _check_clock(connection: AsyncConnection, env: Environment) -> None:
    moved = await offset(connection)
    if env is Environment.PRODUCTION and abs(moved) > STILL:
        raise Unfit(
            f"business time is {moved} away from the database clock: run `huifang clock reset` before production"
        )
