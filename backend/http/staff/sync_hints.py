"""The stream's side of sync: hints that there is something, never the thing itself."""

import asyncio
from collections.abc import AsyncGenerator
from time import monotonic
from typing import Final

from backend.auth.errors import Unauthenticated
from backend.http.streaming import BEAT, RETRY, Visit, event
from backend.listeners.hub import Listener, Woken
from tasks.flow.sync_tasks import Glimpse, SyncReset, glimpse

BEAT_EVERY_S: Final = 15.0
APART_S: Final = 0.5
"""Least time between two looks of one stream: a busy store is a hint twice a second, however much happens."""


async def hints(visit: Visit, cursor: str | None, device: str, lasts_s: float) -> AsyncGenerator[bytes, None]:
    """Yield the events of one stream until the token is over or the member has no access, each when the one before has been taken.

    A consumer that takes nothing holds up only itself: what happens meanwhile becomes one hint.
    """
    over = monotonic() + min(lasts_s, visit.services.stream_s)
    async with visit.work() as (_, scope):
        whom = visit.whom(scope)
    with visit.hub.listen(whom) as listener:
        yield RETRY
        woken = Woken(tasks=True)  # what changed before we listened woke nobody
        while not woken.gone and monotonic() < over:
            if woken.notice:
                yield event("notice", {})
            if woken.tasks:
                try:
                    seen = await _look(visit, listener, cursor, device)
                except SyncReset:  # the stores or the role have changed: the phone's own sync is told the same
                    yield event("tasks", {})
                    return
                except Unauthenticated:
                    return
                if seen.news:
                    yield event("tasks", {"cursor": cursor}, cursor)
                cursor = seen.cursor
            elif not woken.notice:
                yield BEAT
            woken = await _next(listener, over)


async def _look(visit: Visit, listener: Listener, cursor: str | None, device: str) -> Glimpse:
    async with visit.work() as (unit, scope):
        seen = await glimpse(unit, scope, cursor, device)
    listener.known = seen.standing.revisions
    return seen


async def _next(listener: Listener, over: float) -> Woken:
    """Return what comes next, not too soon after the last look: a change that follows at once waits a little."""
    began = monotonic()
    woken = await listener.wait(min(BEAT_EVERY_S, over - began))
    if woken.tasks and not woken.gone:
        await asyncio.sleep(max(0.0, began + APART_S - monotonic()))
    return woken
