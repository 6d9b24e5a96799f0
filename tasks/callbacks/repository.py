"""Every query over callbacks, and what an outcome needs to know of the books."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.callbacks.fields import BookedFields
from tasks.callbacks.meanings import REACHED, UNANSWERED
from tasks.callbacks.rules import Attempt, Place
from tasks.kernel.errors import Invalid
from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.people.calendar import is_open, load_calendars
from tasks.worklist.merchant_window import merchant_window
from tasks.worklist.repository import LIVE_SQL, TaskState

_CLOSURES_AHEAD: Final = 60
"""Days of closures read for finding the next open day."""


class CallbackRow(msgspec.Struct, frozen=True, kw_only=True):
    """A callback as it is stored; `note` is sealed on the way."""

    id: UUID
    task_id: UUID
    customer_id: UUID
    staff_id: UUID
    action_id: UUID
    outcome: str
    code: str | None
    channel: str
    fields: Mapping[str, Any]
    note: str | None
    corrects: UUID | None
    verdict: str
    claim: str | None
    occurred_at: datetime


_CALLBACK: Final = """
insert into callback (merchant_id, id, task_id, customer_id, staff_id, action_id, outcome, code, channel, fields, sealed, corrects, verdict, claim,
                      occurred_at, received_at)
values (:merchant, :id, :task, :customer, :staff, :action, :outcome, :code, :channel, cast(:fields as jsonb), :sealed, :corrects, :verdict, :claim,
        :occurred, :now)
"""


async def insert_callback(unit: Unit, row: CallbackRow) -> None:
    """Append the callback; a note is sealed under the customer's salt, and dropped when the customer was erased."""
    salt = await unit.scalar(
        "select salt from customer where merchant_id = :merchant and id = :customer", customer=row.customer_id
    )
    sealed = unit.vault.seal(salt, row.customer_id, row.note.encode()) if row.note and salt else None
    await unit.run(
        _CALLBACK, id=row.id, task=row.task_id, customer=row.customer_id, staff=row.staff_id, action=row.action_id, outcome=row.outcome,
        code=row.code, channel=row.channel, fields=msgspec.json.encode(row.fields).decode(), sealed=sealed, corrects=row.corrects,
        verdict=row.verdict, claim=row.claim, occurred=row.occurred_at,
    )  # fmt: skip


async def note_made(unit: Unit, callback_id: UUID, contact_id: UUID | None, made: Mapping[str, Any]) -> None:
    """Keep beside a callback which contact it is about and what it made."""
    await unit.run(
        "update callback set contact_id = coalesce(:contact, contact_id), "
        "caused = nullif(coalesce(caused, cast('{}' as jsonb)) || cast(:made as jsonb), cast('{}' as jsonb)) "
        "where merchant_id = :merchant and id = :callback",
        callback=callback_id, contact=contact_id, made=msgspec.json.encode(made).decode(),
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


async def insert_contact(unit: Unit, task: TaskState, row: CallbackRow, *, reached: bool) -> UUID:
    """Write the contact, the ground of the gap, the caps and the credit, and return it. It counts as marketing when any plan of the task is."""
    contact_id = new_id()
    await unit.run(
        _CONTACT, id=contact_id, customer=row.customer_id, task=row.task_id, staff=row.staff_id, channel=row.channel, reached=reached,
        at=row.occurred_at, on=local_day(row.occurred_at, task.timezone),
    )  # fmt: skip
    return contact_id


async def later_callback(unit: Unit, task_id: UUID, at: datetime, besides: UUID | None) -> bool:
    """Say whether something that happened after `at`, and still counts, has moved the task already; `besides` is what is being corrected."""
    found = await unit.scalar(
        "select exists (select from callback where merchant_id = :merchant and task_id = :task and verdict = 'applied' and occurred_at > :at "
        "and void_at is null and id is distinct from cast(:besides as uuid))",
        task=task_id, at=at, besides=besides,
    )  # fmt: skip
    return bool(found)


async def count_attempts(unit: Unit, task_id: UUID, staff_id: UUID, more: int) -> None:
    """Count attempts on a locked task (fewer when one was corrected away); a task of the pool becomes the caller's, a queued one opens early."""
    await unit.run(
        "update task set attempts = greatest(attempts + :more, 0), assignee_id = coalesce(assignee_id, :staff), "
        "status = case when status = 'queued' then 'open' else status end where merchant_id = :merchant and id = :task",
        task=task_id, staff=staff_id, more=more,
    )  # fmt: skip


async def open_again(unit: Unit, task_id: UUID) -> None:
    """Let a locked, live task be worked on now."""
    await unit.run(
        "update task set status = 'open', wait_until = null, wait_kind = null "
        f"where merchant_id = :merchant and id = :task and status in {LIVE_SQL}",
        task=task_id,
    )


_RESTATE: Final = """
with said as (
    update task_reason set result = :result, result_at = :now
    where merchant_id = :merchant and task_id = :task and result is not distinct from :before)
update task set close_reason = coalesce(cast(:reason as text), close_reason) where merchant_id = :merchant and id = :task and status = 'done'
"""


async def restate(unit: Unit, task_id: UUID, results: tuple[str, str], reason: str | None) -> None:
    """Let the reasons and the close reason of a task that is done say what a correction says, from the first result to the second; the task stays done."""
    await unit.run(_RESTATE, task=task_id, before=results[0], result=results[1], reason=reason)


_ATTEMPT: Final = """
with said as (select outcome, occurred_at from callback where merchant_id = :merchant and task_id = :task and void_at is null)
select (select count(*) from said u where u.outcome = any(cast(:unanswered as text[]))
          and u.occurred_at > coalesce((select max(r.occurred_at) from said r where r.outcome = any(cast(:reached as text[]))), '-infinity')) as number,
       (select count(*) from contact c where c.merchant_id = :merchant and c.customer_id = :customer and c.channel = 'phone'
          and c.human and c.contacted_on = :on) as calls_today
"""


async def attempt_so_far(unit: Unit, task: TaskState, at: datetime) -> Attempt:
    """Return the how-many-eth unanswered call in a row this is, itself included."""
    row = await unit.row(
        _ATTEMPT, customer=task.customer_id, task=task.id, on=local_day(at, task.timezone), unanswered=list(UNANSWERED), reached=list(REACHED)
    )  # fmt: skip
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
