"""What can be credited, and within how many days of the contact. Pure."""

from collections.abc import Mapping
from typing import Final

from tasks.plans.states import GoalKind

WINDOWS: Final[Mapping[str, tuple[GoalKind, int]]] = {
    "service_completed": (GoalKind.ARRIVED, 14),
    "appointment_booked": (GoalKind.BOOKED, 30),
    "purchase": (GoalKind.PURCHASED, 30),
    "card_topped_up": (GoalKind.TOPPED_UP, 30),
    "card_used": (GoalKind.CARD_USED, 30),
}
"""Event type → what it is to a goal, and how many days after the contact it still counts."""

CREDITED: Final = frozenset({"booked", "arrived", "purchased"})
"""Kinds that get a credit row; the others only meet goals: a top-up's money is its sale's."""

TAKEN_BACK: Final = frozenset({"appointment_cancelled", "appointment_missed"})
"""Events that take the credit of their appointment back."""

REFUNDED: Final = "refunded"
"""The event that takes money back."""
