"""`import`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backend.cli.commands.answers import AsJson, OfMerchant
from backend.cli.edge import go

if TYPE_CHECKING:
    from backend.settings import Settings


def import_books(
    kind: Annotated[
        str,
        typer.Argument(
            help="levels, sources, attributes, categories, staff, products, customers, card-products, "
            "cards, sales, visits or appointments."
        ),
    ],
    file: Annotated[Path, typer.Argument(help="A CSV or XLSX file.", exists=True, dir_okay=False, readable=True)],
    mapping: Annotated[
        Path,
        typer.Option(help="TOML file that says which column is what.", exists=True, dir_okay=False, readable=True),
    ],
    merchant: OfMerchant = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Read and check everything, keep nothing.")] = False,
    rejects: Annotated[Path | None, typer.Option(help="Where refused rows go; else <file>.rejected.csv here.")] = None,
    as_json: AsJson = False,
) -> None:
    """Take in a file of books; sent again it doubles nothing. Refused rows are written to a file with reasons."""

    async def work(settings: "Settings") -> int:
        from backend.cli.importing import Wanted, import_file

        return await import_file(settings, Wanted(kind, file, mapping, merchant, dry_run, rejects), as_json=as_json)

    go(work)
