"""Conditions of how long cards are good for; the last day counts. A card without an expiry day never matches."""

from datetime import date
from typing import Annotated

import msgspec

from tasks.audience.asking import Asked, Row
from tasks.audience.binds import Binds
from tasks.audience.bounds import SIGNS, check_bounds, check_range
from tasks.audience.conditions.cards import CardProducts, card_words, good_cards
from tasks.audience.registry import Condition, Params, register
from tasks.audience.states import Group
from tasks.audience.wording import Words

DaysLeft = Annotated[int, msgspec.Meta(ge=-36_500, le=36_500)]


class CardExpiryParams(Params, frozen=True):
    """The last day of an open card lies between two days, both included. The days say whether it is over, so expired cards count; frozen ones if asked."""

    from_on: date | None = None
    to_on: date | None = None
    products: CardProducts = ()
    frozen_too: bool = False

    def __post_init__(self) -> None:
        """Refuse what says nothing, and a range that is none."""
        if self.from_on is None and self.to_on is None:
            raise ValueError("needs one of: fromOn, toOn")
        check_range(self.from_on, self.to_on)


def _card_expiry(params: CardExpiryParams, binds: Binds) -> Asked:
    among = f"{good_cards(params, binds)} and kf.expires_on is not null"
    parts = [
        f" and kf.expires_on {sign} {binds.add(day, 'date')}"
        for sign, day in ((">=", params.from_on), ("<=", params.to_on))
        if day is not None
    ]
    return Row(among + "".join(parts), "kf.expires_on::text", among)


def _card_expiry_words(params: CardExpiryParams, words: Words) -> str:
    first, last = (words.day(one) if one else "…" for one in (params.from_on, params.to_on))
    said = words.say("卡在 {} 至 {} 到期", "card expires from {} to {}", first, last)
    return card_words(params, words, said)


register(
    Condition(
        name="card_expiry",
        group=Group.ASSETS,
        params=CardExpiryParams,
        zh="卡到期日",
        en="Card expiry",
        ask=_card_expiry,
        words=_card_expiry_words,
        example={"fromOn": "2026-03-01", "toOn": "2026-03-31"},
        of_card=True,
    )
)


class CardDaysLeftParams(Params, frozen=True):
    """The days until an open card's last day: 0 on that day. With `expired_too` also cards whose last day was, with days below 0."""

    equals: DaysLeft | None = None
    at_least: DaysLeft | None = None
    at_most: DaysLeft | None = None
    above: DaysLeft | None = None
    below: DaysLeft | None = None
    products: CardProducts = ()
    frozen_too: bool = False
    expired_too: bool = False

    def __post_init__(self) -> None:
        """Refuse bounds that say nothing."""
        check_bounds(self)


def _card_days_left(params: CardDaysLeftParams, binds: Binds) -> Asked:
    """The bounds are moved to the day, so that an index on it can serve; both ends are said, so that the planner knows how few they leave."""
    among = f"{good_cards(params, binds)} and kf.expires_on is not null"
    good = "" if params.expired_too else " and kf.expires_on >= {today}"
    parts = [
        f" and kf.expires_on {sign} {{today}} + {binds.add(bound, 'int')}"
        for name, sign in SIGNS.items()
        if (bound := getattr(params, name)) is not None
    ]
    return Row(among + good + "".join(parts), "(kf.expires_on - {today})::text", among)


def _card_days_left_words(params: CardDaysLeftParams, words: Words) -> str:
    bounds = words.bounds(params, suffix=(" 天", " days"))
    return card_words(params, words, words.say("卡剩余有效期{}", "card's time left {}", bounds))


register(
    Condition(
        name="card_days_left",
        group=Group.ASSETS,
        params=CardDaysLeftParams,
        zh="卡剩余天数",
        en="Days left on a card",
        ask=_card_days_left,
        words=_card_days_left_words,
        example={"atMost": 30},
        of_card=True,
    )
)
