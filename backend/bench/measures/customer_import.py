"""S9: a CSV of customers, encrypted on its way in, against COPY of the rows that came out of it."""

from typing import Final

from backend.bench.figures import Benchmark, Measured, Scale, at_most
from backend.bench.imports import Book, import_rounds
from backend.bench.salons import Size
from backend.bench.sheets import CUSTOMERS_MAPPING, write_customers
from backend.bench.stage import Stage
from backend.imports.kinds import ImportKind

CUSTOMERS: Final = {Scale.SMALL: 20_000, Scale.FULL: 100_000}
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
    """Import into a salon that has no customers yet."""
    write_customers(stage.folder / f"{ImportKind.CUSTOMERS}.csv", CUSTOMERS[scale], SIZE)
    book = Book(ImportKind.CUSTOMERS, CUSTOMERS_MAPPING, CUSTOMERS[scale], SIZE, TABLES)
    rounds, detail = await import_rounds(stage, book)
    return Measured(rounds.ratio, detail)


BENCHMARK: Final = Benchmark(
    "S9", "import of customers from CSV, encrypted, against COPY of the same rows", at_most(6.0), run
)
