"""Conditions of which cards a customer holds: about her, in plans about cards too."""

from tasks.audience.asking import CARDS, Asked, Some, cards_for
from tasks.audience.binds import Binds
from tasks.audience.conditions.cards import CardProducts, card_words, open_cards
from tasks.audience.registry import Condition, Params, register
from tasks.audience.states import Group
from tasks.audience.wording import Words

_GOOD = "(kf.expires_on is null or kf.expires_on >= {today})"


def _held(where: str, *, held: bool) -> Asked:
    return Some(
        source=cards_for(where),
        who="h.customer_id",
        merchant="h.merchant_id",
        where=f"{{held}} and {where} and {_GOOD}",
        none=not held,
        seen="string_agg(cp.name, ', ')",
        finding=CARDS,
    )


class CardHeldParams(Params, frozen=True):
    """Holds an open card that has not expired, of one of these card products (of any, if none is named); `held` false: holds none. A frozen one is held."""

    held: bool = True
    products: CardProducts = ()


def _card_held(params: CardHeldParams, binds: Binds) -> Asked:
    return _held(open_cards(params.products, binds), held=params.held)


def _card_held_words(params: CardHeldParams, words: Words) -> str:
    if not params.products:
        return words.say("持有有效卡", "holds a card") if params.held else words.say("没有有效卡", "holds no card")
    named = words.named(params.products)
    if params.held:
        return words.say("持有“{}”", "holds a card of “{}”", named)
    return words.say("未持有“{}”", "holds no card of “{}”", named)


register(
    Condition(
        name="card_held",
        group=Group.ASSETS,
        params=CardHeldParams,
        zh="持有卡项",
        en="Holds a card",
        ask=_card_held,
        words=_card_held_words,
        example={"held": True},
    )
)


class PromoCardParams(Params, frozen=True):
    """Holds an open promotional card with value left that is neither frozen nor expired, or does not."""

    held: bool
    products: CardProducts = ()


def _promo_card(params: PromoCardParams, binds: Binds) -> Asked:
    promo = "cp.promo and not kf.frozen and (kf.balance_cents > 0 or kf.uses_left > 0)"
    return _held(f"{open_cards(params.products, binds)} and {promo}", held=params.held)


def _promo_card_words(params: PromoCardParams, words: Words) -> str:
    said = (
        words.say("持有活动卡", "holds a promotional card")
        if params.held
        else words.say("未持有活动卡", "holds no promotional card")
    )
    return card_words(params, words, said)


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
