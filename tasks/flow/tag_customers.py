"""Managers and owners give tags to customers and take them, one by one and in bulk, and see how a customer came by hers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.audience.segments import check_seen, own_eyes
from tasks.audience.service import sample_audience
from tasks.audience.tree import parse
from tasks.flow.ask_audience import stores_of
from tasks.kernel.errors import Conflict, Invalid, NotFound
from tasks.kernel.paging import decode_cursor, encode_cursor
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.people.contact_state import lock_contact_state
from tasks.people.states import TagHand
from tasks.people.tag_rows import HeldTag, TagMove, get_tag, hand_of, held_tags, reachable, tag_history
from tasks.people.tagging import By, give, take

__all__ = [
    "CustomerTags",
    "HeldTag",
    "TagHeldByRule",
    "TagMove",
    "Tagged",
    "Whom",
    "give_in_bulk",
    "set_tag",
    "tags_of_customer",
    "take_in_bulk",
    "unset_tag",
]

MOST_AT_ONCE: Final = 10_000
"""Customers that one call may mean."""


class TagHeldByRule(Conflict):
    """The tag's rule gave it to the customer and would give it again: only the rule takes it away."""

    code = "tag-held-by-rule"
    zh = "该标签由规则自动设置，请修改标签规则"
    en = "The tag was set by its rule; change the rule instead"


class Whom(msgspec.Struct, frozen=True, kw_only=True):
    """The customers of a bulk call: these, or whom a tree means."""

    customer_ids: tuple[UUID, ...] | None = None
    tree: dict[str, Any] | None = None


class Tagged(msgspec.Struct, frozen=True, rename="camel"):
    """How many customers a bulk call meant, and of how many it changed something."""

    meant: int
    changed: int


class CustomerTags(msgspec.Struct, frozen=True, rename="camel"):
    """The tags a customer has, and a page of what was given and taken, newest first."""

    items: Sequence[HeldTag]
    history: Sequence[TagMove]
    next_cursor: str | None = None


async def set_tag(unit: Unit, who: StaffScope, customer_id: UUID, tag_id: UUID) -> None:
    """Give a customer a tag by hand; from then on no rule takes it away. Raises `NotFound` for a customer of another store."""
    tag = await get_tag(unit, tag_id, lock="for key share")
    await _hers(unit, who, customer_id)
    await lock_contact_state(unit, [customer_id])
    await give(unit, [(customer_id, tag.id)], By(TagHand.STAFF, who.staff_id))


async def unset_tag(unit: Unit, who: StaffScope, customer_id: UUID, tag_id: UUID) -> None:
    """Take a tag from a customer by hand. Raises `NotFound` for a customer of another store, `TagHeldByRule` for what the tag's rule gave."""
    tag = await get_tag(unit, tag_id, lock="for key share")
    await _hers(unit, who, customer_id)
    await lock_contact_state(unit, [customer_id])
    if tag.rule is not None and await hand_of(unit, customer_id, tag_id) == TagHand.RULE:
        raise TagHeldByRule
    await take(unit, [(customer_id, tag_id)], By(TagHand.STAFF, who.staff_id))


async def tags_of_customer(
    unit: Unit, who: StaffScope, customer_id: UUID, cursor: str | None, limit: int
) -> CustomerTags:
    """Return what a customer has and how that came about. Raises `NotFound` for a customer of another store."""
    await _hers(unit, who, customer_id)
    before = decode_cursor(cursor, tuple[datetime, UUID]) if cursor else None
    moves = await tag_history(unit, customer_id, before, limit + 1)
    shown = moves[:limit]
    more = encode_cursor([shown[-1].at.isoformat(), str(shown[-1].id)]) if len(moves) > limit else None
    return CustomerTags(await held_tags(unit, customer_id), shown, more)


async def _hers(unit: Unit, who: StaffScope, customer_id: UUID) -> None:
    if not await reachable(unit, [customer_id], stores_of(who)):
        raise NotFound(what="客户/customer")


async def give_in_bulk(unit: Unit, who: StaffScope, tag_id: UUID, whom: Whom) -> Tagged:
    """Give a tag to up to ten thousand customers of the own stores in one statement. Raises `NotFound`, `Invalid`."""
    tag = await get_tag(unit, tag_id, lock="for key share")
    meant = await lock_contact_state(unit, await _meant(unit, who, whom))
    return Tagged(len(meant), await give(unit, [(one, tag.id) for one in meant], By(TagHand.STAFF, who.staff_id)))


async def take_in_bulk(unit: Unit, who: StaffScope, tag_id: UUID, whom: Whom) -> Tagged:
    """Take a tag from up to ten thousand customers in one statement; those to whom the tag's rule gave it keep it. Raises `NotFound`, `Invalid`."""
    tag = await get_tag(unit, tag_id, lock="for key share")
    meant = await lock_contact_state(unit, await _meant(unit, who, whom))
    return Tagged(len(meant), await take(unit, [(one, tag.id) for one in meant], By(TagHand.STAFF, who.staff_id)))


async def _meant(unit: Unit, who: StaffScope, whom: Whom) -> Sequence[UUID]:
    """Return the customers of the own stores; raises `Invalid` on an id that is none, on the leaf, or when they are too many."""
    if (whom.customer_ids is None) == (whom.tree is None):
        raise Invalid("tree", "needs one of: customerIds, tree")
    if whom.customer_ids is not None:
        found = await reachable(unit, whom.customer_ids, stores_of(who))
        for place, one in enumerate(whom.customer_ids):
            if one not in found:
                raise Invalid(f"customerIds[{place}]", "no such customer")
        return list(found)
    await check_seen(unit, who, parse(whom.tree, "tree"), own_eyes(who))
    ids = await sample_audience(unit, whom.tree, MOST_AT_ONCE + 1, stores=stores_of(who))
    if len(ids) > MOST_AT_ONCE:
        raise Invalid("tree", f"means more than {MOST_AT_ONCE} customers")
    return ids
