"""Events that arrive at a steady pace, and employees who look at their lists until the tasks are there."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from time import perf_counter
from typing import Any, Final
from uuid import UUID

import httpx

from backend.auth.api_keys import KeyScope, create_api_key
from backend.auth.sessions import open_session
from backend.bench.figures import NotTheWork
from backend.bench.processes import process
from backend.bench.stage import Database

PER_BATCH: Final = 10
BATCHES_A_SECOND: Final = 20
"""Two hundred events a second."""
PATIENCE_S: Final = 30
PAGE: Final = 100


@dataclass(frozen=True)
class Employee:
    """Who is named in the events, and the token that reads the list."""

    code: str
    store: str
    token: str


@dataclass
class Till:
    """Where events come from and lists are read.

    Attributes:
        employees: each batch is one employee's, in turn; they have no other tasks, so the count of the list tells.
        customers: external ids; each is in one event at most.
    """

    client: httpx.AsyncClient
    key: str
    employees: Sequence[Employee]
    customers: Sequence[str]
    _turns: int = 0

    async def one(self, at: datetime) -> float:
        """Send a batch and return after how many seconds its tasks were in the employee's list."""
        turn, self._turns = self._turns, self._turns + 1
        who = self.employees[turn % len(self.employees)]
        mine = self.customers[turn * PER_BATCH : (turn + 1) * PER_BATCH]
        if len(mine) < PER_BATCH:
            raise NotTheWork("out of customers")
        there = (turn // len(self.employees) + 1) * PER_BATCH
        began = perf_counter()
        answer = await self.client.post(
            "/v1/intake/events",
            json=[event(one, who, at) for one in mine],
            headers={"Authorization": f"Bearer {self.key}"},
        )
        if answer.status_code >= 300 or "rejected" in answer.text:  # noqa: PLR2004  # anything but success
            raise NotTheWork(f"{answer.status_code}: {answer.text[:200]}")
        while (await self._list(who))["counts"]["today"] < there:
            if perf_counter() - began > PATIENCE_S:
                raise NotTheWork("a task never came")
            await asyncio.sleep(0.01)
        return perf_counter() - began

    async def _list(self, who: Employee) -> dict[str, Any]:
        answer = await self.client.get(
            "/v1/staff/tasks", params={"limit": 20}, headers={"Authorization": f"Bearer {who.token}"}
        )
        if answer.status_code != 200:  # noqa: PLR2004  # OK
            raise NotTheWork(f"{answer.status_code}: {answer.text[:200]}")
        page: dict[str, Any] = answer.json()
        return page

    async def steady(self, seconds: float, at: datetime) -> list[float]:
        """Send batches at the pace for so long, whatever the answers take; returns the latency of every batch."""
        began, waiting = perf_counter(), []
        for number in range(round(seconds * BATCHES_A_SECOND)):
            await asyncio.sleep(max(0.0, began + number / BATCHES_A_SECOND - perf_counter()))
            waiting.append(asyncio.ensure_future(self.one(at)))
        return list(await asyncio.gather(*waiting))


_numbers = count(1)


def event(customer: str, who: Employee, at: datetime) -> dict[str, Any]:
    """Return a CloudEvent: she tried something and did not buy."""
    return {
        "specversion": "1.0", "id": f"bench-{next(_numbers)}", "source": "bench", "type": "tried_not_bought", "time": at.isoformat(),
        "data": {"customer": customer, "store": who.store, "staff": who.code},
    }  # fmt: skip


@asynccontextmanager
async def open_till(
    database: Database, merchant_id: UUID, employees: Sequence[tuple[str, str, UUID]], customers: Sequence[str]
) -> AsyncIterator[Till]:
    """The API in a process of its own, an integrator's key, and every employee logged in."""
    async with database.units.open(merchant_id) as unit:
        key = await create_api_key(unit, "bench", [KeyScope.INTAKE_WRITE])
        known = [
            Employee(code, store, (await open_session(unit, database.master, staff, f"phone {code}")).access_token)
            for code, store, staff in employees
        ]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    limits = httpx.Limits(max_connections=64)
    base = f"http://127.0.0.1:{port}"
    async with (
        process(database, "api", "--port", str(port)),
        httpx.AsyncClient(base_url=base, limits=limits, timeout=PATIENCE_S) as client,
    ):
        await _up(client)
        yield Till(client, key, known, customers)


async def _up(client: httpx.AsyncClient) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await client.get("/health")
            except httpx.TransportError:
                await asyncio.sleep(0.1)
            else:
                return
