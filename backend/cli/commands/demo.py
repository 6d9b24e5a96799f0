"""`demo`, and the hidden `guard` it starts."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backend.cli.commands.answers import AsJson
from backend.cli.edge import go

if TYPE_CHECKING:
    from backend.settings import Settings


def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the walk instead of staying up.")] = False,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show a salon in full swing and walk the main job over the real API. Keeps to .huifang-demo/, empties it first."""

    async def work(settings: "Settings") -> None:
        from backend.cli.demo.show import demo, settings_of

        await demo(settings_of(settings, port), once=once or as_json, as_json=as_json)

    go(work)


def guard(home: Path) -> None:
    """Wait for standard input to close, then stop the private servers of a home that nobody holds."""
    from backend.cli.demo.guard import watch

    raise typer.Exit(watch(home))
