"""Every query over callbacks and actions, and what an outcome needs to know of the books."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import RowMapping

from tasks.callbacks.fields import BookedFields
from tasks.callbacks.rules import Attempt, Place
from tasks.kernel.errors import Invalid
from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.people.calendar import is_open, load_calendars
from tasks.worklist.merchant_window import merchant_window
from tasks.worklist.repository import TaskState

_CLOSURES_AHEAD: Final = 60
"""Days of closures read for finding the next open day."""


async def open_action(unit: Unit, staff_id: UUID, action_id: UUID, kind: str, digest: bytes) -> RowMapping | None:
    """Take the action id, or return what was stored under it. A second sender of the same id waits here until the first has committed."""
    taken = await unit.run(
        "insert into action (merchant_id, staff_id, action_id, kind, digest, verdict, answer, received_at) "
        "values (:merchant, :staff, :action, :kind, :digest, 'applied', cast('{}' as jsonb), :now) on conflict do nothing",
        staff=staff_id, action=action_id, kind=kind, digest=digest,
    )  # fmt: skip
    if taken.rowcount == 1:
        return None
    return await unit.row(
        "select kind, digest, verdict, answer from action where merchant_id = :merchant and staff_id = :staff and action_id = :action",
        staff=staff_id, action=action_id,
    )  # fmt: skip


async def close_action(unit: Unit, staff_id: UUID, action_id: UUID, verdict: str, answer: object) -> None:
    """Keep the verdict and the answer: the same id is answered the same for ever after."""
    await unit.run(
        "update action set verdict = :verdict, answer = cast(:answer as jsonb) "
        "where merchant_id = :merchant and staff_id = :staff and action_id = :action",
        staff=staff_id, action=action_id, verdict=verdict, answer=msgspec.json.encode(answer).decode(),
    )  # fmt: skip


class CallbackRow(msgspec.Struct, frozen=True, kw_only=True):
    """A callback as it is stored; `note` is sealed on the way."""

    id: UUID
    task_id: UUID
    customer_id: UUID
    staff_id: UUID
    action_id: UUID
    outcome: str
    channel: str
    fields: Mapping[str, Any]
    note: str | None
    verdict: str
    occurred_at: datetime


_CALLBACK: Final = """
insert into callback (merchant_id, id, task_id, customer_id, staff_id, action_id, outcome, channel, fields, sealed, verdict, occurred_at,
                      received_at)
values (:merchant, :id, :task, :customer, :staff, :action, :outcome, :channel, cast(:fields as jsonb), :sealed, :verdict, :occurred, :now)
"""


async def insert_callback(unit: Unit, row: CallbackRow) -> None:
    """Append the callback; a note is sealed under the customer's salt, and dropped when the customer was erased."""
    salt = await unit.scalar(
        "select salt from customer where merchant_id = :merchant and id = :customer", customer=row.customer_id
    )
    sealed = unit.vault.seal(salt, row.customer_id, row.note.encode()) if row.note and salt else None
    await unit.run(
        _CALLBACK, id=row.id, task=row.task_id, customer=row.customer_id, staff=row.staff_id, action=row.action_id, outcome=row.outcome,
        channel=row.channel, fields=msgspec.json.encode(row.fields).decode(), sealed=sealed, verdict=row.verdict, occurred=row.occurred_at,
    )  # fmt: skip


_CONTACT: Final = """
insert into contact (merchant_id, id, customer_id, task_id, staff_id, channel, human, marketing, reached, phone_index, contacted_at, contacted_on)
select :merchant, :id, :customer, :task, :staff, cast(:channel as text), true,
       exists (select from task_reason r join plan_version v on v.merchant_id = :merchant and v.id = r.version_id
               where r.merchant_id = :merchant and r.task_id = :task and v.purpose = 'marketing'),
       :reached,
       (select p.value_index from contact_point p
        where cast(:channel as text) in ('phone', 'sms') and p.merchant_id = :merchant and p.customer_id = :customer
          and p.kind in ('phone', 'virtual') and p.valid order by p.kind, p.id limit 1),
       :at, :on
"""


async def insert_contact(unit: Unit, task: TaskState, row: CallbackRow, *, reached: bool) -> None:
    """Write the contact: the ground of the gap, the caps and the credit. It counts as marketing when any plan of the task is."""
    await unit.run(
        _CONTACT, id=new_id(), customer=row.customer_id, task=row.task_id, staff=row.staff_id, channel=row.channel, reached=reached,
        at=row.occurred_at, on=local_day(row.occurred_at, task.timezone),
    )  # fmt: skip


async def later_callback(unit: Unit, task_id: UUID, at: datetime) -> bool:
    """Say whether something that happened after `at` has moved the task already."""
    found = await unit.scalar(
        "select exists (select from callback where merchant_id = :merchant and task_id = :task and verdict = 'applied' and occurred_at > :at)",
        task=task_id, at=at,
    )  # fmt: skip
    return bool(found)


async def count_attempt(unit: Unit, task_id: UUID, staff_id: UUID) -> None:
    """Count a contact on a locked task; a task of the pool becomes the caller's, a queued one opens early."""
    await unit.run(
        "update task set attempts = attempts + 1, assignee_id = coalesce(assignee_id, :staff), "
        "status = case when status = 'queued' then 'open' else status end where merchant_id = :merchant and id = :task",
        task=task_id, staff=staff_id,
    )  # fmt: skip


_ATTEMPT: Final = """
select (select count(*) from contact c where c.merchant_id = :merchant and c.customer_id = :customer and c.task_id = :task and not c.reached
          and c.contacted_at > coalesce((select max(r.contacted_at) from contact r
                                         where r.merchant_id = :merchant and r.customer_id = :customer and r.task_id = :task and r.reached),
                                        '-infinity')) as number,
       (select count(*) from contact c where c.merchant_id = :merchant and c.customer_id = :customer and c.channel = 'phone'
          and c.human and c.contacted_on = :on) as calls_today
"""


async def attempt_so_far(unit: Unit, task: TaskState, at: datetime) -> Attempt:
    """Return the how-many-eth unanswered call in a row this is, its own contact row included."""
    row = await unit.row(_ATTEMPT, customer=task.customer_id, task=task.id, on=local_day(at, task.timezone))
    return Attempt(at, int(row["number"]), int(row["calls_today"])) if row else Attempt(at, 1, 1)


async def load_place(unit: Unit, task: TaskState, at: datetime) -> Place:
    """Return the open days and the contact window at the task's store."""
    calendars = await load_calendars(unit, [task.store_id], local_day(at, task.timezone), _CLOSURES_AHEAD)
    calendar = calendars[task.store_id]
    return Place(task.timezone, await merchant_window(unit), lambda day: is_open(calendar, day))


async def product_of(unit: Unit, fields: BookedFields) -> UUID | None:
    """Return the service that was named by code or name; raises `Invalid` when there is none such. The one who will serve must exist too."""
    known = fields.staff_id is None or await unit.scalar(
        "select id from staff where merchant_id = :merchant and id = :staff and status = 'active'",
        staff=fields.staff_id,
    )
    if not known:
        raise Invalid("fields.staffId", "no such staff member")
    if fields.service is None:
        return None
    product: UUID | None = await unit.scalar(
        "select id from product where merchant_id = :merchant and kind = 'service' and active and (code = :service or name = :service) "
        "order by code = :service desc, id limit 1",
        service=fields.service,
    )
    if product is None:
        raise Invalid("fields.service", "no such service")
    return product
