"""The callback that a correction takes the place of: whether it may be corrected, and what then stops counting. Its words stay for ever."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.actions.tables import Verdict
from tasks.callbacks.faults import CallbackVoid, CorrectionTooLate
from tasks.callbacks.tables import Outcome
from tasks.kernel.connection import Row
from tasks.kernel.errors import Forbidden, Invalid
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit

CORRECTED_WITHIN: Final = timedelta(hours=24)
"""After that a callback stands."""


class Earlier(msgspec.Struct, frozen=True, kw_only=True):
    """A callback as it was kept; `caused` is what it made, by name."""

    id: UUID
    task_id: UUID
    customer_id: UUID
    staff_id: UUID
    outcome: Outcome
    verdict: Verdict
    occurred_at: datetime
    received_at: datetime
    contact_id: UUID | None
    caused: Mapping[str, Any] | None
    void_at: datetime | None

    def made(self, name: str) -> UUID | None:
        """Return the id of what it made under this name."""
        made = (self.caused or {}).get(name)
        return UUID(made) if made else None

    @property
    def settled_at(self) -> datetime | None:
        """Since when the complaint had been open that it settled."""
        since = (self.caused or {}).get("complaintAt")
        return datetime.fromisoformat(since) if since else None


READ: Final = """
select b.id, b.task_id, b.customer_id, b.staff_id, b.outcome, b.verdict, b.occurred_at, b.received_at, b.caused, b.void_at,
       coalesce(b.contact_id, (select c.id from contact c where c.merchant_id = :merchant and c.customer_id = b.customer_id and c.task_id = b.task_id
                               and c.staff_id = b.staff_id and c.contacted_at = b.occurred_at order by c.id limit 1)) as contact_id
from callback b where b.merchant_id = :merchant and b.id = :callback
"""
"""Callbacks from before contacts were named find theirs by its instant."""


def as_earlier(row: Row) -> Earlier:
    """Return the row typed."""
    known = {"outcome": Outcome(row["outcome"]), "verdict": Verdict(row["verdict"])}
    caused = row["caused"]
    return Earlier(**{**row, **known, "caused": msgspec.json.decode(caused) if isinstance(caused, str) else caused})


_OF_ACTION: Final = """
select cast(a.answer ->> 'callbackId' as uuid) from action a
where a.merchant_id = :merchant and a.staff_id = :me and a.action_id = :named and a.kind = 'callback'
"""


async def callback_named(unit: Unit, scope: StaffScope, named: UUID) -> UUID:
    """Return the callback that a phone means by its id, or, because an offline phone has not heard of that yet, by the action it sent it with."""
    found: UUID | None = await unit.scalar(_OF_ACTION, named=named, me=scope.staff_id)
    return found or named


async def read_corrected(unit: Unit, scope: StaffScope, named: UUID, task_id: UUID) -> Earlier:
    """Return the callback that is corrected; it is named by its id, or by the caller's own action id.

    Raises `Invalid` when it is none of this task, `Forbidden` for a colleague's unless the caller leads, `CallbackVoid` and `CorrectionTooLate`.
    The caller holds the contact-state lock.
    """
    row = await unit.row(READ, callback=await callback_named(unit, scope, named))
    if row is None or row["task_id"] != task_id:
        raise Invalid("corrects", "is not known")
    earlier = as_earlier(row)
    if earlier.staff_id != scope.staff_id and not scope.leads:
        raise Forbidden
    if earlier.void_at is not None:
        raise CallbackVoid(field="corrects")
    if unit.now - earlier.received_at > CORRECTED_WITHIN:
        raise CorrectionTooLate(field="corrects", hours=CORRECTED_WITHIN // timedelta(hours=1))
    return earlier


async def make_void(unit: Unit, callback_id: UUID) -> None:
    """From now on the callback counts for nothing."""
    await unit.run(
        "update callback set void_at = :now where merchant_id = :merchant and id = :callback and void_at is null",
        callback=callback_id,
    )


_RESTATE: Final = """
update contact set channel = :channel, reached = :reached where merchant_id = :merchant and id = :contact
"""
_UNDO: Final = """
delete from contact c where c.merchant_id = :merchant and c.id = :contact
  and not exists (select from credit k where k.merchant_id = :merchant and k.contact_id = c.id)
"""
_DISOWN: Final = """
update contact set task_id = null, human = false, marketing = false, reached = false where merchant_id = :merchant and id = :contact
"""
_REVOKE: Final = """
update credit set revoked_at = :now, revoke_reason = 'corrected'
where merchant_id = :merchant and contact_id = :contact and task_id = :task and revoked_at is null
"""


async def restate_contact(unit: Unit, contact_id: UUID, channel: str, *, reached: bool) -> None:
    """It was the same contact and another result: gap, caps and credit go by what is said now."""
    await unit.run(_RESTATE, contact=contact_id, channel=channel, reached=reached)


async def undo_contact(unit: Unit, contact_id: UUID, task_id: UUID) -> None:
    """There was no contact. What was credited to it meanwhile is taken back, and the row that the credit names counts for nobody."""
    await unit.run(_REVOKE, contact=contact_id, task=task_id)
    if (await unit.run(_UNDO, contact=contact_id)).rowcount == 0:
        await unit.run(_DISOWN, contact=contact_id)
