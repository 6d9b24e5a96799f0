"""What a phone sends from the front desk: everything by our own ids, services and kinds of cards by the merchant's codes."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec

from tasks.callbacks.fields import HalfDay
from tasks.desk.states import DeskKind, Direction
from tasks.ledger.inputs import CardItemIn
from tasks.ledger.states import AppointmentStatus, DepositStatus
from tasks.people.states import BirthdayKind, Gender
from tasks.worklist.states import Channel

Code = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
ReceiptNo = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,63}$")]
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
MOST_CENTS: Final = 10**9
"""Ten million yuan: past it an amount was mistyped."""
Cents = Annotated[int, msgspec.Meta(ge=0, le=MOST_CENTS)]
AnyCents = Annotated[int, msgspec.Meta(ge=-MOST_CENTS, le=MOST_CENTS)]
Uses = Annotated[int, msgspec.Meta(ge=0, le=10_000)]


class Typed(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What everything typed in says: in which store (may be left out by who works in one) and when it happened (absent: when it was typed)."""

    store_id: UUID | None = None
    at: datetime | None = None


class DeskArrival(Typed, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """She came; `service` is the code of what she comes for."""

    customer_id: UUID
    served_by: UUID | None = None
    service: Code | None = None


class DeskLine(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One line of a receipt, money in 分; `servedBy` are who did it, the first one first, `requested` says that she asked for them (点客).

    A quantity below zero with amounts below zero gives something back. A line has no words of its own: books are not sealed.
    """

    product: Code | None = None
    quantity: Decimal = Decimal(1)
    cash_cents: AnyCents = 0
    card_cents: AnyCents = 0
    served_by: Annotated[tuple[UUID, ...], msgspec.Meta(max_length=10)] = ()
    requested: bool = False


class DeskSale(Typed, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """She paid. Nobody: a sale to somebody unknown. `receiptNo` is the till's number, so that its own record of this sale counts once with this one."""

    customer_id: UUID | None = None
    lines: Annotated[tuple[DeskLine, ...], msgspec.Meta(min_length=1, max_length=50)]
    receipt_no: ReceiptNo | None = None


class NewCard(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A card that is opened: its kind by code, and what it is for."""

    product: Code
    items: Annotated[tuple[CardItemIn, ...], msgspec.Meta(max_length=20)] = ()


class DeskTopUp(Typed, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Value put on a card she holds (`cardId`) or on one that is opened with it (`newCard`).

    `paidCents` is what came into the till, the principal unless it is said; above zero it makes a receipt.
    """

    customer_id: UUID
    card_id: UUID | None = None
    new_card: NewCard | None = None
    principal_cents: Cents = 0
    gift_cents: Cents = 0
    uses: Uses = 0
    paid_cents: Cents | None = None
    expires_on: date | None = None
    sold_by: UUID | None = None


class DeskCardUse(Typed, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A card she holds pays: `amountCents` of its money (principal first, then gift), or `uses` of it.

    With `service` she was served, and it is a visit; `valueCents` is what uses are worth to the books (消耗).
    """

    customer_id: UUID
    card_id: UUID
    amount_cents: Cents = 0
    uses: Uses = 0
    item_no: Annotated[int, msgspec.Meta(ge=1, le=1000)] | None = None
    service: Code | None = None
    value_cents: Cents = 0
    served_by: UUID | None = None
    requested: bool = False


class DeskAppointment(Typed, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """She booked: an exact time (`startsAt`), or a store-local day and half-day."""

    customer_id: UUID
    starts_at: datetime | None = None
    starts_on: date | None = None
    half_day: HalfDay | None = None
    service: Code | None = None
    served_by: UUID | None = None
    deposit_cents: Cents = 0
    deposit_status: DepositStatus | None = None


class AppointmentChange(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What becomes of an appointment: a new time, a new status, or both."""

    appointment_id: UUID
    status: AppointmentStatus | None = None
    starts_at: datetime | None = None
    starts_on: date | None = None
    half_day: HalfDay | None = None


class DeskVoid(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Something that was typed in was a mistake."""

    entry_id: UUID


class NewCustomer(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A new customer; `source` is one of the bootstrap's. `anyway`: although others have her number, for a family shares one."""

    name: Name
    store_id: UUID | None = None
    phone: Annotated[str, msgspec.Meta(min_length=5, max_length=40)] | None = None
    wechat: Name | None = None
    nickname: Name | None = None
    remark_name: Name | None = None
    gender: Gender | None = None
    birthday_on: date | None = None
    birthday_kind: BirthdayKind | None = None
    source: Code | None = None
    notes: Words | None = None
    consultant_id: UUID | None = None
    anyway: bool = False


class SideContact(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A contact without a task: she rang us, or we met. `fields` are what the outcome needs."""

    customer_id: UUID
    store_id: UUID | None = None
    at: datetime | None = None
    direction: Direction = Direction.INBOUND
    channel: Channel = Channel.PHONE
    outcome: Code | None = None
    fields: dict[str, Any] = {}
    note: Words | None = None


class ContactUndo(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A refusal that was logged without a task was a mistake."""

    customer_id: UUID
    contact_id: UUID


class DeskDone(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of something typed in. `id` is its visit, receipt, card entry or appointment; `known`: the books had it already.

    `entryId` is what `POST /front-desk/voids` takes; it is null for a change of an appointment.
    """

    entry_id: UUID | None
    kind: DeskKind
    id: UUID
    known: bool = False
    card_id: UUID | None = None
