"""S6: an employee's list, against the same query without a framework and against what a typical team would write."""

import sys
from contextlib import AsyncExitStack
from statistics import median
from typing import Final
from uuid import UUID

import msgspec

from backend.bench.figures import Benchmark, Measured, NotTheWork, Scale, at_least
from backend.bench.load import Line, free_port, request, requests_a_second
from backend.bench.processes import process, program
from backend.bench.rivals.venv import NoPeer, peer_python
from backend.bench.stage import Database, Stage
from backend.bench.worklists import Looker, Page, found_worklists

TASKS: Final = {Scale.SMALL: 20_000, Scale.FULL: 200_000}
ROUNDS: Final = {Scale.SMALL: 3, Scale.FULL: 5}
SECONDS: Final = {Scale.SMALL: 2.0, Scale.FULL: 4.0}
CONNECTIONS: Final = 8
LOOKERS: Final = 64
OF_RAW: Final = 0.6
OF_TYPICAL: Final = 2.0
ENV: Final = "BENCH_MERCHANT"

Wires = tuple[int, list[bytes]]
"""A server's port, and what it is asked."""


async def run(stage: Stage, scale: Scale) -> Measured:
    """Requests a second of each server in turn, round after round; the value is the worse of both ratios as a share of its bar."""
    async with stage.database() as database:
        merchant_id, lookers = await found_worklists(database, TASKS[scale], LOOKERS)
        await database.refresh_stats()
        async with AsyncExitStack() as stack:
            servers = await _serve(stack, stage, database, merchant_id, lookers)
            await _agree(servers)
            rates = await _rates(servers, ROUNDS[scale], SECONDS[scale])
    ours = median(rates["ours"])
    of_raw = median(mine / raw for mine, raw in zip(rates["ours"], rates["raw"], strict=True))
    detail: dict[str, object] = {
        "tasks": TASKS[scale], "connections": CONNECTIONS, "ours": round(ours), "raw": round(median(rates["raw"])),
        "ofRaw": round(of_raw, 2), "ofRawBar": OF_RAW,
    }  # fmt: skip
    shares = [of_raw / OF_RAW]
    if "typical" in rates:
        of_typical = median(mine / other for mine, other in zip(rates["ours"], rates["typical"], strict=True))
        shares.append(of_typical / OF_TYPICAL)
        detail |= {
            "typical": round(median(rates["typical"])),
            "ofTypical": round(of_typical, 2),
            "ofTypicalBar": OF_TYPICAL,
        }
    else:
        detail["typical"] = "not measured: FastAPI and SQLModel could not be installed"
    return Measured(min(shares), detail)


async def _serve(
    stack: AsyncExitStack, stage: Stage, database: Database, merchant_id: UUID, lookers: list[Looker]
) -> dict[str, Wires]:
    """Start every server on a port of its own; what each is asked is the first page of somebody's list."""
    own = {ENV: str(merchant_id)}
    ports = {name: free_port() for name in ("ours", "raw", "typical")}
    await stack.enter_async_context(process(database, "api", "--port", str(ports["ours"])))
    asked = {
        "ours": (ports["ours"], [request("/v1/staff/tasks?limit=20", each.token) for each in lookers]),
        "raw": (ports["raw"], [request(f"/?me={each.staff_id}&store={each.store_id}") for each in lookers]),
    }
    rivals: dict[str, tuple[str, tuple[str, ...]]] = {
        "raw": (sys.executable, ("--factory", "backend.bench.rivals.raw_list:Raw"))
    }
    try:
        rivals["typical"] = (
            await peer_python(stage.folder),
            ("--lifespan", "on", "backend.bench.rivals.typical_list:app"),
        )
        asked["typical"] = (ports["typical"], asked["raw"][1])
    except NoPeer as absent:
        stage.say(f"  {absent}")
    for name, (python, app) in rivals.items():
        serve = ("-m", "uvicorn", *app, "--port", str(ports[name]), "--log-level", "error", "--no-access-log")
        await stack.enter_async_context(program(database, python, *serve, **own))
    return asked


async def _agree(servers: dict[str, Wires]) -> None:
    """Raise `NotTheWork` unless every server shows the same tasks, names and counts to the same employee."""
    told = []
    for port, wires in servers.values():
        line = await Line.open(port)
        page = msgspec.json.decode(await line.ask(wires[0]), type=Page)
        told.append(([(item["id"], item["nickname"], item["overdue"]) for item in page.items], page.counts["today"]))
        line.close()
    if any(one != told[0] for one in told) or len(told[0][0]) != 20:  # noqa: PLR2004  # the page of quality.md
        raise NotTheWork("the servers do not say the same")


async def _rates(servers: dict[str, Wires], rounds: int, seconds: float) -> dict[str, list[float]]:
    for port, wires in servers.values():
        await requests_a_second(port, wires, 1.0, CONNECTIONS)
    rates: dict[str, list[float]] = {name: [] for name in servers}
    for _ in range(rounds):
        for name, (port, wires) in servers.items():
            rates[name].append(await requests_a_second(port, wires, seconds, CONNECTIONS))
    return rates


BENCHMARK: Final = Benchmark(
    "S6",
    "GET /v1/staff/tasks, 20 rows: worse of requests/s ÷ raw asyncpg + msgspec (0.6) and ÷ FastAPI + SQLModel (2.0)",
    at_least(1.0, "of bar"),
    run,
)
