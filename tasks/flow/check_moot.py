"""The moot guard where no event brings it: before a task is put on a list, and when somebody opens it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.moot.service import close_stale
from tasks.worklist.repository import read_task
from tasks.worklist.rules import WaitKind
from tasks.worklist.service import open_due, wake_waiting
from tasks.worklist.sweeping import TO_OPEN, TO_WAKE

_DUE: Final = """
select id from task where merchant_id = :merchant and {due} order by id limit :limit
"""


async def open_wanted(unit: Unit, limit: int) -> int:
    """Open queued tasks whose time has come, after closing those nobody needs any more; returns how many left the queue."""
    closed = await _close_due(unit, TO_OPEN, limit)
    return closed + await open_due(unit, limit)


async def wake_wanted(unit: Unit, limit: int) -> int:
    """Bring back waiting tasks whose time has come, after closing those nobody needs any more; returns how many stopped waiting."""
    closed = await _close_due(unit, TO_WAKE, limit)
    return closed + await wake_waiting(unit, limit)


async def _close_due(unit: Unit, due: str, limit: int) -> int:
    ids = [row["id"] for row in await unit.rows(_DUE.format(due=due), limit=limit)]
    return len(await close_stale(unit, ids))


async def check_opened(unit: Unit, scope: StaffScope, task_id: UUID) -> bool:
    """Somebody opens this task: close it if nobody needs it any more; returns whether it closed. Raises `NotFound` for a task of other stores.

    One that awaits a reply has done its part: what came of it closes it (tasks.callbacks.replies).
    """
    task = await read_task(unit, scope, task_id)
    wanted = task.live and task.wait_kind != WaitKind.REPLY
    return bool(wanted and await close_stale(unit, [task.id]))


class MootBecause(msgspec.Struct, frozen=True, rename="camel"):
    """Why a task closed by itself: the type of the event (`service_completed`, …; `do_not_contact` for a refusal), and when it happened."""

    type: str
    at: datetime


_BECAUSE: Final = """
select t.id, coalesce(h.detail ->> 'type', t.close_reason) as type, coalesce(cast(h.detail ->> 'at' as timestamptz), t.closed_at) as at
from task t
left join lateral (select x.detail from task_history x where x.merchant_id = :merchant and x.task_id = t.id and x.to_status = 'moot'
                   order by x.at desc, x.id desc limit 1) h on true
where t.merchant_id = :merchant and t.id = any(cast(:tasks as uuid[])) and t.status = 'moot'
"""


async def moot_because(unit: Unit, task_ids: Sequence[UUID]) -> dict[UUID, MootBecause]:
    """Return what made these tasks needless; those that did not close by themselves are absent."""
    if not task_ids:
        return {}
    rows = await unit.rows(_BECAUSE, tasks=list(task_ids))
    return {row["id"]: MootBecause(row["type"], row["at"]) for row in rows}
