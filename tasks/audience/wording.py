"""Conditions in plain words, zh-CN and en: 性别为女 且 近 90 天未到店 且 充值卡余额低于 500 元."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

CENTS: Final = 100


class Seen(StrEnum):
    """How the value that a condition saw is written."""

    TEXT = "text"
    """As it is."""
    MONEY = "money"
    """分 as 元."""
    DAY = "day"
    """A calendar day."""
    RATIO = "ratio"
    """Thousandths as a number with one decimal."""
    PERCENT = "percent"
    """A whole number of percent."""


BOUNDS: Final[Mapping[str, tuple[str, str]]] = {
    "equals": ("为 {}", "is {}"),
    "at_least": ("不低于 {}", "at least {}"),
    "at_most": ("不高于 {}", "at most {}"),
    "above": ("高于 {}", "above {}"),
    "below": ("低于 {}", "below {}"),
}
"""A bound's field → its words."""


@dataclass(frozen=True)
class Words:
    """The reader's language, and what things are called.

    Attributes:
        locale: `zh-CN` or `en`.
        names: what staff, stores, products … are called, by id; levels, sources and categories by kind and code, as `level:gold`.
    """

    locale: str = "zh-CN"
    names: Mapping[UUID | str, str] = field(default_factory=dict)

    @property
    def english(self) -> bool:
        """True when the reader reads English."""
        return self.locale.startswith("en")

    def say(self, zh: str, en: str, *values: object) -> str:
        """Return the sentence of the language with the values in its `{}`."""
        return (en if self.english else zh).format(*values)

    def named(self, ids: Iterable[UUID]) -> str:
        """Return what these are called, joined by or."""
        return self.either(self.names.get(one, "?") for one in ids)

    def coded(self, kind: str, codes: Iterable[str]) -> str:
        """Return what these codes of a level, source or category stand for, joined by or; a code nobody named stands for itself."""
        return self.either(self.names.get(f"{kind}:{one}", one) for one in codes)

    def either(self, words: Iterable[str]) -> str:
        """Return words joined by or."""
        return (" or " if self.english else "或").join(words)

    def money(self, cents: int) -> str:
        """Return an amount of 分 as 元, without needless zeros."""
        yuan = f"{Decimal(cents) / CENTS:f}"
        return f"¥{yuan}" if self.english else f"{yuan} 元"

    def day(self, one: date) -> str:
        """Return a calendar day."""
        return one.isoformat()

    def bounds(self, params: Any, unit: Seen = Seen.TEXT, suffix: tuple[str, str] = ("", "")) -> str:
        """Return the bounds that are set, in words; `suffix` follows each number (次)."""
        parts = []
        for name, words in BOUNDS.items():
            value = getattr(params, name, None)
            if value is not None:
                shown = self.money(value) if unit is Seen.MONEY else f"{value}{self.say(*suffix)}"
                parts.append(self.say(*words, shown))
        return (" and " if self.english else "且").join(parts)

    def shown(self, value: str | None, unit: Seen) -> str:
        """Return a value that a condition saw, as text of the database, the way people write it."""
        if value is None:
            return self.say("无", "none")
        if unit is Seen.MONEY:
            return ", ".join(self.money(int(part)) for part in value.split(", "))
        if unit is Seen.RATIO:
            return f"{Decimal(value) / 1000:.1f}"
        return f"{value}%" if unit is Seen.PERCENT else value
