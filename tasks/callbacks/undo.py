"""Undoing a mistaken refusal: by its author for ten minutes, by who leads the store at any time."""

from datetime import timedelta
from typing import Final

import msgspec

from tasks.actions.service import close_action, digest_of, open_action, replay
from tasks.actions.tables import Verdict
from tasks.callbacks.corrections import READ, Earlier, as_earlier, callback_named, make_void
from tasks.callbacks.facts import UndoAnswer, UndoFact
from tasks.callbacks.faults import CallbackVoid, NotUndoable
from tasks.callbacks.refusals import Flags, lift_refusal
from tasks.callbacks.tables import Outcome
from tasks.kernel.errors import Forbidden, NotFound
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.people.contact_state import lock_contact_state
from tasks.worklist.feed import feed
from tasks.worklist.history import Told, tell
from tasks.worklist.repository import TaskState, read_task

KIND: Final = "undo"
BY_AUTHOR: Final = timedelta(minutes=10)
"""For so long its author may undo a refusal (http.md)."""
_NO_RESULT: Final = """
update task_reason set result = null, result_at = null where merchant_id = :merchant and task_id = :task and result = 'refused_contact'
"""


async def undo(unit: Unit, scope: StaffScope, fact: UndoFact) -> UndoAnswer:
    """Lift what the callback refused and let it count no more; repeating is answered the same.

    She may be contacted again at once. Tasks and passages that the refusal ended stay ended: plans take her in again when they next fire for her.
    Raises `NotFound`, `NotUndoable`, `CallbackVoid`, `Forbidden` or `ActionReused`.
    """
    digest = digest_of(fact)
    before = await open_action(unit, scope.staff_id, fact.action_id, KIND, digest)
    if before is not None:
        first = replay(before, KIND, digest, UndoAnswer)
        return msgspec.structs.replace(first, verdict=Verdict.DUPLICATE)
    seen = await _read(unit, scope, fact)
    task = await read_task(unit, scope, seen.task_id)
    await lock_contact_state(unit, [seen.customer_id])
    earlier = await _read(unit, scope, fact)
    _check(unit, scope, earlier)
    await make_void(unit, earlier.id)
    flags = await lift_refusal(unit, earlier.customer_id, earlier.received_at, scope.staff_id)
    await unit.run(_NO_RESULT, task=earlier.task_id)
    await tell(unit, [_told(scope, task, earlier)])
    feed(unit).customers_changed([task.customer_id])
    answer = _answer(unit, earlier, flags)
    await close_action(unit, scope.staff_id, fact.action_id, answer.verdict.value, answer)
    return answer


async def _read(unit: Unit, scope: StaffScope, fact: UndoFact) -> Earlier:
    row = await unit.row(READ, callback=await callback_named(unit, scope, fact.callback_id))
    if row is None:
        raise NotFound(what="回访记录/callback")
    return as_earlier(row)


def _check(unit: Unit, scope: StaffScope, earlier: Earlier) -> None:
    if earlier.outcome is not Outcome.REFUSED_CONTACT:
        raise NotUndoable
    if earlier.void_at is not None:
        raise CallbackVoid
    just_now = earlier.staff_id == scope.staff_id and unit.now - earlier.received_at <= BY_AUTHOR
    if not (just_now or scope.leads):
        raise Forbidden


def _told(scope: StaffScope, task: TaskState, earlier: Earlier) -> Told:
    return Told(
        task_id=task.id,
        store_id=task.store_id,
        action="undone",
        from_status=task.status.value,
        to_status=task.status.value,
        staff_id=scope.staff_id,
        detail={"callbackId": earlier.id, "outcome": earlier.outcome.value},
    )


def _answer(unit: Unit, earlier: Earlier, flags: Flags) -> UndoAnswer:
    return UndoAnswer(
        verdict=Verdict.APPLIED,
        first=Verdict.APPLIED,
        callback_id=earlier.id,
        customer_id=earlier.customer_id,
        undone_at=unit.now,
        no_phone=flags.no_phone,
        no_wechat=flags.no_wechat,
        no_contact=flags.no_contact,
    )
