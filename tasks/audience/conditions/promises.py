"""The condition of promises kept."""

from tasks.audience.asking import Asked, Some
from tasks.audience.binds import Binds
from tasks.audience.rates import Rate, Shares
from tasks.audience.registry import Condition, register
from tasks.audience.states import Group
from tasks.audience.wording import Seen, Words


class PromiseKeptRateParams(Shares, frozen=True):
    """How many of a hundred promises to come she kept, of all or of those for the last days; open ones and those taken back do not count.

    Whoever has kept and broken none has no rate.
    """


def _promise_kept_rate(params: PromiseKeptRateParams, binds: Binds) -> Asked:
    rate = Rate("count(*) filter (where p.state = 'kept')", "count(*)")
    window = "true" if params.within_days is None else f"p.promised_on >= {binds.days_ago(params.within_days)}"
    return Some(
        source="promise p",
        who="p.customer_id",
        merchant="p.merchant_id",
        where=f"p.state in ('kept', 'broken') and p.settled_at <= {{until}} and {window}",
        holds=rate.holds(params, binds),
        seen=rate.seen,
    )


def _promise_kept_rate_words(params: PromiseKeptRateParams, words: Words) -> str:
    bounds = words.bounds(params, suffix=("%", "%"))
    if params.within_days is None:
        return words.say("承诺兑现率{}", "promise kept-rate {}", bounds)
    return words.say("近 {} 天承诺兑现率{}", "promise kept-rate in the last {} days {}", params.within_days, bounds)


register(
    Condition(
        name="promise_kept_rate",
        group=Group.CONTACT,
        params=PromiseKeptRateParams,
        zh="承诺兑现率",
        en="Promise kept-rate",
        ask=_promise_kept_rate,
        words=_promise_kept_rate_words,
        example={"below": 50},
        seen=Seen.PERCENT,
    )
)
