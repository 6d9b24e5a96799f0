"""From an event's payload to the ledger row that it carries; pure."""

import re
from collections.abc import Collection

from tasks.events.envelopes import Draft
from tasks.events.payloads import (
    AppointmentBooked,
    AppointmentEnded,
    CardClosed,
    CardToppedUp,
    CardUsed,
    Purchase,
    Refunded,
    ServiceCompleted,
)
from tasks.kernel.errors import Invalid
from tasks.ledger.inputs import AppointmentIn, CardIn, EntryIn, LineIn, SaleIn, VisitIn
from tasks.ledger.states import AppointmentStatus, EntryKind, Precision

ENDED = {
    "appointment_cancelled": AppointmentStatus.CANCELLED,
    "appointment_missed": AppointmentStatus.MISSED,
}
"""What an appointment is after each event that ends it."""
_FIELDS = {
    "sale": {"externalId": "saleId"},
    "visit": {},
    "card_entry": {
        "externalId": "cardId",
        "product": "cardId",
        "entries[0].externalId": "entryId",
        "entries[0]": "principalCents",
    },
    "appointment": {"externalId": "appointmentId"},
}
_ENTRY = re.compile(r"entries\[0\]\.")


def ledger_kind(draft: Draft) -> str | None:
    """Return which ledger the event is a row of; None when it is an event and nothing else."""
    payload = draft.payload
    if isinstance(payload, Purchase | Refunded):
        return "sale"
    if isinstance(payload, ServiceCompleted):
        return "visit"
    if isinstance(payload, CardUsed | CardToppedUp | CardClosed):
        return "card_entry"
    if isinstance(payload, AppointmentBooked | AppointmentEnded):
        return "appointment"
    return None


def data_field(kind: str, field: str | None) -> str:
    """Return the path in the event of a field that the ledger refused."""
    name = field or ""
    if name in {"at", "entries[0].at"}:
        return "time"
    name = _FIELDS[kind].get(name, name)
    return "data." + _ENTRY.sub("", name)


def sale_total(draft: Draft) -> int:
    """Return the cash and card total of a purchase or refund."""
    payload = draft.payload
    assert isinstance(payload, Purchase | Refunded)  # noqa: S101  # the caller asked `ledger_kind`
    if payload.lines:
        return sum(line.cash_cents + line.card_cents for line in payload.lines)
    return payload.cash_cents + payload.card_cents


def check_total(draft: Draft) -> None:
    """Refuse a purchase of nothing, a refund of nothing, and totals beside lines that say something else. Raises `Invalid`."""
    payload = draft.payload
    if not isinstance(payload, Purchase | Refunded):
        return
    if payload.lines and (payload.cash_cents or payload.card_cents):
        raise Invalid("data.cashCents", "is said by the lines")
    total = sale_total(draft)
    if draft.type == "purchase" and total <= 0:
        raise Invalid("data.cashCents", "a purchase is above zero")
    if draft.type == "refunded" and total >= 0:
        raise Invalid("data.cashCents", "a refund is below zero")


def sale_of(draft: Draft, known: Collection[str]) -> SaleIn | None:
    """Return the receipt; None when the event has no lines and the receipt is known: it says more than the event."""
    payload = draft.payload
    assert isinstance(payload, Purchase | Refunded)  # noqa: S101  # the caller asked `ledger_kind`
    if not payload.lines and payload.sale_id in known:
        return None
    staff = (payload.staff,) if payload.staff is not None else ()
    lines = payload.lines or (LineIn(cash_cents=payload.cash_cents, card_cents=payload.card_cents, staff=staff),)
    return SaleIn(
        external_id=payload.sale_id, store=payload.store, at=draft.occurred_at, customer=payload.customer, lines=lines
    )


def visit_of(draft: Draft) -> VisitIn:
    """Return the visit."""
    payload = draft.payload
    assert isinstance(payload, ServiceCompleted)  # noqa: S101  # the caller asked `ledger_kind`
    return VisitIn(
        customer=payload.customer,
        store=payload.store,
        at=draft.occurred_at,
        staff=payload.staff,
        service=payload.service,
    )


def card_of(draft: Draft) -> CardIn:
    """Return the card with its one new entry; amounts that are taken become negative."""
    payload = draft.payload
    assert isinstance(payload, CardUsed | CardToppedUp | CardClosed)  # noqa: S101  # the caller asked `ledger_kind`
    sign = 1 if isinstance(payload, CardToppedUp) else -1
    if min(payload.principal_cents, payload.gift_cents, payload.uses) < 0:
        raise Invalid("data.principalCents", "amounts of card events are above zero")
    kind = {CardUsed: EntryKind.CONSUME, CardToppedUp: EntryKind.TOP_UP, CardClosed: EntryKind.CLOSE}[type(payload)]
    entry = EntryIn(
        external_id=payload.entry_id,
        kind=kind,
        at=draft.occurred_at,
        principal_cents=sign * payload.principal_cents,
        gift_cents=sign * payload.gift_cents,
        uses=sign * payload.uses,
        item_no=payload.item_no if isinstance(payload, CardUsed) else None,
        expires_on=payload.expires_on if isinstance(payload, CardToppedUp) else None,
        sale=payload.sale_id if not isinstance(payload, CardClosed) else None,
        store=payload.store,
        staff=payload.staff,
    )
    return CardIn(external_id=payload.card_id, entries=(entry,))


def booking_of(draft: Draft) -> AppointmentIn:
    """Return the appointment as a booking, or as what ended it if it was never heard of. Raises `Invalid` when too little is said."""
    payload = draft.payload
    assert isinstance(payload, AppointmentBooked | AppointmentEnded)  # noqa: S101  # the caller asked `ledger_kind`
    if payload.store is None or payload.starts_at is None:
        missing = "data.store" if payload.store is None else "data.startsAt"
        raise Invalid(missing, "is needed for an appointment never heard of")
    booked = payload if isinstance(payload, AppointmentBooked) else None
    status = ENDED.get(draft.type, AppointmentStatus.BOOKED)
    return AppointmentIn(
        external_id=payload.appointment_id,
        store=payload.store,
        starts_at=payload.starts_at,
        customer=payload.customer,
        staff=payload.staff,
        service=payload.service,
        precision=booked.precision if booked else Precision.EXACT,
        status=status,
        booked_at=draft.occurred_at if booked else None,
        cancelled_at=draft.occurred_at if status is AppointmentStatus.CANCELLED else None,
        deposit_cents=booked.deposit_cents if booked else 0,
        deposit_status=booked.deposit_status if booked else None,
    )
