"""`/v1/staff/actions` over HTTP: each action is read, done, refused and answered by itself."""

from typing import Any

from backend.app import create_app
from backend.http.contract import contract
from backend.services import Services
from tasks.flow.action_kinds import KINDS
from tasks.kernel.ids import new_id
from tests.architecture.source import ROOT
from tests.http.salon import Salon
from tests.support.clock import TestClock

ACTIONS = "/v1/staff/actions"
CALL_OF_KIND = {
    "claim": "ClaimTask",
    "start": "StartTask",
    "snooze": "SnoozeTask",
    "release": "ReleaseTask",
    "copy_script": "CopyScript",
    "log_callback": "LogCallback",
    "undo": "UndoCallback",
    "create_task": "CreateOwnTask",
    "record_event": "RecordStaffEvent",
    "mark_read": "ReadNotifications",
    "create_customer": "CreateCustomer",
    "log_contact": "LogContact",
    "undo_contact": "UndoContact",
    "arrival": "RecordArrival",
    "sale": "RecordSale",
    "top_up": "RecordTopUp",
    "card_use": "RecordCardUse",
    "appointment": "BookAppointment",
    "change_appointment": "ChangeAppointment",
    "void_entry": "VoidDeskEntry",
}
ONLINE = {
    "ReplayActions": "is the call itself",
    "RevealPhone": "a full number never waits on a phone",
    "AnnounceAttachment": "the bytes need reception anyway",
    "UploadAttachment": "as above",
    "PutDevice": "says where pushes go, which needs reception",
    "DeleteDevice": "as above",
}
AT = "2026-03-02T07:59:00+08:00"


def act(kind: str, body: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"kind": kind, "actionId": str(new_id()), "occurredAt": AT, "body": body, **more}


async def post(salon: Salon, who: str, *actions: Any, **more: Any) -> dict[str, Any]:
    answer = await (await salon.caller(who)).post(ACTIONS, json={"actions": list(actions), **more})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_bad_action_costs_only_itself(salon: Salon, clock: TestClock) -> None:
    await clock.now()
    task = str(await salon.task("S1", None))
    elsewhere = str(await salon.task("S2", None))
    sent = [
        act("claim", {"taskId": task}),
        act("start", {"taskId": "nonsense"}),
        act("teleport", {"taskId": task}),
        {"kind": "start", "occurredAt": AT, "body": {"taskId": task}},
        act("start", {"taskId": elsewhere}),
        act("start", {"taskId": task, "colour": "red"}),
        act("start", {"taskId": task}) | {"occurredAt": "0001-01-01T00:00:00Z"},
        act("log_callback", {"taskId": task, "outcome": "booked"}),
        act("start", {"taskId": task}),
    ]
    results = (await post(salon, "employee", *sent))["results"]
    assert [one["verdict"] for one in results] == ["applied", *["rejected"] * 7, "applied"]
    codes = [one["problem"] and (one["problem"]["code"], one["problem"]["status"], one["final"]) for one in results]
    unread = ("invalid-request", 422, True)
    later, absent, wrong = ("invalid-request", 422, False), ("not-found", 404, True), ("invalid", 422, True)
    assert codes == [None, unread, later, unread, absent, unread, unread, wrong, None]
    assert results[1]["problem"]["errors"][0]["field"] == "body.taskId"
    assert results[2]["problem"]["errors"][0]["field"] == "kind"
    assert results[5]["problem"]["errors"][0]["field"] == "body.colour"
    assert results[8]["answer"]["status"] == "in_progress"
    again = (await post(salon, "employee", *sent))["results"]
    assert [one["verdict"] for one in again] == [
        "duplicate", "duplicate", "rejected", "rejected", "duplicate", "duplicate", "duplicate", "duplicate", "duplicate",
    ]  # fmt: skip
    assert [one["first"] for one in again] == [one["verdict"] for one in results]
    assert [one["problem"] and one["problem"]["detail"] for one in again] == [
        one["problem"] and one["problem"]["detail"] for one in results
    ]


async def test_a_problem_is_said_in_the_language_of_who_asks(salon: Salon, clock: TestClock) -> None:
    await clock.now()
    lost = act("start", {"taskId": str(new_id())})
    caller = await salon.caller("employee")
    said = [
        (await caller.post(ACTIONS, json={"actions": [lost]}, headers={"accept-language": language})).json()
        for language in ("en", "zh-CN")
    ]
    details = [one["results"][0]["problem"]["detail"] for one in said]
    assert details == ["No such task", "找不到该任务"]


async def test_gaps_are_told_and_a_call_must_be_a_list_of_actions(salon: Salon, clock: TestClock) -> None:
    await clock.now()
    task = str(await salon.task("S1", "employee"))
    device = str(new_id())
    found = await post(salon, "employee", act("start", {"taskId": task}, seq=3), installationId=device)
    assert found["sequence"] == {"highest": 3, "missing": [1, 2]}
    assert (await post(salon, "employee", act("start", {"taskId": task})))["sequence"] is None
    caller = await salon.caller("employee")
    many = [act("start", {"taskId": task})] * 101
    wrongs: tuple[Any, ...] = ({"actions": []}, {"actions": many}, {"actions": [], "x": 1}, {}, [])
    for wrong in wrongs:
        assert (await caller.post(ACTIONS, json=wrong)).status_code == 422
    assert (await caller.post(ACTIONS, content=b"{", headers={"content-type": "application/json"})).status_code == 400


async def test_a_call_with_a_key_is_the_same_action(salon: Salon, clock: TestClock) -> None:
    await clock.now()
    task = await salon.task("S1", None)
    caller = await salon.caller("employee")
    key = str(new_id())
    path = f"/v1/staff/tasks/{task}/claim"
    first = await caller.post(path, headers={"idempotency-key": key})
    second = await caller.post(path, headers={"idempotency-key": key})
    assert (first.json()["changed"], second.json()) == (True, first.json())
    sent = {"kind": "claim", "actionId": key, "occurredAt": AT, "body": {"taskId": str(task)}}
    (result,) = (await post(salon, "employee", sent))["results"]
    assert (result["verdict"], result["first"], result["answer"]) == ("duplicate", "applied", first.json())
    reused = await caller.post(f"/v1/staff/tasks/{task}/release", headers={"idempotency-key": key})
    assert (reused.status_code, reused.json()["code"]) == (422, "action-reused")
    assert (await caller.post(path, headers={"idempotency-key": "nonsense"})).status_code == 422
    copied = {"variant": "second_visit/a", "text": "您好"}
    for _ in range(2):
        answer = await caller.post(
            f"/v1/staff/tasks/{task}/script-copies", json=copied, headers={"idempotency-key": str(task)}
        )
        assert answer.status_code == 201
    assert await salon.rows("select count(*) as n from script_copy where merchant_id = :merchant") == [{"n": 1}]


async def test_the_next_task_is_kept_for_who_asked(salon: Salon, clock: TestClock) -> None:
    await clock.now()
    task = str(await salon.task("S1", None))
    employee, colleague = await salon.caller("employee"), await salon.caller("colleague")
    offered = (await employee.get("/v1/staff/tasks/next")).json()["task"]
    assert (offered["id"], offered["reservedBy"]) == (task, "员工employee")
    assert (await colleague.get("/v1/staff/tasks/next")).json() == {"task": None}
    (seen,) = (await colleague.get("/v1/staff/tasks")).json()["items"]
    assert (seen["reservedBy"], seen["pool"]) == ("员工employee", True)
    store = salon.stores["S2"]
    assert (await employee.get(f"/v1/staff/tasks/next?store={store}")).status_code == 404
    assert (await employee.get(f"/v1/staff/tasks?store={store}")).status_code == 404
    assert (await employee.get(f"/v1/staff/tasks?store={salon.stores['S1']}")).json()["counts"]["today"] == 1


def test_every_write_of_the_staff_app_is_a_kind_of_action(services: Services) -> None:
    paths = contract(create_app(services))["paths"]
    writes = {
        item[method]["operationId"]
        for path, item in paths.items()
        if path.startswith("/v1/staff")
        for method in ("post", "put", "delete", "patch")
        if method in item
    }
    assert set(CALL_OF_KIND) == set(KINDS)
    assert writes == set(CALL_OF_KIND.values()) | set(ONLINE)
    page = (ROOT / "docs" / "offline.md").read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"`{kind}`" not in page] == []
