"""X1 cells of merchants' own outcomes and reasons, and of undoing a refusal."""

from typing import Any, Final

from tasks.kernel.ids import new_id
from tests.http.cell import Ask, Cell, Make, plain
from tests.http.salon import Salon

OWN: Final[dict[str, Any]] = {"behaviour": "will_come", "name": "答应周末来"}
REASON: Final[dict[str, Any]] = {"name": "怀孕暂停"}


def on_entry(kind: str, before: str, body: dict[str, Any], *, replace: bool) -> Make:
    async def make(salon: Salon) -> Ask:
        path = f"/v1/owner/{kind}/{before}x{new_id().hex[-12:]}"
        made = await (await salon.caller("owner")).put(path, body)
        assert made.status_code == 201, made.text
        return path, body if replace else None, {"if-match": "*" if replace else made.headers["etag"]}

    return make


async def on_refusal(salon: Salon) -> Ask:
    task = await salon.task("S1", "employee")
    said = {
        "actionId": str(new_id()),
        "outcome": "refused_contact",
        "occurredAt": "2026-03-02T10:00:00+08:00",
        "fields": {"scope": "wechat"},
    }
    logged = await (await salon.caller("employee")).post(f"/v1/staff/tasks/{task}/callbacks", said)
    assert logged.status_code == 201, logged.text
    return f"/v1/staff/callbacks/{logged.json()['callbackId']}/undo", {"actionId": str(new_id())}, {}


OUTCOMES: Final[dict[str, Cell]] = {
    "ListOutcomes": Cell(plain("/v1/owner/outcomes?limit=50"), "owner"),
    "PutOutcome": Cell(on_entry("outcomes", "", OWN, replace=True), "owner", 200, names_a_thing=True),
    "DeactivateOutcome": Cell(on_entry("outcomes", "", OWN, replace=False), "owner", 204, names_a_thing=True),
    "ListOutcomeReasons": Cell(plain("/v1/owner/outcome-reasons?limit=50"), "owner"),
    "PutOutcomeReason": Cell(
        on_entry("outcome-reasons", "skipped:", REASON, replace=True), "owner", 200, names_a_thing=True
    ),
    "DeactivateOutcomeReason": Cell(
        on_entry("outcome-reasons", "skipped:", REASON, replace=False), "owner", 204, names_a_thing=True
    ),
    "UndoCallback": Cell(on_refusal, "employee", 200, names_a_thing=True, same_store_only=True),
}
