"""The moot guard: what happened ends the plans that say so, and a task nobody wants any more closes."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from tasks.events.happened import Happened
from tasks.kernel.unit import Unit
from tasks.moot.repository import Touched, close_emptied, close_reasons_as, decide_exited, lock_tasks, read_touched
from tasks.moot.rules import CLOSES_AS, EXITS
from tasks.people.contact_state import lock_contact_state
from tasks.plans.passages import exit_passages

_EXITS: Final = {kind: exit_on.value for kind, exit_on in EXITS.items()}


async def close_moot(unit: Unit, happened: Sequence[Happened]) -> list[UUID]:
    """End the passages these events end, close the tasks left without a reason as moot, and return those tasks in id order; set-based.

    An event of the same visit or order as the one that started a passage never ends it, nor does one that is not newer.
    """
    news = [event for event in happened if event.type in EXITS]
    if not news:
        return []
    # A run may be making a task for one of them right now: it holds this lock until the task can be seen. Books of the past do not wait for that.
    await lock_contact_state(unit, [event.customer_id for event in news if not event.historic])
    touched = await read_touched(unit, news, _EXITS)
    if not touched:
        return []
    await lock_contact_state(unit, [event.customer_id for event in news])
    touched = await read_touched(unit, news, _EXITS)
    closed = await _close_tasks(unit, [one for one in touched if one.task_id])
    await _end_passages(unit, touched)
    return closed


async def _close_tasks(unit: Unit, touched: Sequence[Touched]) -> list[UUID]:
    tasks = {one.task_id: why(one) for one in touched if one.task_id}
    if not tasks:
        return []
    await lock_tasks(unit, sorted(tasks))
    await close_reasons_as(unit, [(one.reason_id, why(one)) for one in touched if one.reason_id])
    return await close_emptied(unit, tasks)


async def _end_passages(unit: Unit, touched: Sequence[Touched]) -> None:
    await decide_exited(unit, [(one.enrolment_id, why(one)) for one in touched if one.task_id is None])
    by_reason: defaultdict[str, list[UUID]] = defaultdict(list)
    for one in touched:
        by_reason[why(one)].append(one.enrolment_id)
    for reason, enrolments in sorted(by_reason.items()):
        await exit_passages(unit, enrolments, reason)


def why(touched: Touched) -> str:
    """Return what the event is to the plan, which is also why its task closed."""
    return CLOSES_AS[EXITS[touched.type]].value
