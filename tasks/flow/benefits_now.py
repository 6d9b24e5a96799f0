"""A till asks what is given right now, and says what it gave."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from scripts.locales import Locale
from tasks.benefits.combining import (
    Basket,
    Combination,
    budget_left,
    combinations,
    left_cents,
    saved,
    stands,
    times_left,
)
from tasks.benefits.offers import Asked, Offer, offers
from tasks.benefits.redeeming import Redeemed, RedemptionIn, redeem, take_back
from tasks.benefits.repository import Item
from tasks.benefits.states import GainKind, Stacking, Stands
from tasks.benefits.wording import Said, gain_words
from tasks.kernel.unit import Unit

__all__ = ["Asked", "BenefitsNow", "Redeemed", "RedemptionIn", "benefits_now", "redeem", "take_back"]

MOST_COMBINATIONS: Final = 20


class BenefitNow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A benefit that is on. Money in 分.

    Attributes:
        words: what one may say of it, in the caller's language.
        gain: what it gives; `multiplier` (hundredths), `percent`, `off_cents` or `price_cents` is its number.
        off_each: the amount comes off once for every full minimum spend.
        items: what it is for; empty: everything.
        stands: whether it can be given for what was asked about.
        saved_cents: what it would take off alone; None without an amount.
        left_cents: what caps and budget leave for this bill; None: no bound.
        times_left: how often she may have it today still; None: no bound.
        budget_left: what its budget leaves for everybody, in the budget's own unit.
        ends_at: until when it is given.
    """

    id: UUID
    name: str
    words: str
    gain: GainKind
    multiplier: int | None
    percent: int | None
    off_cents: int | None
    off_each: bool
    price_cents: int | None
    items: tuple[Item, ...]
    stacking: Stacking
    min_spend_cents: int
    stands: Stands
    saved_cents: int | None
    left_cents: int | None
    times_left: int | None
    budget_left: int | None
    ends_at: datetime


class BenefitsNow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is given at this instant, and the ways to give it together, the best first.

    `product_known` is None when no product was asked about; `amount_cents` is the amount that was judged by.
    """

    at: datetime
    customer_known: bool
    product_known: bool | None
    amount_cents: int | None
    benefits: list[BenefitNow]
    combinations: list[Combination]


async def benefits_now(unit: Unit, asked: Asked, amount: int | None, locale: Locale) -> BenefitsNow:
    """Return what is given right now, in the store's zone; whom nobody knows gets what is for every customer.

    `amount` (分) is the bill's, or one of the product's, before anything is taken off; None: not said, for a product its list price.
    Raises `NotFound` for a store that does not exist, or is none of the caller's.
    """
    found = await offers(unit, asked)
    listed = None if found.list_cents is None else max(found.list_cents, 0)
    basket = Basket(listed if amount is None else amount, by_product=asked.product is not None)
    return BenefitsNow(
        at=unit.now,
        customer_known=found.customer_id is not None,
        product_known=None if asked.product is None else found.product_id is not None,
        amount_cents=basket.amount,
        benefits=[_now(offer, basket, locale) for offer in found.offers],
        combinations=combinations(found.offers, basket)[:MOST_COMBINATIONS],
    )


def _now(offer: Offer, basket: Basket, locale: Locale) -> BenefitNow:
    said = Said(offer.gain, offer.value, offer.each, offer.min_spend_cents)
    stand = stands(offer, basket)
    return BenefitNow(
        id=offer.id,
        name=offer.name,
        words=gain_words(said, offer.items, locale),
        gain=offer.gain,
        multiplier=offer.value if offer.gain is GainKind.POINTS else None,
        percent=offer.value if offer.gain is GainKind.PERCENT_OFF else None,
        off_cents=offer.value if offer.gain is GainKind.AMOUNT_OFF else None,
        off_each=offer.each,
        price_cents=offer.price_cents,
        items=offer.items,
        stacking=offer.stacking,
        min_spend_cents=offer.min_spend_cents,
        stands=stand,
        saved_cents=saved(offer, basket, basket.amount)
        if stand is Stands.APPLIES and basket.amount is not None
        else None,
        left_cents=left_cents(offer),
        times_left=times_left(offer),
        budget_left=budget_left(offer),
        ends_at=offer.to_at,
    )
