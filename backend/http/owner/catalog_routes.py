"""`/v1/owner/levels` and the other lists an owner keeps: each is paged, an entry is made or replaced by its code, and switched off, never deleted."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar import Request, Response, delete, get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from backend.http.etags import IfMatch, etag, seen
from backend.http.owner import catalog_schemas as out
from backend.http.owner.outcome_schemas import OutcomesOut, ReasonsOut
from backend.http.paging import Cursor, Limit, next_link
from backend.http.problems.transport import PreconditionRequired
from backend.http.session import InUnit
from backend.http.shown import shown
from tasks.callbacks.codes import OUTCOME_CODES, OutcomeCodeIn, OutcomeCodeSaid
from tasks.callbacks.reasons import OUTCOME_REASONS, ReasonIn, ReasonSaid, reason_key
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.paging import CursorGarbled
from tasks.ledger.catalog import CARD_PRODUCTS, CATEGORIES, PRODUCTS
from tasks.ledger.inputs import CardProductIn, CardProductSaid, CategoryIn, CategorySaid, ProductIn, ProductSaid
from tasks.people.coded import (
    EntryChanged,
    Key,
    Sheet,
    create_coded,
    deactivate_coded,
    list_coded,
    replace_coded,
)
from tasks.people.trait_inputs import AttributeIn, AttributeSaid, LevelIn, LevelSaid, SourceIn, SourceSaid
from tasks.people.traits import ATTRIBUTES, LEVELS, SOURCES


def _one_code(path: str) -> Key:
    return (path,)


def _of_event(path: str) -> Key:
    """A field of an event is written `custom.survey:stars`, one of customers by its code alone."""
    event_type, _, code = path.rpartition(":")
    return event_type, code


@dataclass(frozen=True)
class _Kept:
    """One list: its path, the words for one and for all of it, its table, how it crosses the edge, and an example."""

    path: str
    one: str
    many: str
    words: tuple[str, str]
    sheet: Sheet[Any, Any]
    said: type[msgspec.Struct]
    item: type[msgspec.Struct]
    page: type[msgspec.Struct]
    example: dict[str, Any]
    key: Callable[[str], Key] = _one_code

    def made(self, code: str, said: msgspec.Struct) -> Any:
        """Return the whole item; raises `NotFound` for a path that is no key."""
        parts = dict(zip(self.sheet.key, self.key(code), strict=True))
        return self.item(**parts, **msgspec.structs.asdict(said))


_LISTS: Final = (
    _Kept(
        "/levels", "Level", "Levels", ("a membership level", "Membership levels"), LEVELS, LevelSaid, LevelIn, out.LevelsOut,
        {"name": "金卡", "rank": 3, "benefit": "老客9折"},
    ),
    _Kept(
        "/sources", "Source", "Sources", ("a source of customers", "Where customers come from"), SOURCES, SourceSaid, SourceIn,
        out.SourcesOut, {"name": "大众点评"},
    ),
    _Kept(
        "/attributes", "Attribute", "Attributes", ("a declared field", "Declared fields of customers and events"), ATTRIBUTES,
        AttributeSaid, AttributeIn, out.AttributesOut, {"name": "肤质", "kind": "text", "choices": ["干性", "油性"]}, _of_event,
    ),
    _Kept(
        "/categories", "Category", "Categories", ("a category", "Categories of the catalogue"), CATEGORIES, CategorySaid, CategoryIn,
        out.CategoriesOut, {"name": "美睫", "usualGapDays": 28},
    ),
    _Kept(
        "/products", "Product", "Products", ("a service or goods", "Services and goods"), PRODUCTS, ProductSaid, ProductIn,
        out.ProductsOut, {"name": "补水护理 60 分钟", "kind": "service", "category": "facial", "priceCents": 39800},
    ),
    _Kept(
        "/card-products", "CardProduct", "CardProducts", ("a kind of card", "Kinds of cards"), CARD_PRODUCTS, CardProductSaid,
        CardProductIn, out.CardProductsOut, {"name": "充值卡 1000", "kind": "stored_value"},
    ),
    _Kept(
        "/outcomes", "Outcome", "Outcomes", ("an outcome of your own", "Outcomes of your own"), OUTCOME_CODES, OutcomeCodeSaid,
        OutcomeCodeIn, OutcomesOut, {"behaviour": "will_come", "name": "答应周末来", "nameEn": "Promised the weekend"},
    ),
    _Kept(
        "/outcome-reasons", "OutcomeReason", "OutcomeReasons", ("a reason or category", "Reasons and categories of outcomes"),
        OUTCOME_REASONS, ReasonSaid, ReasonIn, ReasonsOut, {"name": "怀孕暂停", "nameEn": "Paused, pregnant"}, reason_key,
    ),
)  # fmt: skip


def _of(outer: Any, inner: type[msgspec.Struct]) -> Any:
    """Return `outer[inner]`: the handlers of a list are typed by its own Structs."""
    return outer[inner]


def _listing(kept: _Kept) -> HTTPRouteHandler:
    async def listed(request: Request[Any, Any, Any], unit: InUnit, limit: Limit = 20, cursor: Cursor = None) -> Any:
        """Return a page, those that are switched off too; `etag` of each is what `If-Match` takes, `Link` leads to the next page."""
        found = await list_coded(unit, kept.sheet, limit, cursor)
        answer: Any = kept.page
        return Response(answer(list(found.items), found.next_cursor), headers=next_link(request, found.next_cursor))

    listed.__annotations__["return"] = _of(Response, kept.page)
    return get(kept.path, operation_id=f"List{kept.many}", summary=kept.words[1], opt=shown(CursorGarbled))(listed)


def _putting(kept: _Kept) -> HTTPRouteHandler:
    async def stored(code: FromPath[str], data: Any, unit: InUnit, if_match: IfMatch = None) -> Any:
        """Make it (201) when there is none of this code; replace it as a whole when `If-Match` has the version that was seen, or `*`."""
        item = kept.made(code, data)
        if if_match is not None:
            found = await replace_coded(unit, kept.sheet, item, seen(if_match))
            return Response(found, headers=etag(found.etag))
        made = await create_coded(unit, kept.sheet, item)
        if made is None:
            raise PreconditionRequired
        return Response(made, status_code=201, headers=etag(made.etag))

    stored.__annotations__ |= {"data": _of(JSONBody, kept.said), "return": _of(Response, kept.sheet.row)}
    problems = shown(Invalid, EntryChanged, PreconditionRequired, request=kept.example, also=(201,))
    path = f"{kept.path}/{{code:str}}"
    return put(path, operation_id=f"Put{kept.one}", summary=f"Make or replace {kept.words[0]}", opt=problems)(stored)


def _deactivating(kept: _Kept) -> HTTPRouteHandler:
    async def switched_off(code: FromPath[str], unit: InUnit, if_match: IfMatch = None) -> None:
        """Offer it no more; where it is used it stays, and a later `PUT` brings it back."""
        await deactivate_coded(unit, kept.sheet, kept.key(code), seen(if_match))

    path = f"{kept.path}/{{code:str}}"
    problems = shown(NotFound, EntryChanged, PreconditionRequired)
    return delete(path, operation_id=f"Deactivate{kept.one}", summary=f"Switch off {kept.words[0]}", opt=problems)(
        switched_off
    )


HANDLERS: Final[Sequence[HTTPRouteHandler]] = tuple(
    make(kept) for kept in _LISTS for make in (_listing, _putting, _deactivating)
)
