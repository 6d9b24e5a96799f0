"""`/v1/manager/tags` and `/v1/manager/customers/{id}/tags`: tags, their rules, and who has them."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, delete, get, post, put
from litestar.params import FromPath, JSONBody

from backend.http.etags import IfMatch, etag, seen
from backend.http.manager.tag_schemas import TagIn, TagsOut, WhomIn
from backend.http.paging import Cursor, Limit, next_link
from backend.http.problems.transport import PreconditionRequired
from backend.http.session import InScope, InUnit, InWork
from backend.http.shown import shown
from tasks.flow.manage_tags import (
    TagChanged,
    TagInUse,
    TagView,
    change_tag,
    create_tag,
    drop_tag,
    list_tags,
    view_tag,
)
from tasks.flow.tag_customers import (
    CustomerTags,
    Tagged,
    TagHeldByRule,
    give_in_bulk,
    set_tag,
    tags_of_customer,
    take_in_bulk,
    unset_tag,
)
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.paging import CursorGarbled

TAG: Final = {"name": "高余额", "rule": {"condition": "card_balance", "atLeast": 200_000}, "pace": "at_once"}
WHOM: Final = {"tree": {"condition": "last_visit", "notWithinDays": 90}}
SHOWN: Final = {
    "id": "01930000-0000-7000-8000-000000000001", **TAG, "sentence": "充值卡余额不低于 2000 元", "customers": 64, "etag": 1,
    "judgedAt": "2026-03-09T01:00:00Z", "createdBy": "01930000-0000-7000-8000-000000000002", "createdAt": "2026-03-02T01:00:00Z",
}  # fmt: skip


def _answer(view: TagView, status: int = 200) -> Response[TagView]:
    return Response(view, status_code=status, headers=etag(view.etag))


@get(
    "/tags",
    operation_id="ListTags",
    summary="Tags and how many have them",
    opt=shown(CursorGarbled, answer={"items": [SHOWN], "nextCursor": None}),
)
async def tags(
    request: Request[Any, Any, Any], work: InWork, limit: Limit = 20, cursor: Cursor = None
) -> Response[TagsOut]:
    """Return a page in the order they were made, with how many of the customers one may see have each; `Link` leads to the next page."""
    page = await list_tags(work.unit, work.who, work.locale, cursor, limit)
    return Response(TagsOut(page.items, page.next_cursor), headers=next_link(request, page.next_cursor))


@post("/tags", operation_id="CreateTag", summary="Make a tag", opt=shown(Invalid, request=TAG, answer=SHOWN))
async def create(data: JSONBody[TagIn], work: InWork) -> Response[TagView]:
    """Store it; one with a rule is the owners' to make, and applied at once."""
    return _answer(await create_tag(work.unit, work.who, data.wish(), work.locale), 201)


@get("/tags/{tag_id:uuid}", operation_id="GetTag", summary="One tag", opt=shown(NotFound, answer=SHOWN))
async def tag(tag_id: FromPath[UUID], work: InWork) -> Response[TagView]:
    """Return the tag with its ETag, its rule in words."""
    return _answer(await view_tag(work.unit, work.who, tag_id, work.locale))


@put(
    "/tags/{tag_id:uuid}",
    operation_id="ReplaceTag",
    summary="Rename a tag or change its rule",
    opt=shown(NotFound, Invalid, TagChanged, PreconditionRequired, request=TAG),
)
async def replace(
    tag_id: FromPath[UUID], data: JSONBody[TagIn], work: InWork, if_match: IfMatch = None
) -> Response[TagView]:
    """Store it if nobody did meanwhile, and apply its rule at once; owners only. Without a rule, who has it keeps it."""
    return _answer(await change_tag(work.unit, work.who, (tag_id, seen(if_match)), data.wish(), work.locale))


@delete("/tags/{tag_id:uuid}", operation_id="DeleteTag", summary="Delete a tag", opt=shown(NotFound, TagInUse))
async def drop(tag_id: FromPath[UUID], unit: InUnit, who: InScope) -> None:
    """Delete it from every customer, unless segments, plans or other tags use it; owners only. The history stays."""
    await drop_tag(unit, who, tag_id)


@post(
    "/tags/{tag_id:uuid}/customers:give",
    operation_id="GiveTag",
    summary="Give a tag to many",
    status_code=200,
    opt=shown(NotFound, Invalid, request=WHOM, answer={"meant": 37, "changed": 35}),
)
async def give(tag_id: FromPath[UUID], data: JSONBody[WhomIn], unit: InUnit, who: InScope) -> Tagged:
    """Give it by hand to up to ten thousand customers of the own stores; no rule takes it away then."""
    return await give_in_bulk(unit, who, tag_id, data.whom())


@post(
    "/tags/{tag_id:uuid}/customers:take",
    operation_id="TakeTag",
    summary="Take a tag from many",
    status_code=200,
    opt=shown(NotFound, Invalid, request=WHOM, answer={"meant": 37, "changed": 35}),
)
async def take(tag_id: FromPath[UUID], data: JSONBody[WhomIn], unit: InUnit, who: InScope) -> Tagged:
    """Take it by hand from up to ten thousand customers of the own stores; what the tag's rule gave stays."""
    return await take_in_bulk(unit, who, tag_id, data.whom())


@get(
    "/customers/{customer_id:uuid}/tags",
    operation_id="CustomerTags",
    summary="A customer's tags and their history",
    opt=shown(NotFound, CursorGarbled),
)
async def of_customer(
    request: Request[Any, Any, Any], customer_id: FromPath[UUID], work: InWork, limit: Limit = 20, cursor: Cursor = None
) -> Response[CustomerTags]:
    """Return all she has, and a page of what was given and taken by whom, newest first; `Link` leads to the page before."""
    found = await tags_of_customer(work.unit, work.who, customer_id, cursor, limit)
    return Response(found, headers=next_link(request, found.next_cursor))


@put(
    "/customers/{customer_id:uuid}/tags/{tag_id:uuid}",
    operation_id="SetCustomerTag",
    summary="Give a customer a tag",
    status_code=204,
    opt=shown(NotFound),
)
async def give_one(customer_id: FromPath[UUID], tag_id: FromPath[UUID], unit: InUnit, who: InScope) -> None:
    """Give it by hand; doing it again changes nothing, and no rule takes it away."""
    await set_tag(unit, who, customer_id, tag_id)


@delete(
    "/customers/{customer_id:uuid}/tags/{tag_id:uuid}",
    operation_id="UnsetCustomerTag",
    summary="Take a tag from a customer",
    opt=shown(NotFound, TagHeldByRule),
)
async def take_one(customer_id: FromPath[UUID], tag_id: FromPath[UUID], unit: InUnit, who: InScope) -> None:
    """Take it by hand; doing it again changes nothing. What the tag's own rule gave is the rule's to take."""
    await unset_tag(unit, who, customer_id, tag_id)


HANDLERS: Final = (tags, create, tag, replace, drop, give, take, of_customer, give_one, take_one)
