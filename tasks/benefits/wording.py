"""A benefit in the words of a script or a screen: 双倍积分, 8.8折, 满300减50; in English "double points", "12% off", "¥50 off ¥300"."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from scripts.amount_words import money
from scripts.gain_words import amount_off, more_points, percent_off
from scripts.locales import Locale
from tasks.benefits.repository import BenefitRow, Item, benefits_of_plan, get_benefit
from tasks.benefits.states import BenefitState, GainKind
from tasks.kernel.money import yuan
from tasks.kernel.unit import Unit


class Said(NamedTuple):
    """What is given: its kind and number (as `BenefitIn.value`), and the minimum spend (分)."""

    kind: GainKind
    value: int | None
    each: bool
    least: int


async def benefit_words(
    unit: Unit, *, plan_id: UUID | None = None, benefit_id: UUID | None = None, day: date, locale: Locale
) -> str | None:
    """Return what a benefit, or those that a plan tells of, give on a local day; None when nothing is given on it.

    A benefit that is not active gives nothing: a promise in a text must be true on its day. Raises `NotFound` for a benefit that does not exist.
    """
    found = [await get_benefit(unit, benefit_id)] if benefit_id is not None else []
    found += await benefits_of_plan(unit, plan_id) if plan_id is not None else []
    given = await _given(unit, [one.id for one in found], day)
    told = [words_of(one, locale) for one in found if one.state is BenefitState.ACTIVE and one.id in given]
    return ("，" if locale == "zh-CN" else ", ").join(dict.fromkeys(told)) or None


async def _given(unit: Unit, ids: Sequence[UUID], day: date) -> set[UUID]:
    rows = await unit.rows(
        "select distinct benefit_id from benefit_day where merchant_id = :merchant and benefit_id = any(cast(:ids as uuid[])) and day_on = :day",
        ids=list(ids),
        day=day,
    )
    return {row["benefit_id"] for row in rows}


def words_of(row: BenefitRow, locale: Locale) -> str:
    """Return the words of a stored benefit."""
    said = row.said
    return gain_words(Said(said.kind, said.value, said.each, said.min_spend_cents), row.items, locale)


def gain_words(said: Said, items: Sequence[Item], locale: Locale) -> str:
    """Return the words of what is given for these items (none: for everything)."""
    return _zh(said, items) if locale == "zh-CN" else _en(said, items)


def _zh(said: Said, items: Sequence[Item]) -> str:
    scope = "" if not items else _name(items[0]) if len(items) == 1 else "指定项目"
    least = f"满{yuan(said.least)}元" if said.least else ""
    match said.kind:
        case GainKind.MEMBER_PRICE:
            return f"{scope}会员价{money(items[0].cents or 0, 'zh-CN')}" if len(items) == 1 else f"{scope}会员价"
        case GainKind.AMOUNT_OFF if said.least:
            return f"{scope}{'每' if said.each else ''}满{yuan(said.least)}减{yuan(said.value or 0)}"
    return f"{scope}{least}{_number(said, 'zh-CN')}"


def _en(said: Said, items: Sequence[Item]) -> str:
    scope = "" if not items else f" on {_name(items[0])}" if len(items) == 1 else " on selected items"
    least = f"{money(said.least, 'en')}" if said.least else ""
    match said.kind:
        case GainKind.MEMBER_PRICE:
            return (
                f"{_name(items[0])} at {money(items[0].cents or 0, 'en')}"
                if len(items) == 1
                else f"member prices{scope}"
            )
        case GainKind.AMOUNT_OFF if said.least:
            return f"{_number(said, 'en')} {'every ' if said.each else ''}{least}{scope}"
    return f"{_number(said, 'en')}{scope}{f' when you spend {least}' if least else ''}"


def _number(said: Said, locale: Locale) -> str:
    value = said.value or 0
    match said.kind:
        case GainKind.POINTS:
            return more_points(value, locale)
        case GainKind.PERCENT_OFF:
            return percent_off(value, locale)
    return amount_off(value, locale)


def _name(item: Item) -> str:
    return item.name or item.product or item.category or ""
