"""X1 cells of attachments. An upload proves itself by its address: tests/http/test_attachments.py has what stands against strangers there."""

from typing import Any

from tests.http.cell import Ask, Cell
from tests.http.salon import Salon
from tests.support.files import PNG, announcement


async def announcing(salon: Salon) -> Ask:
    return "/v1/staff/attachments", announcement(await salon.task("S1", "employee"), PNG), {}


async def listing(salon: Salon) -> Ask:
    path, body, _ = await announcing(salon)
    await (await salon.caller("employee")).ask("POST", path, json=body)
    return f"/v1/staff/tasks/{body['taskId']}/attachments", None, {}


async def reading(salon: Salon) -> Ask:
    path, body, _ = await announcing(salon)
    expected: dict[str, Any] = await (await salon.caller("employee")).ask("POST", path, json=body)
    await salon.api.nobody().ask("PUT", expected["uploadUrl"], content=PNG)
    return f"/v1/staff/attachments/{expected['id']}", None, {}


ATTACHMENTS = {
    "AnnounceAttachment": Cell(announcing, "employee", 201, names_a_thing=True, same_store_only=True),
    "ListTaskAttachments": Cell(listing, "employee", 200, names_a_thing=True, same_store_only=True),
    "GetAttachment": Cell(reading, "employee", 200, names_a_thing=True, same_store_only=True),
}
