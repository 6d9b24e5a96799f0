"""`huifang worker`: knows no HTTP, so that it stays small."""

from backend.cli.serving import Process, serving
from backend.jobs.worker import work
from backend.observability import logs
from backend.settings import Settings
from tasks.flow.run_plans import sweep_merchant


async def serve_worker(settings: Settings, process: Process) -> None:
    """Do what is due until told to end, and be out within ten seconds."""
    logs.configure(settings.log_level)
    async with serving(settings, process, worker=True) as (runtime, stop):
        process.announce()
        units = runtime.units
        sweep = lambda merchant_id: sweep_merchant(units, merchant_id)  # noqa: E731  # one expression, used once
        await work(units, sweep, runtime.servers.redis_url, stop, slots=settings.job_slots)
