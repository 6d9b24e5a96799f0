"""What sync and the stream are asked with."""

from tests.http.cell import Ask, Cell, plain
from tests.http.salon import Salon


async def after_a_change(salon: Salon) -> Ask:
    await salon.task("S1", "employee")
    return "/v1/staff/sync/tasks?include=detail&limit=100", None, {"Installation-Id": "phone-1"}


SYNC = {
    "SyncTasks": Cell(after_a_change, "employee"),
    "StreamTasks": Cell(plain("/v1/staff/stream"), "employee"),
}
