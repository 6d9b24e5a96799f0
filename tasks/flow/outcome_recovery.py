"""A complaint that an employee logged: marketing stops, plans take notice, and somebody who leads has a task to make it good within four hours."""

from uuid import UUID

from tasks.callbacks.deeds import Complaint
from tasks.callbacks.repository import note_made
from tasks.flow.answer_complaint import Heard, answer_complaint
from tasks.kernel.unit import Unit
from tasks.worklist.states import TaskCause


async def recover(unit: Unit, complaint: Complaint) -> UUID | None:
    """Make the recovery task and return it; None when an active plan has made one for this very event.

    Called after plans have seen the event. The words of the employee go with the task, sealed; a correction of the callback finds it again.
    """
    heard = Heard(
        event_id=complaint.event_id,
        customer_id=complaint.customer_id,
        store_id=complaint.store_id,
        cause=TaskCause.COMPLAINT,
        staff_id=complaint.staff_id,
        words=complaint.words,
        task_id=complaint.task_id,
    )
    task_id = await answer_complaint(unit, heard)
    if task_id is not None:
        await note_made(unit, complaint.callback_id, None, {"recoveryTaskId": task_id})
    return task_id
