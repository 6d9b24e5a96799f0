"""Managers and owners save whom they mean: segments, their counts, and what may use what."""

from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.audience.references import Named
from tasks.audience.resolving import segments_of
from tasks.audience.segment_rows import (
    SegmentChanged,
    SegmentDraft,
    SegmentRow,
    delete_segment,
    direct_users,
    every_user,
    get_segment,
    lock_definitions,
    page_of_segments,
    rules_naming,
)
from tasks.audience.segments import (
    CountView,
    SegmentView,
    save_segment,
    saved_views,
    smart_views,
    with_count_now,
    with_last_counts,
)
from tasks.audience.sight import may_change, may_use, sees
from tasks.audience.smart import SMART, SmartName
from tasks.audience.states import Visibility
from tasks.audience.tree import parse
from tasks.flow.ask_audience import stores_of
from tasks.flow.in_use import SegmentInUse, names_for, refuse_in_use
from tasks.kernel.errors import Forbidden, Invalid, NotFound
from tasks.kernel.paging import Page, decode_cursor, encode_cursor
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.plans.uses import plans_naming

__all__ = [
    "CountView",
    "SegmentChanged",
    "SegmentInUse",
    "SegmentView",
    "SegmentWish",
    "change_segment",
    "create_segment",
    "drop_segment",
    "list_segments",
    "view_segment",
    "view_smart_segment",
]

MOST_LETTERS: Final = 40
"""Of a segment's name."""


class SegmentWish(msgspec.Struct, frozen=True, kw_only=True):
    """A segment as somebody asks for it; `store_id` goes with `store` and with nothing else."""

    name: str
    tree: dict[str, Any]
    seen_by: Visibility
    store_id: UUID | None = None


async def list_segments(unit: Unit, who: StaffScope, locale: str, cursor: str | None, limit: int) -> Page[SegmentView]:
    """Return a page: the smart segments in their order, then the saved ones one sees, oldest first. Counts are the merchant's last, for owners."""
    smart, after = decode_cursor(cursor, tuple[int, UUID | None]) if cursor else (0, None)
    names = list(SMART)[max(smart, 0) : max(smart, 0) + limit + 1]
    rows = await page_of_segments(unit, who, after, limit + 1 - len(names)) if len(names) <= limit else []
    views = smart_views(names, locale) + await saved_views(unit, who, rows, locale)
    shown, more = views[:limit], len(views) > limit
    last = rows[len(shown) - len(names) - 1].id if len(shown) > len(names) else after
    following = encode_cursor([smart + min(len(names), limit), str(last) if last else None]) if more else None
    return Page(await with_last_counts(unit, shown) if stores_of(who) is None else shown, following)


async def view_segment(unit: Unit, who: StaffScope, segment_id: UUID, locale: str) -> SegmentView:
    """Return a segment with its count as of now; raises `NotFound` for one that somebody does not see."""
    return await with_count_now(unit, await _shown(unit, who, segment_id, locale), stores_of(who))


async def view_smart_segment(unit: Unit, who: StaffScope, name: str, locale: str) -> SegmentView:
    """Return a smart segment with its count as of now; raises `NotFound`."""
    if name not in set(SmartName):
        raise NotFound(what="分群/segment")
    (view,) = smart_views([SmartName(name)], locale)
    return await with_count_now(unit, view, stores_of(who))


async def create_segment(unit: Unit, who: StaffScope, wish: SegmentWish, locale: str) -> SegmentView:
    """Store a new segment; it is counted when it is looked at. Raises `Forbidden` and what `save_segment` raises."""
    draft = _draft(who, wish)
    if not may_change(who, draft):
        raise Forbidden
    await lock_definitions(unit)
    return await _shown(unit, who, await save_segment(unit, who, draft, None), locale)


async def change_segment(
    unit: Unit, who: StaffScope, was: tuple[UUID, int | None], wish: SegmentWish, locale: str
) -> SegmentView:
    """Store a segment anew; `was` is its id and the version the caller saw.

    Raises `NotFound`, `Forbidden`, `SegmentChanged`; `SegmentInUse` when some would use it who no longer see it; and what `save_segment` raises.
    """
    await lock_definitions(unit)
    stored = await _changeable(unit, who, was[0])
    if was[1] is not None and stored.etag != was[1]:
        raise SegmentChanged(field="If-Match")
    draft = _draft(who, wish)
    if not may_change(who, draft):
        raise Forbidden
    if draft.seen_by is not Visibility.PERSONAL:
        draft = msgspec.structs.replace(draft, owner_id=stored.owner_id)
    if (draft.seen_by, draft.store_id) != (stored.seen_by, stored.store_id):
        await _refuse_hiding(unit, who, stored, draft)
    await save_segment(unit, who, draft, stored)
    await _check_users(unit, stored.id)
    return await _shown(unit, who, stored.id, locale)


async def drop_segment(unit: Unit, who: StaffScope, segment_id: UUID) -> None:
    """Delete a segment. Raises `NotFound`, `Forbidden`, and `SegmentInUse` naming what uses it."""
    await lock_definitions(unit)
    stored = await _changeable(unit, who, segment_id)
    await refuse_in_use(unit, who, Named.SEGMENT, stored.id)
    await delete_segment(unit, stored.id)


async def _changeable(unit: Unit, who: StaffScope, segment_id: UUID) -> SegmentRow:
    stored = await _seen(unit, who, segment_id)
    if not may_change(who, stored):
        raise Forbidden
    return stored


async def _seen(unit: Unit, who: StaffScope, segment_id: UUID) -> SegmentRow:
    stored = await get_segment(unit, segment_id)
    if not sees(who, stored):
        raise NotFound(what="分群/segment")
    return stored


async def _shown(unit: Unit, who: StaffScope, segment_id: UUID, locale: str) -> SegmentView:
    (view,) = await saved_views(unit, who, [await _seen(unit, who, segment_id)], locale)
    return view


def _draft(who: StaffScope, wish: SegmentWish) -> SegmentDraft:
    """Return the wish with its author; raises `Invalid` on the field."""
    name = " ".join(wish.name.split())
    if not 1 <= len(name) <= MOST_LETTERS:
        raise Invalid("name", f"needs 1 to {MOST_LETTERS} letters")
    if (wish.seen_by is Visibility.STORE) != (wish.store_id is not None):
        raise Invalid("storeId", "goes with seenBy store, and only with it")
    if wish.store_id is not None and wish.store_id not in who.store_ids:
        raise Invalid("storeId", "no such store")
    return SegmentDraft(name=name, tree=wish.tree, seen_by=wish.seen_by, store_id=wish.store_id, owner_id=who.staff_id)


async def _refuse_hiding(unit: Unit, who: StaffScope, stored: SegmentRow, draft: SegmentDraft) -> None:
    """Raise `SegmentInUse` when some would use it who no longer see it: rules of tags are everybody's, plans are every owner's."""
    hidden = [
        one
        for one in await direct_users(unit, stored.id)
        if not may_use(one, draft, who if one.owner_id == who.staff_id else None)
    ]
    rules = [] if draft.seen_by is Visibility.SHARED else [name for _, name, _ in await rules_naming(unit, [stored.id])]
    plans = await plans_naming(unit, Named.SEGMENT, stored.id) if draft.seen_by is Visibility.PERSONAL else []
    if hidden or rules or plans:
        raise SegmentInUse(segments=names_for(who, hidden), plans="、".join(plans) or "–", tags="、".join(rules) or "–")


async def _check_users(unit: Unit, segment_id: UUID) -> None:
    """Raise `Invalid` when, with its new tree, a segment or rule that uses it would be nested too deep or grow too large."""
    above = await every_user(unit, segment_id)
    trees = [(one.name, one.tree) for one in above]
    trees += [(name, rule) for _, name, rule in await rules_naming(unit, [segment_id, *(one.id for one in above)])]
    for name, tree in trees:
        try:
            await segments_of(unit, parse(tree))
        except Invalid as fault:
            raise Invalid("tree", f"{name} uses this segment and would be too deep or too large") from fault
