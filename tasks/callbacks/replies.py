"""Messages that wait for a reply: a booking or a visit upgrades them, and what nothing came back on is closed after its 48 hours. Set-based, bounded."""

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from tasks.callbacks.closing import ends
from tasks.callbacks.tables import Outcome
from tasks.events.happened import Happened
from tasks.kernel.unit import Unit
from tasks.people.contact_state import lock_contact_state
from tasks.plans.advancing import finish_step
from tasks.plans.passages import exit_passages
from tasks.plans.repository import definitions
from tasks.plans.states import ExitOn
from tasks.worklist.history import Told, tell
from tasks.worklist.repository import close_reasons
from tasks.worklist.states import CloseReason, TaskStatus

UPGRADES: Final[Mapping[str, ExitOn]] = {
    "appointment_booked": ExitOn.BOOKED,
    "service_completed": ExitOn.ARRIVED,
    "purchase": ExitOn.PURCHASED,
    "card_topped_up": ExitOn.TOPPED_UP,
}
"""Event type → what it is to a message that waits: she answered with her feet."""


class Answered(msgspec.Struct, frozen=True):
    """A task whose message was answered by what happened."""

    id: UUID
    store_id: UUID
    customer_id: UUID
    type: str


_ANSWERED: Final = """
select distinct on (t.id) t.id, t.store_id, t.customer_id, n.type
from unnest(cast(:types as text[]), cast(:customers as uuid[]), cast(:at as timestamptz[])) as n(type, customer_id, occurred_at)
join task t on t.merchant_id = :merchant and t.customer_id = n.customer_id and t.wait_kind = 'reply' and t.status = 'waiting'
where n.occurred_at > (select max(b.occurred_at) from callback b where b.merchant_id = :merchant and b.task_id = t.id
                       and b.outcome = 'message_sent' and b.void_at is null)
order by t.id, n.occurred_at, n.type
"""
_LOCK: Final = (
    "select id from task where merchant_id = :merchant and id = any(cast(:ids as uuid[])) order by id for update"
)
_CLOSE: Final = """
update task t set status = 'done', close_reason = u.why, closed_at = :now, wait_until = null, wait_kind = null
from unnest(cast(:ids as uuid[]), cast(:whys as text[])) as u(id, why)
where t.merchant_id = :merchant and t.id = u.id and t.status = 'waiting' and t.wait_kind = 'reply'
returning t.id
"""
_HEARD: Final = """
update contact c set reached = true from callback b
where b.merchant_id = :merchant and b.task_id = any(cast(:tasks as uuid[])) and b.outcome = 'message_sent' and b.void_at is null
  and c.merchant_id = :merchant and c.id = b.contact_id and not c.reached
"""


async def upgrade_replies(unit: Unit, happened: Sequence[Happened]) -> list[UUID]:
    """Close the tasks whose message was followed by a booking, a visit, a purchase or a top-up, as done for that reason; returns them in id order.

    It is work that was done: it stays in the denominator, where a task that closes as moot would leave it. Runs before the moot guard.
    """
    news = [event for event in happened if event.type in UPGRADES]
    if not news or not await _answered(unit, news):
        return []
    # With everybody else of the batch: what comes after locks them, too, and locks are taken in one order.
    await lock_contact_state(unit, [event.customer_id for event in happened])
    answered = await _answered(unit, news)
    await unit.run(_LOCK, ids=[one.id for one in answered])
    whys = [CloseReason(UPGRADES[one.type].value).value for one in answered]
    closed = {row["id"] for row in await unit.rows(_CLOSE, ids=[one.id for one in answered], whys=whys)}
    done = [one for one in answered if one.id in closed]
    await unit.run(_HEARD, tasks=[one.id for one in done])
    for exit_on in sorted({UPGRADES[one.type] for one in done}):
        await _end_parts(unit, [one.id for one in done if UPGRADES[one.type] is exit_on], exit_on)
    await tell(unit, [_told(one.id, one.store_id, "replied", UPGRADES[one.type].value) for one in done])
    return [one.id for one in done]


async def _answered(unit: Unit, news: Sequence[Happened]) -> list[Answered]:
    return await unit.structs(
        Answered, _ANSWERED, types=[event.type for event in news], customers=[event.customer_id for event in news],
        at=[event.occurred_at for event in news],
    )  # fmt: skip


async def _end_parts(unit: Unit, tasks: list[UUID], exit_on: ExitOn) -> None:
    closed = await close_reasons(unit, tasks, CloseReason(exit_on.value), Outcome.MESSAGE_SENT.value)
    plans = await definitions(unit, [row.version_id for row in closed])
    exits = [row.enrolment_id for row in closed if ends(exit_on, plans[row.version_id].exit_on)]
    await exit_passages(unit, exits, exit_on.value)
    await finish_step(unit, [row.enrolment_id for row in closed if row.enrolment_id not in exits])


_SILENT: Final = """
with found as (select id from task where merchant_id = :merchant and status = 'waiting' and wait_kind = 'reply' and wait_until <= :now
               order by id limit :limit for update skip locked)
update task t set status = 'done', close_reason = 'sent_no_reply', closed_at = :now, wait_until = null, wait_kind = null
from found f where t.merchant_id = :merchant and t.id = f.id
returning t.id, t.store_id
"""


async def close_unanswered(unit: Unit, limit: int) -> int:
    """Close messages that nothing came back on in 48 hours, at most `limit`; returns how many. Plans go on with their next step: a second nudge is one."""
    rows = await unit.rows(_SILENT, limit=limit)
    tasks = [row["id"] for row in rows]
    if tasks:
        closed = await close_reasons(unit, tasks, CloseReason.SENT_NO_REPLY, Outcome.MESSAGE_SENT.value)
        await finish_step(unit, [row.enrolment_id for row in closed])
    reason = CloseReason.SENT_NO_REPLY.value
    await tell(unit, [_told(row["id"], row["store_id"], "closed", reason) for row in rows])
    return len(rows)


def _told(task_id: UUID, store_id: UUID, action: str, reason: str) -> Told:
    return Told(
        task_id=task_id,
        store_id=store_id,
        action=action,
        from_status=TaskStatus.WAITING.value,
        to_status=TaskStatus.DONE.value,
        detail={"reason": reason},
    )
