"""`clock`: business time, moved for every process at once."""

from typing import TYPE_CHECKING, Annotated

import typer

from backend.cli.commands.answers import AsJson
from backend.cli.edge import go

if TYPE_CHECKING:
    from backend.settings import Settings

clock = typer.Typer(help="Business time: show it, or move it (development only).", no_args_is_help=True)


@clock.command("show")
def show_clock(as_json: AsJson = False) -> None:
    """Show business time and how far it is from the database clock."""
    _go("show", None, as_json=as_json)


@clock.command("set")
def set_to(
    at: Annotated[str, typer.Argument(help="ISO instant with an offset, such as 2026-03-01T09:00:00+08:00.")],
    as_json: AsJson = False,
) -> None:
    """Make it that instant for every process; time keeps ticking."""
    _go("set", at, as_json=as_json)


@clock.command("advance")
def advance(
    by: Annotated[str, typer.Argument(help="How far: 4h, 30m, 3d, 1d12h.")],
    as_json: AsJson = False,
) -> None:
    """Move it forward."""
    _go("advance", by, as_json=as_json)


@clock.command("reset")
def reset(as_json: AsJson = False) -> None:
    """Make it the database clock again."""
    _go("reset", None, as_json=as_json)


def _go(action: str, value: str | None, *, as_json: bool) -> None:
    async def work(settings: "Settings") -> None:
        from backend.cli.clocks import run

        await run(settings, action, value, as_json=as_json)

    go(work)
