"""Showing a customer's full number to the employee who has the task, on the record."""

from typing import Final
from uuid import UUID

from tasks.kernel.errors import Conflict, NotFound
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.people.persons import contact_points
from tasks.people.phones import spoken
from tasks.people.reveals import count_reveal
from tasks.people.states import ContactKind
from tasks.worklist.repository import LIVE_SQL

_OWN: Final = f"""
select t.id, t.customer_id, s.timezone, st.no_phone_at is not null or st.no_contact_at is not null as refused
from task t join store s on s.merchant_id = :merchant and s.id = t.store_id
left join customer_contact_state st on st.merchant_id = :merchant and st.customer_id = t.customer_id
where t.merchant_id = :merchant and (t.id = :subject or t.customer_id = :subject) and t.assignee_id = :me
  and t.store_id = any(cast(:stores as uuid[])) and t.status in {LIVE_SQL} order by t.status <> 'in_progress', t.id limit 1
"""


class CallsRefused(Conflict):
    """The customer does not want to be called."""

    code = "calls-refused"
    zh = "客户已拒绝电话联系"
    en = "The customer does not want to be called"


async def reveal_phone(unit: Unit, scope: StaffScope, subject_id: UUID) -> str:
    """Return the number, as one dials it, of the task's or customer's `subject_id`, within one's own live task only.

    Raises `NotFound` without such a task or without a valid number, `CallsRefused`, or `RevealBudgetSpent` past sixty a day.
    """
    row = await unit.row(_OWN, subject=subject_id, me=scope.staff_id, stores=list(scope.store_ids))
    if row is None:
        raise NotFound(what="任务/task")
    if row["refused"]:
        raise CallsRefused
    points = await contact_points(unit, row["customer_id"])
    phones = [point for point in points if point.valid and point.kind in {ContactKind.PHONE, ContactKind.VIRTUAL}]
    if not phones:
        raise NotFound(what="电话/phone")
    await count_reveal(unit, scope.staff_id, row["id"], row["customer_id"], local_day(unit.now, row["timezone"]))
    return spoken(phones[0].value)
