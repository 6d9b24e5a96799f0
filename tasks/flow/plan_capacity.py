"""Tasks against the room of those who would do them, and how much longer a lead would have to be for everybody to be told."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final
from uuid import UUID

import msgspec

from scripts.locales import Locale
from tasks.generation.job import Job
from tasks.generation.service import decide
from tasks.kernel.unit import Unit
from tasks.people.persons import open_staff
from tasks.plans.definition import Definition
from tasks.plans.schedules import Recurring
from tasks.plans.steps import StaffTask

LONGEST_LEAD: Final = 7
"""Days of lead that are tried."""


class Load(msgspec.Struct, frozen=True, rename="camel"):
    """Tasks one employee would get on one day, of how many there would be room for; no employee: the store's pool, which has no limit."""

    staff_id: UUID | None
    day_on: date
    tasks: int
    room: int | None = None
    name: str | None = None


class DayLoad(msgspec.Struct, frozen=True, rename="camel"):
    """Tasks of one day, and the room of everybody who works that day in the stores concerned."""

    day_on: date
    tasks: int
    room: int


class Lead(msgspec.Struct, frozen=True, rename="camel"):
    """How many customers somebody could be found for if there were so many days between the firing and the last day."""

    days: int
    told: int


class LeadHint(msgspec.Struct, frozen=True, rename="camel"):
    """What other leads would bring: how many want a task, the lead the plan has now, each lead tried, and a sentence when a longer one would help."""

    wanted: int
    days: int
    leads: Sequence[Lead]
    sentence: str | None = None


_LOADS: Final = """
select c.assignee_id as staff_id, c.opens_on as day_on, count(*)::int as tasks,
    (count(*) + (select max(b.room) from bench b where b.staff_id = c.assignee_id and b.day_on = c.opens_on))::int as room
from chunk c where c.decided = 'task' and (cast(:stores as uuid[]) is null or c.store_id = any(cast(:stores as uuid[])))
group by c.assignee_id, c.opens_on order by c.opens_on, c.assignee_id
"""


async def loads_of(unit: Unit, stores: Sequence[UUID] | None) -> list[Load]:
    """Return who of a decided chunk gets how much on which day, with names; of some stores only, if they are given."""
    found = await unit.structs(Load, _LOADS, stores=stores)
    people = await open_staff(unit, [one.staff_id for one in found if one.staff_id])
    return [
        msgspec.structs.replace(one, name=people[one.staff_id].name) if one.staff_id in people else one for one in found
    ]


_ROOM: Final = """
select b.staff_id, b.day_on, max(b.room) + coalesce(max(t.tasks), 0) as room from bench b
left join (select assignee_id, opens_on, count(*) as tasks from chunk where decided = 'task' group by 1, 2) t
    on t.assignee_id = b.staff_id and t.opens_on = b.day_on
where (b.deals or t.tasks > 0) and (cast(:stores as uuid[]) is null or b.store_id = any(cast(:stores as uuid[])))
group by b.staff_id, b.day_on
"""


async def room_of(unit: Unit, stores: Sequence[UUID] | None) -> dict[tuple[UUID, date], int]:
    """Return how much each employee, and whoever else has a task, could be given of a decided chunk on each day, what they were given included."""
    return {(row["staff_id"], row["day_on"]): row["room"] for row in await unit.rows(_ROOM, stores=stores)}


def day_loads(loads: Sequence[Load], room: Mapping[tuple[UUID, date], int]) -> list[DayLoad]:
    """Return the days with their tasks and the room of everybody on them, soonest first."""
    tasks: dict[date, int] = {day: 0 for _, day in room}
    for one in loads:
        tasks[one.day_on] = tasks.get(one.day_on, 0) + one.tasks
    return [DayLoad(day, tasks[day], sum(n for (_, on), n in room.items() if on == day)) for day in sorted(tasks)]


_KEEP: Final = "create temporary table if not exists chunk_matched (like chunk) on commit delete rows"


async def keep_matched(unit: Unit) -> None:
    """Remember who is in the chunk before anything is decided, so that the same people can be judged again under another lead."""
    await unit.run(_KEEP)
    await unit.run("truncate chunk_matched")
    await unit.run("insert into chunk_matched select * from chunk")


class Tried(msgspec.Struct, frozen=True):
    """How many want a task, and how many somebody is found for with 0, 1, … days; nothing after the first that is enough for all."""

    wanted: int
    told: tuple[int, ...]

    def with_days(self, days: int) -> int:
        """Return how many somebody is found for with so many days."""
        return self.told[min(days, len(self.told) - 1)]


async def try_leads(unit: Unit, job: Job, stores: Sequence[UUID] | None) -> Tried | None:
    """Try leads of 0 to 7 days on those who matched; None for a plan without a lead, or when nobody wants a task. What was decided is lost.

    Each day is dealt out before the next one is looked at: what the longest lead gives to its first days is what a shorter one gives.
    """
    if lead_of(job.definition) is None:
        return None
    await unit.run("truncate chunk, bench, chunk_day restart identity")
    await unit.run("insert into chunk overriding system value select * from chunk_matched")
    await decide(unit, replace(job, definition=with_lead(job.definition, LONGEST_LEAD)), entered=False)
    rows = await unit.rows(_WANTED, stores=stores)
    wanted = sum(row["n"] for row in rows)
    told = [
        sum(row["n"] for row in rows if row["days"] is not None and row["days"] <= days)
        for days in range(LONGEST_LEAD + 1)
    ]
    enough = told.index(wanted) + 1 if wanted in told else len(told)
    return Tried(wanted, tuple(told[:enough])) if wanted else None


def lead_hint(definition: Definition, tried: Sequence[Tried], locale: Locale) -> LeadHint | None:
    """Return what all that was tried says together, in the locale's words."""
    now = lead_of(definition)
    if now is None or not tried:
        return None
    leads = [
        Lead(days, sum(one.with_days(days) for one in tried)) for days in range(max(len(one.told) for one in tried))
    ]
    return LeadHint(sum(one.wanted for one in tried), now, leads, _sentence(leads, now, locale))


def lead_of(definition: Definition) -> int | None:
    """Return how many days a plan has for its tasks beside the one it fires on; None when it has no choice."""
    act, trigger = definition.task, definition.trigger
    if not act.chain:
        return None
    if isinstance(trigger, Recurring) and trigger.offset_days < 0 and act.last_day is not None:
        return -trigger.offset_days
    return act.spread_days or None


def with_lead(definition: Definition, days: int) -> Definition:
    """Return the definition with so many days between the firing and the last day, and nobody to fall back on."""
    act: StaffTask = msgspec.structs.replace(definition.task, spread_days=days, pool=False, manager=False)
    first = msgspec.structs.replace(definition.steps[0], act=act)
    trigger = definition.trigger
    if isinstance(trigger, Recurring) and trigger.offset_days < 0:
        trigger = msgspec.structs.replace(trigger, offset_days=-days)
    return msgspec.structs.replace(definition, trigger=trigger, steps=(first, *definition.steps[1:]))


_WANTED: Final = """
select case when c.decided = 'task' then c.opens_on - (select min(d.day_on) from chunk_day d where d.store_id = c.store_id) end as days, count(*)::int as n
from chunk c where c.first_of_customer and c.decided in ('task', 'no_capacity')
  and (cast(:stores as uuid[]) is null or c.store_id = any(cast(:stores as uuid[])))
group by 1
"""
"""Those who want a task, by how many days after the first somebody is found for it; null: nobody is."""


def _sentence(leads: Sequence[Lead], now: int, locale: Locale) -> str | None:
    """提前1天只够75人，提前5天可通知412人; None when the lead there is serves as well as any."""
    best = max(leads, key=lambda one: (one.told, -one.days))
    here = next((one for one in leads if one.days == min(now, leads[-1].days)), leads[-1])
    if here.told >= best.told:
        return None
    if locale == "en":
        return f"{here.days} days ahead is enough for {here.told}; {best.days} days ahead, {best.told} can be told"
    return f"提前{here.days}天只够{here.told}人，提前{best.days}天可通知{best.told}人"
