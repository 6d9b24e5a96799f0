"""A complaint is settled when somebody has reached her about it: then she may be contacted again; marketing goes on resting."""

from datetime import datetime
from typing import Final
from uuid import UUID

from tasks.callbacks.deeds import Deed
from tasks.callbacks.meanings import MEANINGS
from tasks.callbacks.tables import Outcome
from tasks.kernel.unit import Unit

_UNSETTLED: Final = frozenset({Outcome.COMPLAINT, Outcome.REFUSED_CONTACT})
"""She was reached, and it is not well."""
_SETTLE: Final = """
with settled as (
    select s.customer_id, s.complaint_at from customer_contact_state s join task t on t.merchant_id = :merchant and t.id = :task
    where s.merchant_id = :merchant and s.customer_id = t.customer_id and s.complaint_at is not null and t.status = 'done'
      and (t.cause in ('complaint', 'bad_review') or exists (
        select from task_reason r join event e on e.merchant_id = :merchant and e.id = r.event_id
        where r.merchant_id = :merchant and r.task_id = t.id and e.type in ('complaint', 'bad_review'))))
update customer_contact_state s set complaint_at = null from settled x
where s.merchant_id = :merchant and s.customer_id = x.customer_id returning x.complaint_at
"""


async def settle_complaint(unit: Unit, deed: Deed) -> dict[str, datetime]:
    """Close the complaint when this callback reached her and ended the task that was to make it good.

    Returns since when it had been open, under `complaintAt`, for a correction to bring it back; empty when nothing was settled. The caller holds the
    contact-state lock.
    """
    if not (deed.moves and MEANINGS[deed.outcome].reached) or deed.outcome in _UNSETTLED:
        return {}
    since = await unit.scalar(_SETTLE, task=deed.task.id)
    return {"complaintAt": since} if since else {}


async def open_again(unit: Unit, customer_id: UUID, since: datetime) -> None:
    """She was not reached after all: the complaint is open as it was."""
    await unit.run(
        "update customer_contact_state set complaint_at = least(complaint_at, cast(:since as timestamptz)) "
        "where merchant_id = :merchant and customer_id = :customer",
        customer=customer_id, since=since,
    )  # fmt: skip
