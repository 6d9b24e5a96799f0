"""Tables of the catalogue, sales, visits, appointments and what follows from them for a customer."""

from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Numeric
from sqlmodel import Field

from tasks.kernel.columns import (
    Row,
    big,
    check,
    day,
    index,
    instant,
    key,
    of_merchant,
    one_of,
    only,
    refers,
    text,
    unique,
)
from tasks.ledger.states import AppointmentStatus, DepositStatus, Precision, ProductKind


class Product(Row, table=True):
    """An entry of the merchant's catalogue: a service, goods, or a card sold as a line. `upkeep` is the word for its renewal (补睫毛)."""

    merchant_id: UUID = key()
    id: UUID = key()
    code: str = text()
    name: str = text()
    kind: str = text()
    category: str | None = text(default=None)
    price_cents: int | None = big(default=None)
    cycle_days: int | None = Field(default=None)
    upkeep: str | None = text(default=None)
    active: bool = Field(default=True)
    etag: int = big(default=1)

    __table_args__ = (
        of_merchant(),
        one_of("kind", ProductKind),
        check("code", "code <> ''"),
        only("product", "code", "merchant_id", where="code <> ''"),
    )


class Sale(Row, table=True):
    """One receipt of one customer and store-local day. Cash earned and card value consumed are never one sum; a refund is negative."""

    merchant_id: UUID = key()
    id: UUID = key()
    external_id: str = text()
    store_id: UUID
    customer_id: UUID | None = Field(default=None)
    sold_at: datetime = instant()
    sold_on: date = day()
    cash_cents: int = big()
    card_cents: int = big()
    tax_cents: int = big(default=0)
    recorded_at: datetime = instant()

    __table_args__ = (
        # Store and customer are proved a statement at a time (backend/db/references.py, ADR 11).
        check("external_id", "external_id <> ''"),
        only("sale", "external_id", "merchant_id", where="external_id <> ''"),
        index(
            "ix_sale_customer",
            "customer_id",
            "sold_on",
            where="customer_id is not null",
            beside=("merchant_id", "sold_at", "cash_cents", "card_cents"),
        ),
        index("ix_sale_day", "sold_on", "customer_id"),
    )


class SaleLine(Row, table=True):
    """One line of a receipt; `quantity` below zero takes something back. `staff_id` is who did it, `requested` (点客) whom she asked for."""

    __tablename__ = "sale_line"

    merchant_id: UUID = key()
    sale_id: UUID = key()
    line_no: int = key()
    product_id: UUID | None = Field(default=None)
    description: str = text(default="")
    quantity: Decimal = Field(sa_type=Numeric(12, 3))
    cash_cents: int = big()
    card_cents: int = big()
    tax_cents: int = big(default=0)
    staff_id: UUID | None = Field(default=None)
    requested: bool = Field(default=False)
    # The receipt is proved a statement at a time (backend/db/references.py, ADR 11). Product and staff have no reference (ADR 10): they are looked up in the
    # transaction that writes the line, and are never deleted.


class SaleLineHelper(Row, table=True):
    """A further staff member on a line, after the first."""

    __tablename__ = "sale_line_helper"

    merchant_id: UUID = key()
    sale_id: UUID = key()
    line_no: int = key()
    staff_id: UUID = key()
    requested: bool = Field(default=False)

    __table_args__ = (refers("sale_id", "sale", cascade=True), refers("staff_id", "staff"))


class Visit(Row, table=True):
    """One customer, one store, one store-local day with at least one service. `served_by` is who did the most of it.

    `said_at`, `said_by`, `said_product_id` are what a record of the visit itself said; without one the visit stands on service lines alone and goes with them.
    `served_by` and `product_id` are copies of what lines or record say and are checked there: a check costs 5 µs a row, which an import feels.
    """

    merchant_id: UUID = key()
    id: UUID = key()
    customer_id: UUID
    store_id: UUID
    visited_on: date = day()
    visited_at: datetime = instant()
    served_by: UUID | None = Field(default=None)
    product_id: UUID | None = Field(default=None)
    said_at: datetime | None = instant(default=None)
    said_by: UUID | None = Field(default=None)
    said_product_id: UUID | None = Field(default=None)
    recorded_at: datetime = instant()

    __table_args__ = (
        # Customer, store and what a record said are proved a statement at a time (backend/db/references.py, ADR 11).
        unique("customer_id", "store_id", "visited_on", "merchant_id"),
        index("ix_visit_day", "visited_on", "store_id"),
    )


class Appointment(Row, table=True):
    """A booked time. `external_id` is the POS id; one made by a callback has none until the POS sends it."""

    merchant_id: UUID = key()
    id: UUID = key()
    external_id: str | None = text(default=None)
    customer_id: UUID | None = Field(default=None)
    store_id: UUID
    staff_id: UUID | None = Field(default=None)
    product_id: UUID | None = Field(default=None)
    starts_at: datetime = instant()
    starts_on: date = day()
    precision: str = text(default=Precision.EXACT)
    status: str = text(default=AppointmentStatus.BOOKED)
    booked_at: datetime | None = instant(default=None)
    cancelled_at: datetime | None = instant(default=None)
    deposit_cents: int = big(default=0)
    deposit_status: str | None = text(default=None)
    recorded_at: datetime = instant()

    __table_args__ = (
        refers("customer_id", "customer"),
        refers("store_id", "store"),
        refers("staff_id", "staff"),
        refers("product_id", "product"),
        one_of("status", AppointmentStatus),
        one_of("precision", Precision),
        one_of("deposit_status", DepositStatus),
        check("deposit", "deposit_cents >= 0"),
        unique("external_id", "merchant_id"),
        index("ix_appointment_customer", "customer_id", "starts_on", where="customer_id is not null"),
        index("ix_appointment_store", "store_id", "starts_on"),
        index("ix_appointment_day", "starts_on", "customer_id"),
    )


class CustomerFacts(Row, table=True):
    """What the ledger says of a customer, and nothing that depends on now.

    Spend is of all sales, refunds taken off; a purchase is a sale whose cash and card parts are together above zero, the highest payment the largest of
    them. The card columns add up the open cards that are this customer's (`card.customer_id`), promo cards included.
    """

    __tablename__ = "customer_facts"

    merchant_id: UUID = key()
    customer_id: UUID = key()
    first_visit_on: date | None = day(default=None)
    last_visit_on: date | None = day(default=None)
    visit_count: int = Field(default=0)
    spend_cash_cents: int = big(default=0)
    spend_card_cents: int = big(default=0)
    purchase_count: int = Field(default=0)
    first_purchase_at: datetime | None = instant(default=None)
    last_purchase_at: datetime | None = instant(default=None)
    highest_payment_cents: int = big(default=0)
    card_count: int = Field(default=0)
    card_principal_cents: int = big(default=0)
    card_gift_cents: int = big(default=0)
    card_uses_left: int = Field(default=0)
    points: int = big(default=0)

    __table_args__ = (
        refers("customer_id", "customer"),
        index("ix_customer_facts_last_visit", "last_visit_on", "customer_id"),
        index("ix_customer_facts_first_visit", "first_visit_on", "customer_id"),
        index("ix_customer_facts_last_purchase", "last_purchase_at", "customer_id"),
        index("ix_customer_facts_first_purchase", "first_purchase_at", "customer_id"),
    )
