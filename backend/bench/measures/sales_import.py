"""I1: a CSV of sales lines, the whole way to sales, visits, events and facts, in lines a second; COPY of the same rows for orientation."""

from typing import Final

from backend.bench.figures import Benchmark, Measured, Scale, at_least
from backend.bench.imports import Book, import_rounds
from backend.bench.salons import Size
from backend.bench.sheets import SALES_MAPPING, write_sales
from backend.bench.stage import Stage
from backend.imports.kinds import ImportKind

LINES: Final = {Scale.SMALL: 100_000, Scale.FULL: 1_000_000}
SIZE: Final = Size(customers=10_000)
TABLES: Final = ("sale", "sale_line", "visit", "event")
"""Every table that the import of a sale adds rows to; the customers' facts are updated beside."""


async def run(stage: Stage, scale: Scale) -> Measured:
    """Import into a salon that knows its 10,000 customers."""
    receipts = write_sales(stage.folder / f"{ImportKind.SALES}.csv", LINES[scale], SIZE)
    book = Book(ImportKind.SALES, SALES_MAPPING, LINES[scale], SIZE, TABLES)
    rounds, detail = await import_rounds(stage, book)
    return Measured(
        LINES[scale] / rounds.seconds, {"receipts": receipts, "timesCopy": round(rounds.ratio, 2), **detail}
    )


BENCHMARK: Final = Benchmark("I1", "import of sales lines from CSV, in lines a second", at_least(20_000, "rows/s"), run)
