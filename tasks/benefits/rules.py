"""What a benefit must keep beyond the types of its fields, and what it is worth; pure. Money in 分."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from tasks.benefits.days import DatesDays, schedule
from tasks.benefits.shapes import AmountOff, BenefitIn, MemberPrice
from tasks.benefits.states import GainKind, Period
from tasks.kernel.errors import Invalid
from tasks.ledger.rules import check_words
from tasks.plans.calendars.rules import YEARS, check_schedule

EPOCH: Final = date(1970, 1, 1)
"""The first day of the period that never ends."""
_HUNDRED: Final = 100


def check_benefit(said: BenefitIn) -> None:
    """Refuse a benefit that cannot be kept to the letter. Raises `Invalid` on the field."""
    if not said.name.strip() or said.name != said.name.strip():
        raise Invalid("name", "needs characters, and no blanks around them")
    check_words("name", said.name)
    _check_days(said)
    _check_gain(said)
    for field in ("levels", "stores", "products", "categories"):
        _check_once(field, getattr(said, field))


def _check_days(said: BenefitIn) -> None:
    if isinstance(said.days, DatesDays):
        _check_once("days.dates", said.days.dates)
        for number, day in enumerate(said.days.dates):
            _check_year(f"days.dates[{number}]", day)
    else:
        try:
            check_schedule(schedule(said.days))
        except Invalid as fault:
            raise Invalid(str(fault.field).replace("trigger.", "days.", 1), str(fault.facts["why"])) from fault
    for field, limit in (("fromOn", said.from_on), ("toOn", said.to_on)):
        if limit is not None:
            _check_year(field, limit)
    if said.from_on is not None and said.to_on is not None and said.to_on < said.from_on:
        raise Invalid("toOn", "is before fromOn")
    if said.closes is not None and said.closes <= said.opens:
        raise Invalid("toTime", "is not after fromTime")


def _check_gain(said: BenefitIn) -> None:
    gain = said.gain
    if isinstance(gain, MemberPrice):
        _check_once("gain.prices", [one.product for one in gain.prices])
        if said.products or said.categories:
            raise Invalid("products" if said.products else "categories", "member prices name their products themselves")
        if said.min_spend_cents:
            raise Invalid("minSpendCents", "does not go with member prices")
    if isinstance(gain, AmountOff):
        if gain.each and not said.min_spend_cents:
            raise Invalid("minSpendCents", "is needed for an amount off each of it")
        if 0 < said.min_spend_cents <= gain.off_cents:
            raise Invalid("gain.offCents", "is not below the minimum spend")


def _check_year(field: str, day: date) -> None:
    if day.year not in YEARS:
        raise Invalid(field, f"lies outside {YEARS[0]} to {YEARS[-1]}")


def _check_once(field: str, values: Sequence[object]) -> None:
    for number, value in enumerate(values):
        if value in values[:number]:
            raise Invalid(f"{field}[{number}]", "is there twice")


def begins(period: Period, day: date) -> date:
    """Return the first day of the period that a local day lies in."""
    match period:
        case Period.DAY:
            return day
        case Period.MONTH:
            return day.replace(day=1)
    return EPOCH


def percent_of(cents: int, percent: int) -> int:
    """Return so many percent of an amount, half a 分 up."""
    return (cents * percent + _HUNDRED // 2) // _HUNDRED


def most_off(kind: GainKind, value: int | None, amount: int, steps: int) -> int:
    """Return the most that tills may take off an amount: a percentage rounded up to a whole yuan (抹零), `steps` times an amount, all for a member price."""
    match kind:
        case GainKind.PERCENT_OFF:
            yuan = -(-amount * (value or 0) // (_HUNDRED * _HUNDRED))
            return min(amount, yuan * _HUNDRED)
        case GainKind.AMOUNT_OFF:
            return min(amount, (value or 0) * steps)
    return amount
