"""The registry of conditions: adding one is adding one entry, and its tests."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from tasks.audience.asking import Asked
from tasks.audience.binds import Binds
from tasks.audience.references import Reference, references_of
from tasks.audience.states import Group
from tasks.audience.wording import Seen, Words


class Params(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """The base of every condition's parameters."""


@dataclass(frozen=True)
class Condition:
    """One entry of the catalogue.

    Attributes:
        name: stable code, as trees write it.
        group: where it stands in the catalogue.
        params: the typed parameters.
        zh, en: labels.
        ask: parameters and binds → what it asks of the books.
        words: parameters and the reader's language → the sentence, as in 近 90 天未到店.
        example: parameters that make sense, for forms and documentation.
        seen: how explain writes the value.
        of_card: speaks of one card; outside plans about cards it asks whether the customer holds such a card.
        todays: the books keep no history of it: judged as of a past day, today's value is used (engine.md, "Facts").
        references: which parameters name other things of the merchant.
    """

    name: str
    group: Group
    params: type[Any]
    zh: str
    en: str
    ask: Callable[[Any, Binds], Asked]
    words: Callable[[Any, Words], str]
    example: dict[str, Any]
    seen: Seen = Seen.TEXT
    of_card: bool = False
    todays: bool = False
    references: tuple[Reference, ...] = field(default=(), init=False)

    def __post_init__(self) -> None:
        """Read the references off the parameters' types."""
        object.__setattr__(self, "references", references_of(self.params))

    def label(self, locale: str) -> str:
        """Return the label in the locale."""
        return self.en if locale.startswith("en") else self.zh


CONDITIONS: dict[str, Condition] = {}
"""Every condition by name, in the order of the catalogue."""


def register(condition: Condition) -> Condition:
    """Put a condition into the catalogue; a name is used once."""
    if condition.name in CONDITIONS:
        raise ValueError(f"condition {condition.name} registered twice")
    CONDITIONS[condition.name] = condition
    return condition
