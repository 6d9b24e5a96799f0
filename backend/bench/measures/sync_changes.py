"""S7: what changed for one device, asked a hundred times a second while tasks are changing."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle, islice
from math import ceil
from time import perf_counter
from typing import Final
from uuid import UUID

import msgspec
import psutil

from backend.bench.figures import Benchmark, Measured, NotTheWork, Scale, at_most
from backend.bench.load import Line, free_port, request
from backend.bench.processes import process
from backend.bench.stage import Database, Stage
from backend.bench.worklists import Looker, found_worklists
from tasks.kernel.unit import Unit
from tasks.worklist.feed import feed

TASKS: Final = {Scale.SMALL: 20_000, Scale.FULL: 200_000}
SECONDS: Final = {Scale.SMALL: 10, Scale.FULL: 60}
DEVICES: Final = 64
A_SECOND: Final = 100
WRITES_A_SECOND: Final = 20
TASKS_A_WRITE: Final = 8
P95_MS: Final = 60.0


class Item(msgspec.Struct):
    """What a device needs of a task to be compared with the database."""

    id: UUID
    attempts: int


class Answer(msgspec.Struct, rename="camel"):
    """What a device needs of an answer."""

    items: list[Item]
    removed: list[dict[str, object]]
    cursor: str
    has_more: bool


_answer: Final = msgspec.json.Decoder(Answer)


@dataclass
class Device:
    """A phone on a connection of its own, which is opened when it is needed: the server hangs up on quiet ones."""

    looker: Looker
    port: int
    line: Line | None = None
    cursor: str | None = None
    attempts: dict[UUID, int] = field(default_factory=dict)
    told: int = 0
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def sync(self) -> None:
        """Ask until there is no more, one question at a time."""
        async with self._turn:
            while await self._ask():
                pass

    async def _ask(self) -> bool:
        query = f"?cursor={self.cursor}" if self.cursor else ""
        self.line = self.line or await Line.open(self.port)
        answer = _answer.decode(await self.line.ask(request(f"/v1/staff/sync/tasks{query}", self.looker.token)))
        self.attempts |= {item.id: item.attempts for item in answer.items}
        self.told += len(answer.items)
        self.cursor = answer.cursor
        return answer.has_more

    def hang_up(self) -> None:
        """Close the connection."""
        if self.line is not None:
            self.line.close()
        self.line = None


async def run(stage: Stage, scale: Scale) -> Measured:
    """Milliseconds within which 95 of 100 syncs were answered, from the instant each was due."""
    async with stage.database() as database:
        merchant_id, lookers = await found_worklists(database, TASKS[scale], DEVICES)
        await database.refresh_stats()
        port = free_port()
        async with process(database, "api", "--port", str(port)) as api:
            devices = [Device(each, port) for each in lookers]
            for device in devices:
                await device.sync()
                device.hang_up()
            async with _writing(database, merchant_id, lookers) as written:
                await _steady(devices, 2)
                before = sum(device.told for device in devices)
                spent = _cpu(api.pid)
                waited = await _steady(devices, SECONDS[scale])
                spent = _cpu(api.pid) - spent
                told = sum(device.told for device in devices) - before
            await _check(database, merchant_id, devices)
            for device in devices:
                device.hang_up()
    detail = {
        "medianMs": _ms(waited, 0.5), "p99Ms": _ms(waited, 0.99), "requests": len(waited), "changesWritten": sum(written), "tasksTold": told,
        "apiCpuMs": round(spent / len(waited) * 1000, 1),
        "devices": DEVICES, "tasks": TASKS[scale],
    }  # fmt: skip
    return Measured(_ms(waited, 0.95), detail)


async def _steady(devices: Sequence[Device], seconds: int) -> list[float]:
    """Let the devices ask in turn, at the pace, whatever the answers take; returns how long each waited from when it was due."""
    began = perf_counter()

    async def one(number: int, device: Device) -> float:
        await asyncio.sleep(max(0.0, began + number / A_SECOND - perf_counter()))
        await device.sync()
        return perf_counter() - began - number / A_SECOND

    turns = islice(cycle(devices), seconds * A_SECOND)
    return list(await asyncio.gather(*(one(number, device) for number, device in enumerate(turns))))


@asynccontextmanager
async def _writing(database: Database, merchant_id: UUID, lookers: Sequence[Looker]) -> AsyncIterator[list[int]]:
    """Change tasks of the devices' employees at a pace within the block; yields how many changes each transaction committed."""
    over, written = asyncio.Event(), list[int]()
    writing = asyncio.ensure_future(_write(database, merchant_id, lookers, (over, written)))
    try:
        yield written
    finally:
        over.set()
        await writing


async def _write(
    database: Database, merchant_id: UUID, lookers: Sequence[Looker], told: tuple[asyncio.Event, list[int]]
) -> None:
    over, written = told
    async with database.units.glance(merchant_id) as unit:
        rows = await unit.rows(_THEIRS, staff=[each.staff_id for each in lookers])
    turns, began = cycle([row["id"] for row in rows]), perf_counter()
    while not over.is_set():
        async with database.units.open(merchant_id) as unit:
            written.append(await _change(unit, list(islice(turns, TASKS_A_WRITE))))
        await asyncio.sleep(max(0.0, began + len(written) / WRITES_A_SECOND - perf_counter()))


_THEIRS: Final = """
select id from task where merchant_id = :merchant and assignee_id = any(cast(:staff as uuid[])) and status = 'open' order by md5(id::text)
"""
_CHANGE: Final = """
update task set attempts = attempts + 1 where merchant_id = :merchant and id = any(cast(:ids as uuid[])) returning store_id, id
"""


async def _change(unit: Unit, task_ids: list[UUID]) -> int:
    rows = await unit.rows(_CHANGE, ids=task_ids)
    for row in rows:
        feed(unit).changed(row["store_id"], row["id"])
    return len(rows)


async def _check(database: Database, merchant_id: UUID, devices: Sequence[Device]) -> None:
    """Raise `NotTheWork` unless every device ends with what the database says of the employee's tasks."""
    for device in devices:
        device.hang_up()
        await device.sync()
        async with database.units.glance(merchant_id) as unit:
            rows = await unit.rows(
                "select id, attempts from task where merchant_id = :merchant and assignee_id = :staff and status = 'open'",
                staff=device.looker.staff_id,
            )
        if not rows or any(device.attempts.get(row["id"]) != row["attempts"] for row in rows):
            raise NotTheWork("a device missed a change")


def _cpu(pid: int) -> float:
    """Processor seconds of the API so far: steadier than its answers on a machine that others use."""
    times = psutil.Process(pid).cpu_times()
    return float(times.user + times.system)


def _ms(waited: list[float], share: float) -> float:
    return round(sorted(waited)[ceil(len(waited) * share) - 1] * 1000, 1)


BENCHMARK: Final = Benchmark(
    "S7",
    "sync of changes for one device at 100 requests/s, p95",
    at_most(P95_MS, "ms"),
    run,
)
