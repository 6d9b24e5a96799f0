"""One chunk, from candidates to tasks. Preview runs the same steps and stops before the writing."""

import msgspec

from tasks.assignment.service import Run, assign, take_turns
from tasks.generation import judge
from tasks.generation.days import fill_days
from tasks.generation.entering import entry, unless
from tasks.generation.escalating import escalate
from tasks.generation.job import Job
from tasks.generation.last_day import limit
from tasks.generation.leaving import leave, pass_over
from tasks.generation.rosters import count_working_days
from tasks.generation.suppressing import suppress
from tasks.generation.write import name_tasks, write
from tasks.kernel.unit import Unit
from tasks.plans.lunar import is_new_year
from tasks.plans.states import PlanKind

__all__ = ["Job", "Tally", "decide", "generate"]


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
    await judge.route(unit, job.act)
    if not entered:
        await entry(unit, definition, job.plan_id, moment)
    if entered or definition.kind is PlanKind.BEHAVIOUR:
        await unless(unit, definition, moment)
        await leave(unit, job)
    await pass_over(unit, job)
    await limit(unit, definition, job.act, moment)
    await suppress(unit, definition, moment, plan_id=job.plan_id, new_year=is_new_year(moment.today))
    await judge.hold_out(unit, job.plan_id, job.hold_out)
    shared = await judge.merge(unit, moment, writing=writing)
    await judge.cap(unit, job.room)
    days = await fill_days(unit, job)
    await escalate(unit, job)
    run = Run(moment.at, job.plan_id, job.occurrence_id)
    if writing and not moment.past:
        await take_turns(unit, run)
    await assign(unit, job.act, days, run)
    if shared:
        await judge.followers(unit)
    await name_tasks(unit, shared=shared)
    await count_working_days(unit, job)
    return await unit.structs(
        Tally, "select decided, reason, count(*) as count from chunk group by decided, reason order by decided, reason"
    )


async def generate(unit: Unit, job: Job, *, entered: bool) -> list[Tally]:
    """Decide and write: one chunk, whole or not at all. The change feed is published when the unit closes."""
    await judge.lock(unit)
    tally = await decide(unit, job, entered=entered, writing=True)
    await write(unit, job, entered=entered, merged=any(one.decided == "merged" for one in tally))
    return tally
