"""`/v1/manager/segments` and `/v1/manager/smart-segments`: saved audiences, and those that ship."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, delete, get, post, put
from litestar.params import FromPath, JSONBody

from backend.http.etags import IfMatch, etag, seen
from backend.http.manager.segment_schemas import SegmentIn, SegmentsOut
from backend.http.paging import Cursor, Limit, next_link
from backend.http.problems.transport import PreconditionRequired
from backend.http.session import InScope, InUnit, InWork
from backend.http.shown import shown
from tasks.flow.manage_segments import (
    SegmentChanged,
    SegmentInUse,
    SegmentView,
    change_segment,
    create_segment,
    drop_segment,
    list_segments,
    view_segment,
    view_smart_segment,
)
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.paging import CursorGarbled

TREE: Final = {
    "all": [
        {"condition": "segment", "smart": "sleeping_90"},
        {"condition": "card_balance", "above": 0},
    ]
}
SEGMENT: Final = {"name": "沉睡有余额", "tree": TREE, "seenBy": "shared"}
SHOWN: Final = {
    "key": "01930000-0000-7000-8000-000000000001", "kind": "custom", "name": "沉睡有余额", "tree": TREE, "seenBy": "shared", "etag": 1,
    "sentence": "属于分群“沉睡 90 天” 且 充值卡余额高于 0 元", "mayChange": True, "storeId": None, "authorId": "01930000-0000-7000-8000-000000000002",
    "count": {"customers": 128, "countedAt": "2026-03-09T01:00:00Z", "countedOn": "2026-03-09", "change": -3, "since": "2026-03-08"},
    "createdAt": "2026-03-02T01:00:00Z", "changedAt": "2026-03-02T01:00:00Z",
}  # fmt: skip


def _answer(view: SegmentView, status: int = 200) -> Response[SegmentView]:
    return Response(view, status_code=status, headers=etag(view.etag) if view.etag is not None else {})


@get(
    "/segments",
    operation_id="ListSegments",
    summary="Smart and saved segments",
    opt=shown(CursorGarbled, answer={"items": [SHOWN], "nextCursor": None}),
)
async def segments(
    request: Request[Any, Any, Any], work: InWork, limit: Limit = 20, cursor: Cursor = None
) -> Response[SegmentsOut]:
    """Return a page, the smart ones first, with the merchant's last counts for owners; `Link` leads to the next page."""
    page = await list_segments(work.unit, work.who, work.locale, cursor, limit)
    return Response(SegmentsOut(page.items, page.next_cursor), headers=next_link(request, page.next_cursor))


@post(
    "/segments",
    operation_id="CreateSegment",
    summary="Save a segment",
    opt=shown(Invalid, request=SEGMENT, answer={**SHOWN, "count": None}),
)
async def create(data: JSONBody[SegmentIn], work: InWork) -> Response[SegmentView]:
    """Store it; it is counted when it is looked at. Shared ones are the owners' to save."""
    return _answer(await create_segment(work.unit, work.who, data.wish(), work.locale), 201)


@get(
    "/segments/{segment_id:uuid}",
    operation_id="GetSegment",
    summary="One segment, counted now",
    opt=shown(NotFound, answer=SHOWN),
)
async def segment(segment_id: FromPath[UUID], work: InWork) -> Response[SegmentView]:
    """Return the segment with its ETag, in words, counted among the customers one may see."""
    return _answer(await view_segment(work.unit, work.who, segment_id, work.locale))


@put(
    "/segments/{segment_id:uuid}",
    operation_id="ReplaceSegment",
    summary="Save a segment anew",
    opt=shown(NotFound, Invalid, SegmentChanged, SegmentInUse, PreconditionRequired, request=SEGMENT),
)
async def replace(
    segment_id: FromPath[UUID], data: JSONBody[SegmentIn], work: InWork, if_match: IfMatch = None
) -> Response[SegmentView]:
    """Store it if nobody did meanwhile. With another tree its counts begin anew, for it means others than yesterday."""
    was = (segment_id, seen(if_match))
    return _answer(await change_segment(work.unit, work.who, was, data.wish(), work.locale))


@delete(
    "/segments/{segment_id:uuid}",
    operation_id="DeleteSegment",
    summary="Delete a segment",
    opt=shown(NotFound, SegmentInUse),
)
async def drop(segment_id: FromPath[UUID], unit: InUnit, who: InScope) -> None:
    """Delete it, unless other segments, plans or tags use it: the problem names them."""
    await drop_segment(unit, who, segment_id)


@get(
    "/smart-segments/{name:str}",
    operation_id="GetSmartSegment",
    summary="One smart segment, counted now",
    opt=shown(NotFound),
)
async def smart(name: FromPath[str], work: InWork) -> Response[SegmentView]:
    """Return a segment that ships (`sleeping_90`; in the list its key is `smart:sleeping_90`), counted among the customers one may see."""
    return _answer(await view_smart_segment(work.unit, work.who, name, work.locale))


HANDLERS: Final = (segments, create, segment, replace, drop, smart)
