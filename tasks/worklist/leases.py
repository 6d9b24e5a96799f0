"""A claim of a pool task is on loan: not begun within the merchant's time, the task goes back to the pool."""

from datetime import timedelta
from typing import Final

from tasks.kernel.unit import Unit
from tasks.worklist.history import Told, tell

DEFAULT_MINUTES: Final = 30
"""When the merchant's settings say nothing (`claimLeaseMinutes`; 0: a claim is for good)."""

_MINUTES: Final = "select settings -> 'claimLeaseMinutes' from merchant where merchant_id = :merchant"

_BACK: Final = """
with over as (
    select t.id, t.assignee_id from task t where t.merchant_id = :merchant and t.claimed_until <= :now order by t.id limit :limit
    for update of t skip locked),
judged as (
    select o.id, o.assignee_id as holder, c.staff_id is not distinct from o.assignee_id and o.assignee_id is not null and t.status in ('queued', 'open')
       and not exists (select from callback b where b.merchant_id = :merchant and b.task_id = o.id and b.received_at >= c.at) as idle
    from over o join task t on t.merchant_id = :merchant and t.id = o.id
    left join lateral (select h.staff_id, h.at from task_history h
                       where h.merchant_id = :merchant and h.task_id = o.id and h.action = 'claimed' order by h.at desc, h.id desc limit 1) c on true)
update task t set claimed_until = null, assignee_id = case when j.idle then null else t.assignee_id end
from judged j where t.merchant_id = :merchant and t.id = j.id
returning t.id, t.store_id, t.status, j.holder, j.idle
"""


async def claim_lease(unit: Unit) -> timedelta | None:
    """Return how long a claimed task may lie untouched; None when a claim is for good."""
    said = await unit.scalar(_MINUTES)
    minutes = said if isinstance(said, int) else DEFAULT_MINUTES
    return timedelta(minutes=minutes) if minutes > 0 else None


async def return_idle(unit: Unit, limit: int) -> int:
    """Give claimed tasks that were neither begun, put off nor contacted about in time back to the pool; returns how many leases it looked at."""
    rows = await unit.rows(_BACK, limit=limit)
    told = [
        Told(
            task_id=row["id"],
            store_id=row["store_id"],
            action="returned",
            from_status=row["status"],
            to_status=row["status"],
            left_staff_id=row["holder"],
        )
        for row in rows
        if row["idle"]
    ]
    await tell(unit, told)
    return len(rows)
