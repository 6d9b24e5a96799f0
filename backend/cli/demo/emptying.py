"""Empties the demo's database, while the demo's own processes may be starting to look at it."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine

from backend.db.engine import open_engine
from tasks.flow.passing import in_the_way

ATTEMPTS: Final = 5
_TABLES: Final = text(
    "select string_agg(quote_ident(tablename), ', ') from pg_tables where schemaname = 'public' "
    "and tablename not in ('alembic_version', 'clock_setting')"
)


async def empty(migration_url: str) -> None:
    """Leave no row in any table. A worker that holds one table and asks for another can be in the way of all at once: then again, it is soon done."""
    engine = open_engine(migration_url, pool_size=1, as_app=False)
    try:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await _truncate(engine)
            except DBAPIError as fault:
                if attempt == ATTEMPTS or not in_the_way(fault):
                    raise
    finally:
        await engine.dispose()


async def _truncate(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        tables = (await connection.execute(_TABLES)).scalar_one()
        await connection.execute(text(f"truncate {tables}"))
