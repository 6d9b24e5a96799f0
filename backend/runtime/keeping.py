"""Keeps the private servers alive while a process uses them: what crashed is started again."""

import asyncio
from contextlib import suppress
from typing import Final

from backend import embedded
from backend.embedded.postgres import Postgres
from backend.embedded.valkey import Valkey
from backend.observability import logs

EVERY_S: Final = 1.0


async def keep(private: embedded.Handle | None, stop: asyncio.Event) -> None:
    """Look every second until `stop`; nothing to do when the servers are somebody else's."""
    while private is not None and not stop.is_set():
        if not await asyncio.to_thread(alive, private):
            await _start_again(private)
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), EVERY_S)


def alive(private: embedded.Handle) -> bool:
    """True while both server processes live."""
    return Postgres(private.places).is_running() and Valkey(private.places).is_running()


async def _start_again(private: embedded.Handle) -> None:
    try:
        await asyncio.to_thread(private.ensure_running)
    except (embedded.EmbeddedError, OSError) as fault:
        logs.error("servers.start.failed", fault)
    else:
        logs.warning("servers.start.repeated")
