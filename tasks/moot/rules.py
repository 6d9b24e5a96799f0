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

CLOSES_AS: Final[Mapping[ExitOn, CloseReason]] = {exit_on: CloseReason(exit_on.value) for exit_on in ExitOn}
"""Exit → why the task closed."""

OF_ONE_CARD: Final = frozenset({"card_topped_up", "card_closed"})
"""Events that end a passage about a card only when they are of that card."""

LATE_BOOKS_HOURS: Final = 36
"""A passage that no event started was judged on books that may lag this much (engine.md, "Freshness"): what happened since counts as new."""
