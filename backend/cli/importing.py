"""Takes a file of books in, with a progress bar on a terminal, and says what became of every row."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from backend.cli.edge import FAILED, WRONG_CALL, Refused, show
from backend.cli.merchants import find_merchant
from backend.db.statistics import follow_growth
from backend.imports.kinds import ImportKind
from backend.imports.service import ImportReport, ImportRequest, run_import
from backend.imports.service import Progress as Advance
from backend.runtime import open_runtime
from backend.settings import Settings

DONE: Final = 0


class Wanted(msgspec.Struct, frozen=True):
    """What the command line asked for."""

    kind: str
    file: Path
    mapping: Path
    merchant: str | None
    dry_run: bool
    rejects: Path | None


async def import_file(settings: Settings, wanted: Wanted, *, as_json: bool) -> int:
    """Read the file; exit code 1 when it has rows and every one was refused."""
    kind = _kind(wanted.kind)
    async with open_runtime(settings) as runtime:
        merchant_id = await find_merchant(runtime.units, wanted.merchant)
        with _bar(wanted.file.name) as advance:
            request = ImportRequest(
                merchant_id=merchant_id,
                kind=kind,
                path=wanted.file,
                mapping=wanted.mapping,
                dry_run=wanted.dry_run,
                rejects_path=wanted.rejects,
                progress=advance,
            )
            report = await run_import(runtime.units, runtime.master, request)
        # Whatever runs next, a preview or a plan, meets tables whose size the planner knows.
        await follow_growth(runtime.units)
    show(report, _lines(report), as_json=as_json)
    return FAILED if report.rejected and not report.accepted and not report.duplicate else DONE


def _kind(word: str) -> ImportKind:
    try:
        return ImportKind(word)
    except ValueError as fault:
        raise Refused(f"KIND is one of {', '.join(ImportKind)}", WRONG_CALL) from fault


def _lines(report: ImportReport) -> Iterator[str]:
    kept = "would be taken" if report.dry_run else "taken"
    yield f"{report.read} rows: {report.accepted} {kept}, {report.duplicate} there already, {report.rejected} refused"
    for why, count in report.skipped.items():
        yield f"  {count} passed over: {why}"
    for what, count in report.created.items():
        yield f"  {count} new: {what}"
    if report.rejects_path:
        yield f"  refused rows and their reasons: {report.rejects_path}"
    if report.history_from:
        yield f"  books begin on {report.history_from}"
    yield f"  {report.seconds:.1f} s, {report.rows_per_second} rows/s"


@contextmanager
def _bar(name: str) -> Iterator[Advance | None]:
    """A progress bar on standard error, when that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(name, total=None)
        yield lambda done, total: progress.update(bar, completed=done, total=total)
