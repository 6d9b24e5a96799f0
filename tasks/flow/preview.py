"""What a plan would do on a day: the same engine, run in a transaction that is rolled back, with the books read as they stood at that moment."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

import msgspec

from scripts.locales import Locale
from tasks.flow.approve_plans import Approval, Weight, weighed
from tasks.flow.fire_passages import hold_out_of
from tasks.flow.plan_calendar import day_warnings
from tasks.flow.plan_capacity import (
    DayLoad,
    LeadHint,
    Load,
    Tried,
    day_loads,
    keep_matched,
    lead_hint,
    loads_of,
    room_of,
    try_leads,
)
from tasks.flow.plan_reach import MOST, audience_now
from tasks.flow.preview_samples import SAMPLES, Candidate, Sample, candidates_of, rendered
from tasks.flow.preview_warnings import Overlap, overlaps_of, stale_stores, young_books
from tasks.flow.units import OpensUnits
from tasks.generation.candidates import Moment, Slice, enough_in_books, fill_from_books, fill_from_events
from tasks.generation.chunk import count_chunk, open_chunk
from tasks.generation.days import wall_time
from tasks.generation.service import Job, decide
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day, local_instant
from tasks.people.lookups import merchant_zone, zones_of_merchant
from tasks.plans.definition import Definition
from tasks.plans.entries import expected_backfill
from tasks.plans.moments import counted_from
from tasks.plans.states import Decided
from tasks.plans.triggers import Behaviour

__all__ = ["NOBODY", "Asked", "Preview", "Sample", "look", "preview"]

NOBODY = UUID(int=0)
"""The plan id of a draft that is only looked at: no passage has it."""
WITHOUT_HISTORY = ("level", "consultant", "appointmentStatus")
"""What the books keep no history of: previews of a past day use today's value (engine.md)."""


class StoreShare(msgspec.Struct, frozen=True, rename="camel"):
    """What a preview found for one store (null: none)."""

    store_id: UUID | None
    matched: int
    tasks: int
    merged: int
    by_reason: dict[str, int]


class Preview(msgspec.Struct, frozen=True, rename="camel"):
    """What a plan would do on a day.

    `matched` = `tasks` + `merged` + the sum of `by_reason`. Warnings are codes with a sentence each in the console: `history_from:<day>`,
    `stale_data:<store>:<day>`, `not_firing:<next day>`, a declared holiday. `overlaps` are matched customers with a live task of another plan; `backfilled`
    is how many passages a plan that events start would begin when it is turned on, before its entry rule is asked; `todays_value_used` names what the
    books keep no history of.
    """

    template: str
    as_of: date
    matched: int
    tasks: int
    merged: int
    by_reason: dict[str, int]
    tasks_per_employee_per_day: Sequence[Load]
    samples: Sequence[Sample]
    warnings: Sequence[str]
    todays_value_used: Sequence[str] = ()
    by_store: Sequence[StoreShare] = ()
    per_day: Sequence[DayLoad] = ()
    leads: LeadHint | None = None
    overlaps: Sequence[Overlap] = ()
    backfilled: int | None = None
    approval: Approval = Approval(needed=False)


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants to see: the local day the plan fires on (None: today), the plan if it is stored, the stores they lead (None: all), their language."""

    as_of: date | None = None
    plan_id: UUID = NOBODY
    stores: tuple[UUID, ...] | None = None
    locale: Locale = "zh-CN"


@dataclass
class _Found:
    """What the chunks of all zones came to."""

    by_store: dict[UUID | None, Counter[str]] = field(default_factory=dict)
    loads: list[Load] = field(default_factory=list)
    room: dict[tuple[UUID, date], int] = field(default_factory=dict)
    candidates: list[Candidate] = field(default_factory=list)
    overlaps: Counter[tuple[UUID, str]] = field(default_factory=Counter)
    customers: int = 0
    outside: int = 0
    tried: list[Tried] = field(default_factory=list)

    @property
    def tally(self) -> Counter[str]:
        """Everything decided, whatever the store."""
        return sum(self.by_store.values(), Counter())


async def preview(
    units: OpensUnits, merchant_id: UUID, definition: Definition, as_of: date | None = None, plan_id: UUID = NOBODY
) -> Preview:
    """Judge the plan as if it fired on the local day `as_of` (default: today), in every zone of the merchant; nothing is written."""
    return await look(units, merchant_id, definition, Asked(as_of=as_of, plan_id=plan_id))


async def look(units: OpensUnits, merchant_id: UUID, definition: Definition, asked: Asked) -> Preview:
    """Judge the plan as it is asked; nothing is written, and nobody waits for it."""
    async with units.glance(merchant_id) as unit:
        found = _Found()
        for zone in await zones_of_merchant(unit):
            moment = moment_on(
                unit, definition, asked.as_of or local_day(unit.now, zone), zone, past=asked.as_of is not None
            )
            await _look_in_zone(unit, (definition, moment), asked, found)
        day = asked.as_of or local_day(unit.now, await merchant_zone(unit))
        answer = _answer(definition, day, found, asked.locale)
        warnings = [
            *await young_books(unit, day),
            *await stale_stores(unit, (day, wall_time(definition)), asked.stores),
            *await day_warnings(unit, definition, day),
        ]
        behaviour = isinstance(definition.trigger, Behaviour)
        approval = await _approval(unit, definition, asked, found)
        taken_in = await expected_backfill(unit, definition) if behaviour else None
        samples = await rendered(unit, (definition, wall_time(definition)), found.candidates[:SAMPLES], asked.locale)
        return msgspec.structs.replace(
            answer,
            warnings=warnings,
            todays_value_used=WITHOUT_HISTORY if asked.as_of else (),
            approval=approval,
            samples=samples,
            backfilled=taken_in,
        )


def _answer(definition: Definition, day: date, found: _Found, locale: Locale) -> Preview:
    tally = found.tally
    tasks, merged = tally.pop(Decided.TASK, 0), tally.pop(Decided.MERGED, 0)
    return Preview(
        template=definition.template,
        as_of=day,
        matched=tasks + merged + tally.total(),
        tasks=tasks,
        merged=merged,
        by_reason=dict(sorted(tally.items())),
        tasks_per_employee_per_day=found.loads,
        samples=(),
        warnings=(),
        by_store=[_share(store, one) for store, one in sorted(found.by_store.items(), key=str)],
        per_day=day_loads(found.loads, found.room),
        leads=lead_hint(definition, found.tried, locale),
        overlaps=[Overlap(plan, name, count) for (plan, name), count in found.overlaps.most_common()],
    )


def _share(store_id: UUID | None, tally: Counter[str]) -> StoreShare:
    rest = Counter(tally)
    tasks, merged = rest.pop(Decided.TASK, 0), rest.pop(Decided.MERGED, 0)
    return StoreShare(store_id, tally.total(), tasks, merged, dict(sorted(rest.items())))


_TALLY = """
select store_id, case when reason is null then decided else decided || ':' || reason end as name, count(*)::int as n
from chunk group by 1, 2 order by 2
"""
_CROWD = """
select count(distinct customer_id)::int as everybody,
    (count(distinct customer_id) filter (where cast(:stores as uuid[]) is not null and store_id <> all(cast(:stores as uuid[]))))::int as outside from chunk
"""


async def _look_in_zone(unit: Unit, what: tuple[Definition, Moment], asked: Asked, found: _Found) -> None:
    """Judge the offsets of a plan that events start each by itself, as they fire, and any other plan once."""
    definition, moment = what
    offsets = len(definition.trigger.offsets) if isinstance(definition.trigger, Behaviour) else 1
    stores = list(asked.stores) if asked.stores is not None else None
    for number in range(offsets):
        job = await filled(unit, definition, moment, (asked.plan_id, number))
        await keep_matched(unit)
        await decide(unit, job, entered=False)
        for row in await unit.rows(_TALLY):
            if stores is None or row["store_id"] in stores:
                found.by_store.setdefault(row["store_id"], Counter())[row["name"]] += row["n"]
        crowd = await unit.row(_CROWD, stores=stores)
        found.customers += crowd["everybody"] if crowd else 0
        found.outside += crowd["outside"] if crowd else 0
        found.loads += await loads_of(unit, stores)
        found.room |= await room_of(unit, stores)
        found.candidates = sorted([*found.candidates, *await candidates_of(unit, stores, moment)], key=Candidate.rank)
        for one in await overlaps_of(unit, asked.plan_id, stores):
            found.overlaps[one.plan_id, one.name] += one.customers
        tried = await try_leads(unit, job, stores)
        found.tried += [tried] if tried else []


def moment_on(unit: Unit, definition: Definition, day: date, zone: str, *, past: bool) -> Moment:
    """Return the moment at which a plan fires on a local day of a zone: judged now, or as the books stood then when it is `past`."""
    fires: datetime = local_instant(day, wall_time(definition), zone)
    return Moment(at=fires if past else unit.now, fires_at=fires, today=day, timezone=zone, past=past)


async def filled(unit: Unit, definition: Definition, moment: Moment, whose: tuple[UUID, int]) -> Job:
    """Put everybody who matches into the chunk and return the job a run would have; `whose` is the plan and the number of the offset."""
    plan_id, number = whose
    await fill_matched(unit, definition, moment, number)
    percent = await held_out_percent(unit, definition, moment)
    room = definition.max_tasks_per_run
    return Job(definition, plan_id, NOBODY, moment, hold_out=percent, room=room, offset_no=number)


async def fill_matched(unit: Unit, definition: Definition, moment: Moment, number: int) -> None:
    """Put everybody whom the plan means at a moment into a new chunk; of a plan that events start, by the offset of that number."""
    await open_chunk(unit)
    trigger = definition.trigger
    if isinstance(trigger, Behaviour):
        window = counted_from(trigger.offsets[number], moment.today, moment.timezone)
        await fill_from_events(unit, definition, moment, window, number)
    else:
        await fill_from_books(unit, definition, moment, Slice("preview", limit=MOST))
    await count_chunk(unit)


async def held_out_percent(unit: Unit, definition: Definition, moment: Moment) -> int:
    """Return the percent of this firing that is held out: the plan's, when its audience is large enough to measure anything by it."""
    if isinstance(definition.trigger, Behaviour):
        return await hold_out_of(unit, definition, moment)
    if not definition.hold_out:
        return 0
    return definition.hold_out if await enough_in_books(unit, definition, moment, definition.hold_out_from) else 0


async def _approval(unit: Unit, definition: Definition, asked: Asked, found: _Found) -> Approval:
    behaviour = isinstance(definition.trigger, Behaviour)
    audience = await audience_now(unit, definition) if behaviour else found.customers
    stored = asked.plan_id if asked.plan_id != NOBODY else None
    return await weighed(unit, definition, Weight(audience, found.outside, stored))
