"""What is told of a callback that was applied: to the task's history, and to the phone."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from tasks.actions.tables import Verdict
from tasks.callbacks.deeds import Caused, Deed
from tasks.callbacks.facts import CallbackAnswer
from tasks.callbacks.numbers import ask_number_of
from tasks.callbacks.repository import CallbackRow
from tasks.kernel.unit import Unit
from tasks.worklist.history import Told, left_by
from tasks.worklist.repository import TaskState
from tasks.worklist.states import TaskStatus

ACTION = "callback"


def told(deed: Deed, row: CallbackRow, after: TaskState) -> Told:
    """Return the history row of a callback: what it was, and what it moved."""
    detail: dict[str, Any] = {"outcome": row.outcome, "callbackId": row.id, "verdict": row.verdict}
    detail |= {"code": row.code} if row.code else {}
    detail |= {"corrects": row.corrects} if row.corrects else {}
    if after.expires_at != deed.task.expires_at:
        detail["expiredBefore"] = deed.task.expires_at
    return Told(
        task_id=deed.task.id,
        store_id=deed.task.store_id,
        action=ACTION,
        from_status=deed.task.status.value,
        to_status=after.status.value,
        staff_id=deed.scope.staff_id,
        left_staff_id=left_by(deed.task.assignee_id, after.assignee_id),
        detail=detail,
    )


async def answer_of(unit: Unit, deed: Deed, row: CallbackRow, caused: Caused, follows: UUID | None) -> CallbackAnswer:
    """Return what the phone is answered: the task as it is now, and what was made of the callback."""
    now = await unit.row(
        "select status, attempts, wait_until, wait_kind, close_reason from task where merchant_id = :merchant and id = :task",
        task=deed.task.id,
    )
    verdict = Verdict(row.verdict)
    state: Mapping[str, Any] = {**(now or {})}
    return CallbackAnswer(
        **{**state, "status": TaskStatus(state["status"])},
        verdict=verdict,
        first=verdict,
        callback_id=row.id,
        task_id=row.task_id,
        occurred_at=row.occurred_at,
        received_at=unit.now,
        suspect_clock="claimedAt" in row.fields,
        appointment_id=caused.appointment_id,
        outcome=row.outcome,
        corrects=row.corrects,
        ask_number=bool(await ask_number_of(unit, [row.customer_id])),
        follow_up_task_id=follows,
    )
