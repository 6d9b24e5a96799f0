"""S9: a CSV of customers, encrypted on its way in, against COPY of the rows that came out of it."""

from typing import Final
from uuid import UUID

from backend.bench.clocks import Rounds, Split, split, timed
from backend.bench.figures import Benchmark, Measured, NotTheWork, Scale, at_most
from backend.bench.floors import copy_floor, keep_rows
from backend.bench.salons import CUSTOMERS_MAPPING, Size, found_salon, write_customers
from backend.bench.stage import Database, Stage
from backend.imports.kinds import ImportKind
from backend.imports.mapping import parse_mapping
from backend.imports.service import ImportRequest, run_import

ROWS: Final = {Scale.SMALL: 20_000, Scale.FULL: 100_000}
ROUNDS: Final = 3
SIZE: Final = Size()
TABLES: Final = (
    "customer",
    "customer_contact_state",
    "customer_facts",
    "consent",
    "customer_name_token",
    "contact_point",
    "customer_staff",
)
"""Every table that the import of a customer writes."""


async def run(stage: Stage, scale: Scale) -> Measured:
    """Import the file into a fresh copy of the same salon, then COPY what it wrote; as often as `ROUNDS` says."""
    rows = ROWS[scale]
    write_customers(stage.folder / "customers.csv", rows, SIZE)
    merchant_id = await stage.template("salon", lambda database: found_salon(database, SIZE))
    rounds, kept = Rounds(), {}
    for _ in range(ROUNDS):
        async with stage.database("salon") as database:
            async with split(database) as seen:
                await _import(stage, database, merchant_id, (rows, rounds))
            kept = await keep_rows(database, merchant_id, TABLES, stage.folder)
            rounds.floor.append(await copy_floor(database, kept, stage.folder))
    return Measured(rounds.ratio, _detail(rows, rounds, kept, seen))


async def _import(stage: Stage, database: Database, merchant_id: UUID, part: tuple[int, Rounds]) -> None:
    rows, rounds = part
    request = ImportRequest(
        merchant_id=merchant_id,
        kind=ImportKind.CUSTOMERS,
        path=stage.folder / "customers.csv",
        mapping=parse_mapping(CUSTOMERS_MAPPING),
        rejects_path=stage.folder / "rejected.csv",
    )
    with timed(rounds.work):
        report = await run_import(database.units, database.master, request)
    if report.accepted != rows:
        raise NotTheWork(f"{report.accepted} of {rows} customers taken")


def _detail(rows: int, rounds: Rounds, kept: dict[str, int], seen: Split) -> dict[str, object]:
    return {
        "customers": rows,
        "customersPerSecond": round(rows / sorted(rounds.work)[len(rounds.work) // 2]),
        "rowsWritten": kept,
        **rounds.detail(),
        **seen.detail(),
    }


BENCHMARK: Final = Benchmark("S9", "import of customers from CSV, encrypted, against COPY of the same rows", at_most(6.0), run)
