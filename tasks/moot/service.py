"""The moot guard: what happened ends the plans that say so, and a task nobody wants any more closes.

It looks at three moments with one predicate: when an event arrives, when a task is dispatched, and when it is opened (product.md).
"""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from tasks.events.happened import Happened
from tasks.kernel.unit import Unit
from tasks.moot.closing import close_emptied, close_reasons_as, decide_exited, lock_tasks
from tasks.moot.repository import Touched, read_stale, read_touched
from tasks.moot.rules import WATCHED
from tasks.moot.standing import read_standing
from tasks.people.contact_state import lock_contact_state
from tasks.plans.passages import exit_passages


async def close_moot(unit: Unit, happened: Sequence[Happened]) -> list[UUID]:
    """End the passages these events end, close the tasks left without a reason as moot, and return those tasks in id order; set-based.

    An event of the same visit or order as the one that started a passage never ends it, nor does one that is not newer. A cancelled appointment ends what
    is about it. A task about a broken promise closes when she came after all.
    """
    news = [event for event in happened if event.type in WATCHED]
    if not news:
        return []
    # A run may be making a task for one of them right now: it holds this lock until the task can be seen. Books of the past do not wait for that.
    await lock_contact_state(unit, [event.customer_id for event in news if not event.historic])
    if not await read_touched(unit, news):
        return []
    await lock_contact_state(unit, [event.customer_id for event in news])
    return await _end(unit, await read_touched(unit, news))


async def close_stale(unit: Unit, task_ids: Sequence[UUID]) -> list[UUID]:
    """Look again at live tasks and close as moot those nobody needs or may work on; returns them in id order. Looking costs no lock.

    What the stored events end is ended as if they came now, and so is what a refusal, an open complaint or an appointment stands against.
    """
    if not task_ids:
        return []
    found = await _look(unit, task_ids)
    if not found:
        return []
    await lock_contact_state(unit, {one.customer_id for one in found})
    return await _end(unit, await _look(unit, task_ids))


async def close_kept(unit: Unit, task_ids: Sequence[UUID]) -> list[UUID]:
    """Close tasks about promises that turn out to have been kept, without the customers' locks; for who has their promises locked already."""
    return await _close_tasks(unit, await read_stale(unit, task_ids)) if task_ids else []


async def _look(unit: Unit, task_ids: Sequence[UUID]) -> list[Touched]:
    """Return what is over of these tasks, for each reason what has stood against it longest."""
    every = await read_standing(unit, task_ids) + await read_stale(unit, task_ids)
    first: dict[tuple[UUID | None, UUID | None], Touched] = {}
    for one in sorted(every, key=lambda one: one.at):
        first.setdefault((one.task_id, one.reason_id), one)
    return list(first.values())


async def _end(unit: Unit, touched: Sequence[Touched]) -> list[UUID]:
    closed = await _close_tasks(unit, [one for one in touched if one.task_id])
    await _end_passages(unit, touched)
    return closed


async def _close_tasks(unit: Unit, touched: Sequence[Touched]) -> list[UUID]:
    # Of several events the first is the one that is shown.
    tasks = {one.task_id: one for one in sorted(touched, key=lambda one: one.at, reverse=True) if one.task_id}
    if not tasks:
        return []
    await lock_tasks(unit, sorted(tasks))
    await close_reasons_as(unit, [(one.reason_id, one.why) for one in touched if one.reason_id])
    return await close_emptied(unit, tasks)


async def _end_passages(unit: Unit, touched: Sequence[Touched]) -> None:
    await decide_exited(unit, [(one.enrolment_id, one.why) for one in touched if one.enrolment_id and not one.task_id])
    by_reason: defaultdict[str, list[UUID]] = defaultdict(list)
    for one in touched:
        if one.enrolment_id:
            by_reason[one.why].append(one.enrolment_id)
    for reason, enrolments in sorted(by_reason.items()):
        await exit_passages(unit, enrolments, reason)
