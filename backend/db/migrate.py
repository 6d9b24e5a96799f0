"""Brings a database to the newest schema."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from backend.db.engine import open_engine
from backend.db.roles import bootstrap_statements

MIGRATIONS = Path(__file__).parent / "migrations"
ONE_AT_A_TIME = 7_401_853_001
"""Advisory lock key: two processes that migrate at once take turns."""


class RolesMissing(Exception):  # a fact for the operator
    """The roles are not there and this login may not create them; the message lists the statements for somebody who may."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def head() -> str:
    """Return the newest revision this code knows."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    if found is None:
        raise LookupError("no migrations")
    return found


async def current(connection: AsyncConnection) -> str | None:
    """Return the revision the database is at, or None when it is empty."""
    return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())


async def migrate(migration_url: str) -> tuple[str | None, str]:
    """Create missing roles, run every missing migration, one process at a time; returns (from, to). Raises `RolesMissing`."""
    engine = open_engine(migration_url, as_app=False)
    try:
        async with engine.connect() as connection:
            # Session-level, so that it outlives the per-migration transactions; it goes with the connection.
            await connection.execute(text("select pg_advisory_lock(:key)"), {"key": ONE_AT_A_TIME})
            await connection.commit()
            await _ensure_roles(connection)
            before = await current(connection)
            await connection.commit()
            await connection.run_sync(_upgrade)
            await connection.commit()
            return before, head()
    finally:
        await engine.dispose()


async def _ensure_roles(connection: AsyncConnection) -> None:
    found = await connection.execute(
        text("select count(*) from pg_roles where rolname in ('huifang_app', 'huifang_definer')")
    )
    both = 2
    ready = found.scalar_one() == both
    database = (await connection.execute(text("select current_database()"))).scalar_one()
    if ready:
        await connection.commit()
        return
    wanted = bootstrap_statements(database)
    try:
        for statement in wanted:
            await connection.exec_driver_sql(statement)
        await connection.commit()
    except DBAPIError as fault:
        await connection.rollback()
        raise RolesMissing(";\n".join(wanted)) from fault


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
