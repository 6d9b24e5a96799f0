"""What the benefits that are on come to, alone and together; pure. Money in 分, multipliers in hundredths.

Money comes off in one order: member prices, then percentages of what is left, then amounts. Multipliers add what they give beyond the usual points:
double and triple together are four times. Minimum spends are judged by the amount that was asked about, before anything is taken off.
"""

from collections.abc import Iterator, Sequence
from typing import Final
from uuid import UUID

import msgspec

from tasks.benefits.offers import Offer
from tasks.benefits.rules import percent_of
from tasks.benefits.states import BudgetUnit, GainKind, Stacking, Stands

USUAL: Final = 100
"""The multiplier of an ordinary day."""
ORDER: Final = (GainKind.MEMBER_PRICE, GainKind.PERCENT_OFF, GainKind.AMOUNT_OFF, GainKind.POINTS)


class Basket(msgspec.Struct, frozen=True):
    """What is bought: an amount (None: not said), of one product if one was asked about, else of the whole bill."""

    amount: int | None
    by_product: bool = False


class Part(msgspec.Struct, frozen=True, rename="camel"):
    """What one benefit takes off within a combination."""

    benefit: UUID
    saved_cents: int | None


class Combination(msgspec.Struct, frozen=True, rename="camel"):
    """Benefits that may be given together, in the order money comes off. Money is None when no amount was said."""

    parts: tuple[Part, ...]
    saved_cents: int | None
    pay_cents: int | None
    multiplier: int


def left_cents(offer: Offer) -> int | None:
    """Return how much one bill may still have of it: the smallest of its caps and its budget; None: no bound."""
    bounds = [offer.per_bill_cents]
    if offer.per_day_cents is not None:
        bounds.append(offer.per_day_cents - offer.her_cents)
    if offer.budget_amount is not None and offer.budget_unit is BudgetUnit.CENTS:
        bounds.append(offer.budget_amount - offer.all_cents)
    known = [max(bound, 0) for bound in bounds if bound is not None]
    return min(known, default=None)


def times_left(offer: Offer) -> int | None:
    """Return how many more redemptions this customer may have of it today; None: no bound."""
    bounds = []
    if offer.per_day_times is not None:
        bounds.append(offer.per_day_times - offer.her_times)
    if offer.budget_amount is not None and offer.budget_unit is BudgetUnit.USES:
        bounds.append(offer.budget_amount - offer.all_times)
    return min((max(bound, 0) for bound in bounds), default=None)


def budget_left(offer: Offer) -> int | None:
    """Return what is left of its budget, in the budget's unit; None: it has none."""
    if offer.budget_amount is None:
        return None
    used = offer.all_cents if offer.budget_unit is BudgetUnit.CENTS else offer.all_times
    return max(offer.budget_amount - used, 0)


def stands(offer: Offer, basket: Basket) -> Stands:
    """Return whether it can be given, and if not what is in the way."""
    if budget_left(offer) == 0:
        return Stands.BUDGET_SPENT
    if left_cents(offer) == 0 or times_left(offer) == 0:
        return Stands.CAP_SPENT
    if offer.by_item and not basket.by_product:
        return Stands.NEEDS_PRODUCT
    if offer.min_spend_cents and basket.amount is None:
        return Stands.NEEDS_AMOUNT
    if basket.amount is not None and basket.amount < offer.min_spend_cents:
        return Stands.BELOW_MINIMUM
    return Stands.APPLIES


def steps(offer: Offer, amount: int) -> int:
    """Return how many times an amount off is taken of a bill."""
    return amount // offer.min_spend_cents if offer.each else 1


def saved(offer: Offer, basket: Basket, remaining: int) -> int:
    """Return what it takes off what is left of the basket's amount, within its caps and budget."""
    amount = basket.amount or 0
    match offer.gain:
        case GainKind.MEMBER_PRICE:
            wanted = remaining - (offer.price_cents or 0)
        case GainKind.PERCENT_OFF:
            wanted = percent_of(remaining, offer.value or 0)
        case GainKind.AMOUNT_OFF:
            wanted = (offer.value or 0) * steps(offer, amount)
        case _:
            wanted = 0
    bound = left_cents(offer)
    return max(0, min(wanted, remaining, wanted if bound is None else bound))


def combinations(offers: Sequence[Offer], basket: Basket) -> list[Combination]:
    """Return every way to give those that apply: each exclusive one alone, the others as their stacking says; what saves most first, then most points.

    Without an amount, ways that save money cannot be told apart: most points come first, then most benefits.
    """
    applying = [offer for offer in offers if stands(offer, basket) is Stands.APPLIES]
    made = [_together(set_of, basket) for set_of in _sets(applying)]
    return sorted(made, key=lambda one: (-(one.saved_cents or 0), -one.multiplier, -len(one.parts), _ids(one)))


def _sets(offers: Sequence[Offer]) -> Iterator[list[Offer]]:
    alone = [offer for offer in offers if offer.stacking is Stacking.EXCLUSIVE]
    stacked = [offer for offer in offers if offer.stacking is Stacking.STACK]
    best = [offer for offer in offers if offer.stacking is Stacking.BEST]
    points = [offer for offer in best if offer.gain is GainKind.POINTS]
    stacked += [max(points, key=lambda offer: (offer.value or 0, -offer.id.int))] if points else []
    money: list[Offer | None] = [offer for offer in best if offer.gain is not GainKind.POINTS]
    for one in money or [None]:
        together = [*stacked, one] if one else stacked
        if together:
            yield together
    for one in alone:
        yield [one]


def _together(offers: Sequence[Offer], basket: Basket) -> Combination:
    ordered = sorted(offers, key=lambda offer: (ORDER.index(offer.gain), offer.id))
    multiplier = USUAL + sum((offer.value or USUAL) - USUAL for offer in ordered if offer.gain is GainKind.POINTS)
    if basket.amount is None:
        return Combination(tuple(Part(offer.id, None) for offer in ordered), None, None, multiplier)
    remaining, parts = basket.amount, []
    for offer in ordered:
        off = saved(offer, basket, remaining)
        parts.append(Part(offer.id, off))
        remaining -= off
    return Combination(tuple(parts), basket.amount - remaining, remaining, multiplier)


def _ids(one: Combination) -> list[UUID]:
    return [part.benefit for part in one.parts]
