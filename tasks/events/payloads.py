"""What the `data` of each event type may hold; unknown fields are refused by name."""

import re
from datetime import date, datetime
from decimal import Decimal

import msgspec

from tasks.kernel.errors import Invalid
from tasks.ledger.inputs import LineIn
from tasks.ledger.states import DepositStatus, Precision
from tasks.people.states import CUSTOM_EVENT

Scalar = str | int | float | bool | None


class Payload(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What every event says: whose it is (external id), in which store (code) and by whom (external id)."""

    customer: str
    store: str | None = None
    staff: str | None = None


class Purchase(Payload, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Goods, a service or a card paid; a deposit is none. `saleId` is the receipt's external id.

    With `lines` the receipt is stored as they say; with `cashCents` / `cardCents` alone it gets one line of that amount, unless it is stored already.
    """

    sale_id: str
    store: str
    lines: tuple[LineIn, ...] = ()
    cash_cents: int = 0
    card_cents: int = 0


class Refunded(Payload, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Money given back: a receipt of its own (`saleId`) with amounts below zero."""

    sale_id: str
    store: str
    lines: tuple[LineIn, ...] = ()
    cash_cents: int = 0
    card_cents: int = 0


class ServiceCompleted(Payload, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A service order was completed: the visit of that customer, store and store-local day. `visitId` and `saleId` are the sender's own marks."""

    store: str
    service: str | None = None
    visit_id: str | None = None
    sale_id: str | None = None


class CardUsed(Payload, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A card paid for something: entry `entryId` of card `cardId`. Amounts and uses are what was taken, above zero."""

    card_id: str
    entry_id: str
    principal_cents: int = 0
    gift_cents: int = 0
    uses: int = 0
    item_no: int | None = None
    sale_id: str | None = None


class CardToppedUp(Payload, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Value was added to card `cardId` by entry `entryId`."""

    card_id: str
    entry_id: str
    principal_cents: int = 0
    gift_cents: int = 0
    uses: int = 0
    expires_on: date | None = None
    sale_id: str | None = None


class CardClosed(Payload, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Card `cardId` was returned (退卡) by entry `entryId`; amounts are what was taken off it, above zero."""

    card_id: str
    entry_id: str
    principal_cents: int = 0
    gift_cents: int = 0
    uses: int = 0


class AppointmentBooked(Payload, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Appointment `appointmentId` was made for `startsAt`; it does not bring back one that was cancelled or missed."""

    appointment_id: str
    store: str
    starts_at: datetime
    service: str | None = None
    precision: Precision = Precision.EXACT
    deposit_cents: int = 0
    deposit_status: DepositStatus | None = None


class AppointmentEnded(Payload, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Appointment `appointmentId` was cancelled or missed. Store and start are needed only if it was never heard of."""

    appointment_id: str
    starts_at: datetime | None = None
    service: str | None = None
    reason: str | None = None


class VoucherRedeemed(Payload, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A platform's voucher was used in the store."""

    platform: str
    deal: str
    price_cents: int | None = None


class Complained(Payload, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The customer complained, or reviewed badly."""

    category: str | None = None
    text: str | None = None
    stars: int | None = None


class PointsChanged(Payload, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Points were added or taken; `balance` is what is left."""

    points: int
    balance: int | None = None
    expires_on: date | None = None


class Changed(Payload, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Something about the customer went from one value to another (level, segment, threshold, consultant by external id)."""

    before: str | None = msgspec.field(default=None, name="from")
    after: str | None = msgspec.field(default=None, name="to")


class Ordered(Payload, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A step of an online order."""

    order_id: str | None = None
    product: str | None = None
    quantity: Decimal | None = None
    amount_cents: int | None = None
    reason: str | None = None


class Noticed(Payload, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Something small that the customer did; `product` is a code or a name, `text` what was said."""

    product: str | None = None
    channel: str | None = None
    text: str | None = None


class Custom(Payload, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A merchant's own event: named plain values."""

    fields: dict[str, Scalar] = {}


TYPES: dict[str, type[Payload]] = {
    "purchase": Purchase,
    "service_completed": ServiceCompleted,
    "card_used": CardUsed,
    "card_topped_up": CardToppedUp,
    "card_closed": CardClosed,
    "refunded": Refunded,
    "appointment_booked": AppointmentBooked,
    "appointment_cancelled": AppointmentEnded,
    "appointment_missed": AppointmentEnded,
    "voucher_redeemed": VoucherRedeemed,
    "complaint": Complained,
    "bad_review": Complained,
    "points_changed": PointsChanged,
    **dict.fromkeys(("level_changed", "segment_changed", "spend_threshold_crossed", "consultant_changed"), Changed),
    **dict.fromkeys(
        (
            "order_placed",
            "order_closed",
            "payment_failed",
            "paid",
            "order_shipped",
            "order_delivered",
            "single_item_bought",
        ),
        Ordered,
    ),
    **dict.fromkeys(
        (
            "member_registered",
            "wecom_friend_added",
            "wecom_group_joined",
            "viewed",
            "consulted",
            "searched",
            "cart_added",
            "coupon_received",
            "coupon_redeemed",
            "tried_not_bought",
            "sample_taken",
            "card_expired",
        ),
        Noticed,
    ),
}
"""The event types there are (engine.md, "Event types"); `custom.<name>` beside them."""
_PATH = re.compile(r" - at `\$\.?(.*?)`$")
_FIELD = re.compile(r"field `([^`]*)`")


def payload_type(name: object) -> type[Payload]:
    """Return what the data of an event type must be. Raises `Invalid` on `type`."""
    if isinstance(name, str):
        found = TYPES.get(name) or (Custom if CUSTOM_EVENT.fullmatch(name) else None)
        if found is not None:
            return found
    raise Invalid("type", "is no known event type")


def read_payload(shape: type[Payload], data: object) -> Payload:
    """Return the typed payload. Raises `Invalid` naming the field under `data`."""
    try:
        return msgspec.convert(data, type=shape)
    except msgspec.ValidationError as fault:
        raise _named(str(fault)) from fault


def _named(message: str) -> Invalid:
    """Turn msgspec's sentence into field and reason; it repeats names and types, never values."""
    path = _PATH.search(message)
    parts = ["data"]
    if path and path[1]:
        parts.append(path[1])
    field = _FIELD.search(message)
    if field:
        parts.append(field[1])
    return Invalid(".".join(parts), _PATH.sub("", message)[:200])
