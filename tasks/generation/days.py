"""The days a chunk may use: per store, when a task of that day opens, may be contacted from, is late and is over."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID

import msgspec

from tasks.generation.job import Job
from tasks.kernel.unit import Unit
from tasks.kernel.zones import day_bounds, local_instant
from tasks.people.calendar import (
    NeverOpens,
    StoreCalendar,
    add_open_days,
    is_open,
    load_calendars,
    next_open_day,
)
from tasks.plans.definition import Behaviour, Definition
from tasks.plans.schedules import wall_of
from tasks.worklist.merchant_window import merchant_window
from tasks.worklist.windows import ContactWindow

HORIZON = 120
"""Calendar days looked ahead: spread + expiry in open days, with a long closure in between."""

RELEASE_DAYS = 5
"""What a closure held back is spread over so many open days (engine.md, "When")."""

_INSERT = """
insert into chunk_day (store_id, day_on, day_no, opens_at, contact_from, due_at, expires_at)
select * from unnest(cast(:stores as uuid[]), cast(:days as date[]), cast(:numbers as int[]), cast(:opens as timestamptz[]),
    cast(:contact as timestamptz[]), cast(:due as timestamptz[]), cast(:expires as timestamptz[]))
"""


class StoreDay(msgspec.Struct, frozen=True):
    """One usable day of one store."""

    store_id: UUID
    day_on: date
    day_no: int
    opens_at: datetime
    contact_from: datetime
    due_at: datetime
    expires_at: datetime


MORNING = time(9)
"""When tasks that were put off to another day appear, of a plan that names no wall time."""


def wall_time(definition: Definition) -> time:
    """The wall time at which the plan's tasks appear."""
    trigger = definition.trigger
    if not isinstance(trigger, Behaviour):
        return wall_of(trigger)
    return next((offset.at for offset in trigger.offsets if offset.at is not None), MORNING)


async def fill_days(unit: Unit, job: Job) -> list[date]:
    """Fill `chunk_day` for the stores in the chunk; returns the calendar days that may be used, in order.

    A store that is closed today offers the days from its next open one on. What a closure (春节, 装修) held back is dealt over the first open days after it.
    """
    stores = [
        row["store_id"]
        for row in await unit.rows("select distinct store_id from chunk where store_id is not null order by store_id")
    ]
    calendars = await load_calendars(unit, stores, job.moment.today, HORIZON)
    window = await merchant_window(unit)
    usable = [day for store in stores for day in _store_days(job, calendars[store], window)]
    await _insert(unit, usable)
    await _release(unit, [calendar for calendar in calendars.values() if closed_at(calendar, job.moment.today)])
    return sorted({day.day_on for day in usable})


def closed_at(calendar: StoreCalendar, day: date) -> bool:
    """True when a closure, not a weekly day off, holds the store shut on the day."""
    return any(first <= day <= last for first, last in calendar.closures)


def _store_days(job: Job, calendar: StoreCalendar, window: ContactWindow) -> list[StoreDay]:
    act, today = job.act, job.moment.today
    try:
        first = next_open_day(calendar, today)
        spread = max(act.spread_days, RELEASE_DAYS if closed_at(calendar, today) else 0)
        days = [first + timedelta(days=number) for number in range(spread + 1)]
        return [_store_day(job, calendar, window, day) for day in days if is_open(calendar, day)]
    except NeverOpens:
        return []


def _store_day(job: Job, calendar: StoreCalendar, window: ContactWindow, day: date) -> StoreDay:
    act, zone, moment = job.act, calendar.timezone, job.moment
    opens = moment.fires_at if day == moment.today else local_instant(day, wall_time(job.definition), zone)
    contact_from = _contact_from(calendar, window, opens, day)
    due = day_bounds(add_open_days(calendar, day, act.due_in), zone)[1]
    return StoreDay(
        store_id=calendar.store_id,
        day_on=day,
        day_no=(day - moment.today).days,
        opens_at=opens,
        contact_from=contact_from,
        due_at=contact_from + timedelta(hours=act.due_hours) if act.due_hours else due,
        expires_at=day_bounds(add_open_days(calendar, day, act.expires_in), zone)[1],
    )


def _contact_from(calendar: StoreCalendar, window: ContactWindow, opens: datetime, day: date) -> datetime:
    """Return when she may be contacted about a task that opens then: within the window, or when it next opens on an open day."""
    if opens <= window.closes(day, calendar.timezone):
        return max(opens, window.opens(day, calendar.timezone))
    return window.opens(add_open_days(calendar, day, 1), calendar.timezone)


_RELEASE = """
update chunk c set first_on = d.day_on
from (select store_id, day_on, row_number() over (partition by store_id order by day_on) - 1 as nth,
             count(*) over (partition by store_id) as days from chunk_day where store_id = any(cast(:stores as uuid[]))) d
where c.store_id = d.store_id and d.nth = ('x' || left(md5(c.customer_id::text), 7))::bit(28)::int % least(:release, d.days)
"""


async def _release(unit: Unit, closed: Sequence[StoreCalendar]) -> None:
    """Deal what a closure held back over the first days after it, the same customer always on the same one."""
    if closed:
        await unit.run(_RELEASE, stores=[calendar.store_id for calendar in closed], release=RELEASE_DAYS)


async def _insert(unit: Unit, usable: Sequence[StoreDay]) -> None:
    if usable:
        await unit.run(
            _INSERT,
            stores=[day.store_id for day in usable],
            days=[day.day_on for day in usable],
            numbers=[day.day_no for day in usable],
            opens=[day.opens_at for day in usable],
            contact=[day.contact_from for day in usable],
            due=[day.due_at for day in usable],
            expires=[day.expires_at for day in usable],
        )
