"""One chunk, from candidates to tasks. Preview runs the same steps and stops before the writing."""

from dataclasses import dataclass
from uuid import UUID

import msgspec

from tasks.assignment.service import assign
from tasks.generation import judge
from tasks.generation.candidates import Moment
from tasks.generation.days import fill_days
from tasks.generation.write import name_tasks, write
from tasks.kernel.unit import Unit
from tasks.plans.definition import Definition
from tasks.plans.lunar import is_new_year
from tasks.plans.states import PlanKind


@dataclass(frozen=True)
class Job:
    """What a chunk is judged for.

    Attributes:
        definition: the plan version.
        plan_id, version_id: whose; a draft that is only looked at has ids of nobody.
        moment: when.
        occurrence_id: the firing, for plans of the calendar.
        hold_out: percent of the matched who get no task; decided once per run.
        room: how many more tasks this run may make, None for as many as there are.
    """

    definition: Definition
    plan_id: UUID
    version_id: UUID
    moment: Moment
    occurrence_id: UUID | None = None
    hold_out: int = 0
    room: int | None = None


class Tally(msgspec.Struct, frozen=True):
    """How many candidates were decided one way. `decided` alone names tasks and merges, else with its reason after a colon."""

    decided: str
    reason: str | None
    count: int

    @property
    def name(self) -> str:
        """The reason as previews and reports show it."""
        return f"{self.decided}:{self.reason}" if self.reason else self.decided


async def decide(unit: Unit, job: Job, *, entered: bool, writing: bool = False) -> list[Tally]:
    """Judge and assign the candidates in the chunk; `entered` says that the entry rule was applied when they came in (passages).

    Only who is `writing` locks the tasks that are merged into: a preview stands in nobody's way.
    """
    moment, definition = job.moment, job.definition
    await judge.route(unit, definition)
    if not entered:
        await judge.entry(unit, definition, job.plan_id, moment)
    if entered or definition.kind is PlanKind.BEHAVIOUR:
        await judge.exits(unit, definition, moment)
    await judge.suppressions(unit, definition, moment, new_year=is_new_year(moment.today))
    await judge.hold_out(unit, job.plan_id, job.hold_out)
    await judge.merge(unit, moment, writing=writing)
    await judge.cap(unit, job.room)
    days = await fill_days(unit, definition, moment)
    await assign(unit, definition.task, days, moment.at)
    await judge.followers(unit)
    await name_tasks(unit)
    return await unit.structs(
        Tally, "select decided, reason, count(*) as count from chunk group by decided, reason order by decided, reason"
    )


async def generate(unit: Unit, job: Job, *, entered: bool) -> list[Tally]:
    """Decide and write: one chunk, whole or not at all. The change feed is published when the unit closes."""
    await judge.lock(unit)
    tally = await decide(unit, job, entered=entered, writing=True)
    await write(unit, job.definition, job.moment, (job.plan_id, job.version_id, job.occurrence_id))
    return tally
