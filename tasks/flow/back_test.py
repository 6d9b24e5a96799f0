"""A plan run over a past period: the same engine with a virtual clock, in a glance that writes nothing.

What the plan would have done is carried from day to day: who entered does not enter again, who was contacted is left alone. Staff are taken to contact every
customer on the day her task opens, and to reach her. The plan's own doings of that time are left out, those of others are not.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from math import ceil
from typing import Final
from uuid import UUID

import msgspec

from tasks.flow import virtual_books as books
from tasks.flow.back_test_report import BackTest, report
from tasks.flow.plan_reach import MOST
from tasks.flow.units import OpensUnits
from tasks.flow.virtual_books import Crowd, Run
from tasks.generation.candidates import Moment, Slice, fill_from_books, fill_from_enrolments
from tasks.generation.chunk import count_chunk, open_chunk
from tasks.generation.service import Job, generate
from tasks.kernel.errors import Invalid
from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.kernel.zones import day_bounds, local_day
from tasks.moot.rules import EXITS
from tasks.moot.service import close_moot
from tasks.people.lookups import merchant_zone, zones_of_merchant
from tasks.plans.calendars.firing import fires_at, firings
from tasks.plans.calendars.repository import festivals_for
from tasks.plans.definition import Definition
from tasks.plans.due import Due, due_of, lock_due, still_due
from tasks.plans.entries import backfill, enter, expected_in_thirty_days
from tasks.plans.overtaken import end_overtaken
from tasks.plans.repository import ActivePlan
from tasks.plans.states import Purpose
from tasks.plans.triggers import Behaviour

__all__ = ["LONGEST", "BackTest", "Period", "back_test"]

LONGEST: Final = 366
"""Days of a back-test."""
MOST_LOOKS: Final = 1_000_000
"""Customers times firings of the calendar: a plan that fires every day of a year is tried on fewer, so that the answer comes within a minute or so."""
AN_INSTANT: Final = timedelta(microseconds=1)
BATCH: Final = 100_000
"""Passages that fire together; more than a sample has."""
STEPS: Final = 2
"""Who is passed over may have her next step due at once."""


class Period(msgspec.Struct, frozen=True):
    """First and last local day, both included."""

    first: date
    last: date


async def back_test(
    units: OpensUnits, merchant_id: UUID, definition: Definition, period: Period, plan_id: UUID | None = None
) -> BackTest:
    """Run the plan over the period and tell what it would have made. Raises `Invalid` on `from` or `to`."""
    async with units.glance(merchant_id) as unit:
        zones, own = await zones_of_merchant(unit), await merchant_zone(unit)
        _check(period, local_day(unit.now, own))
        run = Run(
            plan_id=plan_id or new_id(), version_id=new_id(), definition=definition,
            begin=min(day_bounds(period.first, zone)[0] for zone in zones),
            end=min(unit.now, max(day_bounds(period.last, zone)[1] for zone in zones) - AN_INSTANT),
        )  # fmt: skip
        coming = await _calendar(unit, definition, period, zones)
        crowd = await books.open_books(unit, run, min(books.MOST_CUSTOMERS, MOST_LOOKS // max(1, len(coming))))
        await _Clock(unit, run, crowd, own, coming).run_through()
        return await report(unit, run, crowd, period.first)


def _check(period: Period, today: date) -> None:
    if period.last > today:
        raise Invalid("to", "is in the future")
    if period.last < period.first:
        raise Invalid("to", "is before from")
    if (period.last - period.first).days >= LONGEST:
        raise Invalid("from", f"is more than {LONGEST} days before to")


async def _calendar(
    unit: Unit, definition: Definition, period: Period, zones: Sequence[str]
) -> list[tuple[datetime, str]]:
    """Instant and zone of every firing of a plan of the calendar, in order."""
    schedule = definition.trigger
    if isinstance(schedule, Behaviour):
        return []
    festivals = await festivals_for(unit, schedule)
    days = firings(schedule, period.first, period.last, festivals)
    return sorted((fires_at(schedule, day, zone), zone) for zone in zones for day in days)


@dataclass
class _Clock:
    """Moves a virtual now through the period, from one instant at which anything happens to the next.

    Attributes:
        unit: the glance; each instant looks through a copy of it that reads another clock.
        run, crowd: what is run, over whom.
        zone: the merchant's own.
        coming: firings of the calendar that are still to come.
        instants, grain: when events happened, for a plan that does not count in days, and how much time is taken together.
    """

    unit: Unit
    run: Run
    crowd: Crowd
    zone: str
    coming: list[tuple[datetime, str]]
    instants: list[datetime] = field(default_factory=list)
    grain: timedelta = timedelta(0)

    async def run_through(self) -> None:
        """Run to the end of the period."""
        now = self.run.begin
        if self._prompt:
            self.instants, self.grain = await books.instants_with(self.unit, self._listens, self.run)
        await backfill(replace(self.unit, now=now), self._plan)
        while now < self.run.end:
            tick = await self._next(now)
            await self._step(replace(self.unit, now=tick), now)
            now = tick

    async def _next(self, now: datetime) -> datetime:
        """The next instant at which anything happens, or fires, or can be done."""
        waiting = await books.next_instant(replace(self.unit, now=now))
        instants = [one for one in (waiting, self._firing, self._events_by(now)) if one is not None and one > now]
        return min(max(min(instants, default=self.run.end), now + self.grain), self.run.end)

    @property
    def _firing(self) -> datetime | None:
        return self.coming[0][0] if self.coming else None

    def _events_by(self, now: datetime) -> datetime | None:
        """The events of a day are let in by its end, for a passage that counts in days fires on a later one; those of a prompt plan as they happen."""
        if not self._listens:
            return None
        while self.instants and self.instants[0] <= now:
            self.instants.pop(0)
        if self._prompt:
            return self.instants[0] if self.instants else None
        end = day_bounds(local_day(now + AN_INSTANT, self.zone), self.zone)[1]
        return end - AN_INSTANT

    @property
    def _prompt(self) -> bool:
        """True for a plan that may fire on the day of the event."""
        trigger = self.run.definition.trigger
        return isinstance(trigger, Behaviour) and any(
            not one.by_days or (one.after_days == 0 and one.after_months is None) for one in trigger.offsets
        )

    @property
    def _listens(self) -> tuple[str, ...]:
        """The events that the plan takes notice of."""
        trigger = self.run.definition.trigger
        if not isinstance(trigger, Behaviour):
            return ()
        unless = (trigger.unless.event,) if trigger.unless else ()
        return (*trigger.events, *unless, "appointment_cancelled")

    @property
    def _plan(self) -> ActivePlan:
        return ActivePlan(self.run.plan_id, self.run.version_id, self.run.begin, None, self.run.definition)

    async def _step(self, unit: Unit, since: datetime) -> None:
        """Everything between two instants, in the order in which a live merchant would see it."""
        await books.move_on(unit, since)
        ends = await books.happened_between(unit, sorted(EXITS), since, unit.now)
        if ends:
            await close_moot(unit, ends)
        await self._events(unit, since)
        await self._work(unit)
        for _ in range(STEPS):
            for due in await lock_due(unit, BATCH):
                await self._fire(unit, due)
        while self.coming and self.coming[0][0] <= unit.now:
            await self._run(unit, *self.coming.pop(0))
        await self._work(unit)

    async def _work(self, unit: Unit) -> None:
        await books.work(unit, marketing=self.run.definition.purpose is Purpose.MARKETING)

    async def _events(self, unit: Unit, since: datetime) -> None:
        happened = await books.happened_between(unit, self._listens, since, unit.now) if self._listens else []
        if happened:
            await end_overtaken(unit, happened)
            for due in await due_of(unit, await enter(unit, self._plan, happened)):
                await self._fire(unit, due)

    async def _fire(self, unit: Unit, due: Due) -> None:
        """Decide passages that belong together, as the worker does, on books as they stood."""
        ids = await still_due(unit, self.run.definition, due)
        if not ids:
            return
        moment = Moment(unit.now, due.fire_at, local_day(unit.now, due.timezone), due.timezone, past=True)
        held_out = await self._held_out(unit, moment)
        job = Job(
            self.run.definition,
            self.run.plan_id,
            self.run.version_id,
            moment,
            hold_out=held_out,
            ordinal=due.ordinal,
            offset_no=due.offset_no,
        )
        await open_chunk(unit)
        await fill_from_enrolments(unit, ids)
        await count_chunk(unit)
        await generate(unit, job, entered=True)

    async def _run(self, unit: Unit, fires: datetime, zone: str) -> None:
        """Run one firing of the calendar, in one chunk."""
        definition, occurrence = self.run.definition, new_id()
        moment = Moment(fires, fires, local_day(fires, zone), zone, past=True)
        await open_chunk(unit)
        await fill_from_books(unit, definition, moment, Slice(str(occurrence), limit=MOST))
        audience = await count_chunk(unit)
        held_out = definition.hold_out if audience * self.crowd.scale >= definition.hold_out_from else 0
        if audience:
            ids = (self.run.plan_id, self.run.version_id)
            job = Job(definition, *ids, moment, occurrence, held_out, definition.max_tasks_per_run)
            await generate(unit, job, entered=False)

    async def _held_out(self, unit: Unit, moment: Moment) -> int:
        definition = self.run.definition
        if not definition.hold_out:
            return 0
        enough = ceil(definition.hold_out_from / self.crowd.scale)
        expected = await expected_in_thirty_days(unit, definition, moment.at, enough)
        return definition.hold_out if expected >= enough else 0
