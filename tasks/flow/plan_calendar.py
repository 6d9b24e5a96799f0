"""When a plan fires next: local days, and the instant in each of the merchant's zones."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

import msgspec

from tasks.kernel.errors import Invalid
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.people.lookups import zones_of_merchant
from tasks.plans.calendars.festivals import BUILT_IN
from tasks.plans.calendars.firing import fires_at, next_firings
from tasks.plans.calendars.holidays import DayKind, HolidayBook
from tasks.plans.calendars.repository import festivals_for, holidays_of
from tasks.plans.definition import Behaviour, Definition
from tasks.plans.schedules import Festival, OneOff, Schedule, wall_of

FIRINGS = 12
"""Firings shown unless asked otherwise."""


class ZoneInstant(msgspec.Struct, frozen=True, rename="camel"):
    """The instant of a firing in one zone."""

    timezone: str
    fire_at: datetime


class Firing(msgspec.Struct, frozen=True, rename="camel"):
    """One firing: its local day and wall time, its instant per zone, and what kind of day it is as far as the merchant entered holidays."""

    fires_on: date
    at: time
    zones: list[ZoneInstant]
    day_kind: DayKind
    holiday: str | None


class Firings(msgspec.Struct, frozen=True, rename="camel"):
    """The next firings, soonest first. Warnings are codes: `on_events`, `over`, `no_such_festival`, `holidays_unknown:<year>`."""

    items: list[Firing]
    warnings: list[str]


async def plan_firings(unit: Unit, definition: Definition, limit: int = FIRINGS) -> Firings:
    """Return the next firings of a definition from now on, at most `limit`; none for a plan that events make fire."""
    schedule = definition.trigger
    if isinstance(schedule, Behaviour):
        return Firings([], ["on_events"])
    festivals = await festivals_for(unit, schedule)
    zones = await zones_of_merchant(unit)
    first = min(local_day(unit.now, zone) for zone in zones)
    # One or two of the days asked for may be over in every zone already.
    days = next_firings(schedule, first - timedelta(days=1), limit + 2, festivals)
    coming = [day for day in days if any(fires_at(schedule, day, zone) >= unit.now for zone in zones)][:limit]
    book = await _book(unit, coming)
    items = [_firing(schedule, day, zones, book) for day in coming]
    warnings = [f"holidays_unknown:{year}" for year in sorted({day.year for day in coming} - set(book.years))]
    if not coming:
        known = not isinstance(schedule, Festival) or schedule.name in BUILT_IN or schedule.name in festivals
        warnings.append("over" if known else "no_such_festival")
    return Firings(items, warnings)


async def _book(unit: Unit, days: Sequence[date]) -> HolidayBook:
    return await holidays_of(unit, days[0].year, days[-1].year) if days else HolidayBook({}, ())


def _firing(schedule: Schedule, day: date, zones: Sequence[str], book: HolidayBook) -> Firing:
    declared = book.days.get(day)
    return Firing(
        fires_on=day,
        at=wall_of(schedule),
        zones=[ZoneInstant(zone, fires_at(schedule, day, zone)) for zone in zones],
        day_kind=book.holiday_of(day),
        holiday=declared.name if declared else None,
    )


async def day_warnings(unit: Unit, definition: Definition, day: date) -> list[str]:
    """Say what is special about judging a plan of the calendar on a day: `not_firing:<next day>`, and a declared holiday or working day by name."""
    schedule = definition.trigger
    if isinstance(schedule, Behaviour):
        return []
    coming = next_firings(schedule, day, 1, await festivals_for(unit, schedule))
    warnings = [] if coming[:1] == [day] else [f"not_firing:{coming[0].isoformat() if coming else 'never'}"]
    declared = (await holidays_of(unit, day.year, day.year)).days.get(day)
    return [*warnings, f"{declared.kind.value}:{declared.name}"] if declared else warnings


async def check_calendar(unit: Unit, definition: Definition) -> None:
    """Refuse a plan by a festival nobody knows; raises `Invalid` on `trigger.name`."""
    schedule = definition.trigger
    if isinstance(schedule, Festival) and schedule.name not in BUILT_IN and not await festivals_for(unit, schedule):
        raise Invalid("trigger.name", "no such festival")


async def check_to_come(unit: Unit, definition: Definition) -> None:
    """Refuse to turn on a one-off plan whose moment is over in every zone; raises `Invalid` on `trigger.at`."""
    schedule = definition.trigger
    if isinstance(schedule, OneOff):
        zones = await zones_of_merchant(unit)
        if all(fires_at(schedule, schedule.at.date(), zone) < unit.now for zone in zones):
            raise Invalid("trigger.at", "is over")
