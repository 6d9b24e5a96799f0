"""What time alone does to tasks: queued ones open, waiting ones come back, late ones expire. Each call takes a bounded number and is safe to repeat."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.kernel.unit import Unit
from tasks.worklist.history import Told, tell
from tasks.worklist.repository import LIVE_SQL, close_reasons
from tasks.worklist.states import CloseReason

_MOVE: Final = """
with found as (select id, status from task where merchant_id = :merchant and {due} order by id limit :limit for update skip locked)
update task t set {change} from found f where t.merchant_id = :merchant and t.id = f.id
returning t.id, t.store_id, f.status as from_status, t.status as to_status
"""
TO_OPEN: Final = "status = 'queued' and opens_at <= :now and expires_at > :now"
"""The tasks that open now."""
TO_WAKE: Final = (
    "status = 'waiting' and wait_until <= :now and expires_at > :now and wait_kind is distinct from 'reply'"
)
"""The tasks that come back now. What awaits a reply never does by itself (tasks.callbacks.replies)."""
_OPEN: Final = _MOVE.format(due=TO_OPEN, change="status = 'open'")
_WAKE: Final = _MOVE.format(
    due=TO_WAKE,
    # A promised time stays on the row: it is what puts the task on top of the list.
    change=(
        "status = 'open', wait_until = case when t.wait_kind = 'callback' then t.wait_until end, "
        "wait_kind = case when t.wait_kind = 'callback' then t.wait_kind end"
    ),
)
_EXPIRE: Final = _MOVE.format(
    due=f"status in {LIVE_SQL} and expires_at <= :now",
    change="status = 'expired', close_reason = 'expired', closed_at = :now, wait_until = null, wait_kind = null",
)


class Expired(msgspec.Struct, frozen=True):
    """How many tasks expired, and the passages whose part in them is over."""

    tasks: int
    enrolment_ids: Sequence[UUID]


async def open_due(unit: Unit, limit: int) -> int:
    """Open queued tasks whose time has come; returns how many."""
    return len(await _sweep(unit, _OPEN, "opened", limit))


async def wake_waiting(unit: Unit, limit: int) -> int:
    """Bring back waiting tasks whose time has come; returns how many."""
    return len(await _sweep(unit, _WAKE, "woken", limit))


async def expire_tasks(unit: Unit, limit: int) -> Expired:
    """Close live tasks past their day; they stay in the denominator."""
    ids = [row["id"] for row in await _sweep(unit, _EXPIRE, "expired", limit)]
    closed = await close_reasons(unit, ids, CloseReason.EXPIRED, None) if ids else []
    return Expired(len(ids), [row.enrolment_id for row in closed])


async def _sweep(unit: Unit, statement: str, action: str, limit: int) -> Sequence[Any]:
    rows = await unit.rows(statement, limit=limit)
    told = [
        Told(
            task_id=row["id"],
            store_id=row["store_id"],
            action=action,
            from_status=row["from_status"],
            to_status=row["to_status"],
        )
        for row in rows
    ]
    await tell(unit, told)
    return rows
