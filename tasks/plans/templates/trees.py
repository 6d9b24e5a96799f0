"""The condition trees that templates share."""

from typing import Any

Tree = dict[str, Any]


def leaf(condition: str, **params: Any) -> Tree:
    """Return one condition; parameters as trees write them."""
    return {"condition": condition, **params}


def every(*nodes: Tree) -> Tree:
    """Return the tree that holds when all of these do."""
    return {"all": list(nodes)}


def some(*nodes: Tree) -> Tree:
    """Return the tree that holds when any of these does."""
    return {"any": list(nodes)}


def came_within(days: int) -> Tree:
    """She came in the last days."""
    return leaf("last_visit", withinDays=days)


VALUE_LEFT = some(leaf("card_balance", above=0), leaf("card_uses_left", atLeast=1))
"""There is money or a use left: on the card a plan is about, else on any card she holds."""

NOT_BOOKED = leaf("future_appointment", exists=False)
"""She has no appointment to come."""
