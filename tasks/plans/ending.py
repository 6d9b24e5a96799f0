"""How passages end that wait for their moment: with a decision that says why, as a run would have written it."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from tasks.kernel.unit import Unit

_END: Final = """
with ending as (
    select e.id, e.plan_id, e.version_id, e.scope_id, e.entry_key, e.step, e.customer_id, u.decided, u.reason
    from enrolment e join unnest(cast(:ids as uuid[]), cast(:what as text[]), cast(:whys as text[])) as u(id, decided, reason) on u.id = e.id
    where e.merchant_id = :merchant and e.state = 'waiting' order by e.id for update of e
),
told as (
    insert into decision (merchant_id, id, plan_id, version_id, enrolment_id, scope_id, entry_key, step, customer_id, decided, reason, decided_at)
    select :merchant, new_uuid7(), e.plan_id, e.version_id, e.id, e.scope_id, e.entry_key, e.step, e.customer_id, e.decided, e.reason, :now from ending e
    on conflict (scope_id, plan_id, entry_key, step, merchant_id) do update
        set decided = excluded.decided, reason = excluded.reason, decided_at = excluded.decided_at where decision.decided = 'deferred'
)
update enrolment e set state = 'exited', exit_reason = coalesce(n.reason, n.decided), closed_at = :now
from ending n where e.merchant_id = :merchant and e.id = n.id
"""


async def end_waiting(unit: Unit, ended: Sequence[tuple[UUID, str, str | None]]) -> int:
    """End the passages that still wait, each with its decision (`exited` or `too_late`) and reason; returns how many."""
    if not ended:
        return 0
    ids, what, whys = zip(*ended, strict=True)
    return (await unit.run(_END, ids=list(ids), what=list(what), whys=list(whys))).rowcount
