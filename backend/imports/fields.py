"""What each kind of book is made of: the fields a mapping may fill, and how each is read."""

from enum import StrEnum
from typing import Final

import msgspec

from backend.imports.kinds import ImportKind
from tasks.kernel.scope import Role
from tasks.ledger.states import AppointmentStatus, CardKind, DepositStatus, EntryKind, Precision, ProductKind
from tasks.people.states import AttributeKind, BirthdayKind, Gender


class Shape(StrEnum):
    """How the text of a cell becomes a value."""

    TEXT = "text"
    """Text as it stands, spaces at the ends taken off."""
    LIST = "list"
    """Several values in one cell."""
    AMOUNT = "amount"
    """Money, kept as integer cents."""
    NUMBER = "number"
    """A quantity; may be negative or have decimals."""
    WHOLE = "whole"
    """A whole number."""
    DAY = "day"
    """A calendar day."""
    INSTANT = "instant"
    """A moment: a day with a time, in the store's zone."""
    FLAG = "flag"
    """Yes or no."""
    CHOICE = "choice"
    """One of a closed list."""
    PRODUCT = "product"
    """A catalogue entry, by code or by name."""
    DECLARED = "declared"
    """A value of a field that the merchant declared, read as its kind."""


class Field(msgspec.Struct, frozen=True):
    """A field: how it is read, whether a row cannot do without it, and of which list it is one."""

    shape: Shape = Shape.TEXT
    needed: bool = False
    choices: type[StrEnum] | None = None


_TEXT = Field()
_KEY = Field(needed=True)
_LIST = Field(Shape.LIST)
_AMOUNT = Field(Shape.AMOUNT)
_WHOLE = Field(Shape.WHOLE)
_DAY = Field(Shape.DAY)
_FLAG = Field(Shape.FLAG)
_AT = Field(Shape.INSTANT, needed=True)
_INSTANT = Field(Shape.INSTANT)
_PRODUCT = Field(Shape.PRODUCT)


def _one_of(choices: type[StrEnum], *, needed: bool = False) -> Field:
    return Field(Shape.CHOICE, needed, choices)


FIELDS: Final[dict[ImportKind, dict[str, Field]]] = {
    ImportKind.CUSTOMERS: {
        "external_id": _KEY,
        "name": _TEXT,
        "nickname": _TEXT,
        "remark_name": _TEXT,
        "phones": _LIST,
        "wechat": _TEXT,
        "gender": _one_of(Gender),
        "birthday_on": _DAY,
        "birthday_kind": _one_of(BirthdayKind),
        "source": _TEXT,
        "level": _TEXT,
        "home_store": _TEXT,
        "customer_since_on": _DAY,
        "consultant": _TEXT,
        "technician": _TEXT,
        "anonymous": _FLAG,
        "internal": _FLAG,
        "notes": _TEXT,
        "tags": _LIST,
    },
    ImportKind.STAFF: {
        "external_id": _KEY,
        "name": _KEY,
        "phone": _TEXT,
        "role": _one_of(Role),
        "stores": _LIST,
        "active": _FLAG,
    },
    ImportKind.LEVELS: {"code": _KEY, "name": _KEY, "rank": _WHOLE, "benefit": _TEXT, "active": _FLAG},
    ImportKind.SOURCES: {"code": _KEY, "name": _KEY, "active": _FLAG},
    ImportKind.ATTRIBUTES: {
        "code": _KEY,
        "name": _KEY,
        "kind": _one_of(AttributeKind, needed=True),
        "event_type": _TEXT,
        "choices": _LIST,
        "sensitive": _FLAG,
        "active": _FLAG,
    },
    ImportKind.CATEGORIES: {"code": _KEY, "name": _KEY, "usual_gap_days": _WHOLE, "active": _FLAG},
    ImportKind.PRODUCTS: {
        "code": _KEY,
        "name": _KEY,
        "kind": _one_of(ProductKind, needed=True),
        "category": _TEXT,
        "price": _AMOUNT,
        "cycle_days": _WHOLE,
        "upkeep": _TEXT,
        "active": _FLAG,
    },
    ImportKind.CARD_PRODUCTS: {
        "code": _KEY,
        "name": _KEY,
        "kind": _one_of(CardKind, needed=True),
        "promo": _FLAG,
        "active": _FLAG,
    },
    ImportKind.CARDS: {
        "external_id": _KEY,
        "product": _TEXT,
        "customer": _TEXT,
        "store": _TEXT,
        "sold_by": _TEXT,
        "opened_on": _DAY,
        "holders": _LIST,
        "item_products": _LIST,
        "item_categories": _LIST,
        "entry_id": _TEXT,
        "entry_kind": _one_of(EntryKind),
        "entry_at": _INSTANT,
        "principal": _AMOUNT,
        "gift": _AMOUNT,
        "uses": _WHOLE,
        "item_no": _WHOLE,
        "expires_on": _DAY,
        "frozen": _FLAG,
        "sale": _TEXT,
        "entry_store": _TEXT,
        "entry_staff": _TEXT,
    },
    ImportKind.SALES: {
        "external_id": _KEY,
        "store": _TEXT,
        "at": _AT,
        "customer": _TEXT,
        "product": _PRODUCT,
        "description": _TEXT,
        "quantity": Field(Shape.NUMBER),
        "cash": _AMOUNT,
        "card": _AMOUNT,
        "tax": _AMOUNT,
        "staff": _LIST,
        "requested": _FLAG,
    },
    ImportKind.VISITS: {
        "customer": _TEXT,
        "store": _TEXT,
        "at": _AT,
        "staff": _TEXT,
        "service": _PRODUCT,
    },
    ImportKind.APPOINTMENTS: {
        "external_id": _KEY,
        "store": _TEXT,
        "starts_at": _AT,
        "customer": _TEXT,
        "staff": _TEXT,
        "service": _PRODUCT,
        "precision": _one_of(Precision),
        "status": _one_of(AppointmentStatus),
        "booked_at": _INSTANT,
        "cancelled_at": _INSTANT,
        "deposit": _AMOUNT,
        "deposit_status": _one_of(DepositStatus),
    },
}
"""Kind → field → how it is read."""

DECLARED: Final = Field(Shape.DECLARED)
"""`attributes.<code>`: which there are is the merchant's to say (backend.imports.declared)."""

OPTIONS: Final[dict[Shape, frozenset[str]]] = {
    Shape.TEXT: frozenset({"join", "fallback"}),
    Shape.LIST: frozenset({"separator"}),
    Shape.AMOUNT: frozenset({"less", "negate", "cents", "when"}),
    Shape.NUMBER: frozenset({"negate"}),
    Shape.WHOLE: frozenset({"negate"}),
    Shape.DAY: frozenset({"formats", "join"}),
    Shape.INSTANT: frozenset({"formats", "join", "time", "minutes", "at"}),
    Shape.FLAG: frozenset(),
    Shape.CHOICE: frozenset(),
    Shape.PRODUCT: frozenset({"lookup", "join", "fallback"}),
    Shape.DECLARED: frozenset({"join", "fallback", "formats"}),
}
"""The options of `[columns]` that mean something for a shape; any other is refused."""
