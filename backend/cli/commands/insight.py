"""`insight`."""

from typing import TYPE_CHECKING

import typer

from backend.cli.commands.answers import AsJson, OfMerchant
from backend.cli.edge import go

if TYPE_CHECKING:
    from backend.settings import Settings

insight = typer.Typer(help="Value and rhythm of customers (RFM, churn, overdue ratio).", no_args_is_help=True)


@insight.callback()
def _several() -> None:
    """Keep `refresh` a command of its own."""


@insight.command("refresh")
def refresh(merchant: OfMerchant = None, as_json: AsJson = False) -> None:
    """Compute everybody of a merchant anew, now, as the worker does every night."""

    async def work(settings: "Settings") -> None:
        from backend.cli.valuing import refresh

        await refresh(settings, merchant, as_json=as_json)

    go(work)
