"""What the moot guard writes: reasons and tasks that are over, the passages behind them, and the event that was it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from tasks.kernel.unit import Unit
from tasks.moot.repository import Touched
from tasks.worklist.history import Told, tell
from tasks.worklist.repository import LIVE_SQL


async def lock_tasks(unit: Unit, task_ids: Sequence[UUID]) -> None:
    """Lock the tasks in id order."""
    await unit.run(
        "select id from task where merchant_id = :merchant and id = any(cast(:ids as uuid[])) order by id for update",
        ids=list(task_ids),
    )


async def close_reasons_as(unit: Unit, reasons: Sequence[tuple[UUID, str]]) -> None:
    """Close live reasons, each with its own close reason."""
    await unit.run(
        "update task_reason r set state = 'closed', close_reason = u.why, closed_at = :now "
        "from unnest(cast(:ids as uuid[]), cast(:whys as text[])) as u(id, why) "
        "where r.merchant_id = :merchant and r.id = u.id and r.state = 'live'",
        ids=[reason for reason, _ in reasons], whys=[why for _, why in reasons],
    )  # fmt: skip


_EMPTIED: Final = f"""
with found as (
    select t.id, t.status, u.why from task t
    join unnest(cast(:ids as uuid[]), cast(:whys as text[])) as u(id, why) on u.id = t.id
    where t.merchant_id = :merchant and t.status in {LIVE_SQL}
      and not exists (select from task_reason r where r.merchant_id = :merchant and r.task_id = t.id and r.state = 'live'))
update task t set status = 'moot', close_reason = f.why, closed_at = :now, wait_until = null, wait_kind = null
from found f where t.merchant_id = :merchant and t.id = f.id
returning t.id
"""
_BEFORE: Final = f"""
select id, store_id, status from task where merchant_id = :merchant and id = any(cast(:ids as uuid[])) and status in {LIVE_SQL} order by id
"""


async def close_emptied(unit: Unit, tasks: Mapping[UUID, Touched]) -> list[UUID]:
    """Close the tasks whose last reason is gone, tell of every one that changed with the event that did it, and return the closed ones in id order."""
    before: Sequence[Any] = await unit.rows(_BEFORE, ids=list(tasks))
    closed = {row["id"] for row in await unit.rows(_EMPTIED, ids=list(tasks), whys=[one.why for one in tasks.values()])}
    await tell(unit, [_told(row, tasks[row["id"]], gone=row["id"] in closed) for row in before])
    return sorted(closed)


def _told(row: Any, cause: Touched, *, gone: bool) -> Told:
    return Told(
        task_id=row["id"],
        store_id=row["store_id"],
        action="moot" if gone else "reason_closed",
        from_status=row["status"],
        to_status="moot" if gone else row["status"],
        detail={"reason": cause.why, "type": cause.type, "at": cause.at},
    )


async def decide_exited(unit: Unit, passages: Sequence[tuple[UUID, str]]) -> None:
    """Say of passages that end before they fired why there is no task: the decision a run would have written."""
    await unit.run(
        "insert into decision (merchant_id, id, plan_id, version_id, enrolment_id, scope_id, entry_key, step, customer_id, decided, reason, decided_at) "
        "select :merchant, new_uuid7(), e.plan_id, e.version_id, e.id, e.scope_id, e.entry_key, e.step, e.customer_id, 'exited', u.why, :now "
        "from unnest(cast(:ids as uuid[]), cast(:whys as text[])) as u(id, why) "
        "join enrolment e on e.merchant_id = :merchant and e.id = u.id and e.state = 'waiting' on conflict do nothing",
        ids=[passage for passage, _ in passages], whys=[why for _, why in passages],
    )  # fmt: skip
