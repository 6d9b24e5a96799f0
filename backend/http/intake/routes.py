"""`/v1/intake`: events and books from outside, answered item by item."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from litestar import Router, post, put
from litestar.params import JSONBody

from backend.http.intake.guards import DEPENDENCIES, GUARDS
from backend.http.intake.items import each
from backend.http.intake.schemas import MANY, ONE, Events, ResultsOut
from backend.http.requests import Batch
from backend.http.session import InUnit
from backend.http.shown import shown
from tasks.flow.accept_events import accept_events
from tasks.flow.record_books import record_books
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import ItemVerdict
from tasks.ledger.inputs import AppointmentIn, CardIn, CardProductIn, CategoryIn, ProductIn, SaleIn, VisitIn
from tasks.people.inputs import CustomerIn
from tasks.people.trait_inputs import AttributeIn, LevelIn, SourceIn

T = TypeVar("T")

MOST_BODY: Final = 8 * 1024 * 1024
"""Bytes of a batch: a thousand receipts with lines fit several times."""

EVENT: Final = {
    "specversion": "1.0",
    "id": "pos-10233",
    "source": "pos:xuhui",
    "type": "service_completed",
    "time": "2026-03-02T15:04:05+08:00",
    "subject": "C-1001",
    "data": {"store": "SH01", "service": "FACIAL-60"},
}
ACCEPTED: Final = {"results": [{"index": 0, "status": "accepted", "id": "01930000-0000-7000-8000-000000000003"}]}


def _batch(*items: dict[str, Any]) -> dict[str, Any]:
    return shown(request={"items": list(items)}, answer=ACCEPTED)


def _recorder(unit: Unit, kind: str) -> Callable[[list[Any]], Awaitable[Sequence[ItemVerdict]]]:
    async def record(items: list[Any]) -> Sequence[ItemVerdict]:
        return await record_books(unit, kind, items)

    return record


@post(
    "/events",
    operation_id="AcceptEvents",
    summary="Send one event or a batch of them",
    status_code=200,
    opt=shown(request={ONE: EVENT, MANY: [EVENT], "application/json": [EVENT]}, answer=ACCEPTED),
)
async def events(data: JSONBody[Events], unit: InUnit) -> ResultsOut:
    """Accept CloudEvents 1.0; an accepted event already has its tasks. Unique on source + id: sending again answers `duplicate`."""

    async def accept(items: list[dict[str, Any]]) -> Sequence[ItemVerdict]:
        return await accept_events(unit, items)

    return await each(data.items, dict[str, Any], accept)


@put(
    "/customers:batch",
    operation_id="UpsertCustomers",
    summary="Create or change customers",
    opt=_batch({"externalId": "C-1001", "name": "王小红", "phones": ["13800000001"], "homeStore": "SH01"}),
)
async def customers(data: JSONBody[Batch[CustomerIn]], unit: InUnit) -> ResultsOut:
    """Upsert by external id; what is left out stays as it is."""
    return await each(data.items, CustomerIn, _recorder(unit, "customers"))


@put(
    "/products:batch",
    operation_id="UpsertProducts",
    summary="Create or change services and goods",
    opt=_batch({"code": "FACIAL-60", "name": "补水护理 60 分钟", "kind": "service", "priceCents": 39800}),
)
async def products(data: JSONBody[Batch[ProductIn]], unit: InUnit) -> ResultsOut:
    """Upsert by code."""
    return await each(data.items, ProductIn, _recorder(unit, "products"))


@put(
    "/card-products:batch",
    operation_id="UpsertCardProducts",
    summary="Create or change kinds of cards",
    opt=_batch({"code": "SV1000", "name": "充值卡 1000", "kind": "stored_value"}),
)
async def card_products(data: JSONBody[Batch[CardProductIn]], unit: InUnit) -> ResultsOut:
    """Upsert by code."""
    return await each(data.items, CardProductIn, _recorder(unit, "card_products"))


@put(
    "/categories:batch",
    operation_id="UpsertCategories",
    summary="Create or change categories",
    opt=_batch({"code": "lash", "name": "美睫", "usualGapDays": 28}),
)
async def categories(data: JSONBody[Batch[CategoryIn]], unit: InUnit) -> ResultsOut:
    """Upsert by code; products carry the code."""
    return await each(data.items, CategoryIn, _recorder(unit, "categories"))


@put(
    "/levels:batch",
    operation_id="UpsertLevels",
    summary="Create or change membership levels",
    opt=_batch({"code": "gold", "name": "金卡", "rank": 3, "benefit": "老客9折"}),
)
async def levels(data: JSONBody[Batch[LevelIn]], unit: InUnit) -> ResultsOut:
    """Upsert by code; customers carry the code."""
    return await each(data.items, LevelIn, _recorder(unit, "levels"))


@put(
    "/sources:batch",
    operation_id="UpsertSources",
    summary="Create or change sources of customers",
    opt=_batch({"code": "dianping", "name": "大众点评"}),
)
async def sources(data: JSONBody[Batch[SourceIn]], unit: InUnit) -> ResultsOut:
    """Upsert by code; customers carry the code."""
    return await each(data.items, SourceIn, _recorder(unit, "sources"))


@put(
    "/attributes:batch",
    operation_id="UpsertAttributes",
    summary="Declare fields of customers and of your own events",
    opt=_batch(
        {"code": "skin", "name": "肤质", "kind": "text", "choices": ["干性", "油性"]},
        {"code": "stars", "name": "满意度", "kind": "number", "eventType": "custom.survey"},
    ),
)
async def attributes(data: JSONBody[Batch[AttributeIn]], unit: InUnit) -> ResultsOut:
    """Upsert by event type and code; a kind that is stored stays."""
    return await each(data.items, AttributeIn, _recorder(unit, "attributes"))


@put(
    "/cards:batch",
    operation_id="UpsertCards",
    summary="Create or change cards and add to their ledgers",
    opt=_batch(
        {
            "externalId": "K-1",
            "product": "SV1000",
            "customer": "C-1001",
            "store": "SH01",
            "openedOn": "2026-03-02",
            "entries": [
                {
                    "externalId": "K-1-1",
                    "kind": "open",
                    "at": "2026-03-02T10:00:00+08:00",
                    "principalCents": 100000,
                    "giftCents": 20000,
                }
            ],
        }
    ),
)
async def cards(data: JSONBody[Batch[CardIn]], unit: InUnit) -> ResultsOut:
    """Upsert by external id; ledger rows are added once each."""
    return await each(data.items, CardIn, _recorder(unit, "cards"))


@put(
    "/sales:batch",
    operation_id="UpsertSales",
    summary="Send receipts",
    opt=_batch(
        {
            "externalId": "R-5001",
            "store": "SH01",
            "customer": "C-1001",
            "at": "2026-03-02T11:30:00+08:00",
            "lines": [{"product": "FACIAL-60", "quantity": "1", "cashCents": 39800, "staff": ["S-07"]}],
        }
    ),
)
async def sales(data: JSONBody[Batch[SaleIn]], unit: InUnit) -> ResultsOut:
    """Upsert by external id: a receipt sent again with other lines replaces them."""
    return await each(data.items, SaleIn, _recorder(unit, "sales"))


@put(
    "/appointments:batch",
    operation_id="UpsertAppointments",
    summary="Send appointments",
    opt=_batch({"externalId": "A-88", "store": "SH01", "customer": "C-1001", "startsAt": "2026-03-05T15:00:00+08:00"}),
)
async def appointments(data: JSONBody[Batch[AppointmentIn]], unit: InUnit) -> ResultsOut:
    """Upsert by external id, with their cancelled and missed states."""
    return await each(data.items, AppointmentIn, _recorder(unit, "appointments"))


@put(
    "/visits:batch",
    operation_id="RecordVisits",
    summary="Send visits of a POS without receipts",
    opt=_batch({"customer": "C-1001", "store": "SH01", "at": "2026-03-02T11:30:00+08:00", "staff": "S-07"}),
)
async def visits(data: JSONBody[Batch[VisitIn]], unit: InUnit) -> ResultsOut:
    """One per customer, store and store-local day; sending again answers `duplicate`."""
    return await each(data.items, VisitIn, _recorder(unit, "visits"))


def router() -> Router:
    """Return the surface."""
    return Router(
        "/v1/intake",
        route_handlers=[
            events,
            customers,
            levels,
            sources,
            attributes,
            categories,
            products,
            card_products,
            cards,
            sales,
            appointments,
            visits,
        ],
        guards=GUARDS,
        dependencies=DEPENDENCIES,
        security=[{"apiKey": []}],
        request_max_body_size=MOST_BODY,
        tags=["intake"],
    )
