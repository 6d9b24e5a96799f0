"""X1 cells of what phones send."""

from typing import Final

from tasks.kernel.ids import new_id
from tests.http.cell import Ask, Cell, plain
from tests.http.salon import Salon


async def replay(_salon: Salon) -> Ask:
    act = {
        "kind": "start",
        "actionId": str(new_id()),
        "occurredAt": "2026-03-02T10:00:00+08:00",
        "body": {"taskId": str(new_id())},
    }
    return "/v1/staff/actions", {"actions": [act]}, {}


ACTIONS: Final[dict[str, Cell]] = {
    "ReplayActions": Cell(replay, "employee"),
    "NextTask": Cell(plain("/v1/staff/tasks/next"), "employee"),
}
