"""What phones send when they have reception again: up to a hundred actions, each in a transaction of its own, whatever became of the others."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from tasks.actions.faults import ActionReused
from tasks.actions.repository import Sending, close_rejected, note_sending, read_sequence
from tasks.actions.service import UNREADABLE, check_same, digest_of, open_action
from tasks.actions.tables import Verdict
from tasks.callbacks.rules import believed
from tasks.flow.action_kinds import KINDS
from tasks.flow.action_sent import Performed, Refusal, Sent
from tasks.flow.perform_action import LONGEST_OFFLINE, again, perform
from tasks.flow.units import OpensUnits
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit

MOST: Final = 100
"""Actions of one call."""
UNAVAILABLE: Final = 503
"""The status of a refusal after which the rest are not tried."""

Explain = Callable[[Exception], Refusal]
"""Says what an exception means to a caller; given by the edge, which has the words."""


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """An action whose envelope or body could not be read, and why. Without an id there is nothing to keep it under."""

    refusal: Refusal
    action_id: UUID | None = None
    kind: str = ""


class Replayed(msgspec.Struct, frozen=True):
    """What became of every action, in the order they came; the phone's highest number, and those below it that never came."""

    results: Sequence[Performed]
    highest: int | None
    missing: Sequence[int]
    at: datetime


async def replay_actions(
    units: OpensUnits, scope: StaffScope, sent: Sequence[Sent | Unread], explain: Explain, device: str | None = None
) -> Replayed:
    """Do each action in a transaction of its own, in the order in which they were made, whatever became of the others.

    One that breaks is rejected with what `explain` makes of it. What is final is kept under its id and answered the same for ever after; what is not (the
    database is away, a defect of ours) keeps nothing, so that the phone sends it again; once the database is away, the rest are not tried.
    """
    results: dict[int, Performed] = {}
    away: Refusal | None = None
    for place in _in_order(sent):
        each = sent[place]
        done = await _one(units, scope, each, explain) if away is None else _rejected(each, away)
        away = done.refusal if done.refusal and done.refusal.status == UNAVAILABLE else None
        results[place] = done
    known = None
    async with units.open(scope.merchant_id) as unit:
        if device is not None:
            known = await read_sequence(unit, scope.staff_id, device)
        at = unit.now
    highest, missing = known or (None, ())
    return Replayed([results[place] for place in range(len(sent))], highest, missing, at)


def _in_order(sent: Sequence[Sent | Unread]) -> list[int]:
    """Places in the order the phone made them: by its own count when every one has a number, else by its clock."""
    readable = [(place, each) for place, each in enumerate(sent) if isinstance(each, Sent)]
    counted = all(each.seq is not None for _, each in readable)
    readable.sort(key=lambda pair: (pair[1].seq or 0) if counted else pair[1].occurred_at.timestamp())
    return [place for place, _ in readable] + [place for place, each in enumerate(sent) if isinstance(each, Unread)]


async def _one(units: OpensUnits, scope: StaffScope, sent: Sent | Unread, explain: Explain) -> Performed:
    """Do one action, or keep why not; never raises but when it is told to stop."""
    try:
        return await _try(units, scope, sent, explain)
    except Exception as fault:  # noqa: BLE001  # the id was used for another body, or the rejection itself could not be kept
        return _rejected(sent, explain(fault))


async def _try(units: OpensUnits, scope: StaffScope, sent: Sent | Unread, explain: Explain) -> Performed:
    if isinstance(sent, Unread):
        return await _keep_rejection(units, scope, sent, sent.refusal)
    try:
        async with units.open(scope.merchant_id) as unit:
            return await perform(unit, scope, sent)
    except ActionReused:
        raise
    except Exception as fault:  # noqa: BLE001  # one action's fault must not cost the others
        return await _keep_rejection(units, scope, sent, explain(fault))


async def _keep_rejection(units: OpensUnits, scope: StaffScope, sent: Sent | Unread, refusal: Refusal) -> Performed:
    """Keep a final rejection under the action's id, unless the id has been answered meanwhile."""
    if sent.action_id is None or not refusal.final:
        return _rejected(sent, refusal)
    record, digest = _record_of(sent)
    async with units.open(scope.merchant_id) as unit:
        earlier = await open_action(unit, scope.staff_id, sent.action_id, record, digest)
        if earlier is None:
            await close_rejected(unit, scope.staff_id, sent.action_id, refusal.code, msgspec.msgpack.encode(refusal))
            return await _note(unit, scope, sent, _rejected(sent, refusal))
        check_same(earlier, record, digest)
        return await again(unit, scope, sent.action_id, earlier)


async def _note(unit: Unit, scope: StaffScope, sent: Sent | Unread, done: Performed) -> Performed:
    """Keep how a rejected action came, so that its number is not missed."""
    if isinstance(sent, Unread):
        return msgspec.structs.replace(done, received_at=unit.now)
    at, suspect = believed(sent.occurred_at, unit.now - LONGEST_OFFLINE, unit.now)
    sending = Sending(occurred_at=at, suspect=suspect, device=sent.device, seq=sent.seq)
    repeated = await note_sending(unit, scope.staff_id, sent.action_id, sending)
    return msgspec.structs.replace(done, received_at=unit.now, occurred_at=at, suspect=suspect, seq_repeated=repeated)


def _record_of(sent: Sent | Unread) -> tuple[str, bytes]:
    if isinstance(sent, Unread):
        return sent.kind, UNREADABLE
    kind = KINDS[sent.kind]
    return kind.record or sent.kind, digest_of(kind.as_fact(sent) if kind.as_fact else sent.body)


def _rejected(sent: Sent | Unread, refusal: Refusal) -> Performed:
    rejected = Verdict.REJECTED
    return Performed(action_id=sent.action_id, verdict=rejected, first=rejected, refusal=refusal)
