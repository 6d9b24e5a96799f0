"""Books as the outside keeps them: stores by code, customers and staff by external id, products by code."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from tasks.ledger.states import AppointmentStatus, CardKind, DepositStatus, EntryKind, Precision, ProductKind


class CategorySaid(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A category of the catalogue without its code; customers usually come back for it after `usual_gap_days`."""

    name: str
    usual_gap_days: int | None = None
    active: bool = True


class CategoryIn(CategorySaid, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A category, upserted by `code`; products carry the code."""

    code: str


class CategoryRow(CategoryIn, frozen=True, kw_only=True, rename="camel"):
    """A category as it is stored; `etag` is what `If-Match` takes."""

    etag: int


class ProductSaid(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A catalogue entry without its code."""

    name: str
    kind: ProductKind
    category: str | None = None
    price_cents: int | None = None
    cycle_days: int | None = None
    upkeep: str | None = None
    active: bool = True


class ProductIn(ProductSaid, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A catalogue entry, upserted by `code`."""

    code: str


class ProductRow(ProductIn, frozen=True, kw_only=True, rename="camel"):
    """A catalogue entry as it is stored; trees name it by `id`, `etag` is what `If-Match` takes."""

    id: UUID
    etag: int


class LineIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One line of a receipt. `staff` are external ids, the one who did it first; a service line of positive quantity makes a visit."""

    product: str | None = None
    description: str = ""
    quantity: Decimal = Decimal(1)
    cash_cents: int = 0
    card_cents: int = 0
    tax_cents: int = 0
    staff: tuple[str, ...] = ()
    requested: bool = False


class SaleIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One receipt, upserted by `external_id`: sent again with other lines, the last one counts. No customer: a sale to nobody known."""

    external_id: str
    store: str
    at: datetime
    customer: str | None = None
    lines: tuple[LineIn, ...] = ()


class VisitIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A visit of its own (a POS that has no receipts): one per customer, store and store-local day."""

    customer: str
    store: str
    at: datetime
    staff: str | None = None
    service: str | None = None


class AppointmentIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """An appointment, upserted by `external_id`."""

    external_id: str
    store: str
    starts_at: datetime
    customer: str | None = None
    staff: str | None = None
    service: str | None = None
    precision: Precision = Precision.EXACT
    status: AppointmentStatus = AppointmentStatus.BOOKED
    booked_at: datetime | None = None
    cancelled_at: datetime | None = None
    deposit_cents: int = 0
    deposit_status: DepositStatus | None = None


class CardProductSaid(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A kind of card without its code."""

    name: str
    kind: CardKind
    promo: bool = False
    active: bool = True


class CardProductIn(CardProductSaid, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A kind of card, upserted by `code`."""

    code: str


class CardProductRow(CardProductIn, frozen=True, kw_only=True, rename="camel"):
    """A kind of card as it is stored; trees name it by `id`, `etag` is what `If-Match` takes."""

    id: UUID
    etag: int


class EntryIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """One card ledger row, once per `external_id`. Amounts are signed: what goes onto the card is positive."""

    external_id: str
    kind: EntryKind
    at: datetime
    principal_cents: int = 0
    gift_cents: int = 0
    uses: int = 0
    item_no: int | None = None
    expires_on: date | None = None
    frozen: bool | None = None
    sale: str | None = None
    store: str | None = None
    staff: str | None = None


class CardItemIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What a card is for: one service by code, or a category."""

    product: str | None = None
    category: str | None = None


class CardIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A card, upserted by `external_id`, with new rows of its ledger. Header fields are needed when the card is new."""

    external_id: str
    product: str | None = None
    customer: str | None = None
    store: str | None = None
    sold_by: str | None = None
    opened_on: date | None = None
    holders: tuple[str, ...] = ()
    items: tuple[CardItemIn, ...] = ()
    entries: tuple[EntryIn, ...] = ()
