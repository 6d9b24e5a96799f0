"""Segments: saved ones and the smart ones that ship, with how many they are and were. A segment's tree is evaluated whenever it is used."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.audience.judging import count
from tasks.audience.links import canonical, refuse_circle, uses
from tasks.audience.references import Named
from tasks.audience.resolving import check_tree, names_everywhere, segments_of
from tasks.audience.segment_rows import (
    SegmentDraft,
    SegmentRow,
    SegmentTally,
    insert_segment,
    keep_count,
    same_name,
    segments_by_id,
    tallies,
    update_segment,
)
from tasks.audience.service import looks
from tasks.audience.sight import may_change, may_use, sees
from tasks.audience.smart import SMART, SmartName
from tasks.audience.states import Visibility
from tasks.audience.telling import sentence
from tasks.audience.tree import Node, mentioned, parse
from tasks.audience.wording import Words
from tasks.kernel.errors import Invalid
from tasks.kernel.ids import new_id
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.people.lookups import merchant_zone

PATH: Final = "tree"
"""Where requests have their tree."""


class CountView(msgspec.Struct, frozen=True, rename="camel"):
    """How many were in a segment at `counted_at`, on the local day `counted_on` of the merchant's zone.

    `change` is against the last count of the newest day before that was counted, `since`; both None when there is none.
    """

    customers: int
    counted_at: datetime
    counted_on: date
    change: int | None = None
    since: date | None = None


class SegmentView(msgspec.Struct, frozen=True, rename="camel", kw_only=True):
    """A segment in the caller's language.

    `key` is its id, or `smart:<name>` for one that ships; `sentence` says its tree in words. `count` is the merchant's last one in a list, and as of now
    for one segment; who does not own the merchant gets it only there, and of the customers of the own stores. `etag` is None for a smart one.
    """

    key: str
    kind: str
    name: str
    sentence: str
    tree: dict[str, Any]
    seen_by: Visibility
    store_id: UUID | None = None
    author_id: UUID | None = None
    may_change: bool = False
    etag: int | None = None
    count: CountView | None = None
    created_at: datetime | None = None
    changed_at: datetime | None = None


def smart_key(name: SmartName) -> str:
    """Return the key of a smart segment."""
    return f"smart:{name.value}"


def smart_views(names: Sequence[SmartName], locale: str) -> list[SegmentView]:
    """Return smart segments without counts; their trees name nothing of the merchant's."""
    words = Words(locale)
    return [
        SegmentView(
            key=smart_key(name), kind="smart", name=words.say(*SMART[name].names), seen_by=Visibility.SHARED,
            tree=SMART[name].tree, sentence=sentence(parse(SMART[name].tree, name), words),
        )
        for name in names
    ]  # fmt: skip


async def saved_views(unit: Unit, who: StaffScope, rows: Sequence[SegmentRow], locale: str) -> list[SegmentView]:
    """Return saved segments without counts."""
    nodes = [parse(row.tree, PATH) for row in rows]
    words = Words(locale, await names_everywhere(unit, nodes))
    return [_view(who, row, sentence(node, words)) for row, node in zip(rows, nodes, strict=True)]


def _view(who: StaffScope, row: SegmentRow, said: str) -> SegmentView:
    return SegmentView(
        key=str(row.id), kind="custom", name=row.name, sentence=said, tree=row.tree, seen_by=Visibility(row.seen_by), store_id=row.store_id,
        author_id=row.owner_id, may_change=may_change(who, row), etag=row.etag, created_at=row.created_at, changed_at=row.changed_at,
    )  # fmt: skip


async def with_last_counts(unit: Unit, views: Sequence[SegmentView]) -> list[SegmentView]:
    """Return the views with the merchant's last counts; None for what was never counted."""
    known = await tallies(unit, [view.key for view in views])
    return [msgspec.structs.replace(view, count=_told(known.get(view.key))) for view in views]


def _told(tally: SegmentTally | None) -> CountView | None:
    if tally is None:
        return None
    change = None if tally.before is None else tally.customers - tally.before
    return CountView(tally.customers, tally.counted_at, tally.counted_on, change, tally.before_on)


async def with_count_now(unit: Unit, view: SegmentView, stores: tuple[UUID, ...] | None) -> SegmentView:
    """Return the view with its count as of now; one over every store is kept as the day's last."""
    on = local_day(unit.now, await merchant_zone(unit))
    found = await count_everybody(unit, parse(view.tree, PATH), stores)
    if stores is not None:
        return msgspec.structs.replace(view, count=CountView(found, unit.now, on))
    await keep_count(unit, view.key, on, found)
    (counted,) = await with_last_counts(unit, [view])
    return counted


async def count_everybody(unit: Unit, node: Node, stores: tuple[UUID, ...] | None = None) -> int:
    """Return how many customers, of the stores, a checked tree means; a thing it names that is gone is nobody's."""
    segments = await segments_of(unit, node)
    return sum([await count(unit, node, segments, look) for look in await looks(unit, None, stores)])


async def save_segment(unit: Unit, who: StaffScope, draft: SegmentDraft, was: SegmentRow | None) -> UUID:
    """Check and store a segment, new or in the place of `was`; returns its id. The definitions must be locked.

    Raises `Invalid` on the leaf that names what is not there, what not everybody who sees this segment sees, or by which a circle would close; on
    `name` when those who see it have one of that name.
    """
    own = was.id if was else new_id()
    node = parse(draft.tree, PATH)
    await check_seen(unit, who, node, draft)
    await refuse_circle(unit, node, (Named.SEGMENT, own))
    await check_tree(unit, draft.tree, PATH)
    draft = msgspec.structs.replace(draft, tree=canonical(node))
    if await same_name(unit, draft, but=was.id if was else None):
        raise Invalid("name", "is the name of another segment")
    if was is None:
        return await insert_segment(unit, draft, uses(node))
    await update_segment(unit, was, draft, uses(node))
    return was.id


def own_eyes(who: StaffScope) -> SegmentDraft:
    """Return the user of a tree that somebody asks for themselves: it may use whatever segments they see."""
    return SegmentDraft(name="", tree={}, seen_by=Visibility.PERSONAL, owner_id=who.staff_id)


async def check_seen(unit: Unit, who: StaffScope | None, node: Node, user: SegmentDraft | None) -> None:
    """Raise `Invalid` on the leaf of a segment that somebody (None: nobody in particular) does not see, or that not everybody sees who sees `user`.

    A `user` of None is seen by everybody who leads, as plans and rules are.
    """
    named = [one for one in mentioned(node) if one.kind is Named.SEGMENT]
    known = await segments_by_id(unit, [one.id for one in named])
    everybody = SegmentDraft(name="", tree={}, seen_by=Visibility.SHARED)
    for one in named:
        used = known.get(one.id)
        if used is None or (who is not None and not sees(who, used)):
            raise Invalid(one.path, "no such segment")
        if not may_use(user or everybody, used, who):
            raise Invalid(one.path, "not everybody who would use it sees that segment")
