"""Owners keep benefits: what is given on member days, to whom, where and for what."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

import msgspec

from scripts.locales import Locale
from tasks.benefits.ahead import coming_days, own_festivals, take_days, write_days
from tasks.benefits.counting import Spent, spent_of
from tasks.benefits.days import FestivalDays
from tasks.benefits.faults import BenefitChanged, BenefitMoved
from tasks.benefits.repository import (
    BenefitRow,
    count_active,
    get_benefit,
    insert_benefit,
    list_benefits,
    set_state,
    update_benefit,
)
from tasks.benefits.rules import check_benefit
from tasks.benefits.shapes import BenefitIn
from tasks.benefits.states import BenefitState
from tasks.benefits.wording import words_of
from tasks.kernel.errors import Invalid
from tasks.kernel.paging import Page, decode_cursor, encode_cursor
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.people.batches import Unknown
from tasks.people.lookups import merchant_zone, zones_of_merchant
from tasks.plans.calendars.festivals import BUILT_IN

MOST_ACTIVE: Final = 50
"""Active benefits of one merchant: a till asks for all of them at once."""
COMING: Final = 3
"""Days to come that a list shows."""
LIVE: Final = (BenefitState.DRAFT, BenefitState.ACTIVE, BenefitState.PAUSED)


class BenefitView(msgspec.Struct, frozen=True, rename="camel"):
    """A benefit as owners see it.

    Attributes:
        words: what scripts say of it, in the caller's language.
        coming_on: its next days, whatever its state, in the merchant's zone.
        spent: what was given of it today, this month and ever.
    """

    id: UUID
    name: str
    state: BenefitState
    etag: int
    words: str
    definition: BenefitIn
    coming_on: list[date]
    spent: Spent
    created_at: datetime
    changed_at: datetime


async def page_of_benefits(unit: Unit, locale: Locale, limit: int, cursor: str | None = None) -> Page[BenefitView]:
    """Return a page, oldest first. Raises `CursorGarbled`."""
    after = decode_cursor(cursor, tuple[UUID])[0] if cursor else None
    rows = await list_benefits(unit, limit + 1, after)
    views = await _views(unit, rows[:limit], locale)
    return Page(views, encode_cursor([str(rows[limit - 1].id)]) if len(rows) > limit else None)


async def view_benefit(unit: Unit, benefit_id: UUID, locale: Locale) -> BenefitView:
    """Return one. Raises `NotFound`."""
    (view,) = await _views(unit, [await get_benefit(unit, benefit_id)], locale)
    return view


async def create_benefit(unit: Unit, said: BenefitIn, locale: Locale) -> BenefitView:
    """Store a draft; nothing is given until it is activated. Raises `Invalid`, and `Unknown` for the code or plan of nobody's."""
    await _check(unit, said)
    return await view_benefit(unit, await insert_benefit(unit, said), locale)


async def change_benefit(unit: Unit, seen: tuple[UUID, int | None], said: BenefitIn, locale: Locale) -> BenefitView:
    """Replace one, from this instant on; what was given stays counted. `seen` is its id and the version the caller saw.

    Raises `NotFound`, `BenefitChanged`, `BenefitMoved` for one that has ended, and what `create_benefit` raises; an active one needs a day to come.
    """
    stored = await _held(unit, seen, LIVE)
    await _check(unit, said)
    await update_benefit(unit, stored.id, said)
    if stored.state is BenefitState.ACTIVE:
        await _write(unit, stored.id, said)
    return await view_benefit(unit, stored.id, locale)


async def activate_benefit(unit: Unit, seen: tuple[UUID, int | None], locale: Locale) -> BenefitView:
    """Give it on its days from now on. Raises `NotFound`, `BenefitChanged`, `BenefitMoved`, `Invalid` when no day of it is to come or too many are active."""
    await unit.run("select from merchant where merchant_id = :merchant for no key update")
    stored = await _held(unit, seen, (BenefitState.DRAFT, BenefitState.PAUSED))
    if await count_active(unit) >= MOST_ACTIVE:
        raise Invalid("state", f"there are {MOST_ACTIVE} active benefits already")
    await set_state(unit, stored.id, BenefitState.ACTIVE)
    await _write(unit, stored.id, stored.said)
    return await view_benefit(unit, stored.id, locale)


async def pause_benefit(unit: Unit, seen: tuple[UUID, int | None], locale: Locale) -> BenefitView:
    """Give it no more for now, from this instant on. Raises `NotFound`, `BenefitChanged`, `BenefitMoved`."""
    return await _stop(unit, seen, (BenefitState.ACTIVE,), BenefitState.PAUSED, locale)


async def end_benefit(unit: Unit, seen: tuple[UUID, int | None], locale: Locale) -> BenefitView:
    """Never give it again. Raises `NotFound`, `BenefitChanged`, `BenefitMoved`."""
    return await _stop(unit, seen, LIVE, BenefitState.ENDED, locale)


async def held(unit: Unit, seen: tuple[UUID, int | None]) -> BenefitRow:
    """Return one that is not ended, locked. Raises `NotFound`, `BenefitChanged`, `BenefitMoved`."""
    return await _held(unit, seen, LIVE)


async def _stop(
    unit: Unit, seen: tuple[UUID, int | None], allowed: Sequence[BenefitState], to: BenefitState, locale: Locale
) -> BenefitView:
    stored = await _held(unit, seen, allowed)
    await set_state(unit, stored.id, to)
    await take_days(unit, stored.id)
    return await view_benefit(unit, stored.id, locale)


async def _held(unit: Unit, seen: tuple[UUID, int | None], allowed: Sequence[BenefitState]) -> BenefitRow:
    stored = await get_benefit(unit, seen[0], lock=True)
    if seen[1] is not None and stored.etag != seen[1]:
        raise BenefitChanged(field="If-Match")
    if stored.state not in allowed:
        raise BenefitMoved(state=stored.state.value)
    return stored


async def _check(unit: Unit, said: BenefitIn) -> None:
    check_benefit(said)
    days = said.days
    if isinstance(days, FestivalDays) and days.name not in BUILT_IN and not await own_festivals(unit, said):
        raise Invalid("days.name", "no such festival")
    if said.plan_id is not None:
        known = await unit.scalar("select id from plan where merchant_id = :merchant and id = :id", id=said.plan_id)
        if known is None:
            raise Unknown("planId")


async def _write(unit: Unit, benefit_id: UUID, said: BenefitIn) -> None:
    zones = await zones_of_merchant(unit)
    today = min(local_day(unit.now, zone) for zone in zones)
    if not coming_days(said, today, 1, await own_festivals(unit, said)):
        raise Invalid("days", "no day of it is to come")
    await write_days(unit, benefit_id, said, zones)


async def _views(unit: Unit, rows: Sequence[BenefitRow], locale: Locale) -> list[BenefitView]:
    today = local_day(unit.now, await merchant_zone(unit))
    spent = await spent_of(unit, [row.id for row in rows], today)
    return [
        BenefitView(
            row.id, row.said.name, row.state, row.etag, words_of(row, locale), row.said,
            coming_days(row.said, today, COMING, await own_festivals(unit, row.said)), spent[row.id], row.created_at, row.changed_at,
        )
        for row in rows
    ]  # fmt: skip
