"""Options that many commands share."""

from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Answer one JSON document on standard output.")]
OfMerchant = Annotated[
    str | None, typer.Option("--merchant", metavar="NAME|ID", help="Which merchant; not needed when there is only one.")
]
