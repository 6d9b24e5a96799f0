"""When a customer refused: her live tasks close as soon as there is no way left to reach her, and every passage ends when she refused everything.

And when the refusal was a mistake: she may be contacted again.
"""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from tasks.kernel.ids import new_id
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


async def some_way_left(unit: Unit, customer_id: UUID) -> bool:
    """Say whether a valid number or WeChat of hers is on record that she has not refused to be contacted by."""
    return bool(await unit.scalar(_WAYS_LEFT, customer=customer_id))


async def close_unreachable(unit: Unit, customer_id: UUID, staff_id: UUID | None, *, keep: UUID | None) -> None:
    """Close every live task but `keep`, and end every passage, of a customer nobody can reach any more.

    A customer who refused calls only and has WeChat on record keeps her tasks, and the other way round. The caller holds the contact-state lock.
    """
    if await some_way_left(unit, customer_id):
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


class Flags(msgspec.Struct, frozen=True):
    """What a customer refuses."""

    no_phone: bool
    no_wechat: bool
    no_contact: bool


_LIFT: Final = """
with said as (
    select b.fields ->> 'scope' as scope, b.received_at as at from callback b
    where b.merchant_id = :merchant and b.customer_id = :customer and b.outcome = 'refused_contact' and b.void_at is null
    union all select d.fields ->> 'scope', d.received_at from desk_contact d
    where d.merchant_id = :merchant and d.customer_id = :customer and d.behaviour = 'refused_contact' and d.void_at is null),
refused as (select scope, min(at) as at from said where at >= :since group by scope)
update customer_contact_state s set
    no_phone_at = case when s.no_phone_at = :since then (select r.at from refused r where r.scope = 'phone') else s.no_phone_at end,
    no_wechat_at = case when s.no_wechat_at = :since then (select r.at from refused r where r.scope = 'wechat') else s.no_wechat_at end,
    no_contact_at = case when s.no_contact_at = :since then (select r.at from refused r where r.scope = 'all') else s.no_contact_at end
where s.merchant_id = :merchant and s.customer_id = :customer
returning s.no_phone_at is not null as no_phone, s.no_wechat_at is not null as no_wechat, s.no_contact_at is not null as no_contact
"""
"""A refusal's instant is that of the first callback or contact that said it.

Only what this one began is lifted, and one that was said again since stands from then.
"""
_CONSENT: Final = """
insert into consent (merchant_id, id, customer_id, kind, granted, source, staff_id, at)
select :merchant, :id, :customer, 'person', true, 'undo', :staff, :now
where (select k.granted from consent k where k.merchant_id = :merchant and k.customer_id = :customer and k.kind = 'person'
       order by k.at desc, k.id desc limit 1) is false
"""


async def lift_refusal(unit: Unit, customer_id: UUID, since: datetime, staff_id: UUID) -> Flags:
    """Take back what the (now void) callback received at `since` refused; returns what still stands. The caller holds the contact-state lock.

    Who may be contacted again consents to it again, on the record. Tasks and passages that the refusal ended stay ended: status never moves backwards.
    """
    flags = await unit.structs(Flags, _LIFT, customer=customer_id, since=since)
    if flags and not flags[0].no_contact:
        # An id of this process, as a refusal's: corrected to a refusal, both are of one instant, and the later made counts.
        await unit.run(_CONSENT, id=new_id(), customer=customer_id, staff=staff_id)
    return flags[0] if flags else Flags(no_phone=False, no_wechat=False, no_contact=False)
