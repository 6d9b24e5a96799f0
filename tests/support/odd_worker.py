"""A worker as `huifang worker` runs it, but for what a test asks: it freezes at an exact place, or has less patience.

Run as a process of its own: `python -m tests.support.odd_worker '{"freeze": "inside"}'`. Only this process is changed; the product has no such places.
"""

import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from contextvars import ContextVar
from enum import StrEnum
from functools import partial
from typing import Any
from uuid import UUID

import msgspec

from backend.cli.main import run
from backend.db import engine, transactions
from backend.db.units import Units
from backend.jobs import frozen
from tasks.flow import run_occurrence, run_plans
from tasks.generation import judge
from tasks.kernel.connection import Connection
from tasks.kernel.unit import Unit
from tasks.plans import occurrences


class Freeze(StrEnum):
    """Where a worker freezes, once."""

    INSIDE = "inside"
    """In a chunk's transaction: every row is written and locked, nothing committed."""
    COMMIT = "commit"
    """As `inside`, after the last statement, the revisions of the stores included: just before COMMIT is sent."""
    READING = "reading"
    """While the server answers a statement of a chunk with more than fits on the way: it cannot send it, holds every row, and is not idle."""
    BETWEEN = "between"
    """A chunk has committed, the next has not begun: a lease is held and no transaction is open."""


class Odd(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is odd about this worker; nothing unless said.

    Attributes:
        freeze: where it stops itself, as SIGSTOP would from outside.
        chunk: scopes in one transaction.
        lease: seconds a lease lasts.
        idle: seconds the server lets its transactions idle, and it lets others stand still.
    """

    freeze: Freeze | None = None
    chunk: int | None = None
    lease: int | None = None
    idle: int | None = None


_made: ContextVar[bool] = ContextVar("made", default=False)
"""The run of this context has written a chunk."""


def main() -> int:
    """Be odd, then be a worker."""
    odd = msgspec.json.decode(sys.argv[1], type=Odd)
    if odd.chunk:
        vars(run_plans)["run_occurrence"] = partial(run_occurrence.run_occurrence, chunk=odd.chunk)
    if odd.lease:
        vars(occurrences)["LEASE_SECONDS"] = odd.lease
    if odd.idle:
        vars(engine)["WORKER_IDLE"] = f"{odd.idle}s"
        vars(frozen)["PATIENCE_S"] = odd.idle
    if odd.freeze:
        _freeze_at(odd.freeze)
    sys.argv[1:] = ["worker"]
    return run()


def _freeze_at(place: Freeze) -> None:
    done: list[bool] = []

    def freeze() -> None:
        if not done:
            done.append(True)
            os.kill(os.getpid(), signal.SIGSTOP)

    whole = vars(run_occurrence)["generate"]

    async def generate(*values: Any, **named: Any) -> Any:
        done = await whole(*values, **named)
        _made.set(True)
        if place is Freeze.INSIDE:
            freeze()
        return done

    vars(run_occurrence)["generate"] = generate
    if place is Freeze.READING:
        _freeze_while_asking(freeze)
    if place is Freeze.COMMIT:
        _freeze_before_commit(freeze)
    elif place is Freeze.BETWEEN:
        _freeze_before_units(freeze)


def _freeze_before_commit(freeze: Any) -> None:
    whole = transactions.commit

    async def commit(connection: Connection) -> None:
        if _made.get():
            freeze()
        await whole(connection)

    vars(transactions)["commit"] = commit


def _freeze_while_asking(freeze: Any) -> None:
    """Freeze as soon as the server was asked for the locks of a chunk, and for a line for each of its customers as well."""
    whole = judge.lock

    async def lock(unit: Unit) -> None:
        await whole(unit)
        signal.signal(signal.SIGALRM, lambda _number, _frame: freeze())
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        await unit.run("select repeat('x', 1000) from pg_sleep(0.2), generate_series(1, 2000)")

    vars(judge)["lock"] = lock


def _freeze_before_units(freeze: Any) -> None:
    """Freeze when the run that has written a chunk, and committed it, is about to open its next unit."""
    whole = Units.open

    @asynccontextmanager
    async def open_unit(units: Units, merchant_id: UUID) -> AsyncIterator[Unit]:
        if _made.get():
            freeze()
        async with whole(units, merchant_id) as unit:
            yield unit

    setattr(Units, "open", open_unit)  # noqa: B010  # a method may not be assigned to


if __name__ == "__main__":
    sys.exit(main())
