"""The notices of one staff member: newest first, and which of them they have read."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from scripts.locales import Locale
from tasks.kernel.paging import decode_cursor, encode_cursor
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.notices.states import NoticeKind
from tasks.notices.words import words_of

_PAGE: Final = """
select id, kind, facts, task_id, created_at, read_at from notice
where merchant_id = :merchant and staff_id = :staff and id < :below {unread} order by id desc limit :limit
"""
_ONLY_UNREAD: Final = "and read_at is null"
_UNREAD: Final = "select count(*) from notice where merchant_id = :merchant and staff_id = :staff and read_at is null"
_READ: Final = """
update notice set read_at = :at
where merchant_id = :merchant and staff_id = :staff and read_at is null
  and (id = any(cast(:ids as uuid[])) or id <= cast(:up_to as uuid))
"""
_LAST: Final = UUID(int=2**128 - 1)


class NoticeView(msgspec.Struct, frozen=True, rename="camel"):
    """One notice in the reader's language; `taskId` is the task it is about, when it is about one."""

    id: UUID
    kind: NoticeKind
    title: str
    body: str
    task_id: UUID | None
    facts: dict[str, int]
    created_at: datetime
    read_at: datetime | None


class NoticePage(msgspec.Struct, frozen=True, rename="camel"):
    """A page of notices, how many of all are unread, and the cursor of the next page."""

    items: Sequence[NoticeView]
    unread: int
    next_cursor: str | None = None


class NoticeQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which notices, and in which language."""

    limit: int = 20
    cursor: str | None = None
    unread_only: bool = False
    locale: Locale = "zh-CN"


class ReadFact(msgspec.Struct, frozen=True, kw_only=True):
    """Which notices were read: these, and all up to one; `at` is when."""

    ids: Sequence[UUID] = ()
    up_to: UUID | None = None
    at: datetime


async def list_notices(unit: Unit, scope: StaffScope, query: NoticeQuery) -> NoticePage:
    """Return a page, newest first; raises `CursorGarbled`."""
    below = decode_cursor(query.cursor, tuple[UUID])[0] if query.cursor else _LAST
    rows = await unit.rows(
        _PAGE.format(unread=_ONLY_UNREAD if query.unread_only else ""),
        staff=scope.staff_id,
        below=below,
        limit=query.limit + 1,
    )
    shown = [
        NoticeView(**row, **msgspec.structs.asdict(words_of(NoticeKind(row["kind"]), row["facts"], query.locale)))
        for row in rows[: query.limit]
    ]
    more = encode_cursor([str(shown[-1].id)]) if len(rows) > query.limit else None
    return NoticePage(shown, await unread(unit, scope), more)


async def unread(unit: Unit, scope: StaffScope) -> int:
    """Return how many notices the caller has not read."""
    return int(await unit.scalar(_UNREAD, staff=scope.staff_id))


async def mark_read(unit: Unit, scope: StaffScope, fact: ReadFact) -> int:
    """Mark one's own notices as read, once: the first time stays; returns how many are left. Somebody else's are not touched."""
    await unit.run(_READ, staff=scope.staff_id, ids=list(fact.ids), up_to=fact.up_to, at=fact.at)
    return await unread(unit, scope)
