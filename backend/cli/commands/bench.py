"""`bench`."""

from typing import TYPE_CHECKING, Annotated

import typer

from backend.cli.commands.answers import AsJson
from backend.cli.edge import go

if TYPE_CHECKING:
    from backend.settings import Settings


def bench(
    names: Annotated[list[str] | None, typer.Argument(help="S1, S9, … (docs/measuring.md); none: all.")] = None,
    scale: Annotated[str, typer.Option(metavar="small|full", help="small ends in about a minute each.")] = "small",
    as_json: AsJson = False,
) -> None:
    """Measure speed against floors of this machine, on private servers of its own; exit code 1 when a bar is missed."""

    async def work(_settings: "Settings") -> int:
        from backend.cli.benching import measure

        return await measure(names or [], scale, as_json=as_json)

    go(work)
