"""Every query over tags themselves, and over who has them; giving and taking is in `tagging`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.kernel.connection import Row
from tasks.kernel.documents import document
from tasks.kernel.errors import FlowError, NotFound
from tasks.kernel.ids import new_id, new_ids
from tasks.kernel.unit import Unit

MANY: Final = 10_000
"""Rows of history written at once."""


class TagChanged(FlowError):
    """Somebody edited the tag after it was read."""

    code = "tag-changed"
    status = 412
    zh = "标签已被修改，请刷新后重试"
    en = "The tag was changed meanwhile; refresh and try again"


class TagRow(msgspec.Struct, frozen=True):
    """A tag as it is stored; `rule` is None for one that people and imports give."""

    id: UUID
    name: str
    rule: dict[str, Any] | None
    pace: str | None
    etag: int
    evaluated_at: datetime | None
    created_by: UUID | None
    created_at: datetime


class HeldTag(msgspec.Struct, frozen=True, rename="camel"):
    """A tag a customer has, and who or what gave it."""

    tag_id: UUID
    name: str
    hand: str
    staff_id: UUID | None
    set_at: datetime


class TagMove(msgspec.Struct, frozen=True, rename="camel"):
    """A tag was given to a customer (`given`) or taken; `name` is what it was called then."""

    id: UUID
    tag_id: UUID
    name: str
    given: bool
    hand: str
    staff_id: UUID | None
    at: datetime


def _row(row: Row) -> TagRow:
    return TagRow(**{**row, "rule": document(row["rule"])})


_COLUMNS: Final = (
    "id, name, case when pace is null then null else rule end as rule, pace, etag, evaluated_at, created_by, created_at"
)


async def get_tag(unit: Unit, tag_id: UUID, *, lock: str = "") -> TagRow:
    """Return one tag, locked as asked (`for key share`: it cannot be deleted meanwhile); raises `NotFound`."""
    row = await unit.row(f"select {_COLUMNS} from tag where merchant_id = :merchant and id = :tag {lock}", tag=tag_id)
    if row is None:
        raise NotFound(what="标签/tag")
    return _row(row)


async def page_of_tags(unit: Unit, after: UUID | None, limit: int) -> list[TagRow]:
    """Return tags in the order they were made, after the one named."""
    rows = await unit.rows(
        f"select {_COLUMNS} from tag where merchant_id = :merchant and (cast(:after as uuid) is null or id > cast(:after as uuid)) "
        "order by id limit :limit",
        after=after, limit=limit,
    )  # fmt: skip
    return [_row(row) for row in rows]


async def tag_named(unit: Unit, name: str) -> UUID | None:
    """Return the tag of this name."""
    found: UUID | None = await unit.scalar(
        "select id from tag where merchant_id = :merchant and name = :name and name <> ''", name=name
    )
    return found


async def insert_tag(unit: Unit, name: str, rule: dict[str, Any] | None, pace: str | None, author: UUID | None) -> UUID:
    """Store a tag; returns its id."""
    tag_id = new_id()
    await unit.run(
        "insert into tag (merchant_id, id, name, rule, pace, etag, created_by, created_at) "
        "values (:merchant, :id, :name, cast(:rule as jsonb), cast(:pace as text), 1, cast(:author as uuid), :now)",
        id=tag_id, name=name, rule=_json(rule), pace=pace, author=author,
    )  # fmt: skip
    return tag_id


async def update_tag(unit: Unit, tag: TagRow, name: str, rule: dict[str, Any] | None, pace: str | None) -> None:
    """Store a tag anew if it is still as it was read; its rule is to be applied again. Raises `TagChanged`."""
    moved = await unit.run(
        "update tag set name = :name, rule = cast(:rule as jsonb), pace = cast(:pace as text), etag = etag + 1, evaluated_at = null "
        "where merchant_id = :merchant and id = :tag and etag = :etag",
        name=name, rule=_json(rule), pace=pace, tag=tag.id, etag=tag.etag,
    )  # fmt: skip
    if moved.rowcount != 1:
        raise TagChanged(field="If-Match")


def _json(rule: dict[str, Any] | None) -> str | None:
    return None if rule is None else msgspec.json.encode(rule).decode()


_TAKEN_WITH_IT = """
with gone as (delete from customer_tag where merchant_id = :merchant and tag_id = :tag and customer_id = any(cast(:customers as uuid[])))
insert into customer_tag_history (merchant_id, id, customer_id, tag_id, tag_name, given, hand, staff_id, at)
select :merchant, u.id, u.customer_id, :tag, :name, false, 'staff', cast(:staff as uuid), :now
from unnest(cast(:ids as uuid[]), cast(:customers as uuid[])) as u(id, customer_id)
"""


async def delete_tag(unit: Unit, tag: TagRow, author: UUID) -> None:
    """Delete a tag that is locked `for update`: whoever has it loses it, which the history keeps, as it keeps everything before."""
    while True:
        rows = await unit.rows(
            "select customer_id from customer_tag where merchant_id = :merchant and tag_id = :tag order by customer_id limit :many",
            tag=tag.id, many=MANY,
        )  # fmt: skip
        if rows:
            customers = [row["customer_id"] for row in rows]
            ids = new_ids(len(customers))
            await unit.run(_TAKEN_WITH_IT, tag=tag.id, name=tag.name, staff=author, customers=customers, ids=ids)
        if len(rows) < MANY:
            break
    await unit.run("delete from tag where merchant_id = :merchant and id = :tag", tag=tag.id)


_REACH: Final = "c.status = 'active' and (cast(:stores as uuid[]) is null or c.home_store_id is null or c.home_store_id = any(cast(:stores as uuid[])))"
"""A customer somebody may see: hers is one of the stores, or none; without stores, everybody."""


async def customers_per_tag(
    unit: Unit, tag_ids: Sequence[UUID], stores: Sequence[UUID] | None = None
) -> dict[UUID, int]:
    """Return how many customers of the stores have each tag; those that nobody has are left out."""
    rows = await unit.rows(
        "select ct.tag_id, count(*) as customers from customer_tag ct join customer c on c.merchant_id = ct.merchant_id and c.id = ct.customer_id "
        f"where ct.merchant_id = :merchant and ct.tag_id = any(cast(:tags as uuid[])) and {_REACH} group by ct.tag_id",
        tags=list(tag_ids), stores=None if stores is None else list(stores),
    )  # fmt: skip
    return {row["tag_id"]: row["customers"] for row in rows}


async def reachable(unit: Unit, customer_ids: Sequence[UUID], stores: Sequence[UUID] | None = None) -> set[UUID]:
    """Return which of the customers are there and of the stores."""
    rows = await unit.rows(
        f"select c.id from customer c where c.merchant_id = :merchant and c.id = any(cast(:ids as uuid[])) and {_REACH}",
        ids=list(customer_ids), stores=None if stores is None else list(stores),
    )  # fmt: skip
    return {row["id"] for row in rows}


async def hand_of(unit: Unit, customer_id: UUID, tag_id: UUID) -> str | None:
    """Return who or what gave the tag, None when she does not have it."""
    found: str | None = await unit.scalar(
        "select hand from customer_tag where merchant_id = :merchant and customer_id = :customer and tag_id = :tag",
        customer=customer_id, tag=tag_id,
    )  # fmt: skip
    return found


async def held_tags(unit: Unit, customer_id: UUID) -> list[HeldTag]:
    """Return the tags a customer has, in the order she got them."""
    return await unit.structs(
        HeldTag,
        "select ct.tag_id, t.name, ct.hand, ct.staff_id, ct.set_at from customer_tag ct "
        "join tag t on t.merchant_id = ct.merchant_id and t.id = ct.tag_id "
        "where ct.merchant_id = :merchant and ct.customer_id = :customer order by ct.set_at, ct.tag_id",
        customer=customer_id,
    )


async def tag_history(unit: Unit, customer_id: UUID, before: tuple[datetime, UUID] | None, limit: int) -> list[TagMove]:
    """Return what was given and taken, newest first, before the row named."""
    at, row_id = before or (None, None)
    return await unit.structs(
        TagMove,
        "select id, tag_id, tag_name as name, given, hand, staff_id, at from customer_tag_history "
        "where merchant_id = :merchant and customer_id = :customer "
        "and (cast(:at as timestamptz) is null or (at, id) < (cast(:at as timestamptz), cast(:row as uuid))) order by at desc, id desc limit :limit",
        customer=customer_id, at=at, row=row_id, limit=limit,
    )  # fmt: skip
