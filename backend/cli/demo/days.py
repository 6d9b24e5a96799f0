"""The days before the walk: employees do most of what is on their lists, so that the salon is in mid-flight."""

from datetime import timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from backend.db.units import Units
from tasks.flow.log_callback import CallbackFact, Outcome, log_callback
from tasks.kernel.ids import new_id
from tasks.kernel.scope import Role, StaffScope
from tasks.kernel.unit import Unit
from tasks.people.persons import open_customers

SHARE: Final = 75
"""Percent of the open tasks that are done each day."""
_OPEN = """
select t.id, t.assignee_id, t.store_id, t.customer_id, t.opens_at from task t
where t.merchant_id = :merchant and t.status = 'open' and t.assignee_id is not null
"""
_WEIGHTS: Final = {
    Outcome.NO_ANSWER: 40,
    Outcome.BOOKED: 33,
    Outcome.CALLBACK_REQUESTED: 20,
    Outcome.REFUSED_CONTACT: 7,
}


async def work_off(units: Units, merchant_id: UUID, random: Random) -> None:
    """Log a callback for most open tasks, by whoever has them."""
    async with units.open(merchant_id) as unit:
        rows = await unit.rows(_OPEN)
        codes = await open_customers(unit, [row["customer_id"] for row in rows])
        # Ids differ from run to run, the salon's own codes do not: the same salon every time.
        for row in sorted(rows, key=lambda row: (row["opens_at"], codes[row["customer_id"]].external_id or "")):
            if random.randrange(100) < SHARE:
                scope = StaffScope(merchant_id, row["assignee_id"], Role.EMPLOYEE, (row["store_id"],))
                await log_callback(unit, scope, _fact(unit, row["id"], random))


def _fact(unit: Unit, task_id: UUID, random: Random) -> CallbackFact:
    (outcome,) = random.choices(list(_WEIGHTS), list(_WEIGHTS.values()))
    return CallbackFact(
        action_id=new_id(),
        task_id=task_id,
        outcome=outcome,
        occurred_at=unit.now,
        fields=_fields(unit, outcome, random),
    )


def _fields(unit: Unit, outcome: Outcome, random: Random) -> dict[str, Any]:
    days = timedelta(days=random.randint(1, 5))
    if outcome is Outcome.BOOKED:
        return {"startsAt": (unit.now + days + timedelta(hours=3)).isoformat()}
    if outcome is Outcome.CALLBACK_REQUESTED:
        # Well before that day's round, or seconds would decide whether it is due then.
        return {"callbackAt": (unit.now + days - timedelta(hours=1)).isoformat()}
    if outcome is Outcome.REFUSED_CONTACT:
        return {"scope": "phone"}
    return {}
