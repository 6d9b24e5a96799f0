"""`huifang worker`: knows no HTTP, so that it stays small."""

from functools import partial
from uuid import UUID

from backend.cli.serving import Process, serving
from backend.db.units import Units
from backend.files.opening import open_storage
from backend.jobs.worker import Chores, work
from backend.observability import logs
from backend.push.providers import open_providers
from backend.push.sender import Sender
from backend.settings import Settings
from tasks.files.storing import Storage
from tasks.flow.run_plans import sweep_merchant
from tasks.flow.tend_attachments import tend_attachments
from tasks.flow.tend_merchant import tend_merchant
from tasks.flow.watch_books import watch_books


async def serve_worker(settings: Settings, process: Process) -> None:
    """Do what is due until told to end, and be out within ten seconds."""
    logs.configure(settings.log_level)
    async with serving(settings, process, worker=True) as (runtime, stop):
        process.announce()
        units = runtime.units
        tend = partial(_tend, units, open_storage(settings))
        async with open_providers(settings, runtime.master) as providers:
            push = Sender(units, providers).push
            chores = Chores(partial(sweep_merchant, units), tend, partial(watch_books, units), push)
            await work(units, chores, runtime.servers.redis_url, stop, slots=settings.job_slots)


async def _tend(units: Units, storage: Storage, merchant_id: UUID) -> None:
    await tend_merchant(units, merchant_id)
    await tend_attachments(units, storage, merchant_id)
