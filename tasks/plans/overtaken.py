"""Passages that what happened ends before they fire: the event their plan names under `unless`, and a cancelled appointment under its reminders."""

from collections.abc import Sequence
from typing import Final

from tasks.events.happened import Happened
from tasks.kernel.unit import Unit
from tasks.people.contact_state import lock_contact_state
from tasks.plans.ending import end_waiting
from tasks.plans.matching import STARTS_AT

_WATCHED: Final = """
select distinct v.definition #>> '{trigger,unless,event}' as type from plan_version v
where v.merchant_id = :merchant and v.definition #>> '{trigger,unless,event}' is not null
"""
"""The events that end something, in any version: passages stay on the one they began on."""

_OVERTAKEN: Final = """
select distinct on (e.id) e.id, e.customer_id, n.type from event n
join enrolment e on e.merchant_id = n.merchant_id and e.customer_id = n.customer_id and e.state = 'waiting'
join plan_version v on v.merchant_id = n.merchant_id and v.id = e.version_id
join event cause on cause.merchant_id = n.merchant_id and cause.id = e.event_id and cause.id <> n.id
left join card_entry ce on ce.merchant_id = n.merchant_id and ce.id = n.ledger_id
where n.merchant_id = :merchant and n.id = any(cast(:events as uuid[])) and (
    (v.definition #>> '{trigger,unless,event}' = n.type and n.occurred_at >= cause.occurred_at
     and n.occurred_at <= cause.occurred_at
         + make_interval(secs => extract(epoch from cast(v.definition #>> '{trigger,unless,within}' as interval))::double precision)
     and (e.card_id is null or ce.card_id is null or ce.card_id = e.card_id))
    or (n.type = :cancelled and e.step = 0 and cause.ledger_id = n.ledger_id
        and v.definition #>> array['trigger', 'offsets', split_part(e.entry_key, ':', 2), 'before'] = :starts_at))
order by e.id, n.occurred_at, n.id
"""
CANCELLED: Final = "appointment_cancelled"


async def end_overtaken(unit: Unit, happened: Sequence[Happened]) -> int:
    """End the waiting passages that these events end, with the decision `exited:<event type>`; set-based. Returns how many.

    Customers are locked before their passages, the order in which everybody takes both.
    """
    watched = {row["type"] for row in await unit.rows(_WATCHED)} | {CANCELLED}
    events = [event.event_id for event in happened if event.type in watched]
    values = {"events": events, "cancelled": CANCELLED, "starts_at": STARTS_AT}
    found = await unit.rows(_OVERTAKEN, **values) if events else []
    if not found:
        return 0
    await lock_contact_state(unit, {row["customer_id"] for row in found})
    found = await unit.rows(_OVERTAKEN, **values)
    return await end_waiting(unit, [(row["id"], "exited", row["type"]) for row in found])
