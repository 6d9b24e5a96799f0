"""A worker: the sweep loop, slower ones for what is done now and then and for what is looked after, and an ear for the bell.

Each may fail for as long as it likes; the process stays. Each loop beats (backend/observability/heart.py), so that it is known which of them live.
"""

import asyncio
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from backend.db.units import Units
from backend.jobs.bell import PUSH, SWEEP, SWEEP_ALL, Job, listen
from backend.jobs.frozen import Frozen
from backend.jobs.statistics import watch_growth
from backend.jobs.sweeper import DUE, TO_PUSH, TO_TEND, TO_WATCH, Sweep, Sweeper
from backend.observability import logs
from backend.observability.heart import Heart


async def _nothing(_merchant_id: UUID) -> None:
    """Do nothing for nobody."""


@dataclass(frozen=True)
class Chores:
    """What is done at one merchant, each safe to run anywhere at any time.

    Attributes:
        sweep: everything that is due.
        tend: what is done now and then; it may take minutes, so one merchant at a time and never in the way of a sweep.
        watch: what is looked after every half hour, for the watchdogs; quick.
        push: what staff are told, and the pushes that are due; it waits for providers, so it has a loop of its own.
    """

    sweep: Sweep
    tend: Sweep = _nothing
    watch: Sweep = _nothing
    push: Sweep = _nothing


def _rings(sweeper: Sweeper, pusher: Sweeper) -> dict[str, Job]:
    async def heard_all(key: str) -> None:
        await sweeper.heard_all(key)
        await pusher.heard_all(key)

    return {SWEEP: sweeper.heard, PUSH: pusher.heard, SWEEP_ALL: heard_all}


async def work(units: Units, chores: Chores | Sweep, redis_url: str, stop: asyncio.Event, *, slots: int = 4) -> None:
    """Do what is due until `stop`, then be out within ten seconds with nothing held."""
    known = chores if isinstance(chores, Chores) else Chores(chores)
    heart, frozen = Heart(units), Frozen(units)

    async def swept() -> None:
        await heart.beat("sweep")
        await frozen.free()

    sweeper = Sweeper(units, known.sweep, slots=slots, look=DUE, beat=swept)
    pusher = Sweeper(units, known.push, slots=slots, look=TO_PUSH, beat=partial(heart.beat, "push"))
    pushers = [pusher] if known.push is not _nothing else []
    others = [
        Sweeper(units, chore, slots=1, look=look, beat=partial(heart.beat, loop))
        for chore, look, loop in ((known.tend, TO_TEND, "tend"), (known.watch, TO_WATCH, "watch"))
        if chore is not _nothing
    ]
    logs.info("worker.loop.started", slots=slots, worker=heart.worker)
    async with asyncio.TaskGroup() as group:
        for each in (sweeper, *pushers, *others):
            group.create_task(each.run(stop))
        group.create_task(listen(redis_url, _rings(sweeper, pusher), stop))
        group.create_task(watch_growth(units, stop))
    await heart.leave()
    logs.info("worker.loop.stopped")
