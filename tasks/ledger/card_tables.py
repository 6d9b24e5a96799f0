"""Tables of cards (卡项) and their append-only ledger (卡流水)."""

from datetime import date, datetime
from uuid import UUID

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
from tasks.ledger.states import CardKind, CardStatus, EntryKind


class CardProduct(Row, table=True):
    """A kind of card the merchant sells or gives; `promo` cards do not count as money to talk about."""

    __tablename__ = "card_product"

    merchant_id: UUID = key()
    id: UUID = key()
    code: str = text()
    name: str = text()
    kind: str = text()
    promo: bool = Field(default=False)
    active: bool = Field(default=True)
    etag: int = big(default=1)

    __table_args__ = (
        of_merchant(),
        one_of("kind", CardKind),
        check("code", "code <> ''"),
        only("card_product", "code", "merchant_id", where="code <> ''"),
    )


class Card(Row, table=True):
    """A card's header: product, first holder, where sold. Its balance is in `card_facts`."""

    merchant_id: UUID = key()
    id: UUID = key()
    external_id: str = text()
    card_product_id: UUID
    customer_id: UUID
    store_id: UUID | None = Field(default=None)
    sold_by: UUID | None = Field(default=None)
    opened_on: date = day()
    recorded_at: datetime = instant()

    __table_args__ = (
        refers("card_product_id", "card_product"),
        refers("customer_id", "customer"),
        refers("store_id", "store"),
        refers("sold_by", "staff"),
        check("external_id", "external_id <> ''"),
        only("card", "external_id", "merchant_id", where="external_id <> ''"),
        index("ix_card_customer", "customer_id"),
        index("ix_card_product", "card_product_id"),
    )


class CardItem(Row, table=True):
    """What a times or course card holds: uses of one service, or of any of a category."""

    __tablename__ = "card_item"

    merchant_id: UUID = key()
    card_id: UUID = key()
    item_no: int = key()
    product_id: UUID | None = Field(default=None)
    category: str | None = text(default=None)

    __table_args__ = (refers("card_id", "card", cascade=True), refers("product_id", "product"))


class CardHolder(Row, table=True):
    """Somebody who may use a card, from–to; reminders go to the holder."""

    __tablename__ = "card_holder"

    merchant_id: UUID = key()
    card_id: UUID = key()
    customer_id: UUID = key()
    from_on: date = day()
    to_on: date | None = day(default=None)

    __table_args__ = (
        refers("card_id", "card", cascade=True),
        refers("customer_id", "customer"),
        index("ix_card_holder_customer", "customer_id", "card_id", where="to_on is null"),
    )


class CardEntry(Row, table=True):
    """One row of the card ledger. Amounts are signed: top-ups above zero, consumption below.

    `frozen` and `expires_on` are set by the kinds that change them.
    """

    __tablename__ = "card_entry"

    merchant_id: UUID = key()
    id: UUID = key()
    card_id: UUID
    external_id: str = text()
    kind: str = text()
    principal_cents: int = big(default=0)
    gift_cents: int = big(default=0)
    uses: int = Field(default=0)
    item_no: int | None = Field(default=None)
    expires_on: date | None = day(default=None)
    frozen: bool | None = Field(default=None)
    sale_id: UUID | None = Field(default=None)
    store_id: UUID | None = Field(default=None)
    staff_id: UUID | None = Field(default=None)
    occurred_at: datetime = instant()
    occurred_on: date = day()
    recorded_at: datetime = instant()

    __table_args__ = (
        refers("card_id", "card", cascade=True),
        refers("sale_id", "sale"),
        refers("store_id", "store"),
        refers("staff_id", "staff"),
        one_of("kind", EntryKind),
        check("freeze", "(kind = 'freeze') = (frozen is not null)"),
        unique("external_id", "merchant_id"),
        index("ix_card_entry_card", "card_id", "occurred_at"),
        index("ix_card_entry_opened", "sale_id", where="kind = 'open' and sale_id is not null"),
    )


class CardFacts(Row, table=True):
    """What the entries of a card add up to, and nothing that depends on now."""

    __tablename__ = "card_facts"

    merchant_id: UUID = key()
    card_id: UUID = key()
    status: str = text(default=CardStatus.OPEN)
    principal_cents: int = big(default=0)
    gift_cents: int = big(default=0)
    balance_cents: int = big(default=0)
    uses_left: int = Field(default=0)
    expires_on: date | None = day(default=None)
    frozen: bool = Field(default=False)
    last_used_at: datetime | None = instant(default=None)
    last_topped_up_at: datetime | None = instant(default=None)

    __table_args__ = (
        refers("card_id", "card", cascade=True),
        one_of("status", CardStatus),
        check("balance", "balance_cents = principal_cents + gift_cents"),
        index("ix_card_facts_balance", "balance_cents", "card_id", where="status = 'open' and balance_cents > 0"),
        index("ix_card_facts_uses", "uses_left", "card_id", where="status = 'open' and uses_left > 0"),
        index("ix_card_facts_expiry", "expires_on", "card_id", where="status = 'open' and expires_on is not null"),
    )
