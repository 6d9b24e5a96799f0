"""Taking back what a callback did to the customer, when it is corrected or undone: each outcome as far as it made something itself."""

from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

from tasks.callbacks.complaints import withdraw_complaint
from tasks.callbacks.corrections import Earlier
from tasks.callbacks.numbers import number_is_right
from tasks.callbacks.refusals import lift_refusal
from tasks.callbacks.settling import open_again
from tasks.callbacks.tables import Outcome
from tasks.kernel.unit import Unit
from tasks.ledger import journal
from tasks.promises.service import withdraw


async def take_back(unit: Unit, earlier: Earlier, staff_id: UUID) -> None:
    """Undo what the (now void) callback did to the customer. The caller holds the contact-state lock."""
    undo = _UNDO.get(earlier.outcome)
    if undo:
        await undo(unit, earlier, staff_id)
    if earlier.settled_at is not None:
        await open_again(unit, earlier.customer_id, earlier.settled_at)


_CALL_OFF: Final = """
update appointment set status = 'cancelled', cancelled_at = :now
where merchant_id = :merchant and id = :id and external_id is null and status in ('booked', 'confirmed') returning id
"""


_NO_CREDIT: Final = """
update credit set revoked_at = :now, revoke_reason = 'corrected'
where merchant_id = :merchant and evidence_id = :id and kind = 'booked' and revoked_at is null returning reason_id
"""
_NOT_CONVERTED: Final = """
update enrolment e set state = 'completed' from task_reason r
where r.merchant_id = :merchant and r.id = :reason and e.merchant_id = :merchant and e.id = r.enrolment_id and e.state = 'converted'
"""


async def _call_off(unit: Unit, earlier: Earlier, _staff_id: UUID) -> None:
    """The appointment was never made, unless the POS has it by now: then it is the POS's to cancel."""
    made = earlier.made("appointmentId")
    if made is None or not await unit.scalar(_CALL_OFF, id=made):
        return
    await journal.settle(unit, "appointment", [made], [], historic=False)
    credited = await unit.row(_NO_CREDIT, id=made)
    if credited and credited["reason_id"]:
        await unit.run(_NOT_CONVERTED, reason=credited["reason_id"])


async def _withdraw_promise(unit: Unit, earlier: Earlier, _staff_id: UUID) -> None:
    await withdraw(unit, earlier.id)


async def _number_is_right(unit: Unit, earlier: Earlier, _staff_id: UUID) -> None:
    made = earlier.made("contactPointId")
    if made is not None:
        await number_is_right(unit, earlier.customer_id, made)


async def _lift_refusal(unit: Unit, earlier: Earlier, staff_id: UUID) -> None:
    await lift_refusal(unit, earlier.customer_id, earlier.received_at, staff_id)


async def _no_complaint(unit: Unit, earlier: Earlier, _staff_id: UUID) -> None:
    event = earlier.made("eventId")
    if event is not None:
        await withdraw_complaint(unit, earlier.customer_id, event, earlier.made("recoveryTaskId"))


_UNDO: Final[dict[Outcome, Callable[[Unit, Earlier, UUID], Awaitable[None]]]] = {
    Outcome.BOOKED: _call_off,
    Outcome.WILL_COME: _withdraw_promise,
    Outcome.WRONG_NUMBER: _number_is_right,
    Outcome.REFUSED_CONTACT: _lift_refusal,
    Outcome.COMPLAINT: _no_complaint,
}
"""Outcome → how it is taken back. The others did nothing to the customer that is not read from the callback itself, which is void."""
