"""Conditions of cards: in a plan about cards they are about that card, elsewhere about any card the customer holds.

A closed card never counts. What is on a frozen card (停卡) or one that has expired is no value left, unless it is asked for. Sums and whether something is
held are about the customer, in plans about cards too; who has no card has 0 and holds none.
"""

from typing import Annotated, Any, Final

import msgspec

from tasks.audience.asking import CARDS, Asked, Row, Some
from tasks.audience.binds import Binds
from tasks.audience.bounds import Amounts, Counts, Days, bounded, holds_at_zero
from tasks.audience.references import MOST_NAMED, CardProductId
from tasks.audience.registry import Condition, Params, register
from tasks.audience.states import Group
from tasks.audience.wording import Seen, Words

CardProducts = Annotated[tuple[CardProductId, ...], msgspec.Meta(max_length=MOST_NAMED)]
_MONEY: Final = "cp.kind = 'stored_value'"
_USES: Final = "(cp.kind in ('times', 'course', 'any_of') or kf.uses_left > 0)"
"""A card of another kind has uses when some were put on it (a gift)."""


def open_cards(products: tuple[CardProductId, ...], binds: Binds) -> str:
    """Return the SQL that a card is open and, where some are named, of one of the card products."""
    named = f" and k.card_product_id = any({binds.add(list(products), 'uuid[]')})" if products else ""
    return f"kf.status = 'open'{named}"


def good_cards(params: Any, binds: Binds) -> str:
    """Return the SQL that what is on a card counts: it is open, and neither frozen nor expired unless `frozen_too`, `expired_too` say so."""
    good = open_cards(params.products, binds)
    if not params.frozen_too:
        good += " and not kf.frozen"
    if not getattr(params, "expired_too", True):
        good += " and (kf.expires_on is null or kf.expires_on >= {today})"
    return good


def card_words(params: Any, words: Words, said: str) -> str:
    """Return a sentence with the card products it is about in front, and which cards count too behind."""
    products = words.named(params.products) if params.products else ""
    front = words.say("“{}”的", "of “{}”: ", products) if products else ""
    flags = (("frozen_too", "停卡", "frozen"), ("expired_too", "过期卡", "expired"))
    too = [words.say(zh, en) for name, zh, en in flags if getattr(params, name, False)]
    behind = words.say("（含{}）", " (with {} cards)", words.say("、", " and ").join(too)) if too else ""
    return f"{front}{said}{behind}"


def _left(column: str, among: str, params: Any, binds: Binds) -> Asked:
    """What is left on one card, or on all of a customer's cards together."""
    if not params.total:
        # Said as a literal, so that the planner can use the index of cards with something left.
        above = f" and kf.{column} > 0" if _above_zero(params) else ""
        return Row(f"{among}{above} and {bounded(f'kf.{column}', params, binds)}", f"kf.{column}::text", among)
    total = f"coalesce(sum(kf.{column}), 0)"
    return Some(
        source=CARDS,
        who="h.customer_id",
        merchant="h.merchant_id",
        where=f"{{held}} and {among}",
        holds=bounded(total, params, binds),
        empty=holds_at_zero(params),
        seen=f"{total}::text",
    )


def _above_zero(params: Any) -> bool:
    low = [params.equals, params.at_least, params.above if params.above is None else params.above + 1]
    return any(one is not None and one > 0 for one in low)


class CardBalanceParams(Amounts, frozen=True):
    """The balance (principal + gift, 分) of an open stored-value card, or with `total` of all of hers together."""

    products: CardProducts = ()
    total: bool = False
    frozen_too: bool = False
    expired_too: bool = False


def _card_balance(params: CardBalanceParams, binds: Binds) -> Asked:
    return _left("balance_cents", f"{good_cards(params, binds)} and {_MONEY}", params, binds)


def _card_balance_words(params: CardBalanceParams, words: Words) -> str:
    bounds = words.bounds(params, Seen.MONEY)
    if params.total:
        return card_words(params, words, words.say("充值卡余额合计{}", "stored-value balance in total {}", bounds))
    return card_words(params, words, words.say("充值卡余额{}", "stored-value balance {}", bounds))


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


class CardUsesLeftParams(Counts, frozen=True):
    """The uses left on an open card that has uses (次卡, 疗程卡, 通卡), or with `total` on all of hers together."""

    products: CardProducts = ()
    total: bool = False
    frozen_too: bool = False
    expired_too: bool = False


def _card_uses_left(params: CardUsesLeftParams, binds: Binds) -> Asked:
    return _left("uses_left", f"{good_cards(params, binds)} and {_USES}", params, binds)


def _card_uses_left_words(params: CardUsesLeftParams, words: Words) -> str:
    bounds = words.bounds(params, suffix=(" 次", ""))
    if params.total:
        return card_words(params, words, words.say("次卡剩余次数合计{}", "uses left on cards in total {}", bounds))
    return card_words(params, words, words.say("次卡剩余次数{}", "uses left on a card {}", bounds))


register(
    Condition(
        name="card_uses_left",
        group=Group.ASSETS,
        params=CardUsesLeftParams,
        zh="次卡剩余次数",
        en="Uses left on a card",
        ask=_card_uses_left,
        words=_card_uses_left_words,
        example={"equals": 1},
        of_card=True,
    )
)


class CardUsedParams(Params, frozen=True):
    """The open card was used less than `within_days` times 24 hours ago."""

    within_days: Days
    products: CardProducts = ()


def _card_used(params: CardUsedParams, binds: Binds) -> Asked:
    among = open_cards(params.products, binds)
    since = f"{{at}} - {binds.add(params.within_days, 'int')} * interval '1 day'"
    return Row(f"{among} and kf.last_used_at is not null and kf.last_used_at > {since}", "kf.last_used_at::text", among)


def _card_used_words(params: CardUsedParams, words: Words) -> str:
    said = words.say("近 {} 天用过卡", "used the card in the last {} days", params.within_days)
    return card_words(params, words, said)


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


class CardFrozenParams(Params, frozen=True):
    """An open card is frozen (停卡); `frozen` false: an open card is not. Who holds no card has neither."""

    frozen: bool = True
    products: CardProducts = ()


def _card_frozen(params: CardFrozenParams, binds: Binds) -> Asked:
    among = open_cards(params.products, binds)
    wanted = "kf.frozen" if params.frozen else "not kf.frozen"
    return Row(f"{among} and {wanted}", "kf.frozen::text", among)


def _card_frozen_words(params: CardFrozenParams, words: Words) -> str:
    said = (
        words.say("卡已停用", "the card is frozen")
        if params.frozen
        else words.say("卡未停用", "the card is not frozen")
    )
    return card_words(params, words, said)


register(
    Condition(
        name="card_frozen",
        group=Group.ASSETS,
        params=CardFrozenParams,
        zh="停卡",
        en="Card frozen",
        ask=_card_frozen,
        words=_card_frozen_words,
        example={"frozen": True},
        of_card=True,
    )
)
