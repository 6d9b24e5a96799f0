"""Logging a callback: kept for ever whatever the task has become, applied once, answered the same ever after."""

from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from tasks.actions.service import close_action, digest_of, open_action, replay
from tasks.actions.tables import Verdict
from tasks.callbacks import repository as rows
from tasks.callbacks.codes import behaves_as
from tasks.callbacks.corrections import Earlier, make_void, read_corrected, restate_contact, undo_contact
from tasks.callbacks.deeds import Caused, Deed
from tasks.callbacks.facts import CallbackAnswer, CallbackFact
from tasks.callbacks.fields import parse
from tasks.callbacks.following import follow_up
from tasks.callbacks.meanings import MEANINGS
from tasks.callbacks.outcomes import OUTCOMES
from tasks.callbacks.reasons import check_reason
from tasks.callbacks.repository import CallbackRow
from tasks.callbacks.rules import believed
from tasks.callbacks.settling import settle_complaint
from tasks.callbacks.tables import Claim, Outcome
from tasks.callbacks.telling import answer_of, told
from tasks.callbacks.undoing import take_back
from tasks.files.service import attach
from tasks.kernel.errors import Invalid
from tasks.kernel.ids import new_id
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.people.contact_state import lock_contact_state
from tasks.worklist.feed import feed
from tasks.worklist.history import tell
from tasks.worklist.repository import TaskState, read_task

KIND: Final = "callback"
MAX_NOTE: Final = 2_000
"""Characters of a note."""


@dataclass(frozen=True)
class Logged:
    """The answer, and what the callback caused, for the rest of the flow; nothing when it was seen before."""

    answer: CallbackAnswer
    caused: Caused = field(default_factory=Caused)


async def log(unit: Unit, scope: StaffScope, fact: CallbackFact) -> Logged:
    """Keep the callback and let it move the task if the task can still move. Raises `NotFound`, `Invalid` or `ActionReused`; then nothing is kept.

    A correction raises `Forbidden`, `CallbackVoid` or `CorrectionTooLate`, too. The customer's contact-state row is locked first: two callbacks, or a
    callback and a run, take turns.
    """
    check(fact)
    digest = digest_of(fact)
    earlier = await open_action(unit, scope.staff_id, fact.action_id, KIND, digest)
    if earlier is not None:
        first = replay(earlier, KIND, digest, CallbackAnswer)
        return Logged(msgspec.structs.replace(first, verdict=Verdict.DUPLICATE))
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


@dataclass(frozen=True)
class _Read:
    """What was made of a fact before anything is written.

    Attributes:
        deed: the callback to apply.
        code: the merchant's own code, when one was used.
        earlier: the callback that it corrects.
        counts: it is the last word on its task.
        suspect: the phone's clock was not believed.
    """

    deed: Deed
    code: str | None
    earlier: Earlier | None
    counts: bool
    suspect: bool


async def _apply(unit: Unit, scope: StaffScope, task: TaskState, fact: CallbackFact) -> Logged:
    read = await _read(unit, scope, task, fact)
    deed, earlier, behaviour = read.deed, read.earlier, OUTCOMES[read.deed.outcome]
    if earlier is not None:
        await make_void(unit, earlier.id)
        await take_back(unit, earlier, scope.staff_id)
    row = _row(read)
    await rows.insert_callback(unit, row)
    await attach(unit, scope, fact.attachments, row.id, row.customer_id)
    contact_id = await _keep_contact(unit, deed, row, earlier)
    if deed.moves or (earlier is not None and read.counts):
        await rows.count_attempts(unit, task.id, scope.staff_id, _more(deed.outcome, earlier))
    caused = await behaviour.about_customer(unit, deed)
    if deed.moves:
        await behaviour.about_task(unit, deed)
    elif earlier is not None and read.counts:
        closes = behaviour.closes.value if behaviour.closes else None
        await rows.restate(unit, task.id, (earlier.outcome.value, deed.outcome.value), closes)
    await rows.note_made(unit, row.id, contact_id, {**caused.made, **await settle_complaint(unit, deed)})
    follows = await follow_up(unit, deed, behaviour.again) if earlier and read.counts and not deed.moves else None
    await tell(unit, [told(deed, row, await read_task(unit, scope, task.id))])
    feed(unit).customers_changed([task.customer_id])  # her other tasks show the contact, and what she refused
    return Logged(await answer_of(unit, deed, row, caused, follows), caused)


async def _read(unit: Unit, scope: StaffScope, task: TaskState, fact: CallbackFact) -> _Read:
    outcome, code = await behaves_as(unit, fact.outcome)
    behaviour = OUTCOMES[outcome]
    earlier = await read_corrected(unit, scope, fact.corrects, task.id) if fact.corrects else None
    at, suspect = believed(fact.occurred_at, task.created_at, unit.now)
    if earlier is not None:
        at = earlier.occurred_at
    fields = parse(behaviour.fields, fact.fields)
    fields.check(at, task.timezone)
    if behaviour.topic is not None:
        await check_reason(unit, behaviour.topic, fields)
    if behaviour.channels and fact.channel not in behaviour.channels:
        raise Invalid("channel", "a message is sent by wechat or sms")
    mine = task.assignee_id in {None, scope.staff_id} or scope.leads
    counts = mine and not await rows.later_callback(unit, task.id, at, earlier.id if earlier else None)
    deed = Deed(new_id(), scope, task, fact, outcome, fields, at, moves=counts and task.live)
    return _Read(deed, code, earlier, counts, suspect)


def _row(read: _Read) -> CallbackRow:
    deed = read.deed
    fields = {name: value for name, value in msgspec.to_builtins(deed.fields).items() if value is not None}
    claimed = {"claimedAt": deed.fact.occurred_at} if read.suspect else {}
    applied = deed.moves or (read.counts and read.earlier is not None)
    return CallbackRow(
        id=deed.callback_id,
        task_id=deed.task.id,
        customer_id=deed.task.customer_id,
        staff_id=deed.scope.staff_id,
        action_id=deed.fact.action_id,
        outcome=deed.outcome.value,
        code=read.code,
        channel=deed.fact.channel.value,
        fields=fields | claimed,
        note=deed.fact.note,
        corrects=read.earlier.id if read.earlier else None,
        verdict=(Verdict.APPLIED if applied else Verdict.SUPERSEDED).value,
        claim=Claim.PENDING.value if MEANINGS[deed.outcome].claims else None,
        occurred_at=deed.at,
    )


async def _keep_contact(unit: Unit, deed: Deed, row: CallbackRow, earlier: Earlier | None) -> Any:
    """Write the contact, or let the one that is corrected say what is said now; returns it, None when nobody was contacted."""
    meaning = MEANINGS[deed.outcome]
    before = earlier.contact_id if earlier else None
    if before is not None and meaning.contacted:
        await restate_contact(unit, before, row.channel, reached=meaning.reached)
        return before
    if before is not None:
        await undo_contact(unit, before, deed.task.id)
    return await rows.insert_contact(unit, deed.task, row, reached=meaning.reached) if meaning.contacted else None


def _more(outcome: Outcome, earlier: Earlier | None) -> int:
    """How many attempts there are more: a correction is no further one."""
    counted = earlier is not None and earlier.verdict is Verdict.APPLIED and MEANINGS[earlier.outcome].tried
    return int(MEANINGS[outcome].tried) - int(counted)
