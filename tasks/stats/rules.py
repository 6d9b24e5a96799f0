"""What the figures mean. Pure."""

from enum import StrEnum


class By(StrEnum):
    """How completion is broken down."""

    EMPLOYEE = "employee"
    """By who has the tasks; nobody is the pool."""
    PLAN = "plan"
    """By every plan that has a part in a task; money and arrivals by the plan that is credited."""
    STORE = "store"
    """By the tasks' store."""


def rate(part: int, whole: int) -> float | None:
    """Return part ÷ whole, None when there is nothing to be a part of."""
    return part / whole if whole else None
