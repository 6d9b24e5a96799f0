"""How long something took, and where: rounds of work and floor, processor time of both sides, time per statement."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter, process_time
from typing import Any, Final

import asyncpg
import psutil
from sqlalchemy import event

from backend.bench.stage import Database

SHOWN: Final = 8
"""Statements that a detail lists."""
_WORDS: Final = 58


@dataclass
class Rounds:
    """Seconds of the work and of its floor, round by round."""

    work: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return median(work / floor for work, floor in zip(self.work, self.floor, strict=True))

    def detail(self) -> dict[str, Any]:
        """Seconds of every round, for whoever wonders how steady the machine was."""
        return {"workSeconds": _shown(self.work), "floorSeconds": _shown(self.floor)}


def _shown(seconds: list[float]) -> list[float]:
    return [round(one, 2) for one in seconds]


@contextmanager
def timed(into: list[float]) -> Iterator[None]:
    """Append the seconds of the block."""
    started = perf_counter()
    yield
    into.append(perf_counter() - started)


@dataclass
class Split:
    """What one round of work spent, where.

    Attributes:
        client: processor seconds of this process.
        server: processor seconds of PostgreSQL, all of its processes.
        statements: wall seconds per statement; those of parallel connections overlap.
    """

    client: float = 0.0
    server: float = 0.0
    wall: float = 0.0
    statements: dict[str, float] = field(default_factory=dict)

    def detail(self) -> dict[str, Any]:
        """Processor seconds of both sides, and the statements that took the longest."""
        longest = sorted(self.statements.items(), key=lambda one: -one[1])[:SHOWN]
        return {
            "cpuSeconds": {"python": round(self.client, 2), "postgres": round(self.server, 2), "wall": round(self.wall, 2)},
            "inStatements": round(sum(self.statements.values()), 2),
            "longest": {name: round(seconds, 2) for name, seconds in longest},
        }


@asynccontextmanager
async def split(database: Database) -> AsyncIterator[Split]:
    """Watch a round of work through the database's engine."""
    seen = Split()
    async with database.as_owner() as connection:
        server = await _postmaster(connection)
        before, client, started = _spent(server), process_time(), perf_counter()
        with _statements(database, seen.statements):
            yield seen
        seen.wall, seen.client, seen.server = perf_counter() - started, process_time() - client, _spent(server) - before


async def _postmaster(connection: "asyncpg.Connection[asyncpg.Record]") -> psutil.Process:
    backend = await connection.fetchval("select pg_backend_pid()")
    return await asyncio.to_thread(lambda: psutil.Process(psutil.Process(backend).ppid()))


def _spent(server: psutil.Process) -> float:
    """Processor seconds of a postmaster with its live children and those that ended."""
    times = server.cpu_times()
    alive = [_times(child) for child in server.children()]
    return float(times.user + times.system + times.children_user + times.children_system + sum(alive))


def _times(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system)


@contextmanager
def _statements(database: Database, into: dict[str, float]) -> Iterator[None]:
    engine = database.engine.sync_engine

    def begin(*arguments: Any) -> None:
        arguments[4].bench_started = perf_counter()

    def end(*arguments: Any) -> None:
        name = shortened(arguments[2])
        into[name] = into.get(name, 0.0) + perf_counter() - arguments[4].bench_started

    event.listen(engine, "before_cursor_execute", begin)
    event.listen(engine, "after_cursor_execute", end)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", begin)
        event.remove(engine, "after_cursor_execute", end)


def shortened(statement: str) -> str:
    """Return a statement's first words, and for one that begins with its own names what it then does."""
    flat = " ".join(statement.split())
    deed = re.search(r"\b(?:insert into|update|delete from) \w+", flat)
    start = flat[:_WORDS]
    return start if deed is None or deed.start() < _WORDS // 2 else f"{start[: _WORDS // 2]} … {deed.group()}"
