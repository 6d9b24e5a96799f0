"""The salon's books: where they are, how they are imported, and the same rows read in plain Python for the recounts."""

import csv
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

import pytest

from backend.db.units import Units
from backend.imports.kinds import ImportKind
from backend.imports.service import ImportReport, ImportRequest, run_import
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.people.service import create_store

BOOKS = Path(__file__).parents[3] / "shared" / "data" / "hair-salon"
MAPPINGS = Path(__file__).parent / "mappings"
ZONE = "America/Vancouver"
NOBODY = frozenset({"WALK_IN", "CASH01", ""})

FILES: Sequence[tuple[str, ImportKind, str]] = (
    ("Service Listing0.csv", ImportKind.PRODUCTS, "services.toml"),
    ("Product Listing (Retail)0.csv", ImportKind.PRODUCTS, "goods.toml"),
    ("Receipt Transactions0.csv", ImportKind.SALES, "receipts.toml"),
    ("Future Bookings (All Clients)0.csv", ImportKind.APPOINTMENTS, "bookings.toml"),
    ("Client Cancellations0.csv", ImportKind.APPOINTMENTS, "cancellations.toml"),
    ("No-Show Report0.csv", ImportKind.APPOINTMENTS, "no_shows.toml"),
)
"""File, what it holds, and its mapping, in the order in which they go in."""

needs_books = pytest.mark.skipif(not BOOKS.is_dir(), reason="../shared/data/hair-salon is absent")


def rows(file: str) -> list[dict[str, str]]:
    with (BOOKS / file).open(newline="", encoding="utf-8") as opened:
        return list(csv.DictReader(opened))


def day(text: str) -> date:
    return datetime.strptime(text, "%m/%d/%Y").date()  # noqa: DTZ007  # the files name days, not instants


async def open_salon(units: Units) -> UUID:
    """A merchant with the salon's one store and nothing else."""
    merchant_id = new_id()
    await units.create_merchant(merchant_id, "Hair salon", ZONE)
    async with units.open(merchant_id) as unit:
        await create_store(unit, code="main", name="Main", timezone=ZONE)
    return merchant_id


async def import_all(
    units: Units, master: MasterKey, merchant_id: UUID, rejects: Path, *, order: Sequence[int] = range(6)
) -> dict[str, ImportReport]:
    reports = {}
    for number in order:
        file, kind, mapping = FILES[number]
        request = ImportRequest(
            merchant_id, kind, BOOKS / file, MAPPINGS / mapping, rejects_path=rejects / f"{mapping}.csv", chunk=500
        )
        reports[mapping] = await run_import(units, master, request)
    return reports
