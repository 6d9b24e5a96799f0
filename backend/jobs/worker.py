"""A worker: the sweep loop, and an ear for the bell. Either may fail for as long as it likes; the process stays."""

import asyncio

from backend.db.units import Units
from backend.jobs.bell import SWEEP, SWEEP_ALL, listen
from backend.jobs.sweeper import Sweep, Sweeper
from backend.observability import logs


async def work(units: Units, sweep: Sweep, redis_url: str, stop: asyncio.Event, *, slots: int = 4) -> None:
    """Do what is due until `stop`, then be out within ten seconds with nothing held."""
    sweeper = Sweeper(units, sweep, slots=slots)
    logs.info("worker.loop.started", slots=slots)
    async with asyncio.TaskGroup() as group:
        group.create_task(sweeper.run(stop))
        group.create_task(listen(redis_url, {SWEEP: sweeper.heard, SWEEP_ALL: sweeper.heard_all}, stop))
    logs.info("worker.loop.stopped")
