"""Every query over saved segments, what they use, and how many they were."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.audience.states import Visibility
from tasks.kernel.connection import Row
from tasks.kernel.documents import document
from tasks.kernel.errors import FlowError, NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.scope import Role, StaffScope
from tasks.kernel.unit import Unit


class SegmentChanged(FlowError):
    """Somebody edited the segment after it was read."""

    code = "segment-changed"
    status = 412
    zh = "分群已被修改，请刷新后重试"
    en = "The segment was changed meanwhile; refresh and try again"


class SegmentDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A segment as somebody wants it: its tree is checked and canonical."""

    name: str
    tree: dict[str, Any]
    seen_by: Visibility
    store_id: UUID | None = None
    owner_id: UUID | None = None


class SegmentRow(msgspec.Struct, frozen=True):
    """A segment as it is stored."""

    id: UUID
    name: str
    tree: dict[str, Any]
    seen_by: str
    store_id: UUID | None
    owner_id: UUID | None
    etag: int
    created_at: datetime
    changed_at: datetime


def _row(row: Row) -> SegmentRow:
    return SegmentRow(**{**row, "tree": document(row["tree"])})


class SegmentTally(msgspec.Struct, frozen=True):
    """The last count of a segment, and the newest one of a day before it."""

    key: str
    customers: int
    counted_on: date
    counted_at: datetime
    before: int | None
    before_on: date | None


async def lock_definitions(unit: Unit) -> None:
    """Let one transaction at a time change what segments and tag rules of the merchant mean, so that two cannot close a circle between them."""
    await unit.run("select from merchant where merchant_id = :merchant for no key update")


_COLUMNS: Final = "s.id, s.name, s.tree, s.seen_by, s.store_id, s.owner_id, s.etag, s.created_at, s.changed_at"
_SEEN: Final = """(s.seen_by = 'shared' or (s.seen_by = 'personal' and s.owner_id = :staff)
or (s.seen_by = 'store' and (:everywhere or s.store_id = any(cast(:stores as uuid[])))))"""
"""`sight.sees`, for a list."""


async def get_segment(unit: Unit, segment_id: UUID) -> SegmentRow:
    """Return one segment, whoever may see it; raises `NotFound`."""
    row = await unit.row(
        f"select {_COLUMNS} from segment s where s.merchant_id = :merchant and s.id = :id", id=segment_id
    )
    if row is None:
        raise NotFound(what="分群/segment")
    return _row(row)


async def segments_by_id(unit: Unit, ids: Sequence[UUID]) -> dict[UUID, SegmentRow]:
    """Return those of the segments that exist."""
    rows = await unit.rows(
        f"select {_COLUMNS} from segment s where s.merchant_id = :merchant and s.id = any(cast(:ids as uuid[]))",
        ids=list(ids),
    )
    return {row["id"]: _row(row) for row in rows}


async def page_of_segments(unit: Unit, who: StaffScope, after: UUID | None, limit: int) -> list[SegmentRow]:
    """Return the segments somebody sees, in the order they were made, after the one named."""
    rows = await unit.rows(
        f"select {_COLUMNS} from segment s where s.merchant_id = :merchant and {_SEEN} "
        "and (cast(:after as uuid) is null or s.id > cast(:after as uuid)) order by s.id limit :limit",
        staff=who.staff_id, everywhere=who.role is Role.OWNER, stores=list(who.store_ids), after=after, limit=limit,
    )  # fmt: skip
    return [_row(row) for row in rows]


async def same_name(unit: Unit, draft: SegmentDraft, but: UUID | None) -> bool:
    """True when those who will see the segment have another one of this name already."""
    found = await unit.scalar(
        "select exists (select from segment where merchant_id = :merchant and name = :name and seen_by = :seen_by "
        "and store_id is not distinct from cast(:store as uuid) and (seen_by <> 'personal' or owner_id = cast(:owner as uuid)) "
        "and id is distinct from cast(:but as uuid))",
        name=draft.name, seen_by=draft.seen_by.value, store=draft.store_id, owner=draft.owner_id, but=but,
    )  # fmt: skip
    return bool(found)


async def insert_segment(unit: Unit, draft: SegmentDraft, uses: Sequence[UUID]) -> UUID:
    """Store a segment and what it uses; returns its id."""
    segment_id = new_id()
    await unit.run(
        "insert into segment (merchant_id, id, name, tree, seen_by, store_id, owner_id, etag, created_at, changed_at) "
        "values (:merchant, :id, :name, cast(:tree as jsonb), :seen_by, cast(:store as uuid), cast(:owner as uuid), 1, :now, :now)",
        id=segment_id, **_values(draft),
    )  # fmt: skip
    await _write_uses(unit, segment_id, uses)
    return segment_id


async def update_segment(unit: Unit, was: SegmentRow, draft: SegmentDraft, uses: Sequence[UUID]) -> None:
    """Store a segment anew, if it is still as it was read. Another tree is another crowd: its counts begin anew. Raises `SegmentChanged`."""
    moved = await unit.run(
        "update segment set name = :name, tree = cast(:tree as jsonb), seen_by = :seen_by, store_id = cast(:store as uuid), "
        "owner_id = cast(:owner as uuid), etag = etag + 1, changed_at = :now where merchant_id = :merchant and id = :id and etag = :etag",
        id=was.id, etag=was.etag, **_values(draft),
    )  # fmt: skip
    if moved.rowcount != 1:
        raise SegmentChanged(field="If-Match")
    await unit.run("delete from segment_use where merchant_id = :merchant and segment_id = :id", id=was.id)
    await _write_uses(unit, was.id, uses)
    if was.tree != draft.tree:
        await _forget_counts(unit, was.id)


async def delete_segment(unit: Unit, segment_id: UUID) -> None:
    """Delete a segment that nothing uses, and its counts."""
    await unit.run("delete from segment where merchant_id = :merchant and id = :id", id=segment_id)
    await _forget_counts(unit, segment_id)


async def _forget_counts(unit: Unit, segment_id: UUID) -> None:
    await unit.run(
        "delete from segment_count where merchant_id = :merchant and segment_key = :key", key=str(segment_id)
    )


def _values(draft: SegmentDraft) -> dict[str, Any]:
    return {
        "name": draft.name, "tree": msgspec.json.encode(draft.tree).decode(), "seen_by": draft.seen_by.value,
        "store": draft.store_id, "owner": draft.owner_id,
    }  # fmt: skip


async def _write_uses(unit: Unit, segment_id: UUID, uses: Sequence[UUID]) -> None:
    await unit.run(
        "insert into segment_use (merchant_id, segment_id, uses_id) select :merchant, :id, u.id from unnest(cast(:uses as uuid[])) as u(id)",
        id=segment_id, uses=list(uses),
    )  # fmt: skip


async def direct_users(unit: Unit, segment_id: UUID) -> list[SegmentRow]:
    """Return the segments whose trees use this one, oldest first."""
    rows = await unit.rows(
        f"select {_COLUMNS} from segment_use su join segment s on s.merchant_id = su.merchant_id and s.id = su.segment_id "
        "where su.merchant_id = :merchant and su.uses_id = :id order by s.id",
        id=segment_id,
    )
    return [_row(row) for row in rows]


_ABOVE = f"""
with recursive above (id) as (
    select segment_id from segment_use where merchant_id = :merchant and uses_id = :id
    union
    select su.segment_id from above a join segment_use su on su.merchant_id = :merchant and su.uses_id = a.id)
select {_COLUMNS} from above a join segment s on s.merchant_id = :merchant and s.id = a.id order by s.id
"""


async def every_user(unit: Unit, segment_id: UUID) -> list[SegmentRow]:
    """Return the segments that use this one, directly or through others, oldest first."""
    return [_row(row) for row in await unit.rows(_ABOVE, id=segment_id)]


async def segments_naming(unit: Unit, thing_id: UUID) -> list[SegmentRow]:
    """Return the segments whose (canonical) trees name a thing, such as a tag, oldest first."""
    rows = await unit.rows(
        f"select {_COLUMNS} from segment s where s.merchant_id = :merchant and strpos(s.tree::text, cast(:thing as text)) > 0 order by s.id",
        thing=str(thing_id),
    )
    return [_row(row) for row in rows]


async def rules_naming(unit: Unit, things: Sequence[UUID]) -> list[tuple[UUID, str, dict[str, Any]]]:
    """Return id, name and rule of the tags whose (canonical) rules name one of these things, oldest first."""
    rows = await unit.rows(
        "select t.id, t.name, t.rule from tag t where t.merchant_id = :merchant and t.pace is not null "
        "and exists (select from unnest(cast(:things as text[])) as u(thing) where strpos(t.rule::text, u.thing) > 0) order by t.id",
        things=[str(one) for one in things],
    )
    return [(row["id"], row["name"], document(row["rule"])) for row in rows]


async def rules_of(unit: Unit, tag_ids: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """Return the rules of those of the tags that have one."""
    rows = await unit.rows(
        "select id, rule from tag where merchant_id = :merchant and id = any(cast(:ids as uuid[])) and pace is not null",
        ids=list(tag_ids),
    )
    return {row["id"]: document(row["rule"]) for row in rows}


_COUNT = """
insert into segment_count (merchant_id, segment_key, counted_on, customers, counted_at) values (:merchant, :key, cast(:on as date), :customers, :now)
on conflict (merchant_id, segment_key, counted_on) do update set customers = excluded.customers, counted_at = excluded.counted_at
where segment_count.counted_at <= excluded.counted_at
"""


async def keep_count(unit: Unit, key: str, on: date, customers: int) -> None:
    """Keep the day's last count."""
    await unit.run(_COUNT, key=key, on=on, customers=customers)


async def claim_count(unit: Unit, key: str, on: date) -> bool:
    """True for the one transaction that is to count this segment first on this day; others wait for it and get False."""
    claimed = await unit.run(
        "insert into segment_count (merchant_id, segment_key, counted_on, customers, counted_at) values (:merchant, :key, cast(:on as date), 0, :now) "
        "on conflict (merchant_id, segment_key, counted_on) do nothing",
        key=key, on=on,
    )  # fmt: skip
    return claimed.rowcount == 1


async def uncounted(unit: Unit, smart: Sequence[str], on: date) -> list[str]:
    """Return the keys of the segments, the smart ones among them, that were not counted on this day."""
    rows = await unit.rows(
        "select k.key from (select u.key, 0 as rank from unnest(cast(:smart as text[])) as u(key) "
        "union all select s.id::text, 1 from segment s where s.merchant_id = :merchant) k "
        "where not exists (select from segment_count c where c.merchant_id = :merchant and c.segment_key = k.key and c.counted_on = cast(:on as date)) "
        "order by k.rank, k.key",
        smart=list(smart), on=on,
    )  # fmt: skip
    return [row["key"] for row in rows]


_TALLIES = """
select k.key, c.customers, c.counted_on, c.counted_at, b.customers as before, b.counted_on as before_on
from unnest(cast(:keys as text[])) as k(key)
cross join lateral (select customers, counted_on, counted_at from segment_count
                    where merchant_id = :merchant and segment_key = k.key order by counted_on desc limit 1) c
left join lateral (select customers, counted_on from segment_count
                   where merchant_id = :merchant and segment_key = k.key and counted_on < c.counted_on order by counted_on desc limit 1) b on true
"""


async def tallies(unit: Unit, keys: Sequence[str]) -> Mapping[str, SegmentTally]:
    """Return the last counts of the segments that were ever counted, by key."""
    return {one.key: one for one in await unit.structs(SegmentTally, _TALLIES, keys=list(keys))}
