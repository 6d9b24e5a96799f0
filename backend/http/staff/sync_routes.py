"""`/v1/staff/sync/tasks` and `/v1/staff/stream`: what a phone shows follows the database, by asking, by waiting, or by being told."""

from time import monotonic
from typing import Final, cast

from litestar import Response, get
from litestar.response import Stream

from backend.http.shown import shown
from backend.http.staff.sync_hints import Subscriber, hints
from backend.http.staff.sync_schemas import (
    STREAM,
    SYNC,
    InCall,
    Include,
    InInclude,
    LastEventId,
    Limit,
    SyncCursor,
    Wait,
)
from backend.http.staff.task_examples import SYNCED
from backend.http.streaming import EVENT_STREAM, Stay
from tasks.flow.sync_tasks import (
    SyncAsked,
    Synced,
    SyncForeign,
    SyncPage,
    SyncReset,
    glimpse,
    sync_tasks,
)
from tasks.kernel.paging import MAX_LIMIT, CursorGarbled

_ANSWER: Final = {
    "items": [SYNCED],
    "removed": [{"id": "01930000-0000-7000-8000-0000000000cc", "rev": 42, "reason": "reassigned"}],
    "cursor": "kC8x…",
    "hasMore": False,
    "serverTime": "2026-03-09T02:12:00Z",
}
_PROBLEMS: Final = (CursorGarbled, SyncForeign, SyncReset)
_NO_BUFFER: Final = {"X-Accel-Buffering": "no", "Cache-Control": "no-store"}


@get(
    "/sync/tasks",
    operation_id="SyncTasks",
    summary="What changed since the last cursor, or everything",
    dependencies=SYNC,
    opt=shown(*_PROBLEMS, answer=_ANSWER, unchanged=True),
)
async def sync(
    call: InCall, cursor: SyncCursor = None, limit: Limit = MAX_LIMIT, wait: Wait = 0, include: InInclude = None
) -> Response[SyncPage]:
    """Return tasks to keep and tasks to let go of. Ask again with the cursor: at once while `hasMore`, else when told or after a while.

    With `wait` the answer comes as soon as there is something for the caller, or empty when the time is over. 410 `sync-reset`: forget all and ask without
    a cursor.
    """
    asked = SyncAsked(
        cursor=cursor,
        limit=limit,
        device=call.device,
        locale=call.locale,
        detail=include is Include.DETAIL,
        seen=call.seen,
    )
    found = await _answer(call.stay, asked, wait if cursor else 0)
    headers = {"ETag": f'W/"{found.tag}"', "Cache-Control": "private, no-cache"}
    if found.page is None:
        return cast("Response[SyncPage]", Response(None, status_code=304, headers=headers))
    return Response(found.page, headers=headers)


async def _answer(stay: Stay, asked: SyncAsked, wait_s: float) -> Synced:
    """Return the first answer that is not quiet, or the last one; nothing is held while nothing happens."""
    async with stay.work() as (unit, scope):
        found = await sync_tasks(unit, scope, asked)
    if not found.quiet or wait_s <= 0:
        return found
    over = monotonic() + wait_s
    with stay.hub.listen(stay.whom(scope)) as listener:
        while True:
            # Once more at first: what changed before we listened woke nobody.
            async with stay.work() as (unit, scope):
                found = await sync_tasks(unit, scope, asked)
            left = over - monotonic()
            if not found.quiet or left <= 0:
                return found
            listener.known = found.standing.revisions
            if (await listener.wait(left)).gone:
                over = 0.0  # the look at the member says why


@get(
    "/stream",
    operation_id="StreamTasks",
    summary="Be told when there is something to sync",
    media_type=EVENT_STREAM,
    dependencies=STREAM,
    opt=shown(*_PROBLEMS, answer='id: kC8x…\nevent: tasks\ndata: {"cursor":"kC8x…"}\n\n'),
)
async def stream(call: InCall, last_event_id: LastEventId = None) -> Stream:
    """Send `tasks` when there is something to sync and `notice` when there is a notification, as server-sent events, until the access token is over.

    The `id` is a sync cursor: a sync from there brings what the hint is about. Come back with it as `Last-Event-ID`. A hint holds nothing of a task.
    """
    stay = call.stay
    async with stay.work() as (unit, scope):
        await glimpse(
            unit, scope, last_event_id, call.device
        )  # what is wrong with the cursor is said before the stream begins
        lasts_s = min(await stay.seconds_left(unit), stay.services.stream_s)
    told = Subscriber(stay, stay.whom(scope), call.device, lasts_s)
    return Stream(hints(told, last_event_id), media_type=EVENT_STREAM, headers=_NO_BUFFER)


HANDLERS: Final = (sync, stream)
