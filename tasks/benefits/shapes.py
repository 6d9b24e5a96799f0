"""A benefit as owners say it, by the codes of the merchant's own levels, stores and catalogue. Money in 分, multipliers in hundredths."""

from datetime import date, time
from typing import Annotated, Final
from uuid import UUID

import msgspec

from tasks.benefits.days import BenefitDays
from tasks.benefits.states import BudgetUnit, GainKind, Period, Stacking
from tasks.plans.benefits import PercentOff, Points
from tasks.plans.shapes import Struct

MOST_CENTS: Final = 100_000_000
"""A million yuan: past it a benefit's amount is a typing error."""
MOST_NAMED: Final = 200
"""Stores, products or categories one benefit may name."""
MOST_LEVELS: Final = 50
DAY_END: Final = "24:00"

Cents = Annotated[int, msgspec.Meta(ge=1, le=MOST_CENTS)]
Code = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Codes = Annotated[tuple[Code, ...], msgspec.Meta(max_length=MOST_NAMED)]
From = Annotated[str, msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
To = Annotated[str, msgspec.Meta(pattern="^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$")]


class AmountOff(Struct, frozen=True, kw_only=True, tag_field="kind", tag="amount_off"):
    """An amount off (减50); with `each` once for every full minimum spend (每满300减50)."""

    off_cents: Cents
    each: bool = False


class ItemPrice(Struct, frozen=True, kw_only=True):
    """A product's member price, for one of it."""

    product: Code
    cents: Cents


class MemberPrice(Struct, frozen=True, kw_only=True, tag_field="kind", tag="member_price"):
    """Prices of their own for these products, and for nothing else."""

    prices: Annotated[tuple[ItemPrice, ...], msgspec.Meta(min_length=1, max_length=MOST_NAMED)]


Gain = Points | PercentOff | AmountOff | MemberPrice
"""What the customer gets."""


class Caps(Struct, frozen=True, kw_only=True):
    """What one customer can have of it at most: money taken off, or for points the spend that earns more; None: no bound."""

    per_bill_cents: Cents | None = None
    per_day_cents: Cents | None = None
    per_day_times: Annotated[int, msgspec.Meta(ge=1, le=1000)] | None = None


class Budget(Struct, frozen=True, kw_only=True):
    """What all customers together can have of it at most, in each period."""

    amount: Annotated[int, msgspec.Meta(ge=1, le=10**13)]
    unit: BudgetUnit = BudgetUnit.CENTS
    period: Period = Period.DAY


class BenefitIn(Struct, frozen=True, kw_only=True):
    """A benefit.

    Attributes:
        name: what staff and tills call it.
        days: on which local days; between `from_on` and `to_on`, both included.
        from_time, to_time: wall times HH:MM of each of its stores; absent: the whole day.
        levels, stores, products, categories: for whom, where and for what; an empty list: for every one.
        members_only: only for customers who are known.
        stacking: what it goes together with.
        min_spend_cents: of the amount that is asked about; 0: none.
        plan_id: the plan whose tasks tell customers of it the day before.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]
    days: BenefitDays
    gain: Gain
    from_time: From | None = None
    to_time: To | None = None
    from_on: date | None = None
    to_on: date | None = None
    levels: Annotated[tuple[Code, ...], msgspec.Meta(max_length=MOST_LEVELS)] = ()
    stores: Codes = ()
    products: Codes = ()
    categories: Codes = ()
    members_only: bool = False
    stacking: Stacking = Stacking.BEST
    min_spend_cents: Annotated[int, msgspec.Meta(ge=0, le=MOST_CENTS)] = 0
    caps: Caps = Caps()
    budget: Budget | None = None
    plan_id: UUID | None = None

    @property
    def kind(self) -> GainKind:
        """What the customer gets."""
        return KINDS[type(self.gain)]

    @property
    def value(self) -> int | None:
        """Its number: hundredths of points, a percentage or 分; None for member prices."""
        match self.gain:
            case Points(multiplier=value) | PercentOff(percent=value) | AmountOff(off_cents=value):
                return value
        return None

    @property
    def each(self) -> bool:
        """True for an amount off every full minimum spend."""
        return isinstance(self.gain, AmountOff) and self.gain.each

    @property
    def opens(self) -> time:
        """The wall time at which it begins."""
        return wall(self.from_time) if self.from_time else time(0)

    @property
    def closes(self) -> time | None:
        """The wall time at which it is over; None: with the day."""
        return wall(self.to_time) if self.to_time and not self.to_time.startswith(DAY_END) else None


KINDS: Final = {
    Points: GainKind.POINTS,
    PercentOff: GainKind.PERCENT_OFF,
    AmountOff: GainKind.AMOUNT_OFF,
    MemberPrice: GainKind.MEMBER_PRICE,
}


def wall(text: str) -> time:
    """Return the time that HH:MM says."""
    return time(int(text[:2]), int(text[3:5]))
