"""Rounds of an import through the real service, each into a fresh copy of the same salon, and COPY of the rows it wrote."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend.bench.clocks import Rounds
from backend.bench.figures import NotTheWork
from backend.bench.floors import copy_floor
from backend.bench.salons import Size, found_salon
from backend.bench.stage import Database, Stage
from backend.imports.kinds import ImportKind
from backend.imports.mapping import parse_mapping
from backend.imports.service import ImportRequest, run_import

ROUNDS = 3


@dataclass(frozen=True)
class Book:
    """What is imported: `rows` of a kind from `<kind>.csv` in the stage's folder, into a salon of a size, filling these tables."""

    kind: ImportKind
    mapping: str
    rows: int
    size: Size
    tables: tuple[str, ...]


async def import_rounds(stage: Stage, book: Book) -> tuple[Rounds, dict[str, Any]]:
    """Measure; returns the rounds and what a detail says of them."""
    merchant_id = await stage.template("salon", lambda database: found_salon(database, book.size))
    rounds, kept = Rounds(), {}
    for turn in range(1, ROUNDS + 1):
        async with stage.database("salon") as database:
            before = await _counts(database, merchant_id, book)
            async with rounds.working(database):
                await _import(stage, database, merchant_id, book)
            kept = await copy_floor(database, merchant_id, (rounds, stage.folder), book.tables)
        stage.say(f"  round {turn} of {ROUNDS}: {rounds.work[-1].wall:.1f} s, floor {rounds.floor[-1].wall:.1f} s")
        if any(before.values()):
            raise NotTheWork(f"there were rows before: {before}")
    return rounds, {
        "rows": book.rows,
        "rowsPerSecond": round(book.rows / rounds.seconds),
        "rowsWritten": kept,
        **rounds.detail(),
    }


async def _counts(database: Database, merchant_id: UUID, book: Book) -> dict[str, int]:
    async with database.as_app(merchant_id) as connection:
        return {table: await connection.fetchval(f"select count(*) from {table}") for table in book.tables}


async def _import(stage: Stage, database: Database, merchant_id: UUID, book: Book) -> None:
    request = ImportRequest(
        merchant_id=merchant_id,
        kind=book.kind,
        path=stage.folder / f"{book.kind}.csv",
        mapping=parse_mapping(book.mapping),
        rejects_path=stage.folder / "rejected.csv",
    )
    report = await run_import(database.units, database.master, request)
    if report.accepted != book.rows:
        raise NotTheWork(f"{report.accepted} of {book.rows} rows taken")
