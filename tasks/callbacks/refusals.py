"""When a customer refused: her live tasks close as soon as there is no way left to reach her, and every passage ends when she refused everything."""

from typing import Final
from uuid import UUID

from tasks.kernel.unit import Unit
from tasks.plans.passages import exit_passages
from tasks.plans.states import ExitOn
from tasks.worklist.history import Told, tell
from tasks.worklist.repository import LIVE_SQL, close_reasons
from tasks.worklist.states import CloseReason, TaskStatus

_WAYS_LEFT: Final = """
select st.no_contact_at is null and exists (
    select from contact_point p
    where p.merchant_id = :merchant and p.customer_id = st.customer_id and p.valid and (p.expires_at is null or p.expires_at > :now)
      and case when p.kind in ('phone', 'virtual') then st.no_phone_at is null else st.no_wechat_at is null end) as some_left
from customer_contact_state st where st.merchant_id = :merchant and st.customer_id = :customer
"""
_LOCK: Final = f"""
select id, store_id, status from task
where merchant_id = :merchant and customer_id = :customer and id is distinct from cast(:keep as uuid) and status in {LIVE_SQL} order by id for update
"""
_CLOSE: Final = """
update task set status = 'moot', close_reason = 'do_not_contact', closed_at = :now, wait_until = null, wait_kind = null
where merchant_id = :merchant and id = any(cast(:ids as uuid[]))
"""
_PASSAGES: Final = """
select id from enrolment where merchant_id = :merchant and customer_id = :customer and state in ('waiting', 'active') order by id
"""


async def close_unreachable(unit: Unit, customer_id: UUID, staff_id: UUID | None, *, keep: UUID | None) -> None:
    """Close every live task but `keep`, and end every passage, of a customer nobody can reach any more.

    A customer who refused calls only and has WeChat on record keeps her tasks, and the other way round. The caller holds the contact-state lock.
    """
    if await unit.scalar(_WAYS_LEFT, customer=customer_id):
        return
    rows = await unit.rows(_LOCK, customer=customer_id, keep=keep)
    ids = [row["id"] for row in rows]
    if ids:
        await unit.run(_CLOSE, ids=ids)
        await close_reasons(unit, ids, CloseReason.DO_NOT_CONTACT, None)
    passages = [row["id"] for row in await unit.rows(_PASSAGES, customer=customer_id)]
    await exit_passages(unit, passages, ExitOn.DO_NOT_CONTACT.value)
    moot = TaskStatus.MOOT.value
    await tell(
        unit,
        [
            Told(
                task_id=row["id"],
                store_id=row["store_id"],
                action="closed",
                from_status=row["status"],
                to_status=moot,
                staff_id=staff_id,
                detail={"reason": CloseReason.DO_NOT_CONTACT.value},
            )
            for row in rows
        ],
    )
