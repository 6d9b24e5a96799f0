"""The closed vocabularies of the books."""

from enum import StrEnum


class ProductKind(StrEnum):
    """What a catalogue entry is."""

    SERVICE = "service"
    """Done to a customer in the store; makes a visit."""
    GOODS = "goods"
    """Sold over the counter."""
    CARD = "card"
    """A card product sold as a line."""
    OTHER = "other"
    """A line that is neither, such as a tip or a fee."""


class CardKind(StrEnum):
    """How a card holds its value."""

    STORED_VALUE = "stored_value"
    """充值卡: principal and gift money."""
    TIMES = "times"
    """次卡: a number of uses."""
    COURSE = "course"
    """疗程卡/套餐: uses of named services."""
    ANY_OF = "any_of"
    """通卡: uses of any of several services."""
    PERIOD = "period"
    """期限卡: free use until a day."""
    DISCOUNT = "discount"
    """折扣卡: a price, no value."""
    GIFT = "gift"
    """体验/赠卡: given, not sold."""


class CardStatus(StrEnum):
    """Whether a card can still be used."""

    OPEN = "open"
    """In use."""
    CLOSED = "closed"
    """退卡: returned, nothing left."""


class EntryKind(StrEnum):
    """One kind of row of the append-only card ledger (卡流水)."""

    OPEN = "open"
    """Card opened, with its first value."""
    TOP_UP = "top_up"
    """Value added; principal and gift apart."""
    CONSUME = "consume"
    """Value or a use taken."""
    REFUND = "refund"
    """A consumption given back to the card."""
    EXPIRE = "expire"
    """Value lost at expiry."""
    TRANSFER_IN = "transfer_in"
    """转赠, received."""
    TRANSFER_OUT = "transfer_out"
    """转赠, given."""
    FREEZE = "freeze"
    """停卡, or its end."""
    EXTEND = "extend"
    """A new expiry day."""
    UPGRADE = "upgrade"
    """Becomes another card product."""
    ADJUST = "adjust"
    """A correction by hand."""
    CLOSE = "close"
    """退卡."""


class AppointmentStatus(StrEnum):
    """Where an appointment stands."""

    BOOKED = "booked"
    """Made."""
    CONFIRMED = "confirmed"
    """The customer said she comes."""
    ARRIVED = "arrived"
    """She came."""
    CANCELLED = "cancelled"
    """Called off."""
    MISSED = "missed"
    """She did not come."""


class DepositStatus(StrEnum):
    """What became of a deposit (定金); it is not a purchase."""

    PAID = "paid"
    """Held by the store."""
    DEDUCTED = "deducted"
    """Set against the bill."""
    FORFEITED = "forfeited"
    """Kept after a no-show."""
    RETURNED = "returned"
    """Given back."""


class Precision(StrEnum):
    """How exactly a time was said."""

    EXACT = "exact"
    """A clock time."""
    HALF_DAY = "half_day"
    """Morning or afternoon."""
