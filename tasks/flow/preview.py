"""What a plan would do on a day: the same engine, run in a transaction that is rolled back, with the books read as they stood at that moment."""

from collections import Counter
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from tasks.flow.fire_passages import hold_out_of
from tasks.flow.plan_calendar import day_warnings
from tasks.flow.units import OpensUnits
from tasks.generation.candidates import (
    Moment,
    Slice,
    count_in_books,
    fill_from_books,
    fill_from_events,
)
from tasks.generation.chunk import count_chunk, open_chunk
from tasks.generation.days import wall_time
from tasks.generation.service import Job, Tally, decide
from tasks.kernel.unit import Unit
from tasks.kernel.zones import day_bounds, local_day, local_instant
from tasks.people.lookups import merchant_zone, zones_of_merchant
from tasks.plans.definition import Behaviour, Definition
from tasks.plans.states import Decided

NOBODY = UUID(int=0)
"""The plan id of a draft that is only looked at: no passage has it."""
SAMPLES = 20
MOST = 2_000_000
"""Candidates a preview looks at; more than any audience we were built for."""
WITHOUT_HISTORY = ("level", "consultant", "appointmentStatus")
"""What the books keep no history of: previews of a past day use today's value (engine.md)."""


class Sample(msgspec.Struct, frozen=True, rename="camel"):
    """One customer of the preview and what would become of them."""

    customer_id: UUID
    decided: str
    store_id: UUID | None
    assignee_id: UUID | None
    opens_on: date | None


class Load(msgspec.Struct, frozen=True, rename="camel"):
    """Tasks one employee would get on one day; no employee: the store's pool."""

    staff_id: UUID | None
    day_on: date
    tasks: int


class Preview(msgspec.Struct, frozen=True, rename="camel"):
    """`matched` = `tasks` + `merged` + the sum of `by_reason`. Warnings and notes are codes with a sentence each in the console."""

    template: str
    as_of: date
    matched: int
    tasks: int
    merged: int
    by_reason: dict[str, int]
    tasks_per_employee_per_day: list[Load]
    samples: list[Sample]
    warnings: list[str]
    todays_value_used: tuple[str, ...] = ()


async def preview(
    units: OpensUnits, merchant_id: UUID, definition: Definition, as_of: date | None = None, plan_id: UUID = NOBODY
) -> Preview:
    """Judge the plan as if it fired on the local day `as_of` (default: today), in every zone of the merchant; nothing is written."""
    async with units.glance(merchant_id) as unit:
        tally: Counter[str] = Counter()
        loads: list[Load] = []
        samples: list[Sample] = []
        for zone in await zones_of_merchant(unit):
            moment = _moment(unit, definition, as_of or local_day(unit.now, zone), zone, past=as_of is not None)
            for one in await _decide(unit, definition, moment, plan_id):
                tally[one.name] += one.count
            loads += await unit.structs(Load, _LOADS)
            samples += await unit.structs(Sample, _SAMPLES, limit=SAMPLES)
        day = as_of or local_day(unit.now, await merchant_zone(unit))
        tasks, merged = tally.pop(Decided.TASK, 0), tally.pop(Decided.MERGED, 0)
        return Preview(
            template=definition.template,
            as_of=day,
            matched=tasks + merged + tally.total(),
            tasks=tasks,
            merged=merged,
            by_reason=dict(sorted(tally.items())),
            tasks_per_employee_per_day=loads,
            samples=samples[:SAMPLES],
            warnings=[*await _warnings(unit, day), *await day_warnings(unit, definition, day)],
            todays_value_used=WITHOUT_HISTORY if as_of else (),
        )


_LOADS = """
select assignee_id as staff_id, opens_on as day_on, count(*)::int as tasks from chunk where decided = 'task'
group by assignee_id, opens_on order by opens_on, assignee_id
"""
_SAMPLES = """
select customer_id, case when reason is null then decided else decided || ':' || reason end as decided, store_id, assignee_id, opens_on
from chunk order by decided = 'task' desc, value_cents desc, customer_id limit :limit
"""


def _moment(unit: Unit, definition: Definition, day: date, zone: str, *, past: bool) -> Moment:
    fires: datetime = local_instant(day, wall_time(definition), zone)
    return Moment(at=fires if past else unit.now, fires_at=fires, today=day, timezone=zone, past=past)


async def _decide(unit: Unit, definition: Definition, moment: Moment, plan_id: UUID) -> list[Tally]:
    await open_chunk(unit)
    hold_out = await _fill(unit, definition, moment)
    await count_chunk(unit)
    job = Job(definition, plan_id, NOBODY, moment, hold_out=hold_out, room=definition.max_tasks_per_run)
    return await decide(unit, job, entered=False)


async def _fill(unit: Unit, definition: Definition, moment: Moment) -> int:
    """Put in everybody who matches; returns the hold-out percent the run would have."""
    trigger = definition.trigger
    if not isinstance(trigger, Behaviour):
        await fill_from_books(unit, definition, moment, Slice("preview", limit=MOST))
        audience = await count_in_books(unit, definition, moment) if definition.hold_out else 0
        return definition.hold_out if audience >= definition.hold_out_from else 0
    for number, offset in enumerate(trigger.offsets):
        day = moment.today - timedelta(days=offset.after_days or 0)
        await fill_from_events(unit, definition, moment, day_bounds(day, moment.timezone), number)
    return await hold_out_of(unit, definition, moment)


async def _warnings(unit: Unit, day: date) -> list[str]:
    """Say when the books begin so late that old customers may look new, and when a store's data is stale (engine.md, "Freshness")."""
    warnings = []
    history = await unit.scalar("select history_from from merchant where merchant_id = :merchant")
    if history is not None and (day - history).days < YEAR:
        warnings.append(f"history_from:{history.isoformat()}")
    return warnings


YEAR = 365
"""Books shorter than this may make a returning customer look new."""
