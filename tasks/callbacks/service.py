"""Logging a callback: kept for ever whatever the task has become, applied once, answered the same ever after."""

import hashlib
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import RowMapping

from tasks.callbacks.effects import Caused, Deed
from tasks.callbacks.facts import CallbackAnswer, CallbackFact, Logged
from tasks.callbacks.faults import ActionReused
from tasks.callbacks.fields import parse
from tasks.callbacks.outcomes import OUTCOMES
from tasks.callbacks.repository import (
    CallbackRow,
    close_action,
    count_attempt,
    insert_callback,
    insert_contact,
    later_callback,
    open_action,
)
from tasks.callbacks.rules import believed
from tasks.callbacks.tables import Verdict
from tasks.kernel.errors import Invalid
from tasks.kernel.ids import new_id
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.people.contact_state import lock_contact_state
from tasks.worklist.history import Told, tell
from tasks.worklist.repository import TaskState, read_task
from tasks.worklist.states import TaskStatus

KIND: Final = "callback"
MAX_NOTE: Final = 2_000
"""Characters of a note."""


async def log(unit: Unit, scope: StaffScope, fact: CallbackFact) -> Logged:
    """Keep the callback and let it move the task if the task can still move. Raises `NotFound`, `Invalid` or `ActionReused`; then nothing is kept.

    The customer's contact-state row is locked first: two callbacks, or a callback and a run, take turns.
    """
    check(fact)
    digest = digest_of(fact)
    earlier = await open_action(unit, scope.staff_id, fact.action_id, KIND, digest)
    if earlier is not None:
        return Logged(replay(earlier, digest))
    seen = await read_task(unit, scope, fact.task_id)
    await lock_contact_state(unit, [seen.customer_id])
    task = await read_task(unit, scope, fact.task_id, lock=True)
    logged = await _apply(unit, scope, task, fact)
    await close_action(unit, scope.staff_id, fact.action_id, logged.answer.verdict.value, logged.answer)
    return logged


def check(fact: CallbackFact) -> None:
    """Raise `Invalid` for what no task could make right."""
    if fact.occurred_at.tzinfo is None:
        raise Invalid("occurredAt", "needs a time zone")
    if fact.note is not None and len(fact.note) > MAX_NOTE:
        raise Invalid("note", f"at most {MAX_NOTE} characters")


def digest_of(fact: CallbackFact) -> bytes:
    """Return the digest of the body: equal for the same words in any order of fields, different for any other body."""
    return hashlib.sha256(msgspec.json.encode(fact, order="sorted")).digest()


def replay(earlier: RowMapping, digest: bytes) -> CallbackAnswer:
    """Return the first answer as a `duplicate`; raises `ActionReused` when the body was another one."""
    if earlier["kind"] != KIND or bytes(earlier["digest"]) != digest:
        raise ActionReused(field="actionId")
    answer = earlier["answer"]
    first = (
        msgspec.json.decode(answer, type=CallbackAnswer)
        if isinstance(answer, str)
        else msgspec.convert(answer, CallbackAnswer)
    )
    return msgspec.structs.replace(first, verdict=Verdict.DUPLICATE)


async def _apply(unit: Unit, scope: StaffScope, task: TaskState, fact: CallbackFact) -> Logged:
    behaviour = OUTCOMES[fact.outcome]
    at, suspect = believed(fact.occurred_at, task.created_at, unit.now)
    fields = parse(behaviour.fields, fact.fields)
    fields.check(at, task.timezone)
    moves = await can_move(unit, scope, task, at)
    deed = Deed(scope, task, fact, fields, at, moves)
    row = _row(deed, suspect=suspect)
    await insert_callback(unit, row)
    await insert_contact(unit, task, row, reached=behaviour.reached)
    if moves:
        await count_attempt(unit, task.id, scope.staff_id)
    caused = await behaviour.about_customer(unit, deed)
    if moves:
        await behaviour.about_task(unit, deed)
    after = await read_task(unit, scope, task.id)
    await tell(unit, [_told(deed, row, after)])
    return Logged(await _answer(unit, deed, row, caused), caused.happened)


async def can_move(unit: Unit, scope: StaffScope, task: TaskState, at: datetime) -> bool:
    """Say whether a callback may move the task: it is live, the caller's (or in the pool, or the caller leads), and nothing later has been logged."""
    mine = task.assignee_id in {None, scope.staff_id} or scope.leads
    return task.live and mine and not await later_callback(unit, task.id, at)


def _row(deed: Deed, *, suspect: bool) -> CallbackRow:
    fields = {name: value for name, value in msgspec.to_builtins(deed.fields).items() if value is not None}
    claimed = {"claimedAt": deed.fact.occurred_at} if suspect else {}
    return CallbackRow(
        id=new_id(),
        task_id=deed.task.id,
        customer_id=deed.task.customer_id,
        staff_id=deed.scope.staff_id,
        action_id=deed.fact.action_id,
        outcome=deed.fact.outcome.value,
        channel=deed.fact.channel.value,
        fields=fields | claimed,
        note=deed.fact.note,
        verdict=(Verdict.APPLIED if deed.moves else Verdict.SUPERSEDED).value,
        occurred_at=deed.at,
    )


def _told(deed: Deed, row: CallbackRow, after: TaskState) -> Told:
    detail: dict[str, Any] = {"outcome": row.outcome, "callbackId": row.id, "verdict": row.verdict}
    if after.expires_at != deed.task.expires_at:
        detail["expiredBefore"] = deed.task.expires_at
    return Told(
        task_id=deed.task.id,
        store_id=deed.task.store_id,
        action=KIND,
        from_status=deed.task.status.value,
        to_status=after.status.value,
        staff_id=deed.scope.staff_id,
        detail=detail,
    )


async def _answer(unit: Unit, deed: Deed, row: CallbackRow, caused: Caused) -> CallbackAnswer:
    now = await unit.row(
        "select status, attempts, wait_until, wait_kind, close_reason from task where merchant_id = :merchant and id = :task",
        task=deed.task.id,
    )
    verdict = Verdict(row.verdict)
    state = {**(now or {})}
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
    )
