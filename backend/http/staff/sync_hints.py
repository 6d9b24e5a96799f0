"""The stream's side of sync: hints that there is something, never the thing itself."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from time import monotonic
from typing import Final

from backend.http.streaming import BEAT, RETRY, Stay, event
from backend.listeners.hub import Listener, Whom, Woken
from backend.observability import logs
from tasks.flow.sync_tasks import Glimpse, glimpse
from tasks.kernel.errors import FlowError

BEAT_EVERY_S: Final = 15.0
APART_S: Final = 0.5
"""Least time between two looks of one stream: a busy store is a hint twice a second, however much happens."""


@dataclass(frozen=True)
class Subscriber:
    """Who a stream is for, on which installation, and how long it may last, in seconds."""

    stay: Stay
    whom: Whom
    device: str
    lasts_s: float


async def hints(told: Subscriber, cursor: str | None) -> AsyncGenerator[bytes, None]:
    """Yield the events of one stream until its time is over or the member has no access, each when the one before has been taken.

    A consumer that takes nothing holds up only itself: what happens meanwhile becomes one hint.
    """
    over = monotonic() + told.lasts_s
    with told.stay.hub.listen(told.whom) as listener:
        yield RETRY
        woken = Woken(tasks=True)  # what changed before we listened woke nobody
        while not woken.gone and monotonic() < over:
            if woken.notice:
                yield event("notice", {})
            if woken.tasks:
                seen = await _look(told, listener, cursor)
                if seen is None or seen.news:
                    yield event("tasks", {"cursor": cursor}, cursor)
                if seen is None:
                    return
                cursor = seen.cursor
            elif not woken.notice:
                yield BEAT
            woken = await _next(listener, over)


async def _look(told: Subscriber, listener: Listener, cursor: str | None) -> Glimpse | None:
    """Return what lies before the phone; None when the stream cannot go on, for which a sync gives the reason."""
    try:
        async with told.stay.work() as (unit, scope):
            seen = await glimpse(unit, scope, cursor, told.device)
    except Exception as fault:  # noqa: BLE001  # half an answer is sent: ending it is all that is left
        if not isinstance(fault, FlowError):
            logs.warning("stream.look.failed", fault)
        return None
    listener.known = seen.standing.revisions
    return seen


async def _next(listener: Listener, over: float) -> Woken:
    """Return what comes next, not too soon after the last look: a change that follows at once waits a little."""
    began = monotonic()
    woken = await listener.wait(min(BEAT_EVERY_S, over - began))
    if woken.tasks and not woken.gone:
        await asyncio.sleep(max(0.0, began + APART_S - monotonic()))
    return woken
