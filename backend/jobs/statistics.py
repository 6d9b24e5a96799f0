"""The worker's eye on tables that grow."""

import asyncio
from contextlib import suppress
from typing import Final

from backend.db.statistics import follow_growth
from backend.db.units import Units
from backend.observability import logs

EVERY_S: Final = 2.0
"""Between looks; one takes a few milliseconds."""


async def watch_growth(units: Units, stop: asyncio.Event) -> None:
    """Follow growth until `stop`; while the database does not answer there is none."""
    while not stop.is_set():
        try:
            tables = await follow_growth(units)
        except Exception as fault:  # noqa: BLE001  # the database is away: it comes back, and so do we
            logs.warning("statistics.look.failed", fault)
        else:
            if tables:
                logs.info("statistics.refresh.done", tables=len(tables))
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), EVERY_S)
