"""Reads one file into one merchant's books."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from uuid import UUID

import msgspec

from backend.db.units import Units
from backend.imports.chunks import Reader, Survey
from backend.imports.dealing import Chunk
from backend.imports.errors import MappingInvalid
from backend.imports.kinds import ImportKind
from backend.imports.mapping import Mapping, check_mapping, load_mapping
from backend.imports.rejects import RejectFile
from backend.imports.repository import begin_run, end_run, keep_refusals, read_books
from backend.imports.source import open_source
from backend.imports.tables import ImportState
from backend.imports.taking import Taker, Tally
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey, RememberingVault
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import Taken
from tasks.people.service import set_history_from

CHUNK = 10_000
"""Rows of one unit of work, which holds the facts of its customers for a second or two."""
LONG, LONG_CHUNK = 200_000, 20_000
"""Sales of so many rows name the same customers in chunk after chunk: with larger ones their facts are written half as often, a seventh of the time."""
LANES = 3
"""Units of work at a time for sales: lanes never share a customer, so they do not wait for each other."""

Progress = Callable[[int, int | None], None]
"""Takes rows done and rows in all."""
FIRST_ROW = "first_row"


@dataclass(frozen=True)
class ImportRequest:
    """What to read, into whose books, and how.

    Attributes:
        merchant_id: whose books.
        kind: what the file holds.
        path: the file.
        mapping: a mapping file, or a mapping that was read already.
        dry_run: do everything and keep nothing.
        rejects_path: where refused rows go; default `<file's stem>.rejected.csv` in the working directory.
        progress: called after each chunk.
        chunk: rows of one unit of work; None: as suits the file.
    """

    merchant_id: UUID
    kind: ImportKind
    path: Path
    mapping: Path | Mapping
    dry_run: bool = False
    rejects_path: Path | None = None
    progress: Progress | None = None
    chunk: int | None = None


class ImportReport(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of a file: read = accepted + duplicate + rejected + all of skipped. Rates are of wall time."""

    run_id: UUID | None
    kind: ImportKind
    dry_run: bool
    read: int
    accepted: int
    duplicate: int
    rejected: int
    skipped: dict[str, int]
    created: dict[str, int]
    rejects_path: str | None
    history_from: date | None
    seconds: float
    rows_per_second: int


@dataclass
class _Run:
    """One reading of one file."""

    units: Units
    request: ImportRequest
    mapping: Mapping
    reader: Reader
    taker: Taker
    rejects: RejectFile
    run_id: UUID
    survey: Survey
    tally: Tally = field(default_factory=Tally)
    vault: RememberingVault | None = None


async def run_import(units: Units, master: MasterKey, request: ImportRequest) -> ImportReport:
    """Read a file into the books, a chunk per unit of work; sent again it changes nothing, stopped half-way it goes on.

    Raises `MappingInvalid`, `FileUnfit`, `ColumnsMissing`, `StoreUnclear` before anything is written.
    """
    started = time.perf_counter()
    run = await _prepare(units, master, request)
    try:
        with _rare_collections():
            await (_rehearse(run) if request.dry_run else _perform(run))
    finally:
        rejects = run.rejects.close()
    return _report(run, rejects, time.perf_counter() - started)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Let the garbage collector look less often: rows make no cycles, and looking at them cost a third of the time."""
    before = gc.get_threshold()
    gc.set_threshold(1_000_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


async def _prepare(units: Units, master: MasterKey, request: ImportRequest) -> _Run:
    mapping = request.mapping if isinstance(request.mapping, Mapping) else load_mapping(request.mapping)
    check_mapping(mapping, request.kind)
    _history(mapping)
    source = await asyncio.to_thread(open_source, request.path, mapping)
    async with units.glance(request.merchant_id) as unit:
        books = await read_books(unit, mapping, request.kind)
    reader = Reader(source, mapping, request.kind, books)
    survey = await asyncio.to_thread(reader.survey)
    rejects = RejectFile(request.rejects_path or Path.cwd() / f"{request.path.stem}.rejected.csv", source.columns)
    rejects.clear()
    return _Run(units, request, mapping, reader, Taker(request.kind, mapping, master), rejects, new_id(), survey)


def _history(mapping: Mapping) -> date | None:
    """Return the day the mapping names; None when it names the first row's, or none."""
    if mapping.history_from in (None, FIRST_ROW):
        return None
    try:
        return date.fromisoformat(mapping.history_from or "")
    except ValueError as fault:
        raise MappingInvalid("history_from", f'a day such as "2026-03-01", or "{FIRST_ROW}"') from fault


async def _rehearse(run: _Run) -> None:
    """Do everything in one transaction that is rolled back: later chunks see what earlier ones would have written."""
    async with run.units.glance(run.request.merchant_id) as unit:
        async for chunk in _stream(run, lanes=1):
            run.tally.created.update(await run.taker.create(unit, chunk))
            tally, refusals = await run.taker.take(unit, chunk)
            run.rejects.write(refusals)
            _advance(run, tally)


async def _perform(run: _Run) -> None:
    """Commit chunk by chunk; the run's row says how it ended."""
    async with _unit(run) as unit:
        await begin_run(unit, run.run_id, run.request.kind, run.reader.source.digest)
    try:
        await _all_lanes(run, LANES if run.request.kind is ImportKind.SALES else 1)
    except BaseException:
        async with _unit(run) as unit:
            await end_run(unit, run.run_id, ImportState.FAILED, _counts(run.tally))
        raise
    async with _unit(run) as unit:
        day = _history(run.mapping) or (run.tally.first_day if run.mapping.history_from == FIRST_ROW else None)
        if day is not None:
            await set_history_from(unit, day)
        await end_run(unit, run.run_id, ImportState.DONE, _counts(run.tally))


async def _all_lanes(run: _Run, lanes: int) -> None:
    """Deal chunks to lanes as they are read; the first fault stops all of them and is raised as it is."""
    queues: list[asyncio.Queue[Chunk | None]] = [asyncio.Queue(maxsize=1) for _ in range(lanes)]
    try:
        async with asyncio.TaskGroup() as group:
            for queue in queues:
                group.create_task(_lane(run, queue))
            async for chunk in _stream(run, lanes):
                # Newcomers are committed before any lane needs them: two lanes must not create the same one.
                if chunk.newcomers:
                    async with _unit(run) as unit:
                        created = await run.taker.create(unit, chunk)
                    run.tally.created.update(created)
                await queues[chunk.lane].put(chunk)
            for queue in queues:
                await queue.put(None)
    except BaseExceptionGroup as faults:
        raise faults.exceptions[0] from None


async def _lane(run: _Run, queue: "asyncio.Queue[Chunk | None]") -> None:
    while (chunk := await queue.get()) is not None:
        async with _unit(run) as unit:
            tally, refusals = await run.taker.take(unit, chunk)
            await keep_refusals(unit, run.run_id, refusals)
        run.rejects.write(refusals)
        _advance(run, tally)


async def _stream(run: _Run, lanes: int) -> AsyncIterator[Chunk]:
    """Yield chunks read in a thread, one ahead of what the database is taking."""
    size = chunk_size(run.request.kind, run.survey.rows) if run.request.chunk is None else run.request.chunk
    chunks = run.reader.chunks(size, lanes, run.survey.scattered)
    ahead = asyncio.ensure_future(asyncio.to_thread(next, chunks, None))
    try:
        while (chunk := await ahead) is not None:
            ahead = asyncio.ensure_future(asyncio.to_thread(next, chunks, None))
            yield chunk
    finally:
        # A generator that is still running in its thread cannot be closed: wait for the step, then let it go.
        await asyncio.wait([ahead])


def chunk_size(kind: ImportKind, rows: int) -> int:
    """Return how many rows of a file of `rows` go in together."""
    return LONG_CHUNK if kind is ImportKind.SALES and rows >= LONG else CHUNK


@asynccontextmanager
async def _unit(run: _Run) -> AsyncIterator[Unit]:
    async with run.units.open(run.request.merchant_id) as unit:
        run.vault = run.vault or RememberingVault(unit.merchant_id, unit.vault.key)
        unit.vault = run.vault
        yield unit


def _advance(run: _Run, tally: Tally) -> None:
    run.tally.add(tally)
    if run.request.progress is not None:
        run.request.progress(run.tally.read, run.survey.rows)


def _counts(tally: Tally) -> dict[str, int]:
    counts = {name.value: tally.taken[name] for name in Taken}
    return {"read": tally.read, **counts, "skipped": tally.skipped.total()}


def _report(run: _Run, rejects: Path | None, seconds: float) -> ImportReport:
    tally, first = run.tally, run.mapping.history_from == FIRST_ROW
    return ImportReport(
        run_id=None if run.request.dry_run else run.run_id,
        kind=run.request.kind,
        dry_run=run.request.dry_run,
        read=tally.read,
        accepted=tally.taken[Taken.ACCEPTED],
        duplicate=tally.taken[Taken.DUPLICATE],
        rejected=tally.taken[Taken.REJECTED],
        skipped=dict(tally.skipped),
        created={name: count for name, count in tally.created.items() if count},
        rejects_path=str(rejects) if rejects else None,
        history_from=tally.first_day if first else _history(run.mapping),
        seconds=round(seconds, 3),
        rows_per_second=round(tally.read / seconds) if seconds else 0,
    )
