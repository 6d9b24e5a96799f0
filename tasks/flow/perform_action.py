"""One action under its id: done once, and answered the same whenever it comes again, alone or among others."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.actions.faults import ActionRefused
from tasks.actions.repository import Sending, find_action, note_sending, open_why
from tasks.actions.service import check_same, close_action, digest_of, first_answer, open_action
from tasks.actions.tables import Verdict
from tasks.callbacks.rules import believed
from tasks.flow.action_kinds import KINDS
from tasks.flow.action_sent import Acted, Performed, Refusal, Sent
from tasks.kernel.connection import Row
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit

LONGEST_OFFLINE: Final = timedelta(days=30)
"""A phone that says something is older than this has a wrong clock."""


class Ask(msgspec.Struct, frozen=True):
    """One write of a call of its own; with an `action_id` it is done once."""

    kind: str
    body: msgspec.Struct
    action_id: UUID | None = None


async def once(unit: Unit, scope: StaffScope, ask: Ask) -> Any:
    """Do one action now and return its answer, in plain values.

    Raises what the kind raises, `ActionReused` for an id that came with another body, and `ActionRefused` for one that was rejected among others before.
    """
    if ask.action_id is None:
        return msgspec.to_builtins((await _run(unit, scope, ask.kind, ask.body, unit.now)).answer)
    sent = Sent(action_id=ask.action_id, kind=ask.kind, occurred_at=unit.now, body=ask.body)
    performed = await perform(unit, scope, sent)
    if performed.first is Verdict.REJECTED:
        raise ActionRefused(reason=performed.refusal.code if performed.refusal else "")
    return msgspec.to_builtins(performed.answer)


async def perform(unit: Unit, scope: StaffScope, sent: Sent) -> Performed:
    """Do one action under its id, or answer what became of it before. Raises what the kind raises; then nothing is kept."""
    kind = KINDS[sent.kind]
    body = kind.as_fact(sent) if kind.as_fact else sent.body
    record, digest = kind.record or sent.kind, digest_of(body)
    staff, action = scope.staff_id, sent.action_id
    earlier = (
        await find_action(unit, staff, action)
        if kind.as_fact
        else await open_action(unit, staff, action, record, digest)
    )
    if earlier is not None:
        check_same(earlier, record, digest)
        return await again(unit, scope, action, earlier)
    at, suspect = believed(sent.occurred_at, unit.now - LONGEST_OFFLINE, unit.now)
    acted = await _run(unit, scope, sent.kind, body, at)
    if kind.as_fact is None:
        await close_action(unit, staff, action, acted.verdict.value, acted.answer)
    repeated = await note_sending(
        unit, staff, action, Sending(occurred_at=at, suspect=suspect, device=sent.device, seq=sent.seq)
    )
    return Performed(
        action_id=action,
        verdict=acted.verdict,
        first=getattr(acted.answer, "first", acted.verdict),
        answer=acted.answer,
        occurred_at=at,
        received_at=unit.now,
        suspect=suspect or bool(getattr(acted.answer, "suspect_clock", False)),
        seq_repeated=repeated,
    )


async def _run(unit: Unit, scope: StaffScope, kind: str, body: msgspec.Struct, at: datetime) -> Acted:
    said = await KINDS[kind].run(unit, scope, body, at)
    return said if isinstance(said, Acted) else Acted(said, getattr(said, "verdict", Verdict.APPLIED))


async def again(unit: Unit, scope: StaffScope, action_id: UUID, earlier: Row) -> Performed:
    """Return what became of an action when it first came, as a `duplicate`."""
    first = Verdict(earlier["verdict"])
    refused = first is Verdict.REJECTED
    why = await open_why(unit, scope.staff_id, earlier["sealed"]) if refused else None
    return Performed(
        action_id=action_id,
        verdict=Verdict.DUPLICATE,
        first=first,
        answer=None if refused else _as_duplicate(first_answer(earlier)),
        refusal=msgspec.msgpack.decode(why, type=Refusal) if why else None,
        occurred_at=earlier["occurred_at"],
        received_at=earlier["received_at"],
        suspect=earlier["suspect"],
    )


def _as_duplicate(answer: Any) -> Any:
    """An answer that says its own verdict says the one of this time."""
    return {**answer, "verdict": Verdict.DUPLICATE.value} if "verdict" in answer else answer
