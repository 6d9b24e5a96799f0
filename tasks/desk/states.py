"""The closed vocabularies of the front desk."""

from enum import StrEnum


class DeskKind(StrEnum):
    """What was typed in."""

    ARRIVAL = "arrival"
    """She came, and who served her."""
    SALE = "sale"
    """A receipt."""
    TOP_UP = "top_up"
    """Value put on a card, or a card opened."""
    CARD_USE = "card_use"
    """Value or a use taken off a card."""
    APPOINTMENT = "appointment"
    """A time booked."""


class Direction(StrEnum):
    """Who sought whom."""

    INBOUND = "inbound"
    """She rang us, wrote to us, or spoke to us in the store."""
    OUTBOUND = "outbound"
    """We contacted her, without a task."""
