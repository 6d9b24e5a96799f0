"""`/v1/staff/notifications`: what the caller was told, and what of it they have read."""

from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.params import JSONBody, QueryParameter

from backend.http.paging import Cursor, Limit, next_link
from backend.http.session import InScope, InUnit, InWork
from backend.http.shown import shown
from tasks.flow.read_notices import ReadBody, Unread, read_notices
from tasks.kernel.paging import CursorGarbled
from tasks.notices.inbox import NoticePage, NoticeQuery, list_notices

OnlyUnread = Annotated[bool, QueryParameter(name="unread", description="Only those not read yet.")]
NOTICE: Final = {
    "id": "01930000-0000-7000-8000-0000000000e1",
    "kind": "digest",
    "title": "今日回访 5 条",
    "body": "逾期 1 条，约定回电 2 条",
    "taskId": None,
    "facts": {"open": 5, "overdue": 1, "callbacks": 2},
    "createdAt": "2026-03-09T02:00:00Z",
    "readAt": None,
}


@get(
    "/notifications",
    operation_id="ListNotifications",
    summary="What I was told",
    opt=shown(CursorGarbled, answer={"items": [NOTICE], "unread": 1, "nextCursor": None}),
)
async def notifications(
    request: Request[Any, Any, Any],
    work: InWork,
    limit: Limit = 20,
    cursor: Cursor = None,
    only_unread: OnlyUnread = False,  # noqa: FBT002  # a query parameter
) -> Response[NoticePage]:
    """Return a page, newest first, in the caller's language, and how many of all are unread; `Link` leads to the next page.

    Kinds: digest, new_tasks, callback_due, urged, handed_over, taken_over, promise_broken, alert. They are kept for ninety days.
    """
    query = NoticeQuery(limit=limit, cursor=cursor, unread_only=only_unread, locale=work.locale)
    page = await list_notices(work.unit, work.who, query)
    return Response(page, headers=next_link(request, page.next_cursor))


@post(
    "/notifications/read",
    operation_id="ReadNotifications",
    summary="Mark notifications as read",
    status_code=200,
    opt=shown(request={"upTo": "01930000-0000-7000-8000-0000000000e1"}, answer={"unread": 0}),
)
async def read(data: JSONBody[ReadBody], unit: InUnit, who: InScope) -> Unread:
    """Mark one's own; the first reading stays, and ids of others are passed over."""
    return await read_notices(unit, who, data, unit.now)


HANDLERS: Final = (notifications, read)
