"""Managers and owners keep tags.

A manager makes tags and gives them to the customers of the own stores (`tag_customers`); renaming, deleting and rules concern everybody's customers and
are the owners'.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.audience.links import canonical, refuse_circle
from tasks.audience.references import Named
from tasks.audience.resolving import check_tree, names_everywhere
from tasks.audience.segment_rows import lock_definitions
from tasks.audience.segments import check_seen
from tasks.audience.tag_rules import judged, read_rule, settle_everybody
from tasks.audience.telling import sentence
from tasks.audience.tree import parse
from tasks.audience.wording import Words
from tasks.flow.ask_audience import stores_of
from tasks.flow.in_use import TagInUse, refuse_in_use
from tasks.kernel.errors import Forbidden, Invalid
from tasks.kernel.ids import new_id
from tasks.kernel.paging import Page, decode_cursor, encode_cursor
from tasks.kernel.scope import Role, StaffScope
from tasks.kernel.unit import Unit
from tasks.people.states import Pace
from tasks.people.tag_rows import (
    TagChanged,
    TagRow,
    customers_per_tag,
    delete_tag,
    get_tag,
    insert_tag,
    page_of_tags,
    tag_named,
    update_tag,
)
from tasks.people.tagging import tag_name

__all__ = [
    "TagChanged",
    "TagInUse",
    "TagView",
    "TagWish",
    "change_tag",
    "create_tag",
    "drop_tag",
    "list_tags",
    "view_tag",
]

PATH: Final = "rule"
"""Where requests have their rule."""


class TagWish(msgspec.Struct, frozen=True, kw_only=True):
    """A tag as somebody asks for it; a rule has a pace, and the other way round."""

    name: str
    rule: dict[str, Any] | None = None
    pace: Pace | None = None


class TagView(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A tag, the rule that sets it (in words: `sentence`), and how many of the customers one may see have it.

    `judged_at`: when the rule was last applied to everybody; None while its last change still waits for that, half an hour at most.
    """

    id: UUID
    name: str
    rule: dict[str, Any] | None
    sentence: str | None
    pace: Pace | None
    customers: int
    etag: int
    judged_at: datetime | None
    created_by: UUID | None
    created_at: datetime


async def list_tags(unit: Unit, who: StaffScope, locale: str, cursor: str | None, limit: int) -> Page[TagView]:
    """Return a page of tags in the order they were made."""
    after = decode_cursor(cursor, tuple[UUID])[0] if cursor else None
    rows = await page_of_tags(unit, after, limit + 1)
    shown = rows[:limit]
    more = encode_cursor([str(shown[-1].id)]) if len(rows) > limit else None
    return Page(await _views(unit, who, shown, locale), more)


async def view_tag(unit: Unit, who: StaffScope, tag_id: UUID, locale: str) -> TagView:
    """Return one tag; raises `NotFound`."""
    (view,) = await _views(unit, who, [await get_tag(unit, tag_id)], locale)
    return view


async def _views(unit: Unit, who: StaffScope, rows: Sequence[TagRow], locale: str) -> list[TagView]:
    counts = await customers_per_tag(unit, [row.id for row in rows], stores_of(who))
    nodes = {row.id: parse(row.rule, PATH) for row in rows if row.rule is not None}
    words = Words(locale, await names_everywhere(unit, list(nodes.values())))
    said = {one: sentence(node, words) for one, node in nodes.items()}
    return [
        TagView(
            id=row.id, name=row.name, rule=row.rule, sentence=said.get(row.id), pace=Pace(row.pace) if row.pace else None,
            customers=counts.get(row.id, 0), etag=row.etag, judged_at=row.evaluated_at, created_by=row.created_by, created_at=row.created_at,
        )
        for row in rows
    ]  # fmt: skip


async def create_tag(unit: Unit, who: StaffScope, wish: TagWish, locale: str) -> TagView:
    """Store a tag; with a rule it is applied at once to ten thousand customers, and to the rest within half an hour.

    Raises `Forbidden` for a rule of somebody who does not own the merchant, `Invalid` on the field or the leaf.
    """
    if wish.rule is not None and who.role is not Role.OWNER:
        raise Forbidden
    await lock_definitions(unit)
    name, rule = await _checked(unit, who, wish, None)
    tag_id = await insert_tag(unit, name, rule, wish.pace, who.staff_id)
    await _apply(unit, tag_id, rule)
    return await view_tag(unit, who, tag_id, locale)


async def change_tag(unit: Unit, who: StaffScope, was: tuple[UUID, int | None], wish: TagWish, locale: str) -> TagView:
    """Store a tag anew and apply its rule as `create_tag` does; `was` is its id and the version the caller saw.

    Without its rule, the customers keep the tag, and people may take it. Raises `Forbidden`, `NotFound`, `TagChanged`, `Invalid`.
    """
    _owners_only(who)
    await lock_definitions(unit)
    stored = await get_tag(unit, was[0], lock="for no key update")
    if was[1] is not None and stored.etag != was[1]:
        raise TagChanged(field="If-Match")
    name, rule = await _checked(unit, who, wish, stored.id)
    await update_tag(unit, stored, name, rule, wish.pace)
    await _apply(unit, stored.id, rule)
    return await view_tag(unit, who, stored.id, locale)


async def drop_tag(unit: Unit, who: StaffScope, tag_id: UUID) -> None:
    """Delete a tag: everybody loses it, the history stays. Raises `Forbidden`, `NotFound`, and `TagInUse` naming what uses it."""
    _owners_only(who)
    await lock_definitions(unit)
    stored = await get_tag(unit, tag_id, lock="for update")
    await refuse_in_use(unit, who, Named.TAG, tag_id)
    await delete_tag(unit, stored, who.staff_id)


def _owners_only(who: StaffScope) -> None:
    if who.role is not Role.OWNER:
        raise Forbidden


async def _checked(unit: Unit, who: StaffScope, wish: TagWish, own: UUID | None) -> tuple[str, dict[str, Any] | None]:
    """Return the name and the canonical rule. A tag is seen by everybody who leads, so its rule uses what they all see."""
    name = tag_name(wish.name)
    if (wish.rule is None) != (wish.pace is None):
        raise Invalid("pace", "goes with a rule, and only with it")
    namesake = await tag_named(unit, name)
    if namesake is not None and namesake != own:
        raise Invalid("name", "is the name of another tag")
    if wish.rule is None:
        return name, None
    node = parse(wish.rule, PATH)
    await check_seen(unit, who, node, None)
    await refuse_circle(unit, node, (Named.TAG, own or new_id()))
    await check_tree(unit, wish.rule, PATH)
    return name, canonical(node)


async def _apply(unit: Unit, tag_id: UUID, rule: dict[str, Any] | None) -> None:
    if rule is not None:
        _, done = await settle_everybody(unit, await read_rule(unit, tag_id, rule))
        if done:
            await judged(unit, tag_id)
