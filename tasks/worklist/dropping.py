"""Taking tasks back: what made them is no longer so."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from tasks.kernel.unit import Unit
from tasks.worklist.history import Told, tell
from tasks.worklist.repository import LIVE_SQL
from tasks.worklist.states import CloseReason, TaskStatus

_LOCK: Final = f"""
select id, store_id, status from task where merchant_id = :merchant and id = any(cast(:ids as uuid[])) and status in {LIVE_SQL} order by id for update
"""
_CLOSE: Final = """
update task set status = 'cancelled', close_reason = :reason, closed_at = :now, wait_until = null, wait_kind = null
where merchant_id = :merchant and id = any(cast(:ids as uuid[]))
"""


async def drop_tasks(unit: Unit, task_ids: Sequence[UUID], reason: CloseReason) -> list[UUID]:
    """Cancel those of these tasks of no plan that are still live, and tell of it; returns them in id order. They leave the denominator."""
    if not task_ids:
        return []
    rows = await unit.rows(_LOCK, ids=list(task_ids))
    ids = [row["id"] for row in rows]
    if ids:
        await unit.run(_CLOSE, ids=ids, reason=reason.value)
    cancelled = TaskStatus.CANCELLED.value
    told = [
        Told(
            task_id=row["id"],
            store_id=row["store_id"],
            action="dropped",
            from_status=row["status"],
            to_status=cancelled,
            detail={"reason": reason.value},
        )
        for row in rows
    ]
    await tell(unit, told)
    return ids
