"""The days a chunk may use: per store, when a task of that day opens, may be contacted from, is late and is over."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from uuid import UUID

import msgspec

from tasks.generation.candidates import Moment
from tasks.kernel.unit import Unit
from tasks.kernel.zones import day_bounds, local_instant
from tasks.people.calendar import StoreCalendar, add_open_days, is_open, load_calendars
from tasks.plans.definition import Behaviour, Definition
from tasks.plans.schedules import wall_of
from tasks.worklist.windows import ContactWindow, contact_window

HORIZON = 120
"""Calendar days looked ahead: spread + expiry in open days, with a long closure in between."""

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


async def fill_days(unit: Unit, definition: Definition, moment: Moment) -> list[date]:
    """Fill `chunk_day` for the stores in the chunk; returns the calendar days that may be used, today first."""
    stores = [
        row["store_id"]
        for row in await unit.rows("select distinct store_id from chunk where store_id is not null order by store_id")
    ]
    calendars = await load_calendars(unit, stores, moment.today, HORIZON)
    window = contact_window(
        msgspec.json.decode(await unit.scalar("select settings from merchant where merchant_id = :merchant") or "{}")
    )
    days = [moment.today + timedelta(days=number) for number in range(definition.task.spread_days + 1)]
    usable = [
        day for store in stores for day in _store_days(definition, moment, calendars[store], (store, days, window))
    ]
    await _insert(unit, usable)
    return days


def _store_days(
    definition: Definition, moment: Moment, calendar: StoreCalendar, part: tuple[UUID, Sequence[date], ContactWindow]
) -> list[StoreDay]:
    store, days, window = part
    task, zone, wall = definition.task, calendar.timezone, wall_time(definition)
    return [
        StoreDay(
            store_id=store,
            day_on=day,
            day_no=number,
            opens_at=(opens := moment.fires_at if number == 0 else local_instant(day, wall, zone)),
            contact_from=max(opens, window.opens(day, zone)),
            due_at=day_bounds(add_open_days(calendar, day, task.due_in), zone)[1],
            expires_at=day_bounds(add_open_days(calendar, day, task.expires_in), zone)[1],
        )
        for number, day in enumerate(days)
        if is_open(calendar, day)
    ]


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
