"""The next best task, softly kept for who asked: nobody else is offered it for a few minutes, and anybody may still take it by hand."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.worklist.buckets import LIVE, ORDER_KEYS, READY
from tasks.worklist.history import Told, tell
from tasks.worklist.lists import stores_of

OFFER: Final = timedelta(minutes=5)
"""How long a task of the pool is kept for who was offered it."""

_FREE: Final = (
    "(t.assignee_id is not null or t.reserved_until is null or t.reserved_until <= :at or t.reserved_by = :me)"
)
_PICK: Final = f"""
select t.id, t.store_id, t.status, t.assignee_id is null and (t.reserved_by is distinct from :me or t.reserved_until <= :at) as fresh
from (select t.id from task t where t.merchant_id = :merchant and t.assignee_id = :me and t.store_id = any(cast(:stores as uuid[])) and {LIVE}
      union all
      select t.id from task t where t.merchant_id = :merchant and t.assignee_id is null and t.store_id = any(cast(:stores as uuid[])) and {LIVE}) c
join task t on t.merchant_id = :merchant and t.id = c.id
join store s on s.merchant_id = :merchant and s.id = t.store_id
where {READY} and (t.assignee_id is null or t.assignee_id = :me) and {_FREE}
order by {", ".join(sql for _, sql in ORDER_KEYS)} limit 1 for update of t skip locked
"""
_RESERVE: Final = (
    "update task set reserved_by = :me, reserved_until = :until where merchant_id = :merchant and id = :task"
)


async def offer(unit: Unit, scope: StaffScope, store_id: UUID | None = None) -> UUID | None:
    """Return the best task the caller can do now, in the order of the lists: their own, or one of the pool that nobody else was offered.

    One of the pool is reserved for five minutes; asked again, the same answer and nothing written. Of many who ask at once, nobody gets another's: a task
    that somebody is just being offered, or is moving, is passed over.
    """
    picked = await unit.row(_PICK, me=scope.staff_id, stores=stores_of(scope, store_id), at=unit.now)
    if picked is None:
        return None
    task_id: UUID = picked["id"]
    if picked["fresh"]:
        await unit.run(_RESERVE, me=scope.staff_id, task=task_id, until=unit.now + OFFER)
        told = Told(task_id=task_id, store_id=picked["store_id"], action="offered", staff_id=scope.staff_id)
        await tell(unit, [told])
    return task_id
