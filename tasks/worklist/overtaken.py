"""Whether something later has moved a task already: what a phone sends late never turns a task back."""

from datetime import datetime
from typing import Final
from uuid import UUID

from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.worklist.repository import read_task
from tasks.worklist.views import TaskMove

BY_HAND: Final = ("claimed", "started", "snoozed", "released")
"""Moves an employee makes, as the history calls them."""

_LATER: Final = """
select exists (select from task t where t.merchant_id = :merchant and t.id = :task and t.closed_at > :at)
    or exists (select from task_history h where h.merchant_id = :merchant and h.task_id = :task and h.action = any(cast(:moves as text[]))
               and h.staff_id = :me and coalesce(h.occurred_at, h.at) > :at)
    or exists (select from callback b where b.merchant_id = :merchant and b.task_id = :task and b.verdict = 'applied' and b.occurred_at > :at)
"""


async def overtaken(
    unit: Unit, scope: StaffScope, task_id: UUID, at: datetime, *, over: datetime | None = None
) -> TaskMove | None:
    """Return where the task stands, locked, when what was done at `at` comes too late to move it; None when it may move it. Raises `NotFound`.

    Too late is what lies before the task's end, before a later move of the same employee, before a callback that moved it, and what was for a time until
    `over`, which has come. A task that a colleague has meanwhile is not for this to judge: the move itself says who.
    """
    task = await read_task(unit, scope, task_id, lock=True)
    if task.live and task.assignee_id not in {None, scope.staff_id}:
        return None
    past = over is not None and at < over <= unit.now
    later = at < unit.now and await unit.scalar(_LATER, task=task_id, at=at, me=scope.staff_id, moves=list(BY_HAND))
    return task.as_move(changed=False) if past or later else None
