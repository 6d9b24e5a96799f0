"""Conditions of purchases and money: cash earned and card value consumed are never one sum."""

from enum import StrEnum
from typing import Final

from tasks.audience.asking import Asked, Row, Some
from tasks.audience.binds import Binds
from tasks.audience.bounds import Amounts, Cents, When, bounded, check_bounds, holds_at_zero, instants, when, when_words
from tasks.audience.registry import Condition, register
from tasks.audience.states import Group
from tasks.audience.windows import Window, check_window, day_of, has_window, in_window, window_words
from tasks.audience.wording import Seen, Words

PAID: Final = "s.cash_cents + s.card_cents > 0"
"""A sale that is a purchase (customer_facts)."""


def _first_purchase(params: When, binds: Binds) -> Asked:
    return Row(when("f.first_purchase_at", params, instants(binds)), day_of("f.first_purchase_at", binds))


def _first_purchase_words(params: When, words: Words) -> str:
    did = ("首次消费", "bought for the first time")
    return when_words(params, words, did, ("没有首次消费", "did not buy for the first time"))


register(
    Condition(
        name="first_purchase",
        group=Group.CONSUMPTION,
        params=When,
        zh="首次消费",
        en="First purchase",
        ask=_first_purchase,
        words=_first_purchase_words,
        example={"withinDays": 100},
        seen=Seen.DAY,
    )
)


def _last_purchase(params: When, binds: Binds) -> Asked:
    return Row(when("f.last_purchase_at", params, instants(binds)), day_of("f.last_purchase_at", binds))


def _last_purchase_words(params: When, words: Words) -> str:
    return when_words(params, words, ("消费过", "bought something"), ("未消费", "did not buy anything"))


register(
    Condition(
        name="last_purchase",
        group=Group.CONSUMPTION,
        params=When,
        zh="最近消费",
        en="Last purchase",
        ask=_last_purchase,
        words=_last_purchase_words,
        example={"notWithinDays": 60},
        seen=Seen.DAY,
    )
)


class Basis(StrEnum):
    """Which money is meant."""

    CASH = "cash"
    """实收: cash paid, what a card was opened or topped up with too."""
    CONSUMED = "consumed"
    """消耗: card value used."""


_BASES: Final = {Basis.CASH: ("实收消费", "cash spend"), Basis.CONSUMED: ("卡消耗", "card value consumed")}
_FACTS: Final = {Basis.CASH: "f.spend_cash_cents", Basis.CONSUMED: "f.spend_card_cents"}
_SUMS: Final = {Basis.CASH: "coalesce(sum(s.cash_cents), 0)", Basis.CONSUMED: "coalesce(sum(s.card_cents), 0)"}


class SpendParams(Window, frozen=True):
    """What she spent (分), refunds taken off, in her life or in a window of days."""

    basis: Basis = Basis.CASH
    equals: Cents | None = None
    at_least: Cents | None = None
    at_most: Cents | None = None
    above: Cents | None = None
    below: Cents | None = None

    def __post_init__(self) -> None:
        """Refuse two windows in one, and bounds that say nothing."""
        check_window(self, needed=False)
        check_bounds(self)


def _sales(params: SpendParams, binds: Binds, holds: str, seen: str, *, empty: bool) -> Some:
    """Return the question about her sales in the window."""
    return Some(
        source="sale s",
        who="s.customer_id",
        merchant="s.merchant_id",
        where=f"{in_window('s.sold_on', params, binds)} and s.sold_at <= {{until}}",
        holds=holds,
        empty=empty,
        seen=seen,
    )


def _spend(params: SpendParams, binds: Binds) -> Asked:
    if not has_window(params):
        return Row(bounded(_FACTS[params.basis], params, binds), f"{_FACTS[params.basis]}::text")
    total = _SUMS[params.basis]
    return _sales(params, binds, bounded(total, params, binds), f"({total})::text", empty=holds_at_zero(params))


def _spend_words(params: SpendParams, words: Words) -> str:
    bounds, basis = words.bounds(params, Seen.MONEY), words.say(*_BASES[params.basis])
    return words.say("{}{}{}", "{1} {0} {2}", window_words(params, words), basis, bounds)


register(
    Condition(
        name="spend",
        group=Group.CONSUMPTION,
        params=SpendParams,
        zh="消费金额",
        en="Spend",
        ask=_spend,
        words=_spend_words,
        example={"withinDays": 365, "atLeast": 300_000},
        seen=Seen.MONEY,
    )
)


class HighestPaymentParams(Amounts, frozen=True):
    """The largest single purchase of her life (分), cash and card part together; 0 without one."""


def _highest_payment(params: HighestPaymentParams, binds: Binds) -> Asked:
    return Row(bounded("f.highest_payment_cents", params, binds), "f.highest_payment_cents::text")


def _highest_payment_words(params: HighestPaymentParams, words: Words) -> str:
    return words.say("单笔最高消费{}", "highest payment {}", words.bounds(params, Seen.MONEY))


register(
    Condition(
        name="highest_payment",
        group=Group.CONSUMPTION,
        params=HighestPaymentParams,
        zh="单笔最高消费",
        en="Highest payment",
        ask=_highest_payment,
        words=_highest_payment_words,
        example={"atLeast": 100_000},
        seen=Seen.MONEY,
    )
)


class AverageTicketParams(SpendParams, frozen=True):
    """客单价: what she spent, refunds taken off, by purchase, rounded to a whole 分; whoever bought nothing has none."""


def _average_ticket(params: AverageTicketParams, binds: Binds) -> Asked:
    if not has_window(params):
        average = f"round({_FACTS[params.basis]}::numeric / nullif(f.purchase_count, 0))"
        holds = f"case when f.purchase_count > 0 then {bounded(average, params, binds)} else false end"
        return Row(holds, f"({average})::text")
    average = f"round({_SUMS[params.basis]}::numeric / nullif(count(*) filter (where {PAID}), 0))"
    holds = f"case when count(*) filter (where {PAID}) > 0 then {bounded(average, params, binds)} else false end"
    return _sales(params, binds, holds, f"({average})::text", empty=False)


def _average_ticket_words(params: AverageTicketParams, words: Words) -> str:
    bounds, basis = words.bounds(params, Seen.MONEY), words.say(*_TICKETS[params.basis])
    return words.say("{}{}{}", "{1} {0} {2}", window_words(params, words), basis, bounds)


_TICKETS: Final = {
    Basis.CASH: ("实收客单价", "average cash ticket"),
    Basis.CONSUMED: ("卡消耗客单价", "average card value per purchase"),
}

register(
    Condition(
        name="average_ticket",
        group=Group.CONSUMPTION,
        params=AverageTicketParams,
        zh="客单价",
        en="Average ticket",
        ask=_average_ticket,
        words=_average_ticket_words,
        example={"atLeast": 30_000},
        seen=Seen.MONEY,
    )
)
