"""The condition of the overdue ratio: open days since she last came, over the days after which she usually comes (tasks.insight.rhythm)."""

from decimal import Decimal
from typing import Annotated, Final

import msgspec

from tasks.audience.asking import Asked, Some
from tasks.audience.binds import Binds
from tasks.audience.bounds import SIGNS, Code, check_bounds
from tasks.audience.registry import Condition, Params, register
from tasks.audience.states import Group
from tasks.audience.wording import Seen, Words

Ratio = Annotated[float, msgspec.Meta(ge=0, le=1000)]
MILLI: Final = 1000
_BOUNDS: Final = tuple(name for name in SIGNS if name != "equals")
_RHYTHM: Final = """customer_rhythm r join store_open_day o on o.merchant_id = r.merchant_id and o.store_id = r.store_id and o.day_on = {today}"""
_SINCE: Final = "(o.nth - r.last_nth)::bigint * r.gap_over * 1000"
"""Open days since she last came, in the same measure as the gap in thousandths: the two are compared, never divided."""


class OverdueRatioParams(Params, frozen=True):
    """Open days since the last visit, over her own average gap (from the third day on), else over the category's usual one.

    With `category` both are of that category of services, else of all. Who never came, and whose gap nobody knows, has no ratio and keeps no bound.
    """

    category: Code | None = None
    at_least: Ratio | None = None
    at_most: Ratio | None = None
    above: Ratio | None = None
    below: Ratio | None = None

    def __post_init__(self) -> None:
        """Refuse bounds that say nothing, or that no ratio keeps, or that are finer than a thousandth."""
        said = {name: value for name in _BOUNDS if (value := getattr(self, name)) is not None}
        if any(Decimal(str(value)) * MILLI % 1 for value in said.values()):
            raise ValueError("a number has at most three decimals")
        # A millionth is finer than any bound, so that above 2 and below 2.001 can both hold.
        exact = {name: Decimal(str(value)) for name, value in said.items()}
        check_bounds(_Exact(**exact), step=Decimal("0.000001"))


class _Exact(msgspec.Struct, frozen=True):
    """The bounds as exact numbers, under the names that `check_bounds` reads."""

    at_least: Decimal | None = None
    at_most: Decimal | None = None
    above: Decimal | None = None
    below: Decimal | None = None
    equals: Decimal | None = None


def _overdue_ratio(params: OverdueRatioParams, binds: Binds) -> Asked:
    category = binds.add(params.category or "", "text")
    known = f"r.category = {category} and r.last_on <= {{today}} and r.gap_over is not null"
    kept = [
        f"{_SINCE} {SIGNS[name]} r.gap_open_days::bigint * {binds.add(int(Decimal(str(bound)) * MILLI), 'bigint')}"
        for name in _BOUNDS
        if (bound := getattr(params, name)) is not None
    ]
    return Some(
        source=_RHYTHM,
        who="r.customer_id",
        merchant="r.merchant_id",
        where=" and ".join((known, *kept)),
        among=known,
        seen=f"max({_SINCE} / r.gap_open_days)::text",
    )


def _overdue_ratio_words(params: OverdueRatioParams, words: Words) -> str:
    bounds = words.bounds(params)
    if params.category is None:
        return words.say(
            "逾期倍数{}（距上次到店 ÷ 平常间隔）", "overdue ratio {} (time since last visit ÷ usual gap)", bounds
        )
    return words.say(
        "{}逾期倍数{}（距上次 ÷ 平常间隔）",
        "overdue ratio for {} {} (time since last time ÷ usual gap)",
        words.coded("category", [params.category]),
        bounds,
    )


register(
    Condition(
        name="overdue_ratio",
        group=Group.CONSUMPTION,
        params=OverdueRatioParams,
        zh="逾期倍数",
        en="Overdue ratio",
        ask=_overdue_ratio,
        words=_overdue_ratio_words,
        example={"atLeast": 2.0},
        seen=Seen.RATIO,
        todays=True,
    )
)
