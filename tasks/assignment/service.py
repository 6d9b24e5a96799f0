"""Assign the undecided rows of a chunk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from tasks.assignment import repository
from tasks.kernel.unit import Unit
from tasks.plans.steps import StaffTask


@dataclass(frozen=True)
class Run:
    """What the assignment is part of: the instant it is judged at, and the plan's firing if there is one."""

    at: datetime
    plan_id: UUID
    occurrence_id: UUID | None = None


FEW = 20
"""Fewer tasks than this that events made are given out without waiting for a run; a day may then hold as many more."""


async def take_turns(unit: Unit, run: Run) -> None:
    """Wait until no other transaction gives out tasks in these stores: what it has assigned is committed and counts when the bench is read."""
    await repository.take_turns(unit, FEW if run.occurrence_id is None else 1)


async def assign(unit: Unit, task: StaffTask, days: Sequence[date], run: Run) -> None:
    """Walk the chain for today, then for each later day; then pool, manager, `no_capacity` (engine.md, "To whom").

    `days` are the local days the plan may spread over, the first one today; the rows of `chunk_day` say on which of them a store is open.
    """
    await repository.find_links(unit, task.chain, task.named, run.at)
    await repository.set_bench(unit, task.most_per_employee, run.plan_id, run.occurrence_id)
    for day in days:
        left = await repository.left(unit, day)
        if not left.people:
            return
        links = task.chain if left.room else [link for link in task.chain if link in repository.LEADERS]
        for link in links:
            await repository.take_by_link(unit, link, day)
        if left.room:
            await repository.limit_later_days(unit, day, task.most_per_employee)
    await repository.fall_back(unit, task)
