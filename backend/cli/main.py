"""The entry point: every command by name. Imports only what `--help` needs."""

import typer

from backend.cli.commands import serve
from backend.cli.commands.bench import bench
from backend.cli.commands.books import import_books
from backend.cli.commands.check import doctor, export_openapi
from backend.cli.commands.clock import clock
from backend.cli.commands.demo import demo, guard
from backend.cli.commands.insight import insight
from backend.cli.commands.merchant import api_key, merchant, staff
from backend.cli.commands.plan import plan

RUN, DATA, CARE = "Run", "Data", "Care"

app = typer.Typer(
    name="huifang",
    help="Huifang (回访): follow-up tasks and callbacks for beauty-salon chains.",
    epilog="Settings are HUIFANG_… variables (docs/settings.md); without any, everything runs privately in .huifang/.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("up", rich_help_panel=RUN)(serve.up)
app.command("api", rich_help_panel=RUN)(serve.api)
app.command("worker", rich_help_panel=RUN)(serve.worker)
app.command("migrate", rich_help_panel=RUN)(serve.migrate)
app.command("demo", rich_help_panel=RUN)(demo)
app.command("guard", hidden=True)(guard)
app.add_typer(merchant, name="merchant", rich_help_panel=DATA)
app.add_typer(staff, name="staff", rich_help_panel=DATA)
app.add_typer(api_key, name="api-key", rich_help_panel=DATA)
app.command("import", rich_help_panel=DATA)(import_books)
app.add_typer(plan, name="plan", rich_help_panel=DATA)
app.add_typer(insight, name="insight", rich_help_panel=DATA)
app.add_typer(clock, name="clock", rich_help_panel=CARE)
app.command("doctor", rich_help_panel=CARE)(doctor)
app.command("bench", rich_help_panel=CARE)(bench)
app.command("export-openapi", rich_help_panel=CARE)(export_openapi)


def run() -> int:
    """Run the command line; returns nothing, ends the process with the command's exit code."""
    app()
    return 0
