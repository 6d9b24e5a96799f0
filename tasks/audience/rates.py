"""Shares of a hundred: compared exactly, shown with one decimal; of nothing there is no share."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from tasks.audience.binds import Binds
from tasks.audience.bounds import Days, Percent, bounded, check_bounds
from tasks.audience.registry import Params

FINEST: Final = Decimal("0.001")
"""Bounds on a share are closer together than any two counts of ours make shares."""


def check_percents(params: Any) -> None:
    """Refuse bounds that say nothing, or that no share can keep."""
    check_bounds(params, step=FINEST)


class Shares(Params, frozen=True):
    """Bounds on a share of a hundred, of everything or of the last days."""

    equals: Percent | None = None
    at_least: Percent | None = None
    at_most: Percent | None = None
    above: Percent | None = None
    below: Percent | None = None
    within_days: Days | None = None

    def __post_init__(self) -> None:
        """Refuse bounds that say nothing."""
        check_percents(self)


@dataclass(frozen=True)
class Rate:
    """How many of a hundred.

    Attributes:
        part, whole: aggregates that count, never null.
    """

    part: str
    whole: str

    @property
    def percent(self) -> str:
        """The SQL of the share, null of nothing."""
        return f"100.0 * {self.part} / nullif({self.whole}, 0)"

    @property
    def seen(self) -> str:
        """The SQL of the share as text with at most one decimal."""
        return f"trim_scale(round({self.percent}, 1))::text"

    def holds(self, params: Any, binds: Binds) -> str:
        """Return the SQL that the share keeps the bounds; of nothing it does not."""
        return f"case when {self.whole} > 0 then {bounded(self.percent, params, binds)} else false end"
