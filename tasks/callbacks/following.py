"""A correction that asks for another contact after its task was closed for good: what she was promised is kept by a task of the employee's own."""

from datetime import datetime, timedelta
from uuid import UUID

from tasks.callbacks.deeds import Deed
from tasks.kernel.unit import Unit
from tasks.kernel.zones import day_start, local_day
from tasks.worklist.making import MAX_WORDS, Wanted, make_task
from tasks.worklist.moves import waiting_expiry
from tasks.worklist.states import Origin, TaskCause


async def follow_up(unit: Unit, deed: Deed, again: str | None) -> UUID | None:
    """Make the task for the instant in the field `again` and return it; None when the outcome names none. It is late at the end of that day."""
    if again is None:
        return None
    at: datetime = getattr(deed.fields, again)
    day = local_day(at, deed.task.timezone)
    note = deed.fact.note
    return await make_task(
        unit,
        Wanted(
            store_id=deed.task.store_id,
            customer_id=deed.task.customer_id,
            origin=Origin.OWN,
            cause=TaskCause.OWN,
            assignee_id=deed.task.assignee_id or deed.scope.staff_id,
            opens_at=at,
            due_at=day_start(day + timedelta(days=1), deed.task.timezone),
            expires_at=await waiting_expiry(unit, deed.task, at),
            words=note[:MAX_WORDS] if note else None,
            source_task_id=deed.task.id,
            made_by=deed.scope.staff_id,
        ),
    )
