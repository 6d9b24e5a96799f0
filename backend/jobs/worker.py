"""A worker: the sweep loop, a slower one for what is done now and then, and an ear for the bell. Each may fail for as long as it likes; the process stays."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from backend.db.units import Units
from backend.jobs.bell import SWEEP, SWEEP_ALL, listen
from backend.jobs.sweeper import TO_TEND, Sweep, Sweeper
from backend.observability import logs


@dataclass(frozen=True)
class Chores:
    """What is done at one merchant, each safe to run anywhere at any time.

    Attributes:
        sweep: everything that is due.
        tend: what is done now and then; it may take minutes, so one merchant at a time and never in the way of a sweep.
    """

    sweep: Sweep
    tend: Sweep


async def work(units: Units, chores: Chores | Sweep, redis_url: str, stop: asyncio.Event, *, slots: int = 4) -> None:
    """Do what is due until `stop`, then be out within ten seconds with nothing held."""
    known = chores if isinstance(chores, Chores) else Chores(chores, _nothing)
    sweeper, tender = Sweeper(units, known.sweep, slots=slots), Sweeper(units, known.tend, slots=1, look=TO_TEND)
    logs.info("worker.loop.started", slots=slots)
    async with asyncio.TaskGroup() as group:
        group.create_task(sweeper.run(stop))
        if known.tend is not _nothing:
            group.create_task(tender.run(stop))
        group.create_task(listen(redis_url, {SWEEP: sweeper.heard, SWEEP_ALL: sweeper.heard_all}, stop))
    logs.info("worker.loop.stopped")


async def _nothing(_merchant_id: UUID) -> None:
    """Tend nobody."""
