"""`huifang worker`: knows no HTTP, so that it stays small."""

from functools import partial

from backend.cli.serving import Process, serving
from backend.jobs.worker import Chores, work
from backend.observability import logs
from backend.settings import Settings
from tasks.flow.run_plans import sweep_merchant
from tasks.flow.tend_merchant import tend_merchant
from tasks.flow.watch_books import watch_books


async def serve_worker(settings: Settings, process: Process) -> None:
    """Do what is due until told to end, and be out within ten seconds."""
    logs.configure(settings.log_level)
    async with serving(settings, process, worker=True) as (runtime, stop):
        process.announce()
        units = runtime.units
        chores = Chores(*(partial(chore, units) for chore in (sweep_merchant, tend_merchant, watch_books)))
        await work(units, chores, runtime.servers.redis_url, stop, slots=settings.job_slots)
