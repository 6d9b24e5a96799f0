"""The record of actions: one row for each id a phone has used, and the phone's own count of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.kernel.connection import Row
from tasks.kernel.unit import Unit

SEQUENCE_SEEN: Final = 1_000
"""How far below the highest number of a phone gaps are looked for."""
MISSING_TOLD: Final = 100

_EARLIER: Final = """
select kind, digest, verdict, answer, sealed, occurred_at, received_at, suspect from action
where merchant_id = :merchant and staff_id = :staff and action_id = :action
"""


async def open_action(unit: Unit, staff_id: UUID, action_id: UUID, kind: str, digest: bytes) -> Row | None:
    """Take the action id, or return what was stored under it. A second sender of the same id waits here until the first has committed."""
    taken = await unit.run(
        "insert into action (merchant_id, staff_id, action_id, kind, digest, verdict, answer, received_at) "
        "values (:merchant, :staff, :action, :kind, :digest, 'applied', cast('{}' as jsonb), :now) on conflict do nothing",
        staff=staff_id, action=action_id, kind=kind, digest=digest,
    )  # fmt: skip
    return None if taken.rowcount == 1 else await find_action(unit, staff_id, action_id)


async def find_action(unit: Unit, staff_id: UUID, action_id: UUID) -> Row | None:
    """Return what was stored under an action id, or None; takes nothing."""
    return await unit.row(_EARLIER, staff=staff_id, action=action_id)


async def close_action(unit: Unit, staff_id: UUID, action_id: UUID, verdict: str, answer: object) -> None:
    """Keep the verdict and the answer: the same id is answered the same for ever after. The answer holds nothing personal."""
    await unit.run(
        "update action set verdict = :verdict, answer = cast(:answer as jsonb) "
        "where merchant_id = :merchant and staff_id = :staff and action_id = :action",
        staff=staff_id, action=action_id, verdict=verdict, answer=msgspec.json.encode(answer).decode(),
    )  # fmt: skip


async def close_rejected(unit: Unit, staff_id: UUID, action_id: UUID, code: str, why: bytes) -> None:
    """Keep that it was rejected, and why, sealed: a problem may name a colleague."""
    salt = await unit.scalar("select salt from staff where merchant_id = :merchant and id = :staff", staff=staff_id)
    await unit.run(
        "update action set verdict = 'rejected', answer = cast(:answer as jsonb), sealed = :sealed "
        "where merchant_id = :merchant and staff_id = :staff and action_id = :action",
        staff=staff_id, action=action_id, answer=msgspec.json.encode({"code": code}).decode(),
        sealed=unit.vault.seal(salt, staff_id, why) if salt else None,
    )  # fmt: skip


async def open_why(unit: Unit, staff_id: UUID, sealed: bytes | None) -> bytes | None:
    """Return what `close_rejected` was given; None when it can no longer be read."""
    salt = await unit.scalar("select salt from staff where merchant_id = :merchant and id = :staff", staff=staff_id)
    return unit.vault.open(salt, staff_id, sealed) if salt and sealed else None


class Sending(msgspec.Struct, frozen=True, kw_only=True):
    """How an action came: from which phone, as its how-many-eth, and the instant that was believed."""

    occurred_at: datetime
    suspect: bool = False
    device: str | None = None
    seq: int | None = None


_NOTE: Final = """
update action a set device = :device, seq = :seq, occurred_at = :occurred, suspect = :suspect
where a.merchant_id = :merchant and a.staff_id = :staff and a.action_id = :action and a.occurred_at is null
returning exists (select from action o where o.merchant_id = :merchant and o.device = :device and o.staff_id = :staff and o.seq = :seq
                  and o.seq is not null and o.action_id <> a.action_id) as repeated
"""


async def note_sending(unit: Unit, staff_id: UUID, action_id: UUID, sending: Sending) -> bool:
    """Keep how an action first came; returns whether the phone had given the number to another action before."""
    values: dict[str, Any] = {"device": sending.device, "seq": sending.seq if sending.device else None}
    return bool(
        await unit.scalar(
            _NOTE, staff=staff_id, action=action_id, occurred=sending.occurred_at, suspect=sending.suspect, **values
        )
    )


_SEQUENCE: Final = """
with top as (select max(seq) as highest from action where merchant_id = :merchant and device = :device and staff_id = :staff and seq is not null)
select t.highest, array(select n from generate_series(greatest(1, t.highest - :seen), t.highest) n
                        where not exists (select from action a where a.merchant_id = :merchant and a.device = :device and a.staff_id = :staff
                                          and a.seq = n and a.seq is not null) order by n limit :told) as missing
from top t where t.highest is not null
"""


async def read_sequence(unit: Unit, staff_id: UUID, device: str) -> tuple[int, Sequence[int]] | None:
    """Return the highest number a phone has given, and the numbers below it that never came (at most a hundred, lowest first)."""
    row = await unit.row(_SEQUENCE, staff=staff_id, device=device, seen=SEQUENCE_SEEN, told=MISSING_TOLD)
    return (int(row["highest"]), tuple(row["missing"])) if row else None
