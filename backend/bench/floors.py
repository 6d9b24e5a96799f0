"""Floors: the fastest way this machine can take the rows that the work wrote."""

from collections.abc import Sequence
from pathlib import Path

import asyncpg

from backend.bench.clocks import Rounds
from backend.bench.figures import NotTheWork
from backend.bench.stage import Database


async def copy_floor(
    database: Database, merchant_id: object, work: tuple[Rounds, Path], tables: Sequence[str]
) -> dict[str, int]:
    """Time COPY of a merchant's rows into empty tables with the same columns, checks and indexes; returns how many rows.

    The scratch tables have no row-level security (COPY cannot write under it) and no foreign keys: the floor is lower for it.
    """
    rounds, folder = work
    kept = await _keep_rows(database, merchant_id, tables, folder)
    async with database.as_owner() as connection:
        columns = {table: await _written(connection, table) for table in tables}
        for table in tables:
            await connection.execute(f"create table bench_{table} (like {table} including all)")
        async with rounds.flooring(database), connection.transaction():
            for table in tables:
                names = columns[table]
                said = await connection.copy_to_table(
                    f"bench_{table}", source=folder / table, columns=names, format="binary"
                )
                _must_be(table, _count(said), kept[table])
    return kept


async def _keep_rows(database: Database, merchant_id: object, tables: Sequence[str], folder: Path) -> dict[str, int]:
    """Write a merchant's rows of each table to `folder`, in COPY's binary format."""
    kept: dict[str, int] = {}
    async with database.as_app(merchant_id) as connection:
        for table in tables:
            names = ", ".join(await _written(connection, table))
            said = await connection.copy_from_query(
                f"select {names} from {table}", output=folder / table, format="binary"
            )
            kept[table] = _count(said)
    return kept


async def _written(connection: "asyncpg.Connection[asyncpg.Record]", table: str) -> list[str]:
    """Return the columns of a table that rows bring along; the others the database computes."""
    rows = await connection.fetch(
        "select attname from pg_attribute where attrelid = $1::text::regclass and attnum > 0 and not attisdropped "
        "and attgenerated = '' order by attnum",
        table,
    )
    return [row["attname"] for row in rows]


async def insert_floor(
    database: Database, merchant_id: object, rounds: Rounds, tables: Sequence[str]
) -> dict[str, int]:
    """Time one INSERT … SELECT a table of what is in the tables, emptied before; returns how many rows.

    Same role, row-level security, keys and indexes as the work. Whatever refers to the tables is emptied with them; referenced tables come
    before those that refer.
    """
    kept: dict[str, int] = {}
    async with database.as_app(merchant_id) as connection:
        for table in tables:
            kept[table] = _count(
                await connection.execute(f"create temporary table kept_{table} as select * from {table}")
            )
            await connection.execute(f"analyze kept_{table}")
        async with database.as_owner() as owner:
            await owner.execute(f"truncate {', '.join(tables)} cascade")
        async with rounds.flooring(database), connection.transaction():
            for table in tables:
                _must_be(
                    table,
                    _count(await connection.execute(f"insert into {table} select * from kept_{table}")),
                    kept[table],
                )
    return kept


def _must_be(table: str, found: int, wanted: int) -> None:
    if found != wanted:
        raise NotTheWork(f"{found} instead of {wanted} rows of {table}")


def _count(tag: str) -> int:
    """Return the rows of a command tag such as `INSERT 0 12`."""
    return int(tag.rsplit(" ", 1)[1])
