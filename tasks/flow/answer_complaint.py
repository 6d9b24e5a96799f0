"""A complaint that came in somehow: who leads the store has four hours to answer it, unless a plan has made a task for it."""

from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

from tasks.kernel.unit import Unit
from tasks.kernel.zones import day_bounds, local_day
from tasks.people.calendar import NeverOpens, StoreCalendar, add_open_days, load_calendars
from tasks.worklist.making import MAX_WORDS, Wanted, contact_from, leader_of, make_task
from tasks.worklist.merchant_window import merchant_window
from tasks.worklist.states import Origin, TaskCause

DUE_AFTER: Final = timedelta(hours=4)
"""From when she may be contacted (templates.md, complaint_recovery)."""
EXPIRES_IN: Final = 3
"""Store open days."""
PRIORITY: Final = 999
_AHEAD: Final = 120


class Heard(msgspec.Struct, frozen=True):
    """A complaint that was accepted as an event, what was said, by whom it was recorded, and the task it came up in."""

    event_id: UUID
    customer_id: UUID
    store_id: UUID
    cause: TaskCause
    staff_id: UUID
    words: str | None = None
    task_id: UUID | None = None


_SEEN_TO: Final = """
select exists (select from task t join task_reason r on r.merchant_id = :merchant and r.task_id = t.id and r.event_id = :event
               where t.merchant_id = :merchant and t.customer_id = :customer)
"""


async def answer_complaint(unit: Unit, heard: Heard) -> UUID | None:
    """Make the leader's task and return it; None when an active plan has made one for this very event. Called after plans have seen it."""
    if await unit.scalar(_SEEN_TO, event=heard.event_id, customer=heard.customer_id):
        return None
    yesterday = local_day(unit.now, "UTC") - timedelta(days=1)
    calendar = (await load_calendars(unit, [heard.store_id], yesterday, _AHEAD))[heard.store_id]
    starts = contact_from(calendar, await merchant_window(unit), unit.now)
    return await make_task(
        unit,
        Wanted(
            store_id=heard.store_id,
            customer_id=heard.customer_id,
            origin=Origin.RECOVERY,
            cause=heard.cause,
            assignee_id=await leader_of(unit, heard.store_id),
            priority=PRIORITY,
            opens_at=unit.now,
            due_at=starts + DUE_AFTER,
            expires_at=_end(calendar, local_day(starts, calendar.timezone)),
            words=heard.words[:MAX_WORDS] if heard.words else None,
            source_task_id=heard.task_id,
            made_by=heard.staff_id,
        ),
    )


def _end(calendar: StoreCalendar, day: date) -> datetime:
    try:
        last = add_open_days(calendar, day, EXPIRES_IN)
    except NeverOpens:
        last = day + timedelta(days=EXPIRES_IN)
    return day_bounds(last, calendar.timezone)[1]
