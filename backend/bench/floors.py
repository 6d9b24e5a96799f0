"""Floors: the fastest way this machine can take the rows that the work wrote."""

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from backend.bench.figures import NotTheWork
from backend.bench.stage import Database



async def keep_rows(database: Database, merchant_id: object, tables: Sequence[str], folder: Path) -> dict[str, int]:
    """Write a merchant's rows of each table to `folder`, in COPY's binary format; returns how many there are."""
    kept: dict[str, int] = {}
    async with database.as_app(merchant_id) as connection:
        for table in tables:
            said = await connection.copy_from_query(f"select * from {table}", output=folder / table, format="binary")
            kept[table] = _count(said)
    return kept


async def copy_floor(database: Database, kept: dict[str, int], folder: Path) -> float:
    """Return the seconds in which COPY puts kept rows into empty tables with the same columns, checks and indexes.

    The scratch tables have no row-level security (COPY cannot write under it) and no foreign keys: the floor is lower for it.
    """
    async with database.as_owner() as connection:
        for table in kept:
            await connection.execute(f"drop table if exists bench_{table}")
            await connection.execute(f"create table bench_{table} (like {table} including all)")
        started = perf_counter()
        async with connection.transaction():
            for table, rows in kept.items():
                said = await connection.copy_to_table(f"bench_{table}", source=folder / table, format="binary")
                if _count(said) != rows:
                    raise NotTheWork(f"{said} instead of {rows} rows of {table}")
        return perf_counter() - started


async def insert_floor(database: Database, merchant_id: object, tables: Sequence[str]) -> tuple[float, dict[str, int]]:
    """Return the seconds in which one INSERT … SELECT a table writes again what is in the tables, and how many rows.

    Same role, row-level security, keys and indexes as the work; the tables are emptied first, and with them whatever refers to them. Referenced
    tables come before those that refer.
    """
    counts: dict[str, int] = {}
    async with database.as_app(merchant_id) as connection:
        for table in tables:
            made = await connection.execute(f"create temporary table kept_{table} as select * from {table}")
            counts[table] = _count(made)
            await connection.execute(f"analyze kept_{table}")
        async with database.as_owner() as owner:
            await owner.execute(f"truncate {', '.join(tables)} cascade")
        started = perf_counter()
        async with connection.transaction():
            for table in tables:
                if _count(await connection.execute(f"insert into {table} select * from kept_{table}")) != counts[table]:
                    raise NotTheWork(f"other than {counts[table]} rows of {table}")
        return perf_counter() - started, counts


def _count(tag: str) -> int:
    """Return the rows of a command tag such as `INSERT 0 12`."""
    return int(tag.rsplit(" ", 1)[1])
