"""Conditions of cards: in a plan about cards they are about that card, elsewhere about any card the customer holds."""

from tasks.audience.asking import Asked, Row
from tasks.audience.binds import Binds
from tasks.audience.bounds import Amounts, Days, bounded
from tasks.audience.registry import Condition, Params, register
from tasks.audience.states import Group
from tasks.audience.wording import Seen, Words


class CardBalanceParams(Amounts, frozen=True):
    """The balance (principal + gift, 分) of an open stored-value card."""


def _card_balance(params: CardBalanceParams, binds: Binds) -> Asked:
    within = bounded("kf.balance_cents", params, binds)
    return Row(f"kf.status = 'open' and cp.kind = 'stored_value' and {within}", "kf.balance_cents::text")


def _card_balance_words(params: CardBalanceParams, words: Words) -> str:
    return words.say("充值卡余额{}", "stored-value balance {}", words.bounds(params, Seen.MONEY))


register(
    Condition(
        name="card_balance",
        group=Group.ASSETS,
        params=CardBalanceParams,
        zh="充值卡余额",
        en="Stored-value balance",
        ask=_card_balance,
        words=_card_balance_words,
        example={"above": 0, "atMost": 50_000},
        seen=Seen.MONEY,
        of_card=True,
    )
)


class CardUsedParams(Params, frozen=True):
    """The card was used less than `within_days` times 24 hours ago."""

    within_days: Days


def _card_used(params: CardUsedParams, binds: Binds) -> Asked:
    since = f"{{at}} - {binds.add(params.within_days, 'int')} * interval '1 day'"
    return Row(f"coalesce(kf.last_used_at > {since}, false)", "kf.last_used_at::text")


def _card_used_words(params: CardUsedParams, words: Words) -> str:
    return words.say("近 {} 天用过卡", "used the card in the last {} days", params.within_days)


register(
    Condition(
        name="card_used",
        group=Group.ASSETS,
        params=CardUsedParams,
        zh="近期用过卡",
        en="Card used lately",
        ask=_card_used,
        words=_card_used_words,
        example={"withinDays": 180},
        of_card=True,
    )
)


class PromoCardParams(Params, frozen=True):
    """The customer holds an open promotional card with value left, or does not."""

    held: bool


def _promo_card(params: PromoCardParams, binds: Binds) -> Asked:
    wanted = binds.add(params.held, "boolean")
    return Row(
        "(exists (select from card pk join card_product pp on pp.merchant_id = pk.merchant_id and pp.id = pk.card_product_id and pp.promo "
        "join {card_facts} pf on pf.merchant_id = pk.merchant_id and pf.card_id = pk.id "
        "and pf.status = 'open' and (pf.balance_cents > 0 or pf.uses_left > 0) "
        f"where pk.merchant_id = cu.merchant_id and pk.customer_id = cu.id)) = {wanted}"
    )


def _promo_card_words(params: PromoCardParams, words: Words) -> str:
    return (
        words.say("持有活动卡", "holds a promotional card")
        if params.held
        else words.say("未持有活动卡", "holds no promotional card")
    )


register(
    Condition(
        name="promo_card",
        group=Group.ASSETS,
        params=PromoCardParams,
        zh="持有活动卡",
        en="Holds a promotional card",
        ask=_promo_card,
        words=_promo_card_words,
        example={"held": False},
    )
)
