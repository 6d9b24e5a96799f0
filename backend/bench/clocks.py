"""How long something took and what it cost: rounds of work and floor, processor time of both sides, time per statement."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter, process_time
from typing import Any, Final

import msgspec
import psutil

from backend.bench.stage import Database

SHOWN: Final = 10
"""Statements that a detail lists."""
_WORDS: Final = 58


class Spent(msgspec.Struct, frozen=True):
    """Seconds: on the wall, and of processors in this process and in all processes of PostgreSQL."""

    wall: float
    python: float
    postgres: float

    @property
    def cpu(self) -> float:
        """Processor seconds of both sides."""
        return self.python + self.postgres

    def shown(self) -> dict[str, float]:
        """Two decimals each."""
        return {name: round(getattr(self, name), 2) for name in self.__struct_fields__}


@dataclass
class Rounds:
    """What the work and its floor spent, round by round, and the work's wall seconds per statement over all rounds."""

    work: list[Spent] = field(default_factory=list)
    floor: list[Spent] = field(default_factory=list)
    statements: dict[str, float] = field(default_factory=dict)

    @asynccontextmanager
    async def working(self, database: Database) -> AsyncIterator[None]:
        """Count the block as one round of the work."""
        with _statements(database, self.statements):
            async with spending(database, self.work):
                yield

    @asynccontextmanager
    async def flooring(self, database: Database) -> AsyncIterator[None]:
        """Count the block as one round of the floor."""
        async with spending(database, self.floor):
            yield

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios, on the wall."""
        return median(work.wall / floor.wall for work, floor in zip(self.work, self.floor, strict=True))

    @property
    def seconds(self) -> float:
        """The median of the work's seconds on the wall."""
        return median(one.wall for one in self.work)

    def detail(self) -> dict[str, Any]:
        """Every round, the ratio of processor time (steadier on a machine that others use), and where the work's time went."""
        longest = sorted(self.statements.items(), key=lambda one: -one[1])[:SHOWN]
        turns = len(self.work)
        return {
            "work": [one.shown() for one in self.work],
            "floor": [one.shown() for one in self.floor],
            "cpuRatio": round(
                median(work.cpu / floor.cpu for work, floor in zip(self.work, self.floor, strict=True)), 2
            ),
            "statementSeconds": round(sum(self.statements.values()) / turns, 2),
            "longest": {name: round(seconds / turns, 2) for name, seconds in longest},
        }


@asynccontextmanager
async def spending(database: Database, into: list[Spent]) -> AsyncIterator[None]:
    """Append what the block spent; nothing when it fails."""
    server = await _postmaster(database)
    postgres, python, started = _spent(server), process_time(), perf_counter()
    yield
    into.append(Spent(perf_counter() - started, process_time() - python, _spent(server) - postgres))


async def _postmaster(database: Database) -> psutil.Process:
    async with database.as_owner() as connection:
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
    """Add up wall seconds per statement of the database's units; those of parallel connections overlap."""

    def told(statement: str, seconds: float) -> None:
        name = shortened(statement)
        into[name] = into.get(name, 0.0) + seconds

    database.units.watch = told
    try:
        yield
    finally:
        database.units.watch = None


def shortened(statement: str) -> str:
    """Return a statement's first words, and for one that begins with its own names also what it then does."""
    flat = " ".join(statement.split())
    deed = re.search(r"\b(?:insert into|update|delete from) \w+", flat)
    start = flat[:_WORDS]
    return start if deed is None or deed.start() < _WORDS // 2 else f"{start[: _WORDS // 2]} … {deed.group()}"
