"""Finds the merchants that have something due and lets the flow do it, in as many workers as there are.

A sweep may run anywhere, at any time, twice at once: what it does is claimed row by row in the database. So the loop is
a thin shell around `run_once`, a bell only makes it come sooner, and a fault of one merchant is that merchant's alone.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Final
from uuid import UUID

import msgspec
from sqlalchemy import TextClause, text

from backend.db.units import Units
from backend.observability import logs
from tasks.plans.occurrences import AHEAD

EVERY_S: Final = 2.0
"""How long something due waits at most for a look when no bell rang."""
TEND_EVERY_S: Final = 10.0
"""How long what is done now and then waits at most for a look."""
LONGEST_PAUSE_S: Final = 4.0
"""Between looks while the database does not answer: it is back in use within ten seconds of coming back."""
LOOK_S: Final = 5.0
"""How long a look may take: a connection that is half open must not stop the loop."""
DRAIN_S: Final = 3.0
"""How long sweeps may take to end by themselves, out of the ten seconds a stopped worker has; a run that goes on is then given back."""
PLANNED: Final = AHEAD / 2
"""A plan whose firings are written less far ahead is looked at."""


@dataclass(frozen=True)
class Look:
    """How merchants are found: what asks for those that need something (by `:now` and `:until`, until when to plan ahead), and how often it is asked."""

    merchants: TextClause
    every_s: float


DUE: Final = Look(
    text("""
        select merchant_id from merchants_due(cast(:now as timestamptz))
        union select merchant_id from merchants_to_plan(cast(:until as timestamptz))
    """),
    EVERY_S,
)
"""Merchants that have something due."""
TO_PUSH: Final = Look(text("select merchant_id from merchants_to_push(cast(:now as timestamptz))"), EVERY_S)
"""Merchants that have something to tell their staff, or pushes to send."""
TO_WATCH: Final = Look(text("select merchant_id from merchants_to_watch(cast(:now as timestamptz))"), TEND_EVERY_S)
"""Merchants whose books and plans nobody has looked at for half an hour."""
TO_TEND: Final = Look(text("select merchant_id from merchants_to_tend(cast(:now as timestamptz))"), TEND_EVERY_S)
"""Merchants that need what is done now and then: value and rhythm of everybody, rules of tags, counts of segments, and tonight's look at every row."""

Sweep = Callable[[UUID], Awaitable[object]]
"""Does everything that is due at one merchant; safe to run anywhere at any time."""
Beat = Callable[[], Awaitable[None]]
"""Says that a look was answered."""


async def _unheard() -> None:
    """Tell nobody."""


class Report(msgspec.Struct, frozen=True):
    """What one look led to: merchants that had something due, those swept here, and those whose sweep failed."""

    due: int = 0
    swept: int = 0
    failed: int = 0


class Sweeper:
    """Looks and sweeps; holds nothing that another worker would need."""

    def __init__(self, units: Units, sweep: Sweep, *, slots: int = 4, look: Look = DUE, beat: Beat = _unheard) -> None:
        self._units = units
        self._sweep = sweep
        self._beat = beat
        self._how = look
        self._slots = asyncio.Semaphore(slots)
        self._busy: set[UUID] = set()
        self._again: set[UUID] = set()
        self._running: set[asyncio.Task[object]] = set()

    async def run_once(self) -> Report:
        """Look once and sweep every merchant that has something due and is not being swept here; counts faults."""
        due = await self.due()
        await self._beat()
        sweeps = [self.sweep(merchant_id) for merchant_id in due if merchant_id not in self._busy]
        # Told to stop, each of them gives back what it holds: nobody leaves before the last one has.
        done = await asyncio.gather(*sweeps, return_exceptions=True)
        report = Report(len(due), done.count(True), done.count(False))
        if due:
            logs.info("sweep.run.done", due=report.due, swept=report.swept, failed=report.failed)
        return report

    async def due(self) -> list[UUID]:
        """Merchants that have something due, by business time."""
        async with asyncio.timeout(LOOK_S):
            now = await self._units.now()
            async with self._units.nameless() as session:
                found = await session.execute(self._how.merchants, {"now": now, "until": now + PLANNED})
                return [row.merchant_id for row in found]

    async def sweep(self, merchant_id: UUID) -> bool:
        """Sweep one merchant; rung for meanwhile, once more. False when it failed: the next look finds it again."""
        if merchant_id in self._busy:
            self._again.add(merchant_id)
            return True
        self._busy.add(merchant_id)
        try:
            async with self._slots:
                await self._sweep_until_quiet(merchant_id)
        except Exception as fault:  # noqa: BLE001  # one merchant's fault must not stop the others
            logs.error("sweep.merchant.failed", fault, merchant=merchant_id)
            return False
        else:
            return True
        finally:
            self._busy.discard(merchant_id)
            self._again.discard(merchant_id)

    async def _sweep_until_quiet(self, merchant_id: UUID) -> None:
        began = monotonic()
        await self._sweep(merchant_id)
        while merchant_id in self._again:
            self._again.discard(merchant_id)
            await self._sweep(merchant_id)
        logs.debug("sweep.merchant.done", merchant=merchant_id, ms=round((monotonic() - began) * 1000))

    async def heard(self, key: str) -> None:
        """Sweep the merchant of a ring in the background."""
        with suppress(ValueError):  # a ring of another version: the look finds what it meant
            self._start(self.sweep(UUID(key)))

    async def heard_all(self, _key: str) -> None:
        """Look in the background: the clock was moved."""
        self._start(self._look())

    async def run(self, stop: asyncio.Event) -> None:
        """Look every few seconds until `stop`; a long sweep holds up no other. Then let sweeps end, or end them."""
        pause = EVERY_S
        while not stop.is_set():
            answered = await self._look_in_background()
            pause = self._how.every_s if answered else min(pause * 1.5, LONGEST_PAUSE_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
        await self._drain()

    async def _look_in_background(self) -> bool:
        look = self._start(self._look())
        done, _ = await asyncio.wait((look,), timeout=EVERY_S)
        return not done or bool(look.result())

    async def _look(self) -> bool:
        try:
            await self.run_once()
        except Exception as fault:  # noqa: BLE001  # the database is away: it comes back, and so do we
            logs.warning("sweep.look.failed", fault)
            return False
        return True

    def _start(self, work: Awaitable[object]) -> asyncio.Task[object]:
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def _drain(self) -> None:
        """Nothing runs any more: what could not end in time is rolled back, and is still due."""
        if self._running:
            await asyncio.wait(self._running, timeout=DRAIN_S)
        left = list(self._running)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        logs.info("sweep.loop.stopped", cancelled=len(left))
