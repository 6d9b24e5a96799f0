"""Assign the undecided rows of a chunk."""

from collections.abc import Sequence
from datetime import date, datetime

from tasks.assignment import repository
from tasks.kernel.unit import Unit
from tasks.plans.definition import StaffTask


async def assign(unit: Unit, task: StaffTask, days: Sequence[date], at: datetime) -> None:
    """Walk the chain for today, then for each later day; then pool, manager, `no_capacity` (engine.md, "To whom").

    `days` are the local days the plan may spread over, the first one today; the rows of `chunk_day` say on which of them a store is open.
    """
    await repository.find_links(unit, task.chain, at)
    await unit.run(repository.BENCH)
    for day in days:
        if not await repository.left(unit):
            return
        for link in task.chain:
            await repository.take_by_link(unit, link, day)
        await repository.limit_later_days(unit, day)
    await repository.fall_back(unit, pool=task.pool, manager=task.manager)
