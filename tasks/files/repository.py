"""Every query over attachments."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from tasks.files.checking import Announced
from tasks.files.states import AttachmentKind, AttachmentState, ContentType
from tasks.kernel.connection import Row
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.worklist.repository import LIVE_SQL

KEPT_WAITING: Final = timedelta(days=1)
"""How long an attachment may be missing before it is forgotten."""


class AttachmentRow(msgspec.Struct, frozen=True, kw_only=True):
    """An attachment as it stands; `salt` is the customer's, None once she was erased."""

    id: UUID
    task_id: UUID | None
    customer_id: UUID
    staff_id: UUID
    callback_id: UUID | None
    state: AttachmentState
    kind: AttachmentKind | None
    content_type: ContentType | None
    size: int | None
    digest: bytes | None
    announced_at: datetime
    salt: bytes | None

    @property
    def said(self) -> Announced | None:
        """What was announced; None as long as nothing was."""
        if self.content_type is None or self.size is None or self.digest is None:
            return None
        return Announced(self.content_type, self.size, self.digest)


_COLUMNS: Final = """
a.id, a.task_id, a.customer_id, a.staff_id, a.callback_id, a.state, a.kind, a.content_type, a.size, a.digest, a.announced_at
"""
_ONE: Final = f"""
select {_COLUMNS}, c.salt from attachment a join customer c on c.merchant_id = :merchant and c.id = a.customer_id
where a.merchant_id = :merchant and a.id = :id {{lock}}
"""
_SEEN: Final = f"""
exists (select from task t where t.merchant_id = :merchant and t.id = {{task}} and t.store_id = any(cast(:stores as uuid[]))
        and (:leads or t.assignee_id = :me or (t.assignee_id is null and t.status in {LIVE_SQL})))
"""
"""Who may see the task (tasks/worklist/detail.py) may see what was attached to it."""


async def read_attachment(unit: Unit, attachment_id: UUID, *, lock: bool = False) -> AttachmentRow | None:
    """Return an attachment of the merchant. `lock` keeps it as it is until the transaction ends."""
    found = await unit.row(_ONE.format(lock="for update of a" if lock else ""), id=attachment_id)
    return _row(found) if found else None


async def read_seen(unit: Unit, scope: StaffScope, attachment_id: UUID) -> AttachmentRow | None:
    """Return an attachment of a task that the caller may see."""
    found = await unit.row(
        _ONE.format(lock=f"and {_SEEN.format(task='a.task_id')}"), id=attachment_id, **_caller(scope)
    )
    return _row(found) if found else None


async def sees_task(unit: Unit, scope: StaffScope, task_id: UUID) -> bool:
    """Say whether the caller may see a task."""
    return bool(await unit.scalar(f"select {_SEEN.format(task=':task')}", task=task_id, **_caller(scope)))


def _caller(scope: StaffScope) -> dict[str, object]:
    return {"stores": list(scope.store_ids), "me": scope.staff_id, "leads": scope.leads}


def _row(found: Row) -> AttachmentRow:
    kind, content_type = found["kind"], found["content_type"]
    said = {
        "state": AttachmentState(found["state"]),
        "kind": AttachmentKind(kind) if kind else None,
        "content_type": ContentType(content_type) if content_type else None,
    }
    return AttachmentRow(**{**found, **said})


async def uploader_works(unit: Unit, staff_id: UUID) -> bool:
    """Say whether the one who announced it still works here."""
    found = await unit.scalar(
        "select true from staff where merchant_id = :merchant and id = :staff and status = 'active'", staff=staff_id
    )
    return bool(found)


_ANNOUNCE: Final = """
insert into attachment (merchant_id, id, task_id, customer_id, staff_id, state, kind, content_type, size, digest, announced_at)
values (:merchant, :id, :task, :customer, :staff, 'announced', :kind, :type, :size, :digest, :now)
on conflict (merchant_id, id) do update
set state = 'announced', task_id = :task, kind = :kind, content_type = :type, size = :size, digest = :digest, announced_at = :now
where attachment.state = 'promised' and attachment.staff_id = :staff and attachment.customer_id = :customer
returning id
"""


async def insert_announced(unit: Unit, row: AttachmentRow) -> bool:
    """Keep what was announced, or fill in what a callback has promised; False when the id is taken."""
    taken = await unit.scalar(
        _ANNOUNCE, id=row.id, task=row.task_id, customer=row.customer_id, staff=row.staff_id, kind=row.kind, type=row.content_type,
        size=row.size, digest=row.digest,
    )  # fmt: skip
    return taken is not None


async def announce_again(unit: Unit, attachment_id: UUID) -> None:
    """Give an attachment that is still missing another day."""
    await unit.run(
        "update attachment set announced_at = :now where merchant_id = :merchant and id = :id and state = 'announced'",
        id=attachment_id,
    )


async def count_of_task(unit: Unit, task_id: UUID) -> int:
    """Return how many attachments a task has."""
    return int(
        await unit.scalar(
            "select count(*) from attachment where merchant_id = :merchant and task_id = :task", task=task_id
        )
    )


async def set_stored(unit: Unit, attachment_id: UUID, digest: bytes) -> bool:
    """Say that the announced content is kept; False when something else is known of it by now, or nothing."""
    done = await unit.run(
        "update attachment set state = 'stored', stored_at = :now "
        "where merchant_id = :merchant and id = :id and state = 'announced' and digest = :digest",
        id=attachment_id, digest=digest,
    )  # fmt: skip
    return done.rowcount == 1


_PROMISE: Final = """
insert into attachment (merchant_id, id, task_id, customer_id, staff_id, state, announced_at)
select :merchant, named.id, b.task_id, b.customer_id, b.staff_id, 'promised', :now
from unnest(cast(:ids as uuid[])) as named (id) join callback b on b.merchant_id = :merchant and b.id = :callback
order by named.id on conflict do nothing
"""
_NAME: Final = """
update attachment set callback_id = :callback
where merchant_id = :merchant and id = any(cast(:ids as uuid[])) and customer_id = :customer and (staff_id = :me or :leads)
returning id
"""


async def name_attachments(
    unit: Unit, scope: StaffScope, ids: Sequence[UUID], about: tuple[UUID, UUID]
) -> frozenset[UUID]:
    """Let the callback (callback, customer) name these, unheard-of ones too, and return those it may name."""
    callback_id, customer_id = about
    await unit.run(_PROMISE, ids=list(ids), callback=callback_id)
    rows = await unit.rows(
        _NAME, ids=list(ids), callback=callback_id, customer=customer_id, me=scope.staff_id, leads=scope.leads
    )
    return frozenset(row["id"] for row in rows)


class AttachmentHead(msgspec.Struct, frozen=True, kw_only=True):
    """An attachment in a list."""

    id: UUID
    task_id: UUID
    callback_id: UUID | None
    staff_id: UUID
    kind: AttachmentKind
    content_type: ContentType
    size: int
    state: AttachmentState
    announced_at: datetime


_OF_TASKS: Final = """
select id, task_id, callback_id, staff_id, kind, content_type, size, state, announced_at from attachment
where merchant_id = :merchant and task_id = any(cast(:tasks as uuid[])) and state <> 'promised' order by task_id, announced_at, id
"""


async def attachments_of(unit: Unit, task_ids: Sequence[UUID]) -> dict[UUID, list[AttachmentHead]]:
    """Return the announced and stored attachments of each task, oldest first; tasks without any are absent."""
    found: dict[UUID, list[AttachmentHead]] = {}
    for row in await unit.rows(_OF_TASKS, tasks=list(task_ids)):
        found.setdefault(row["task_id"], []).append(_head(row))
    return found


def _head(row: Row) -> AttachmentHead:
    said = {
        "state": AttachmentState(row["state"]),
        "kind": AttachmentKind(row["kind"]),
        "content_type": ContentType(row["content_type"]),
    }
    return AttachmentHead(**{**row, **said})


_TO_FORGET: Final = """
select a.id from attachment a
where a.merchant_id = :merchant and a.id in (
    select w.id from attachment w where w.merchant_id = :merchant and w.state <> 'stored' and w.announced_at < :before
    union all
    select e.id from customer c join attachment e on e.merchant_id = :merchant and e.customer_id = c.id
    where c.merchant_id = :merchant and (c.status <> 'active' or c.anonymous or c.internal) and c.salt is null)
order by a.id limit :many for update of a skip locked
"""


async def lock_forgotten(unit: Unit, many: int) -> list[UUID]:
    """Lock and return some that nobody can read or that never came: not uploaded within a day, or of an erased customer."""
    rows = await unit.rows(_TO_FORGET, before=unit.now - KEPT_WAITING, many=many)
    return [row["id"] for row in rows]


async def delete_attachments(unit: Unit, ids: Sequence[UUID]) -> None:
    """Forget the rows."""
    await unit.run(
        "delete from attachment where merchant_id = :merchant and id = any(cast(:ids as uuid[]))", ids=list(ids)
    )
