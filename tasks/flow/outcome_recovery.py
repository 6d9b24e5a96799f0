"""A complaint that an employee logged: marketing stops, plans take notice, and somebody who leads has a task to make it good within four hours."""

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from tasks.callbacks.deeds import Complaint
from tasks.callbacks.repository import note_made
from tasks.kernel.unit import Unit
from tasks.kernel.zones import day_bounds, local_day
from tasks.people.calendar import NeverOpens, StoreCalendar, add_open_days, load_calendars
from tasks.worklist.making import MAX_WORDS, Wanted, contact_from, leader_of, make_task
from tasks.worklist.merchant_window import merchant_window
from tasks.worklist.states import Origin, TaskCause

DUE_AFTER: Final = timedelta(hours=4)
"""From when she may be contacted (templates.md, complaint_recovery)."""
EXPIRES_AFTER: Final = 3
"""Store open days."""
PRIORITY: Final = 999
_AHEAD: Final = 120


async def recover(unit: Unit, complaint: Complaint) -> UUID | None:
    """Make the recovery task and return it; None when an active plan has made one for this very event.

    Called after plans have seen the event. The words of the employee go with the task, sealed.
    """
    if await unit.scalar(_MADE, event=complaint.event_id, customer=complaint.customer_id):
        return None
    day = local_day(unit.now, "UTC") - timedelta(days=1)
    calendar = (await load_calendars(unit, [complaint.store_id], day, _AHEAD))[complaint.store_id]
    starts = contact_from(calendar, await merchant_window(unit), unit.now)
    task_id = await make_task(
        unit,
        Wanted(
            store_id=complaint.store_id,
            customer_id=complaint.customer_id,
            origin=Origin.RECOVERY,
            cause=TaskCause.COMPLAINT,
            assignee_id=await leader_of(unit, complaint.store_id),
            priority=PRIORITY,
            opens_at=unit.now,
            due_at=starts + DUE_AFTER,
            expires_at=_end(calendar, local_day(starts, calendar.timezone)),
            words=complaint.words[:MAX_WORDS] if complaint.words else None,
            source_task_id=complaint.task_id,
            made_by=complaint.staff_id,
        ),
    )
    await note_made(unit, complaint.callback_id, None, {"recoveryTaskId": task_id})
    return task_id


_MADE: Final = """
select exists (select from task t join task_reason r on r.merchant_id = :merchant and r.task_id = t.id and r.event_id = :event
               where t.merchant_id = :merchant and t.customer_id = :customer)
"""


def _end(calendar: StoreCalendar, day: date) -> datetime:
    try:
        last = add_open_days(calendar, day, EXPIRES_AFTER)
    except NeverOpens:
        last = day + timedelta(days=EXPIRES_AFTER)
    return day_bounds(last, calendar.timezone)[1]
