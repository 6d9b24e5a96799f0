"""Owners keep their own festivals and the public holidays."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec

from tasks.benefits.repository import benefits_naming
from tasks.flow.tend_benefits import write_anew
from tasks.kernel.errors import Conflict, FlowError, Invalid
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.people.lookups import merchant_zone
from tasks.plans.calendars.festivals import BUILT_IN
from tasks.plans.calendars.firing import STRIDE
from tasks.plans.calendars.holidays import Declared, HolidayKind
from tasks.plans.calendars.names import TERM_LABELS, Term
from tasks.plans.calendars.repository import (
    FestivalRow,
    delete_festival,
    get_festival,
    holidays_of,
    insert_festival,
    list_festivals,
    plan_anew,
    plans_naming,
    replace_holidays,
    update_festival,
)
from tasks.plans.calendars.rules import check_festival
from tasks.plans.calendars.yearly import FestivalDays, OnTerm, YearlyRule, days_of
from tasks.plans.schedules import FestivalName

MOST_FESTIVALS = 100
"""Own festivals of one merchant."""


class FestivalChanged(FlowError):
    """Somebody edited the festival after it was read."""

    code = "festival-changed"
    status = 412
    zh = "节日已被修改，请刷新后重试"
    en = "The festival was changed meanwhile; refresh and try again"


class FestivalUsed(FlowError):
    """A plan or a benefit that has not ended goes by this festival's name."""

    code = "festival-used"
    status = 409
    zh = "有 {plans} 个计划、{benefits} 个优惠在使用该节日，请先结束它们"
    en = "{plans} plans and {benefits} benefits go by this festival; end them first"


class FestivalIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """An own festival: the name plans say, and when it is."""

    name: FestivalName
    days: FestivalDays


class KnownFestival(msgspec.Struct, frozen=True, rename="camel"):
    """A festival or solar term every merchant has: what a plan's trigger names it by, its label, and when it is next."""

    name: str
    label: str
    next_on: date


class Calendar(msgspec.Struct, frozen=True, rename="camel"):
    """Everything a plan can name: built-in festivals, solar terms (both in the order they come), and the merchant's own festivals."""

    festivals: list[KnownFestival]
    terms: list[KnownFestival]
    own: list[FestivalRow]


class HolidayIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A declared day: a holiday, or a working day in exchange (调休)."""

    day_on: date
    kind: HolidayKind
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


class Holidays(msgspec.Struct, frozen=True, rename="camel"):
    """The declared days of a year; `known` is false for a year that nobody entered."""

    year: int
    known: bool
    items: list[Declared]


async def calendar(unit: Unit, locale: str) -> Calendar:
    """Return what plans can name, in the caller's language, as of today in the merchant's zone."""
    today = local_day(unit.now, await merchant_zone(unit))
    english = locale.startswith("en")
    festivals = [
        KnownFestival(code, known.en if english else known.zh, _next(known.rule, today))
        for code, known in BUILT_IN.items()
    ]
    terms = [KnownFestival(term.value, TERM_LABELS[term][english], _next(OnTerm(term), today)) for term in Term]
    return Calendar(_in_order(festivals), _in_order(terms), await list_festivals(unit))


def _in_order(known: list[KnownFestival]) -> list[KnownFestival]:
    return sorted(known, key=lambda one: (one.next_on, one.name))


async def add_festival(unit: Unit, said: FestivalIn) -> FestivalRow:
    """Store an own festival. Raises `Invalid` for its name, its days or one too many, `Conflict` for a name that is taken."""
    check_festival(said.name, said.days)
    await _alone(unit)
    if len(await list_festivals(unit)) >= MOST_FESTIVALS:
        raise Invalid("name", f"there are {MOST_FESTIVALS} festivals already")
    festival_id = await insert_festival(unit, said.name, said.days)
    if festival_id is None:
        raise Conflict(field="name")
    return await get_festival(unit, festival_id)


async def change_festival(unit: Unit, festival_id: UUID, said: FestivalIn, etag: int | None) -> FestivalRow:
    """Replace a festival; plans by it fire, and benefits by it are given, on its new days from now on.

    Raises `NotFound`, `FestivalChanged`, `Invalid`, `Conflict` for a name that is taken, `FestivalUsed` for a new name while plans or benefits say the old one.
    """
    check_festival(said.name, said.days)
    await _alone(unit)
    found = await _seen(unit, festival_id, etag)
    users, benefits = await plans_naming(unit, found.name), await benefits_naming(unit, found.name)
    if (users or benefits) and said.name != found.name:
        raise FestivalUsed(field="name", plans=len(users), benefits=len(benefits))
    if not await update_festival(unit, festival_id, said.name, said.days):
        raise Conflict(field="name")
    await plan_anew(unit, users)
    for benefit_id in benefits:
        await write_anew(unit, benefit_id)
    return await get_festival(unit, festival_id)


async def remove_festival(unit: Unit, festival_id: UUID, etag: int | None) -> None:
    """Delete a festival. Raises `NotFound`, `FestivalChanged`, `FestivalUsed` while a plan or benefit that has not ended names it."""
    await _alone(unit)
    found = await _seen(unit, festival_id, etag)
    users, benefits = await plans_naming(unit, found.name), await benefits_naming(unit, found.name)
    if users or benefits:
        raise FestivalUsed(plans=len(users), benefits=len(benefits))
    await delete_festival(unit, festival_id)


async def holidays(unit: Unit, year: int) -> Holidays:
    """Return what is known of a year."""
    book = await holidays_of(unit, year, year)
    return Holidays(year, year in book.years, list(book.days.values()))


async def set_holidays(unit: Unit, year: int, said: Sequence[HolidayIn]) -> Holidays:
    """Replace the declared days of a year; an empty list makes it unknown. Raises `Invalid` for a day of another year or one named twice."""
    for number, one in enumerate(said):
        if one.day_on.year != year:
            raise Invalid(f"items[{number}].dayOn", f"is not in {year}")
        if any(one.day_on == before.day_on for before in said[:number]):
            raise Invalid(f"items[{number}].dayOn", "is there twice")
    await _alone(unit)
    await replace_holidays(unit, year, [Declared(one.day_on, one.kind, one.name) for one in said])
    return await holidays(unit, year)


def _next(rule: YearlyRule, today: date) -> date:
    return next(days_of(rule, today, today + STRIDE))


async def _seen(unit: Unit, festival_id: UUID, etag: int | None) -> FestivalRow:
    found = await get_festival(unit, festival_id)
    if etag is not None and found.etag != etag:
        raise FestivalChanged(field="If-Match")
    return found


async def _alone(unit: Unit) -> None:
    """One edit of the merchant's calendar at a time: names and the number of festivals are checked before they are written."""
    await unit.run("select from merchant where merchant_id = :merchant for no key update")
