"""Reading one task and moving it by compare-and-set; the queries of lists are in `lists`, those of the sweep in `sweeping`."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.kernel.errors import NotFound
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.worklist.states import LIVE, CloseReason, TaskStatus
from tasks.worklist.views import TaskMove

LIVE_SQL: Final = "({})".format(", ".join(f"'{status}'" for status in LIVE))


class TaskState(msgspec.Struct, frozen=True):
    """What moving a task needs to know of it. `timezone` is the store's; `pool` says whether the store has one."""

    id: UUID
    store_id: UUID
    customer_id: UUID
    assignee_id: UUID | None
    origin: str
    status: TaskStatus
    attempts: int
    created_at: datetime
    opens_at: datetime
    contact_from: datetime
    due_at: datetime
    expires_at: datetime
    wait_until: datetime | None
    wait_kind: str | None
    timezone: str
    pool: bool

    @property
    def live(self) -> bool:
        """True while it counts as somebody's work."""
        return self.status in LIVE

    def as_move(self, *, changed: bool) -> TaskMove:
        """Return what a caller is told."""
        return TaskMove(
            id=self.id,
            status=self.status,
            assignee_id=self.assignee_id,
            wait_until=self.wait_until,
            due_at=self.due_at,
            expires_at=self.expires_at,
            changed=changed,
        )


_COLUMNS: Final = """
t.id, t.store_id, t.customer_id, t.assignee_id, t.origin, t.status, t.attempts, t.created_at, t.opens_at, t.contact_from, t.due_at,
t.expires_at, t.wait_until, t.wait_kind
"""
_READ: Final = f"""
select {_COLUMNS}, s.timezone, s.pool from task t join store s on s.merchant_id = t.merchant_id and s.id = t.store_id
where t.merchant_id = :merchant and t.id = :task and t.store_id = any(cast(:stores as uuid[])) {{lock}}
"""


async def read_task(unit: Unit, scope: StaffScope, task_id: UUID, *, lock: bool = False) -> TaskState:
    """Return a task of the caller's stores; raises `NotFound` for any other. `lock` keeps it as it is until the transaction ends."""
    statement = _READ.format(lock="for update of t" if lock else "")
    row = await unit.row(statement, task=task_id, stores=list(scope.store_ids))
    if row is None:
        raise NotFound(what="任务/task")
    return _state(row)


_MOVE: Final = f"""
update task t set {{assign}} from store s
where t.merchant_id = :merchant and t.id = :task and t.store_id = any(cast(:stores as uuid[])) and {{guard}}
  and s.merchant_id = :merchant and s.id = t.store_id
returning {_COLUMNS}, s.timezone, s.pool
"""


async def move_if(unit: Unit, scope: StaffScope, task_id: UUID, guard: str, assign: dict[str, Any]) -> TaskState | None:
    """Compare-and-set: change the task when `guard` (SQL over `t`) still holds; of many callers at once, one gets the row back."""
    sets = ", ".join(f"{column} = :set_{column}" for column in assign)
    values = {f"set_{column}": value for column, value in assign.items()}
    row = await unit.row(
        _MOVE.format(assign=sets, guard=guard), task=task_id, stores=list(scope.store_ids), me=scope.staff_id, **values
    )
    return _state(row) if row else None


def _state(row: Any) -> TaskState:
    return TaskState(**{**row, "status": TaskStatus(row["status"])})


async def set_waiting(unit: Unit, task_id: UUID, until: datetime, kind: str, expires_at: datetime) -> None:
    """Let a locked task rest until an instant."""
    await unit.run(
        "update task set status = 'waiting', wait_until = :until, wait_kind = :kind, expires_at = :expires "
        f"where merchant_id = :merchant and id = :task and status in {LIVE_SQL}",
        task=task_id, until=until, kind=kind, expires=expires_at,
    )  # fmt: skip


async def set_closed(unit: Unit, task_id: UUID, status: TaskStatus, reason: CloseReason) -> None:
    """Close a locked task."""
    await unit.run(
        "update task set status = :status, close_reason = :reason, closed_at = :now, wait_until = null, wait_kind = null "
        f"where merchant_id = :merchant and id = :task and status in {LIVE_SQL}",
        task=task_id, status=status.value, reason=reason.value,
    )  # fmt: skip


class ClosedReason(msgspec.Struct, frozen=True):
    """A reason that was closed just now."""

    reason_id: UUID
    task_id: UUID
    enrolment_id: UUID
    version_id: UUID


async def close_reasons(
    unit: Unit, task_ids: list[UUID], reason: CloseReason, result: str | None
) -> list[ClosedReason]:
    """Close every live reason of the tasks with the same result (engine.md: one callback writes to all)."""
    return await unit.structs(
        ClosedReason,
        "update task_reason set state = 'closed', close_reason = :reason, closed_at = :now, "
        "result = coalesce(result, cast(:result as text)), "
        "result_at = case when cast(:result as text) is not null and result is null then cast(:now as timestamptz) else result_at end "
        "where merchant_id = :merchant and task_id = any(cast(:tasks as uuid[])) and state = 'live' "
        "returning id as reason_id, task_id, enrolment_id, version_id",
        tasks=task_ids, reason=reason.value, result=result,
    )  # fmt: skip
