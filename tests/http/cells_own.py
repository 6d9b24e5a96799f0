"""X1 cells of an employee's own tasks and events."""

from typing import Final

from tasks.kernel.ids import new_id
from tests.http.cell import Ask, Cell
from tests.http.salon import Salon


async def own_task(salon: Salon) -> Ask:
    now = (await salon.rows("select cast(:now as timestamptz) + interval '2 days' as at"))[0]["at"]
    body = {"customerId": str(salon.customers["S1"]), "contactAt": now.isoformat(), "words": "提醒她补色"}
    return "/v1/staff/tasks", body, {"idempotency-key": str(new_id())}


async def staff_event(salon: Salon) -> Ask:
    body = {"customerId": str(salon.customers["S1"]), "type": "sample_taken", "product": "保湿面霜"}
    return "/v1/staff/events", body, {"idempotency-key": str(new_id())}


OWN: Final = {
    "CreateOwnTask": Cell(own_task, "employee", 201, names_a_thing=True, same_store_only=True),
    "RecordStaffEvent": Cell(staff_event, "employee", 201, names_a_thing=True, same_store_only=True),
}
"""Operation → cell."""
