"""The registry of conditions: adding one is adding one entry, and its tests.

A condition's SQL speaks of fixed aliases: `cu` the customer, `f` the customer's facts, `k` and `kf` the card and its facts where the scope is a card,
`{today}` the store-local day and `{at}` the instant it is evaluated for. Values are binds, named by the compiler.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec

from tasks.audience.binds import Binds

P = TypeVar("P", bound=msgspec.Struct)


class Params(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The base of every condition's parameters."""


@dataclass(frozen=True)
class Condition:
    """One entry of the catalogue.

    Attributes:
        name: stable code, as trees write it.
        params: the typed parameters.
        zh, en: labels.
        sql: parameters and binds → a boolean SQL expression that is never null.
        value: an SQL expression for the value the condition looked at, as text; what explain shows.
        of_card: speaks of one card, so only plans of scope card may use it.
    """

    name: str
    params: type[Any]
    zh: str
    en: str
    sql: Callable[[Any, Binds], str]
    value: str
    of_card: bool = False


CONDITIONS: dict[str, Condition] = {}
"""Every condition by name."""


def register(condition: Condition) -> Condition:
    """Put a condition into the catalogue; a name is used once."""
    if condition.name in CONDITIONS:
        raise ValueError(f"condition {condition.name} registered twice")
    CONDITIONS[condition.name] = condition
    return condition
