"""`/v1/staff/front-desk`: typed-in books for a salon without a POS link. The same ledger, the same events."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, JSONBody

from backend.http.paging import Cursor, Limit, next_link
from backend.http.session import InScope, InUnit, InWork
from backend.http.shown import shown
from backend.http.staff.desk_key import ActionKey
from backend.http.staff.front_desk_schemas import AppointmentChangeIn
from tasks.actions.faults import ActionRefused, ActionReused
from tasks.desk.faults import CardShort, CardUnusable, EntryMovedOn, ReceiptKnown
from tasks.desk.inputs import (
    DeskAppointment,
    DeskArrival,
    DeskCardUse,
    DeskDone,
    DeskSale,
    DeskTopUp,
    DeskVoid,
)
from tasks.flow.front_desk_catalog import DeskCardKinds, DeskProducts, list_card_kinds, list_products
from tasks.flow.front_desk_entries import DeskEntries, list_entries
from tasks.flow.perform_action import Ask, once
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.paging import CursorGarbled
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit

ONCE: Final = (ActionReused, ActionRefused, Invalid, NotFound)
CUSTOMER: Final = "01930000-0000-7000-8000-0000000000c1"
STAFF: Final = "01930000-0000-7000-8000-0000000000e1"
CARD: Final = "01930000-0000-7000-8000-0000000000d1"
ENTRY: Final = "01930000-0000-7000-8000-0000000000f1"
ROW: Final = "01930000-0000-7000-8000-0000000000f2"


def _done(kind: str, *, card: str | None = None, entry: str | None = ENTRY) -> dict[str, Any]:
    return {"entryId": entry, "kind": kind, "id": ROW, "known": False, "cardId": card}


async def _once(unit: Unit, who: StaffScope, kind: str, body: msgspec.Struct, key: UUID) -> DeskDone:
    return msgspec.convert(await once(unit, who, Ask(kind, body, key)), DeskDone)


@post(
    "/front-desk/arrivals",
    operation_id="RecordArrival",
    summary="She came",
    opt=shown(
        *ONCE,
        request={"customerId": CUSTOMER, "servedBy": STAFF, "service": "FACIAL-60"},
        answer=_done("arrival"),
    ),
)
async def arrivals(data: JSONBody[DeskArrival], unit: InUnit, who: InScope, key: ActionKey) -> DeskDone:
    """Record her visit of the day and keep the appointment she came for; a second arrival of the day answers `known`."""
    return await _once(unit, who, "arrival", data, key)


@post(
    "/front-desk/sales",
    operation_id="RecordSale",
    summary="She paid",
    opt=shown(
        *ONCE,
        ReceiptKnown,
        request={
            "customerId": CUSTOMER,
            "lines": [{"product": "FACIAL-60", "cashCents": 39800, "servedBy": [STAFF], "requested": True}],
            "receiptNo": "20260309-017",
        },
        answer=_done("sale"),
    ),
)
async def sales(data: JSONBody[DeskSale], unit: InUnit, who: InScope, key: ActionKey) -> DeskDone:
    """Record a receipt. Lines of services make her visit; below zero it gives money back. Without a customer it is a sale to somebody unknown."""
    return await _once(unit, who, "sale", data, key)


@post(
    "/front-desk/top-ups",
    operation_id="RecordTopUp",
    summary="She put value on a card, or opened one",
    opt=shown(
        *ONCE,
        CardUnusable,
        request={"customerId": CUSTOMER, "cardId": CARD, "principalCents": 100000, "giftCents": 20000, "soldBy": STAFF},
        answer=_done("top_up", card=CARD),
    ),
)
async def top_ups(data: JSONBody[DeskTopUp], unit: InUnit, who: InScope, key: ActionKey) -> DeskDone:
    """Put value on a card she holds (`cardId`) or on one that is opened with it (`newCard`); what was paid becomes a receipt."""
    return await _once(unit, who, "top_up", data, key)


@post(
    "/front-desk/card-uses",
    operation_id="RecordCardUse",
    summary="A card of hers paid",
    opt=shown(
        *ONCE,
        CardShort,
        CardUnusable,
        request={"customerId": CUSTOMER, "cardId": CARD, "uses": 1, "service": "FACIAL-60", "servedBy": STAFF},
        answer=_done("card_use", card=CARD),
    ),
)
async def card_uses(data: JSONBody[DeskCardUse], unit: InUnit, who: InScope, key: ActionKey) -> DeskDone:
    """Take an amount (principal first) or uses off a card she holds, with the receipt that says what for; a service makes her visit."""
    return await _once(unit, who, "card_use", data, key)


@post(
    "/front-desk/appointments",
    operation_id="BookAppointment",
    summary="She booked",
    opt=shown(
        *ONCE,
        request={
            "customerId": CUSTOMER,
            "startsAt": "2026-03-12T15:00:00+08:00",
            "service": "FACIAL-60",
            "servedBy": STAFF,
        },
        answer=_done("appointment"),
    ),
)
async def appointments(data: JSONBody[DeskAppointment], unit: InUnit, who: InScope, key: ActionKey) -> DeskDone:
    """Record an appointment; one that a colleague agreed on within a day of it, and nobody typed in yet, is the same and answers `known`."""
    return await _once(unit, who, "appointment", data, key)


@post(
    "/front-desk/appointments/{appointment_id:uuid}",
    operation_id="ChangeAppointment",
    summary="Confirm, move or call off an appointment",
    status_code=200,
    opt=shown(*ONCE, request={"status": "cancelled"}, answer=_done("appointment", entry=None)),
)
async def change_appointment(
    appointment_id: FromPath[UUID], data: JSONBody[AppointmentChangeIn], unit: InUnit, who: InScope, key: ActionKey
) -> DeskDone:
    """Let it be confirmed, kept (`arrived`), called off, missed or moved; plans, tasks and credit follow."""
    return await _once(unit, who, "change_appointment", data.about(appointment_id), key)


@post(
    "/front-desk/voids",
    operation_id="VoidDeskEntry",
    summary="It was typed in by mistake",
    status_code=200,
    opt=shown(*ONCE, EntryMovedOn, CardShort, request={"entryId": ENTRY}, answer=_done("sale")),
)
async def voids(data: JSONBody[DeskVoid], unit: InUnit, who: InScope, key: ActionKey) -> DeskDone:
    """Take it back: its author may on the same day, who leads the store within 31 days. Tasks that closed because of it stay closed."""
    return await _once(unit, who, "void_entry", data, key)


@get(
    "/front-desk/entries",
    operation_id="ListDeskEntries",
    summary="What was typed in lately",
    opt=shown(
        CursorGarbled,
        answer={
            "items": [
                {
                    "id": ENTRY, "kind": "sale", "storeId": "01930000-0000-7000-8000-0000000000b1", "customerId": CUSTOMER, "nickname": "小红姐",
                    "staff": "大王", "occurredAt": "2026-03-09T06:30:00Z", "recordedAt": "2026-03-09T06:31:00Z", "voidedAt": None,
                },
            ],
            "nextCursor": None,
        },
    ),
)  # fmt: skip
async def entries(
    request: Request[Any, Any, Any], work: InWork, limit: Limit = 20, cursor: Cursor = None
) -> Response[DeskEntries]:
    """Return a page, newest first: employees see what they typed in themselves, who leads what the stores did."""
    page = await list_entries(work.unit, work.who, cursor, limit, work.locale)
    return Response(page, headers=next_link(request, page.next_cursor))


PRODUCT: Final = {
    "code": "FACIAL-60", "name": "补水护理 60 分钟", "kind": "service", "category": "SKIN", "priceCents": 39800,
}  # fmt: skip


@get(
    "/front-desk/products",
    operation_id="ListDeskProducts",
    summary="Services and goods",
    opt=shown(CursorGarbled, answer={"items": [PRODUCT], "nextCursor": None}),
)
async def products(
    request: Request[Any, Any, Any], unit: InUnit, limit: Limit = 100, cursor: Cursor = None
) -> Response[DeskProducts]:
    """Return what can be typed in as `product` or `service`, in the order of codes."""
    page = await list_products(unit, cursor, limit)
    return Response(page, headers=next_link(request, page.next_cursor))


@get(
    "/front-desk/card-products",
    operation_id="ListDeskCardProducts",
    summary="Kinds of cards",
    opt=shown(
        CursorGarbled,
        answer={"items": [{"code": "SV1000", "name": "充值卡 1000", "kind": "stored_value"}], "nextCursor": None},
    ),
)
async def card_products(
    request: Request[Any, Any, Any], unit: InUnit, limit: Limit = 100, cursor: Cursor = None
) -> Response[DeskCardKinds]:
    """Return what can be typed in as the kind of a new card, in the order of codes."""
    page = await list_card_kinds(unit, cursor, limit)
    return Response(page, headers=next_link(request, page.next_cursor))


HANDLERS: Final = (
    arrivals, sales, top_ups, card_uses, appointments, change_appointment, voids, entries, products, card_products,
)  # fmt: skip
