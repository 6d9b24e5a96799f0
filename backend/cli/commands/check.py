"""`doctor` and `export-openapi`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from backend.cli.commands.answers import AsJson
from backend.cli.edge import go, show

if TYPE_CHECKING:
    from backend.settings import Settings

COLOURS = {"ok": typer.colors.GREEN, "warn": typer.colors.YELLOW, "fail": typer.colors.RED}


Invariants = Annotated[
    bool, typer.Option("--invariants", help="Look at every row of every merchant too; may take minutes.")
]


def doctor(invariants: Invariants = False, as_json: AsJson = False) -> None:
    """Say what is wrong with this installation and what to do; exit code 1 when something must be mended."""

    async def work(settings: "Settings") -> int:
        from backend.cli.doctor import examine

        diagnosis = await examine(settings, every_row=invariants)
        lines = []
        for one in diagnosis.findings:
            mark = typer.style(f"{one.level:<4}", fg=COLOURS[one.level])
            lines.append(f"{mark}  {one.check:<11} {one.seen}" + (f"\n      → {one.todo}" if one.todo else ""))
        show(diagnosis, lines, as_json=as_json)
        return 0 if diagnosis.healthy else 1

    go(work)


def export_openapi(
    file: Annotated[
        Path | None, typer.Argument(help="Where to write it; without, standard output.", dir_okay=False)
    ] = None,
) -> None:
    """Write the OpenAPI 3.1 document of this version: the contract that clients are built on."""

    async def work(_settings: "Settings") -> None:
        from backend.cli.contract import openapi

        document = openapi()
        if file is None:
            typer.echo(document)
        else:
            file.write_text(document + "\n", encoding="utf-8")

    go(work)
