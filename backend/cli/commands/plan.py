"""`plan`."""

from typing import TYPE_CHECKING, Annotated

import typer

from backend.cli.commands.answers import AsJson, OfMerchant
from backend.cli.edge import go

if TYPE_CHECKING:
    from backend.settings import Settings

plan = typer.Typer(help="Plans (计划): preview, back-test, turn on, list.", no_args_is_help=True)

Template = Annotated[str, typer.Option(help="Key of a template, such as second_visit.")]


@plan.command("preview")
def preview(
    template: Template,
    as_of: Annotated[str, typer.Option(metavar="DAY", help="The day to look at, such as 2026-03-01.")],
    merchant: OfMerchant = None,
    as_json: AsJson = False,
) -> None:
    """Show whom a plan would pick on a day, how many tasks that makes, and why the others get none. Writes nothing."""

    async def work(settings: "Settings") -> None:
        from backend.cli.planning import preview

        await preview(settings, merchant, (template, as_of), as_json=as_json)

    go(work)


@plan.command("back-test")
def back_test(
    template: Template,
    from_on: Annotated[str, typer.Option("--from", metavar="DAY", help="The first day, such as 2026-01-01.")],
    to_on: Annotated[str, typer.Option("--to", metavar="DAY", help="The last day; at most 366 days.")],
    merchant: OfMerchant = None,
    as_json: AsJson = False,
) -> None:
    """Run a plan over a past period with a virtual clock: tasks per day and employee, and who came anyway. Writes nothing."""

    async def work(settings: "Settings") -> None:
        from backend.cli.planning import back_test

        await back_test(settings, merchant, (template, from_on, to_on), as_json=as_json)

    go(work)


@plan.command("activate")
def activate(template: Template, merchant: OfMerchant = None, as_json: AsJson = False) -> None:
    """Turn a template on with its defaults; a merchant's plan that is there already is turned on again."""

    async def work(settings: "Settings") -> None:
        from backend.cli.planning import activate

        await activate(settings, merchant, template, as_json=as_json)

    go(work)


@plan.command("list")
def list_all(merchant: OfMerchant = None, as_json: AsJson = False) -> None:
    """List a merchant's plans and their states."""

    async def work(settings: "Settings") -> None:
        from backend.cli.planning import list_all

        await list_all(settings, merchant, as_json=as_json)

    go(work)


@plan.command("templates")
def templates(as_json: AsJson = False) -> None:
    """List the templates there are."""

    async def work(_settings: "Settings") -> None:
        from backend.cli.planning import templates

        templates(as_json=as_json)

    go(work)
