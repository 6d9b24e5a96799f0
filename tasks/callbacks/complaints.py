"""A complaint that an employee heard is an event of the customer, so that plans and protections see it like any other."""

from typing import Final
from uuid import UUID

import msgspec

from tasks.callbacks.deeds import Deed
from tasks.events import repository
from tasks.events.envelopes import Draft
from tasks.events.fields import read_fields, write_fields
from tasks.events.happened import Happened
from tasks.events.payloads import Complained
from tasks.events.tables import EventState
from tasks.kernel.unit import Unit
from tasks.people.contact_state import FROZEN_DAYS
from tasks.plans.passages import exit_passages
from tasks.worklist.history import Told, tell
from tasks.worklist.repository import LIVE_SQL

SOURCE: Final = "huifang:staff"
"""The source of events that employees record."""
TYPE: Final = "complaint"
WITHDRAWN: Final = "withdrawn"
"""Why passages end that a complaint started which was none."""


async def write_complaint(unit: Unit, deed: Deed, category: str) -> Happened:
    """Write the event `complaint` of the task's customer and return it. Her words stay with the callback."""
    payload = Complained(customer="", category=category)
    draft = Draft(SOURCE, str(deed.callback_id), TYPE, deed.at, payload, msgspec.json.encode(payload), [0])
    await read_fields(unit, [draft])
    staff_id, store_id, customer_id = deed.scope.staff_id, deed.task.store_id, deed.task.customer_id
    row = repository.Row(customer_id, None, store_id, staff_id, None, None, EventState.ACCEPTED)
    await repository.insert(unit, [(draft, row)])
    await write_fields(unit, [(draft.id, draft.fields)])
    return Happened(draft.id, TYPE, customer_id, deed.at, store_id, staff_id)


_LIFT: Final = """
with others as (select min(e.received_at) filter (where e.received_at >= :since) as first_at, max(e.received_at) as last_at from event e
                where e.merchant_id = :merchant and e.customer_id = :customer and e.type in ('complaint', 'bad_review') and e.ledger_id is null
                  and e.state <> 'withdrawn')
update customer_contact_state s
set complaint_at = o.first_at, marketing_frozen_until = o.last_at + make_interval(days => :frozen)
from others o where s.merchant_id = :merchant and s.customer_id = :customer and s.complaint_at = :since
"""
"""Only what this complaint opened is lifted: of one that was open before, and of one that came since, the protection stays."""


async def withdraw_complaint(unit: Unit, customer_id: UUID, event_id: UUID, recovery_id: UUID | None) -> None:
    """Take the event back as if it had never been said: protection, recovery, and the tasks of plans that it started.

    The caller holds the contact-state lock.
    """
    since = await unit.scalar(
        "update event set state = 'withdrawn' where merchant_id = :merchant and id = :event returning received_at",
        event=event_id,
    )
    await unit.run(_LIFT, customer=customer_id, since=since, frozen=FROZEN_DAYS)
    await _cancel(unit, customer_id, event_id, recovery_id)


_LOCK: Final = f"""
select t.id, t.store_id, t.status from task t
where t.merchant_id = :merchant and t.customer_id = :customer and t.status in {LIVE_SQL} and (t.id = cast(:recovery as uuid) or exists (
    select from task_reason r where r.merchant_id = :merchant and r.task_id = t.id and r.event_id = :event and r.state = 'live'))
order by t.id for update of t
"""
_REASONS: Final = """
update task_reason set state = 'closed', close_reason = 'cancelled', closed_at = :now
where merchant_id = :merchant and task_id = any(cast(:tasks as uuid[])) and event_id = :event and state = 'live'
"""
_CLOSE: Final = """
update task t set status = 'cancelled', close_reason = 'cancelled', closed_at = :now, wait_until = null, wait_kind = null
where t.merchant_id = :merchant and t.id = any(cast(:tasks as uuid[]))
  and not exists (select from task_reason r where r.merchant_id = :merchant and r.task_id = t.id and r.state = 'live')
returning t.id
"""
_PASSAGES: Final = """
select id from enrolment where merchant_id = :merchant and customer_id = :customer and event_id = :event and state in ('waiting', 'active') order by id
"""


async def _cancel(unit: Unit, customer_id: UUID, event_id: UUID, recovery_id: UUID | None) -> None:
    before = await unit.rows(_LOCK, customer=customer_id, event=event_id, recovery=recovery_id)
    tasks = [row["id"] for row in before]
    await unit.run(_REASONS, tasks=tasks, event=event_id)
    closed = {row["id"] for row in await unit.rows(_CLOSE, tasks=tasks)}
    passages = [row["id"] for row in await unit.rows(_PASSAGES, customer=customer_id, event=event_id)]
    await exit_passages(unit, passages, WITHDRAWN)
    told = [
        Told(
            task_id=row["id"],
            store_id=row["store_id"],
            action="cancelled" if row["id"] in closed else "reason_closed",
            from_status=row["status"],
            to_status="cancelled" if row["id"] in closed else row["status"],
            detail={"reason": WITHDRAWN},
        )
        for row in before
    ]
    await tell(unit, told)
