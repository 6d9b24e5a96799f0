"""Which events end passages, and what a task is then closed as. Pure."""

from collections.abc import Mapping
from typing import Final

from tasks.plans.states import ExitOn
from tasks.worklist.states import CloseReason

EXITS: Final[Mapping[str, ExitOn]] = {
    "service_completed": ExitOn.ARRIVED,
    "purchase": ExitOn.PURCHASED,
    "appointment_booked": ExitOn.BOOKED,
    "card_topped_up": ExitOn.TOPPED_UP,
    "refunded": ExitOn.REFUNDED,
    "complaint": ExitOn.COMPLAINED,
    "bad_review": ExitOn.COMPLAINED,
    "card_closed": ExitOn.CARD_CLOSED,
}
"""Event type → what it is to a plan's `exit_on`."""

CANCELLED: Final = "appointment_cancelled"
"""Ends the passages that are about that appointment, whatever the plan says: there is nothing to confirm or to make good any more."""

ABOUT_APPOINTMENT: Final = ("appointment_booked", "appointment_missed")
"""Events whose passages are about the appointment itself."""

CARD_USED: Final = "card_used"
"""Ends no plan; whoever used her card has come as she promised."""

PLEDGED: Final = (
    "service_completed",
    "purchase",
    "card_topped_up",
    CARD_USED,
    "appointment_booked",
    "complaint",
    "bad_review",
)
"""Events that make it needless to ask why a promise was broken: she came after all, has a new time, or is somebody else's matter now."""

WATCHED: Final = frozenset({*EXITS, CANCELLED, CARD_USED})
"""Events that can close a task."""

REFUSED: Final = "do_not_contact"
"""What the refusal of a customer is called where an event would be named."""

CLOSES_AS: Final[Mapping[ExitOn, CloseReason]] = {exit_on: CloseReason(exit_on.value) for exit_on in ExitOn}
"""Exit → why the task closed."""

OF_ONE_CARD: Final = frozenset({"card_topped_up", "card_closed"})
"""Events that end a passage about a card only when they are of that card."""

LATE_BOOKS_HOURS: Final = 36
"""A passage that no event started was judged on books that may lag this much (engine.md, "Freshness"): what happened since counts as new."""


def close_reason(kind: str) -> CloseReason:
    """Return why a task is closed by an event of this type, or by a refusal."""
    return _OTHERS.get(kind) or CLOSES_AS[EXITS[kind]]


_OTHERS: Final = {
    REFUSED: CloseReason.DO_NOT_CONTACT,
    CANCELLED: CloseReason.APPOINTMENT_CANCELLED,
    CARD_USED: CloseReason.ARRIVED,
}
