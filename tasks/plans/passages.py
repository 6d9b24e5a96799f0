"""How a passage through a plan ends. Each function takes only passages that are still on their way and returns how many it ended."""

from collections.abc import Sequence
from uuid import UUID

from tasks.kernel.unit import Unit

_END = """
with locked as (select id from enrolment
                where merchant_id = :merchant and id = any(cast(:ids as uuid[])) and state in ('waiting', 'active') order by id for update)
update enrolment e set state = :state, exit_reason = :reason, closed_at = :now
from locked l where e.merchant_id = :merchant and e.id = l.id
"""


async def exit_passages(unit: Unit, enrolment_ids: Sequence[UUID], reason: str) -> int:
    """They left early; `reason` is the event or rule, such as `arrived`."""
    return await _end(unit, enrolment_ids, "exited", reason)


async def convert_passages(unit: Unit, enrolment_ids: Sequence[UUID]) -> int:
    """The plan's goal was met. A passage that had completed converts too: the goal's window outlives the task."""
    done = await unit.run(
        "update enrolment set state = 'converted', closed_at = coalesce(closed_at, :now) "
        "where merchant_id = :merchant and id = any(cast(:ids as uuid[])) and state in ('waiting', 'active', 'completed', 'exited')",
        ids=list(enrolment_ids),
    )
    return done.rowcount


async def _end(unit: Unit, enrolment_ids: Sequence[UUID], state: str, reason: str | None) -> int:
    if not enrolment_ids:
        return 0
    return (await unit.run(_END, ids=list(enrolment_ids), state=state, reason=reason)).rowcount
