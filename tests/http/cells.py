"""X1: what each operation is asked with, by whom it may be asked, and by whom not. An operation without an entry fails the matrix."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from tasks.kernel.ids import new_id
from tests.http.cell import Ask, Cell, Make, plain
from tests.http.cells_actions import ACTIONS
from tests.http.cells_attachments import ATTACHMENTS
from tests.http.cells_audience import AUDIENCE
from tests.http.cells_benefits import BENEFITS
from tests.http.cells_catalog import CATALOG
from tests.http.cells_desk import DESK_CELLS
from tests.http.cells_insight import INSIGHT
from tests.http.cells_outcomes import OUTCOMES
from tests.http.cells_own import OWN
from tests.http.cells_plans import PLANS
from tests.http.cells_push import PUSH
from tests.http.cells_schedules import SCHEDULES
from tests.http.cells_segments import SEGMENTS
from tests.http.cells_sync import SYNC
from tests.http.salon import PASSWORD, Salon


def on_task(suffix: str, body: Callable[[], Any] = lambda: None, *, assignee: str | None = "employee") -> Make:
    async def make(salon: Salon) -> Ask:
        task_id = await salon.task("S1", assignee)
        return f"/v1/staff/tasks/{task_id}{suffix}", body(), {}

    return make


async def on_key(salon: Salon) -> Ask:
    owner = await salon.caller("owner")
    await owner.ask("POST", "/v1/owner/api-keys", json={"name": "to revoke"})
    newest: UUID = (await salon.rows("select id from api_key where merchant_id = :merchant order by id desc limit 1"))[
        0
    ]["id"]
    return f"/v1/owner/api-keys/{newest}", None, {}


async def on_customer(salon: Salon) -> Ask:
    await salon.task("S1", "employee", "in_progress")
    return f"/v1/staff/customers/{salon.customers['S1']}/reveal-phone", None, {}


def books(kind: str, item: Mapping[str, Any]) -> Make:
    return plain(f"/v1/intake/{kind}:batch", {"items": [dict(item)]})


def callback() -> dict[str, Any]:
    return {"actionId": str(new_id()), "outcome": "no_answer", "occurredAt": "2026-03-02T10:00:00+08:00"}


def event() -> dict[str, Any]:
    return {"specversion": "1.0", "id": str(new_id()), "source": "pos", "type": "service_completed", "data": {}}


def copied() -> dict[str, Any]:
    return {"variant": "second_visit/a", "text": "您好"}


STAFF = {
    "Me": Cell(plain("/v1/staff/me"), "employee"),
    "ListTasks": Cell(plain("/v1/staff/tasks?bucket=today&limit=50"), "employee"),
    "GetTask": Cell(on_task(""), "employee", 200, names_a_thing=True, same_store_only=True),
    "ClaimTask": Cell(on_task("/claim", assignee=None), "employee", 200, names_a_thing=True, same_store_only=True),
    "StartTask": Cell(on_task("/start"), "employee", 200, names_a_thing=True, same_store_only=True),
    "SnoozeTask": Cell(
        on_task("/snooze", lambda: {"until": "2026-03-02T16:00:00+08:00"}),
        "employee",
        200,
        names_a_thing=True,
        same_store_only=True,
    ),
    "ReleaseTask": Cell(on_task("/release"), "employee", 200, names_a_thing=True, same_store_only=True),
    "CopyScript": Cell(on_task("/script-copies", copied), "employee", 201, names_a_thing=True, same_store_only=True),
    "LogCallback": Cell(on_task("/callbacks", callback), "employee", 201, names_a_thing=True, same_store_only=True),
    "RevealPhone": Cell(on_customer, "employee", 200, names_a_thing=True, same_store_only=True),
    "Logout": Cell(plain("/v1/auth/logout"), "leaver", 204),
    "ChangePassword": Cell(
        plain("/v1/auth/password", {"current": PASSWORD, "password": PASSWORD + "!"}), "changer", 204
    ),
}
OWNER = {
    "CreateApiKey": Cell(plain("/v1/owner/api-keys", {"name": "POS"}), "owner", 201),
    "ListApiKeys": Cell(plain("/v1/owner/api-keys"), "owner"),
    "RevokeApiKey": Cell(on_key, "owner", 204, names_a_thing=True),
}
INTAKE = {
    "AcceptEvents": Cell(plain("/v1/intake/events", event()), "key"),
    "UpsertCustomers": Cell(books("customers", {"externalId": "C-X1", "name": "某某"}), "key"),
    "UpsertProducts": Cell(books("products", {"code": "CUT", "name": "剪发", "kind": "service"}), "key"),
    "UpsertCardProducts": Cell(books("card-products", {"code": "SV", "name": "充值卡", "kind": "stored_value"}), "key"),
    "UpsertCards": Cell(
        books(
            "cards", {"externalId": "K", "product": "SV", "customer": "C-S1", "store": "S1", "openedOn": "2026-03-01"}
        ),
        "key",
    ),
    "UpsertSales": Cell(books("sales", {"externalId": "R", "store": "S1", "at": "2026-03-01T12:00:00+08:00"}), "key"),
    "UpsertAppointments": Cell(
        books("appointments", {"externalId": "A", "store": "S1", "startsAt": "2026-03-09T12:00:00+08:00"}), "key"
    ),
    "RecordVisits": Cell(
        books("visits", {"customer": "C-S1", "store": "S1", "at": "2026-03-01T12:00:00+08:00"}), "key"
    ),
}
MANAGER = {
    "Completion": Cell(plain("/v1/manager/completion?from=2026-03-01&to=2026-03-02&by=employee"), "manager"),
    "ListStoreTasks": Cell(plain("/v1/manager/tasks?limit=50"), "manager"),
}
CELLS: dict[str, Cell] = (
    STAFF
    | OWNER
    | INTAKE
    | MANAGER
    | AUDIENCE
    | PUSH
    | SCHEDULES
    | CATALOG
    | SEGMENTS
    | INSIGHT
    | BENEFITS
    | PLANS
    | OUTCOMES
    | ACTIONS
    | ATTACHMENTS
    | DESK_CELLS
    | SYNC
    | OWN
)
OPEN = {"Live", "Ready", "Late", "Metrics", "ListProblems", "GetProblem", "Login", "Refresh", "UploadAttachment"}
"""Operations that everybody may ask."""
