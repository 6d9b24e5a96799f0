"""The one way a change of tasks is told: a history row each, and the change feed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.worklist.feed import POOL, feed


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one task; `left_staff_id` no longer has it (see `left_by`)."""

    task_id: UUID
    store_id: UUID
    action: str
    from_status: str | None = None
    to_status: str | None = None
    staff_id: UUID | None = None
    left_staff_id: UUID | None = None
    detail: Mapping[str, Any] = {}
    occurred_at: datetime | None = None


def left_by(before: UUID | None, after: UUID | None) -> UUID | None:
    """Return who no longer has a task that went from one holder to another, None being the pool: phones of theirs must let it go."""
    return None if before == after else before or POOL


_INSERT = """
insert into task_history (merchant_id, id, task_id, action, from_status, to_status, staff_id, detail, at, occurred_at)
select :merchant, u.id, u.task_id, u.action, u.from_status, u.to_status, u.staff_id, u.detail, :now, u.occurred_at
from unnest(cast(:ids as uuid[]), cast(:tasks as uuid[]), cast(:actions as text[]), cast(:froms as text[]), cast(:tos as text[]),
            cast(:staff as uuid[]), cast(:details as jsonb[]), cast(:occurred as timestamptz[]))
            as u(id, task_id, action, from_status, to_status, staff_id, detail, occurred_at)
"""


async def tell(unit: Unit, changes: Sequence[Told]) -> None:
    """Write a history row per change and put every task into the feed of its store."""
    if not changes:
        return
    await unit.run(
        _INSERT,
        ids=[new_id() for _ in changes],
        tasks=[change.task_id for change in changes],
        actions=[change.action for change in changes],
        froms=[change.from_status for change in changes],
        tos=[change.to_status for change in changes],
        staff=[change.staff_id for change in changes],
        details=[msgspec.json.encode(change.detail).decode() for change in changes],
        occurred=[change.occurred_at for change in changes],
    )
    for change in changes:
        feed(unit).changed(change.store_id, change.task_id, change.left_staff_id)
