"""Conditions of points (积分)."""

from typing import Annotated

import msgspec

from tasks.audience.asking import Asked, Row, Some
from tasks.audience.binds import Binds
from tasks.audience.bounds import bounded, check_bounds
from tasks.audience.registry import Condition, Params, register
from tasks.audience.states import Group
from tasks.audience.wording import Words

Points = Annotated[int, msgspec.Meta(ge=-(10**12), le=10**12)]
SomePoints = Annotated[int, msgspec.Meta(ge=1, le=10**12)]
SomeDays = Annotated[int, msgspec.Meta(ge=0, le=3_660)]


class PointsParams(Params, frozen=True):
    """The points that are left."""

    equals: Points | None = None
    at_least: Points | None = None
    at_most: Points | None = None
    above: Points | None = None
    below: Points | None = None

    def __post_init__(self) -> None:
        """Refuse bounds that say nothing."""
        check_bounds(self)


def _points(params: PointsParams, binds: Binds) -> Asked:
    return Row(bounded("f.points", params, binds), "f.points::text")


def _points_words(params: PointsParams, words: Words) -> str:
    return words.say("积分{}", "points {}", words.bounds(params))


register(
    Condition(
        name="points",
        group=Group.ASSETS,
        params=PointsParams,
        zh="积分",
        en="Points",
        ask=_points,
        words=_points_words,
        example={"atLeast": 1000},
    )
)


class PointsExpiringParams(Params, frozen=True):
    """At least so many of her points expire from today until the day in `within_days` days, if points are spent in the order in which they expire."""

    within_days: SomeDays
    at_least: SomePoints = 1


_LEDGER = """(select e.merchant_id, e.customer_id, e.points, e.balance, e.expires_on,
    count(e.balance) over newest as told
  from point_entry e
  where e.merchant_id = :merchant and e.occurred_at <= {{until}} and exists (
    select from point_entry x where x.merchant_id = e.merchant_id and x.customer_id = e.customer_id and x.occurred_at <= {{until}}
      and x.expires_on is not null and x.expires_on >= {{today}} and x.expires_on <= {{today}} + {days})
  window newest as (partition by e.merchant_id, e.customer_id order by e.occurred_at desc, e.sender_key desc, e.id desc
    rows unbounded preceding)) pe"""
"""The entries of customers who have points expiring in the window; `told` counts the balances that were said from an entry to the newest."""
_BALANCE = """(coalesce(sum(pe.balance) filter (where pe.balance is not null and pe.told = 1), 0)
  + coalesce(sum(pe.points) filter (where pe.told = 0), 0))"""
"""What tasks.ledger.points says is left: the newest balance that was said, and what came after."""


def _points_expiring(params: PointsExpiringParams, binds: Binds) -> Asked:
    """What is left of a lot is what is left in all, less what expires after it: the earlier ones were spent first."""
    days = binds.add(params.within_days, "int")
    later, from_today = (
        f"coalesce(sum(pe.points) filter (where pe.points > 0 and (pe.expires_on is null or pe.expires_on {bound})), 0)"
        for bound in (f"> {{today}} + {days}", ">= {today}")
    )
    left = f"greatest({_BALANCE}, 0)"
    expiring = f"least({left}, {from_today}) - least({left}, {later})"
    return Some(
        source=_LEDGER.format(days=days),
        who="pe.customer_id",
        merchant="pe.merchant_id",
        holds=f"{expiring} >= {binds.add(params.at_least, 'bigint')}",
        seen=f"({expiring})::text",
    )


def _points_expiring_words(params: PointsExpiringParams, words: Words) -> str:
    return words.say(
        "{} 天内有不少于 {} 积分到期",
        "at least {1} points expire within {0} days",
        params.within_days,
        params.at_least,
    )


register(
    Condition(
        name="points_expiring",
        group=Group.ASSETS,
        params=PointsExpiringParams,
        zh="积分即将到期",
        en="Points expiring",
        ask=_points_expiring,
        words=_points_expiring_words,
        example={"withinDays": 30, "atLeast": 100},
    )
)
