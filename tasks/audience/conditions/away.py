"""The condition of how long she has not come; days on which her store was in a closure (春节, 装修) do not count."""

from typing import Final

from tasks.audience.asking import Asked, Some
from tasks.audience.binds import Binds
from tasks.audience.bounds import Counts, bounded
from tasks.audience.registry import Condition, register
from tasks.audience.states import Group
from tasks.audience.wording import Words

_CLOSED: Final = """coalesce((select sum(upper(x.days) - lower(x.days)) from unnest((
    select range_agg(daterange(greatest(z.from_on, r.last_on + 1), least(z.to_on, {today}), '[]')) from store_closure z
    where z.merchant_id = r.merchant_id and z.store_id = r.store_id and z.to_on > r.last_on and z.from_on <= {today})) as x(days)), 0)"""
"""Days since the last visit that lie in a closure of her store, each once however many closures hold it."""
_AWAY: Final = f"(({{today}} - r.last_on) - {_CLOSED})"


class DaysAwayParams(Counts, frozen=True):
    """Days since she last came, without those on which her store (docs/insight.md) was closed for a while. Whoever never came is not away."""


def _days_away(params: DaysAwayParams, binds: Binds) -> Asked:
    known = "r.category = '' and r.last_on <= {today}"
    # Closures only take days away: who came too lately by the calendar need not be asked about them.
    least = max((bound for bound in (params.at_least, params.equals, params.above) if bound is not None), default=0)
    near = f"r.last_on <= {{today}} - {binds.add(least, 'int')}"
    return Some(
        source="customer_rhythm r",
        who="r.customer_id",
        merchant="r.merchant_id",
        where=f"{known} and {near} and {bounded(_AWAY, params, binds)}",
        among=known,
        seen=f"max{_AWAY}::text",
    )


def _days_away_words(params: DaysAwayParams, words: Words) -> str:
    return words.say(
        "距上次到店{}（不计闭店）",
        "days since the last visit {} (closures not counted)",
        words.bounds(params, suffix=(" 天", "")),
    )


register(
    Condition(
        name="days_away",
        group=Group.CONSUMPTION,
        params=DaysAwayParams,
        zh="未到店天数",
        en="Days away",
        ask=_days_away,
        words=_days_away_words,
        example={"atLeast": 45, "atMost": 365},
        todays=True,
    )
)
