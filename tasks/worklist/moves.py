"""Moving one task by compare-and-set, for the employee who asks: exactly one of many callers wins, the same wish twice is answered twice.

`at` is when the employee did it, for what a phone sends late; whether that is too late to move anything is asked before (`overtaken`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec.structs import replace

from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.kernel.zones import day_start, local_day
from tasks.people.calendar import NeverOpens, add_open_days, load_calendars
from tasks.people.persons import open_staff
from tasks.worklist.faults import TaskAlreadyClaimed, TaskClosed, TaskNotReady, TaskUnclaimed
from tasks.worklist.history import Told, left_by, tell
from tasks.worklist.leases import claim_lease
from tasks.worklist.repository import LIVE_SQL, TaskState, move_if, read_task
from tasks.worklist.rules import WaitKind, check_snooze
from tasks.worklist.states import TaskStatus
from tasks.worklist.views import TaskMove

WAIT_EXPIRY_DAYS: Final = 7
"""Store open days after the wait until a waiting task expires (engine.md, "Life of a task")."""
_CALENDAR_DAYS: Final = 180
"""How far ahead closures are read: seven open days fit in, whatever the closure."""

_MINE = "t.assignee_id = :me"
_FREE = "t.assignee_id is null"
_UNRESERVED: Final = {"reserved_by": None, "reserved_until": None}


@dataclass(frozen=True)
class Move:
    """A move to be told: its name in the history, the task before and after, and when it was, if that was not now."""

    name: str
    before: TaskState
    after: TaskState
    at: datetime | None


async def claim(unit: Unit, scope: StaffScope, task_id: UUID, at: datetime | None = None) -> TaskMove:
    """Take a task from the pool; a colleague who was faster is named by `TaskAlreadyClaimed`. Claiming one's own changes nothing.

    Not begun within the merchant's time, it goes back to the pool (`leases`).
    """
    lease = await claim_lease(unit)
    taken = {"assignee_id": scope.staff_id, "claimed_until": unit.now + lease if lease else None, **_UNRESERVED}
    won = await move_if(unit, scope, task_id, f"{_FREE} and t.status in {LIVE_SQL}", taken)
    if won:
        await _tell(unit, scope, Move("claimed", replace(won, assignee_id=None), won, at))
        return won.as_move(changed=True)
    task = await read_task(unit, scope, task_id)
    await check_mine(unit, scope, task)
    return task.as_move(changed=False)


async def start(unit: Unit, scope: StaffScope, task_id: UUID, at: datetime | None = None) -> TaskMove:
    """Begin working on an open task, taking it from the pool when it is there. Starting one's own running task changes nothing."""
    begun = {
        "assignee_id": scope.staff_id,
        "status": TaskStatus.IN_PROGRESS.value,
        "claimed_until": None,
        **_UNRESERVED,
    }
    for guard, holder in ((_MINE, scope.staff_id), (_FREE, None)):
        won = await move_if(unit, scope, task_id, f"{guard} and t.status = 'open'", begun)
        if won:
            before = replace(won, status=TaskStatus.OPEN, assignee_id=holder)
            await _tell(unit, scope, Move("started", before, won, at))
            return won.as_move(changed=True)
    task = await read_task(unit, scope, task_id)
    await check_mine(unit, scope, task)
    if task.status is not TaskStatus.IN_PROGRESS:
        raise TaskNotReady(status=task.status.value)
    return task.as_move(changed=False)


async def snooze(unit: Unit, scope: StaffScope, task_id: UUID, until: datetime, at: datetime | None = None) -> TaskMove:
    """Let one's own task come back at an instant. A time promised to the customer is not put off while it is still to come."""
    check_snooze(until, unit.now)
    task = await read_task(unit, scope, task_id, lock=True)
    await check_mine(unit, scope, task)
    if task.status is TaskStatus.WAITING and task.wait_kind == WaitKind.SNOOZE and task.wait_until == until:
        return task.as_move(changed=False)
    promised = task.status is TaskStatus.WAITING and task.wait_kind == WaitKind.CALLBACK
    if task.status is TaskStatus.QUEUED or promised:
        raise TaskNotReady(status=task.status.value)
    wait = {
        "status": TaskStatus.WAITING.value,
        "wait_until": until,
        "wait_kind": WaitKind.SNOOZE.value,
        "expires_at": await waiting_expiry(unit, task, until),
        "claimed_until": None,
    }
    moved = await move_if(unit, scope, task_id, _MINE, wait) or task
    await _tell(unit, scope, Move("snoozed", task, moved, at))
    return moved.as_move(changed=True)


async def release(unit: Unit, scope: StaffScope, task_id: UUID, at: datetime | None = None) -> TaskMove:
    """Give one's own task back: to the pool of its store, or, in a store without one, to one's own list. Releasing twice changes nothing."""
    task = await read_task(unit, scope, task_id, lock=True)
    if task.assignee_id is None and task.live:
        return task.as_move(changed=False)
    await check_mine(unit, scope, task)
    status = TaskStatus.OPEN if task.status is TaskStatus.IN_PROGRESS else task.status
    keeper = None if task.pool else task.assignee_id
    if (status, keeper) == (task.status, task.assignee_id):
        return task.as_move(changed=False)
    given = {"status": status.value, "assignee_id": keeper, "claimed_until": None}
    moved = await move_if(unit, scope, task_id, _MINE, given) or task
    await _tell(unit, scope, Move("released", task, moved, at))
    return moved.as_move(changed=True)


async def check_mine(unit: Unit, scope: StaffScope, task: TaskState) -> None:
    """Raise what stands in the way of the caller working on this task: closed, a colleague's, or still in the pool."""
    if not task.live:
        raise TaskClosed(status=task.status.value)
    if task.assignee_id is None:
        raise TaskUnclaimed
    if task.assignee_id != scope.staff_id:
        raise TaskAlreadyClaimed(await staff_name(unit, task.assignee_id))


async def staff_name(unit: Unit, staff_id: UUID) -> str:
    """Return a colleague's name."""
    return (await open_staff(unit, [staff_id]))[staff_id].name


async def waiting_expiry(unit: Unit, task: TaskState, until: datetime) -> datetime:
    """Return when a task that waits until `until` is over: the end of the seventh store open day after that day."""
    day = local_day(until, task.timezone)
    calendars = await load_calendars(unit, [task.store_id], day, _CALENDAR_DAYS)
    try:
        last = add_open_days(calendars[task.store_id], day, WAIT_EXPIRY_DAYS)
    except NeverOpens:
        last = day + timedelta(days=WAIT_EXPIRY_DAYS)
    return day_start(last + timedelta(days=1), task.timezone)


async def _tell(unit: Unit, scope: StaffScope, move: Move) -> None:
    before, after = move.before, move.after
    told = Told(
        task_id=after.id,
        store_id=after.store_id,
        action=move.name,
        from_status=before.status.value,
        to_status=after.status.value,
        staff_id=scope.staff_id,
        left_staff_id=left_by(before.assignee_id, after.assignee_id),
        detail=_moved_end(before, after),
        occurred_at=move.at,
    )
    await tell(unit, [told])


def _moved_end(before: TaskState, after: TaskState) -> dict[str, object]:
    return {"expiredBefore": before.expires_at} if before.expires_at != after.expires_at else {}
