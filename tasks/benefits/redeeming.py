"""What tills gave: counted once each, under the benefit's row, so that no cap and no budget is exceeded by many at once."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec

from tasks.benefits.combining import Basket, budget_left, left_cents, stands, steps
from tasks.benefits.faults import BenefitNotGiven, BenefitSpent, RedemptionReused
from tasks.benefits.offers import Asked, Found, Offer, offers
from tasks.benefits.rules import begins, most_off
from tasks.benefits.shapes import MOST_CENTS, Code
from tasks.benefits.states import GainKind, Period, RedemptionState, Stands
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import Taken
from tasks.ledger.rules import check_id, check_instant
from tasks.plans.shapes import Struct

OLDEST: Final = timedelta(days=31)
"""A till that was cut off reports within a month."""
FAST: Final = timedelta(minutes=5)
"""A till's clock may be ahead by so much."""
Bill = Annotated[int, msgspec.Meta(ge=0, le=MOST_CENTS)]


class RedemptionIn(Struct, frozen=True, kw_only=True):
    """A benefit given on a bill, or on a product of it.

    Attributes:
        external_id: names it for ever; one per bill and benefit.
        store, customer, product: as `GET /v1/benefits/now` takes them.
        at: when; absent: now.
        amount_cents: the amount before anything was taken off.
        saved_cents: what this benefit took off; 0 for points.
    """

    external_id: Code
    benefit: UUID
    store: Code
    amount_cents: Bill
    saved_cents: Bill = 0
    customer: Code | None = None
    product: Code | None = None
    at: datetime | None = None


class Redeemed(msgspec.Struct, frozen=True, rename="camel"):
    """A redemption that counts, or was taken back. `counted_cents` is what caps and budget see, `budget_left` is in the budget's unit."""

    id: UUID
    status: Taken
    state: RedemptionState
    counted_cents: int
    budget_left: int | None


_FOUND: Final = """
select r.id, r.benefit_id, r.store_id, r.customer_id, r.product_id, r.redeemed_at, r.amount_cents, r.saved_cents, r.counted_cents, r.state, r.day_on
from benefit_redemption r where r.merchant_id = :merchant and r.external_id = :external and r.external_id <> ''
"""
_INSERT: Final = """
insert into benefit_redemption (merchant_id, id, external_id, benefit_id, store_id, customer_id, product_id, redeemed_at, day_on, amount_cents, saved_cents,
  counted_cents, recorded_at)
values (:merchant, :id, :external, :benefit, :store, :customer, :product, :at, :day, :amount, :saved, :counted, :now)
on conflict (external_id, merchant_id) where external_id <> '' do nothing
"""
_PERIODS: Final = "unnest(cast(:periods as text[]), cast(:begins as date[])) as u(period, begins_on)"
_MORE: Final = f"""
insert into benefit_spent as s (merchant_id, benefit_id, period, begins_on, cents, times)
select :merchant, :benefit, u.period, u.begins_on, :cents, 1 from {_PERIODS}
on conflict (merchant_id, benefit_id, period, begins_on) do update set cents = s.cents + excluded.cents, times = s.times + 1
"""
_LESS: Final = f"""
update benefit_spent s set cents = s.cents - :cents, times = s.times - 1 from {_PERIODS}
where s.merchant_id = :merchant and s.benefit_id = :benefit and s.period = u.period and s.begins_on = u.begins_on
"""
_BACK: Final = """
update benefit_redemption set state = 'taken_back', taken_back_at = :now
where merchant_id = :merchant and id = :id and state = 'taken'
"""


async def redeem(unit: Unit, said: RedemptionIn) -> Redeemed:
    """Count a redemption; the same one again answers `duplicate` and counts nothing.

    A customer that is not known (yet) is nobody in particular, as for `offers`. Raises `NotFound` for the benefit or the store, `BenefitNotGiven`,
    `BenefitSpent`, `RedemptionReused`, `Invalid` for amounts that the benefit does not give.
    """
    check_id("externalId", said.external_id)
    at = _at(unit, said.at)
    await _lock(unit, said.benefit)
    asked = Asked(customer=said.customer, store=said.store, product=said.product, benefit_id=said.benefit, at=at)
    found = await offers(unit, asked)
    before = await unit.row(_FOUND, external=said.external_id)
    if before is not None:
        return _again(before, said, found)
    if not found.offers:
        raise BenefitNotGiven(field="benefit")
    return await _count(unit, said, found, found.offers[0], at)


async def take_back(unit: Unit, external_id: str) -> Redeemed:
    """Count a redemption no more: its bill was cancelled. Again changes nothing. Raises `NotFound`."""
    check_id("externalId", external_id)
    row = await unit.row(_FOUND, external=external_id)
    if row is None:
        raise NotFound(what="核销/redemption", field="externalId")
    await _lock(unit, row["benefit_id"])
    taken = (await unit.run(_BACK, id=row["id"])).rowcount == 1
    if taken:
        await unit.run(_LESS, benefit=row["benefit_id"], cents=row["counted_cents"], **_periods(row["day_on"]))
    status = Taken.ACCEPTED if taken else Taken.DUPLICATE
    return Redeemed(row["id"], status, RedemptionState.TAKEN_BACK, row["counted_cents"], None)


def _at(unit: Unit, at: datetime | None) -> datetime:
    if at is None:
        return unit.now
    check_instant("at", at)
    if at > unit.now + FAST:
        raise Invalid("at", "is in the future")
    if at < unit.now - OLDEST:
        raise Invalid("at", f"is more than {OLDEST.days} days ago")
    return at


async def _lock(unit: Unit, benefit_id: UUID) -> None:
    """Redemptions and edits of one benefit take turns; what is counted is read after the lock is had."""
    held = await unit.scalar(
        "select id from benefit where merchant_id = :merchant and id = :id and state <> 'draft' for no key update",
        id=benefit_id,
    )
    if held is None:
        raise NotFound(what="优惠/benefit", field="benefit")


def _again(before: Any, said: RedemptionIn, found: Found) -> Redeemed:
    """Answer a redemption that was counted before; raises `RedemptionReused` when it was another one."""
    was = tuple(before[name] for name in ("benefit_id", "store_id", "amount_cents", "saved_cents"))
    told = (said.benefit, found.store_id, said.amount_cents, said.saved_cents)
    # Who or what was not known then may be by now.
    named = ((before["customer_id"], found.customer_id), (before["product_id"], found.product_id))
    if was != told or any(then is not None and then != now for then, now in named):
        raise RedemptionReused(field="externalId")
    left = budget_left(found.offers[0]) if found.offers else None
    return Redeemed(before["id"], Taken.DUPLICATE, RedemptionState(before["state"]), before["counted_cents"], left)


async def _count(unit: Unit, said: RedemptionIn, found: Found, offer: Offer, at: datetime) -> Redeemed:
    counted = _counted(said, offer)
    redemption_id = new_id()
    made = await unit.run(
        _INSERT, id=redemption_id, external=said.external_id, benefit=offer.id, store=found.store_id, customer=found.customer_id,
        product=found.product_id, at=at, day=offer.day_on, amount=said.amount_cents, saved=said.saved_cents, counted=counted,
    )  # fmt: skip
    if not made.rowcount:  # the same id was used for another benefit in this instant
        raise RedemptionReused(field="externalId")
    await unit.run(_MORE, benefit=offer.id, cents=counted, **_periods(offer.day_on))
    after = msgspec.structs.replace(offer, all_cents=offer.all_cents + counted, all_times=offer.all_times + 1)
    return Redeemed(redemption_id, Taken.ACCEPTED, RedemptionState.TAKEN, counted, budget_left(after))


def _periods(day: date) -> dict[str, Any]:
    return {"periods": [one.value for one in Period], "begins": [begins(one, day) for one in Period]}


def _counted(said: RedemptionIn, offer: Offer) -> int:
    """Return what caps and budget are to see; raises when the benefit does not give so much."""
    amount, off = said.amount_cents, said.saved_cents
    match stands(offer, Basket(amount, by_product=said.product is not None)):
        case Stands.BUDGET_SPENT:
            raise BenefitSpent(field="benefit", what="预算/budget", left=0)
        case Stands.CAP_SPENT:
            raise BenefitSpent(field="benefit", what="客户限额/customer's cap", left=0)
        case Stands.NEEDS_PRODUCT:
            raise Invalid("product", "is needed: the benefit is for certain items")
        case Stands.BELOW_MINIMUM:
            raise Invalid("amountCents", "is below the minimum spend")
    bound = left_cents(offer)
    if offer.gain is GainKind.POINTS:
        if off:
            raise Invalid("savedCents", "is 0 for points")
        return amount if bound is None else min(amount, bound)
    if not 0 < off <= most_off(offer.gain, offer.value, amount, steps(offer, amount)):
        raise Invalid("savedCents", "is nothing, or more than the benefit gives")
    if bound is not None and off > bound:
        raise BenefitSpent(field="savedCents", what="预算或限额/budget or cap", left=bound)
    return off
