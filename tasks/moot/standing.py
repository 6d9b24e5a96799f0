"""What stands against a task though no event may have told of it: she refused, complained, or has a time already (product.md)."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from tasks.kernel.unit import Unit
from tasks.moot.repository import Touched
from tasks.worklist.repository import LIVE_SQL

_CLOSED_WAYS: Final = (
    """(st.no_contact_at is not null or (st.no_phone_at is not null and st.no_wechat_at is not null))"""
)

_STANDING: Final = f"""
with out as (
    select t.id as task_id, t.customer_id, r.id as reason_id, r.enrolment_id, e.event_id, v.definition, st.complaint_at,
        {_CLOSED_WAYS} as refused, coalesce(st.no_contact_at, greatest(st.no_phone_at, st.no_wechat_at)) as refused_at,
        (cast(:now as timestamptz) at time zone s.timezone)::date as today
    from task t join store s on s.merchant_id = :merchant and s.id = t.store_id
    left join task_reason r on r.merchant_id = :merchant and r.task_id = t.id and r.state = 'live'
    left join enrolment e on e.merchant_id = :merchant and e.id = r.enrolment_id
    left join plan_version v on v.merchant_id = :merchant and v.id = r.version_id
    left join customer_contact_state st on st.merchant_id = :merchant and st.customer_id = t.customer_id
    where t.merchant_id = :merchant and t.id = any(cast(:tasks as uuid[])) and t.status in {LIVE_SQL}
)
select o.customer_id, o.enrolment_id, o.task_id, o.reason_id,
    case when o.refused then 'do_not_contact' when o.complained then 'complaint' else 'appointment_booked' end as type,
    case when o.refused then o.refused_at when o.complained then o.complaint_at else a.made_at end as at
from (select out.*, coalesce(out.complaint_at is not null and (out.definition #>> '{{suppress,complaint}}')::boolean, false) as complained from out) o
left join lateral (
    select coalesce(a.booked_at, a.recorded_at) as made_at from appointment a
    where a.merchant_id = :merchant and a.customer_id = o.customer_id and a.starts_on >= o.today
      and a.status in ('booked', 'confirmed') and o.definition -> 'exitOn' ? 'booked' and (o.definition #>> '{{suppress,appointment}}')::boolean
      and a.id is distinct from (select c.ledger_id from event c where c.merchant_id = :merchant and c.id = o.event_id)
    order by a.starts_at, a.id limit 1) a on true
where coalesce(o.refused, false) or o.complained or a.made_at is not null
order by o.task_id, o.reason_id
"""
"""The first of the three that holds, for each reason of a task; tasks of no plan are closed by a refusal only."""


async def read_standing(unit: Unit, task_ids: Sequence[UUID]) -> list[Touched]:
    """Return what of these live tasks nobody may or need work on, by what is known of the customer now.

    An open complaint counts where the plan keeps away from those who complained, an appointment where the plan is about getting one.
    """
    return await unit.structs(Touched, _STANDING, tasks=list(task_ids))
