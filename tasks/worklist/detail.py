"""What surrounds a task on its page: who may see it, how the customer can be reached, and what was said before."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from tasks.kernel.errors import NotFound
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.worklist.buckets import OVERDUE
from tasks.worklist.repository import LIVE_SQL
from tasks.worklist.states import TaskStatus

SHOWN_CONTACTS: Final = 3


class TaskHead(msgspec.Struct, frozen=True):
    """A task and what stands between us and its customer."""

    id: UUID
    store_id: UUID
    customer_id: UUID
    assignee_id: UUID | None
    origin: str
    status: TaskStatus
    opens_at: datetime
    contact_from: datetime
    due_at: datetime
    expires_at: datetime
    wait_until: datetime | None
    wait_kind: str | None
    attempts: int
    priority: int
    value_cents: int
    urged_at: datetime | None
    closed_at: datetime | None
    close_reason: str | None
    timezone: str
    overdue: bool
    source: str | None
    no_phone: bool
    no_wechat: bool
    no_contact: bool
    settings: str


_HEAD: Final = f"""
with t as (
    select * from task where merchant_id = :merchant and id = any(cast(:tasks as uuid[])) and store_id = any(cast(:stores as uuid[]))
      and (:leads or assignee_id = :me or (assignee_id is null and (status in {LIVE_SQL} or closed_at = :at))))
select t.id, t.store_id, t.customer_id, t.assignee_id, t.origin, t.status, t.opens_at, t.contact_from, t.due_at, t.expires_at, t.wait_until,
       t.wait_kind, t.attempts, t.priority, t.value_cents, t.urged_at, t.closed_at, t.close_reason, s.timezone, {OVERDUE} as overdue,
       c.source, st.no_phone_at is not null as no_phone, st.no_wechat_at is not null as no_wechat, st.no_contact_at is not null as no_contact,
       cast(m.settings as text) as settings
from t
join store s on s.merchant_id = :merchant and s.id = t.store_id
join customer c on c.merchant_id = :merchant and c.id = t.customer_id
join merchant m on m.merchant_id = :merchant
left join customer_contact_state st on st.merchant_id = :merchant and st.customer_id = t.customer_id
"""


async def read_heads(unit: Unit, scope: StaffScope, task_ids: Collection[UUID]) -> dict[UUID, TaskHead]:
    """Return the tasks that the caller may see: one's own, the pool's, and for those who lead the stores'; any other is absent.

    What closed in this very moment was the pool's until now.
    """
    rows = await unit.rows(
        _HEAD, tasks=list(task_ids), stores=list(scope.store_ids), me=scope.staff_id, leads=scope.leads, at=unit.now
    )
    return {row["id"]: TaskHead(**{**row, "status": TaskStatus(row["status"])}) for row in rows}


class PastContact(msgspec.Struct, frozen=True):
    """A contact with the customer, whoever made it; `note` is opened."""

    at: datetime
    channel: str
    reached: bool
    staff_id: UUID | None
    outcome: str | None
    note: str | None


_CONTACTS: Final = """
select c.customer_id, c.contacted_at as at, c.channel, c.reached, c.staff_id, coalesce(d.outcome, b.outcome) as outcome,
       coalesce(d.sealed, b.sealed) as sealed, cu.salt
from unnest(cast(:customers as uuid[])) as u(id)
join customer cu on cu.merchant_id = :merchant and cu.id = u.id
cross join lateral (
    select * from contact c where c.merchant_id = :merchant and c.customer_id = u.id order by c.contacted_at desc, c.id desc limit :many) c
left join lateral (
    select b.outcome, b.sealed from callback b
    where b.merchant_id = :merchant and b.task_id = c.task_id and b.occurred_at = c.contacted_at and b.void_at is null
      and (b.contact_id = c.id or (b.contact_id is null and b.staff_id = c.staff_id))
    order by b.received_at desc, b.id desc limit 1) b on true
left join desk_contact d on d.merchant_id = :merchant and d.id = c.id
order by c.customer_id, c.contacted_at desc, c.id desc
"""


async def read_contacts(unit: Unit, customer_ids: Collection[UUID]) -> dict[UUID, list[PastContact]]:
    """Return the last three contacts of each customer, newest first, with what came of them; no contact, no entry."""
    found: dict[UUID, list[PastContact]] = {}
    for row in await unit.rows(_CONTACTS, customers=list(set(customer_ids)), many=SHOWN_CONTACTS):
        customer, sealed, salt = row["customer_id"], row["sealed"], row["salt"]
        note = unit.vault.open(salt, customer, sealed).decode() if sealed and salt else None
        contact = PastContact(row["at"], row["channel"], row["reached"], row["staff_id"], row["outcome"], note)
        found.setdefault(customer, []).append(contact)
    return found


class OwnTask(msgspec.Struct, frozen=True):
    """The caller's own live task of a customer; `refused` says calls are not wanted."""

    id: UUID
    customer_id: UUID
    timezone: str
    refused: bool


_OWN: Final = f"""
select t.id, t.customer_id, s.timezone, (st.no_phone_at is not null or st.no_contact_at is not null) as refused
from task t join store s on s.merchant_id = :merchant and s.id = t.store_id
left join customer_contact_state st on st.merchant_id = :merchant and st.customer_id = t.customer_id
where t.merchant_id = :merchant and (t.id = :subject or t.customer_id = :subject) and t.assignee_id = :me
  and t.store_id = any(cast(:stores as uuid[])) and t.status in {LIVE_SQL} order by t.status <> 'in_progress', t.id limit 1
"""


async def read_own(unit: Unit, scope: StaffScope, subject_id: UUID) -> OwnTask:
    """Return the caller's own live task with this id, or of the customer with this id; raises `NotFound`."""
    found = await unit.structs(OwnTask, _OWN, subject=subject_id, me=scope.staff_id, stores=list(scope.store_ids))
    if not found:
        raise NotFound(what="任务/task")
    return found[0]
