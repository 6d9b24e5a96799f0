"""Parameters that many conditions share: bounds on a number, and days near and far."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Final

import msgspec

from tasks.audience.binds import Binds
from tasks.audience.registry import Params
from tasks.audience.wording import Words

Count = Annotated[int, msgspec.Meta(ge=0, le=100_000)]
Cents = Annotated[int, msgspec.Meta(ge=-(10**12), le=10**12)]
Days = Annotated[int, msgspec.Meta(ge=0, le=36_500)]
Percent = Annotated[int, msgspec.Meta(ge=0, le=100)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
FIRST_DAY: Final = date(1900, 1, 1)
"""The first day that a range may name."""
LAST_DAY: Final = date(2199, 12, 31)
"""The last day that a range may name."""
SIGNS: Final = {"equals": "=", "at_least": ">=", "at_most": "<=", "above": ">", "below": "<"}
"""A bound's field → its operator."""


def check_bounds(params: Any, *, needed: bool = True, step: Decimal = Decimal(1)) -> None:
    """Refuse bounds that say nothing, or that no number can keep; the numbers are multiples of `step`."""
    said = {name: value for name in SIGNS if (value := getattr(params, name, None)) is not None}
    if needed and not said:
        raise ValueError("needs one of: equals, atLeast, atMost, above, below")
    lows = {"equals": 0, "at_least": 0, "above": step}
    highs = {"equals": 0, "at_most": 0, "below": -step}
    low = max((value + lows[name] for name, value in said.items() if name in lows), default=None)
    high = min((value + highs[name] for name, value in said.items() if name in highs), default=None)
    if low is not None and high is not None and low > high:
        raise ValueError("no number keeps all of the bounds")


class Counts(Params, frozen=True):
    """Bounds on a count; those that are given must all hold."""

    equals: Count | None = None
    at_least: Count | None = None
    at_most: Count | None = None
    above: Count | None = None
    below: Count | None = None

    def __post_init__(self) -> None:
        """Refuse bounds that say nothing."""
        check_bounds(self)


class Amounts(Params, frozen=True):
    """Bounds on an amount in 分; those that are given must all hold."""

    equals: Cents | None = None
    at_least: Cents | None = None
    at_most: Cents | None = None
    above: Cents | None = None
    below: Cents | None = None

    def __post_init__(self) -> None:
        """Refuse bounds that say nothing."""
        check_bounds(self)


def bounded(value: str, params: Any, binds: Binds, sql_type: str = "bigint") -> str:
    """Return the SQL that `value`, which must not be null, keeps every bound that is given."""
    parts = [
        f"{value} {sign} {binds.add(bound, sql_type)}"
        for name, sign in SIGNS.items()
        if (bound := getattr(params, name, None)) is not None
    ]
    return "(" + " and ".join(parts) + ")" if parts else "true"


def holds_at_zero(params: Any) -> bool:
    """True when nothing at all, a count or sum of 0, keeps the bounds."""
    said = {name: bound for name in SIGNS if (bound := getattr(params, name, None)) is not None}
    low = all(said[name] <= 0 for name in ("equals", "at_least") if name in said) and said.get("above", -1) < 0
    high = all(said[name] >= 0 for name in ("equals", "at_most") if name in said) and said.get("below", 1) > 0
    return low and high


def check_range(from_on: date | None, to_on: date | None) -> None:
    """Refuse a range that ends before it begins, and days of another age: their instants are beyond the calendar."""
    for name, one in (("fromOn", from_on), ("toOn", to_on)):
        if one is not None and not FIRST_DAY <= one <= LAST_DAY:
            raise ValueError(f"{name} is not between {FIRST_DAY} and {LAST_DAY}")
    if from_on is not None and to_on is not None and to_on < from_on:
        raise ValueError("toOn is before fromOn")


class When(Params, frozen=True):
    """A day near or far: within so many days before today, not within them (never counts as not within), or between two days, both included."""

    within_days: Days | None = None
    not_within_days: Days | None = None
    from_on: date | None = None
    to_on: date | None = None

    def __post_init__(self) -> None:
        """Refuse what says nothing, and a range that is none."""
        if all(part is None for part in (self.within_days, self.not_within_days, self.from_on, self.to_on)):
            raise ValueError("needs one of: withinDays, notWithinDays, fromOn, toOn")
        check_range(self.from_on, self.to_on)
        if (
            self.within_days is not None
            and self.not_within_days is not None
            and self.within_days <= self.not_within_days
        ):
            raise ValueError("withinDays is not above notWithinDays")


@dataclass(frozen=True)
class Edges:
    """How a kind of column says where a day begins: a date by the day itself, an instant by the first one of the day in the customer's zone.

    Attributes:
        days_ago: SQL of the beginning of the day so many days before today.
        start: SQL of the beginning of a day.
    """

    days_ago: Callable[[int], str]
    start: Callable[[date], str]


def dates(binds: Binds) -> Edges:
    """Return the edges of columns that hold days."""
    return Edges(binds.days_ago, lambda day: binds.add(day, "date"))


def instants(binds: Binds) -> Edges:
    """Return the edges of columns that hold instants."""
    return Edges(binds.start_of_days_ago, binds.start_of)


def when(value: str, params: When, edges: Edges, *, until_today: bool = False) -> str:
    """Return the SQL that `value`, a date or an instant or null, is as the parameters say; never null itself.

    With `until_today` what has not begun, as days of a record may not have, is not within the last days. An index on the value can serve all but
    `not_within_days`.
    """
    parts = []
    if params.within_days is not None:
        begun = f" and {value} <= {{today}}" if until_today else ""
        parts.append(f"{value} is not null and {value} >= {edges.days_ago(params.within_days)}{begun}")
    if params.not_within_days is not None:
        to_come = f" or {value} > {{today}}" if until_today else ""
        parts.append(f"({value} is null or {value} < {edges.days_ago(params.not_within_days)}{to_come})")
    if params.from_on is not None:
        parts.append(f"{value} is not null and {value} >= {edges.start(params.from_on)}")
    if params.to_on is not None:
        parts.append(f"{value} is not null and {value} < {edges.start(params.to_on + timedelta(days=1))}")
    return " and ".join(parts)


def when_words(params: When, words: Words, did: tuple[str, str], did_not: tuple[str, str]) -> str:
    """Return the sentence: 近 90 天未到店. `did` and `did_not` are the verb phrases, (到店, came) and (未到店, did not come)."""
    # The verbs may hold names, so they are values and never part of what is formatted.
    yes, no = did[words.english], did_not[words.english]
    parts = []
    if params.within_days is not None:
        parts.append(words.say("近 {} 天{}", "{1} in the last {0} days", params.within_days, yes))
    if params.not_within_days is not None:
        parts.append(words.say("近 {} 天{}", "{1} in the last {0} days", params.not_within_days, no))
    if params.from_on is not None or params.to_on is not None:
        first, last = (words.day(one) if one else "…" for one in (params.from_on, params.to_on))
        parts.append(words.say("{} 至 {} {}", "{2} from {0} to {1}", first, last, yes))
    return words.say("且", " and ").join(parts)
