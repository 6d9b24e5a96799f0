"""Outcomes over HTTP: the owner's own codes reach the phone and are logged, a callback is corrected, a refusal undone."""

from typing import Any

from tasks.kernel.ids import new_id
from tests.http.salon import Salon
from tests.support.clock import TestClock

AT = "2026-03-02T08:00:00+08:00"


def said(outcome: str, **more: Any) -> dict[str, Any]:
    return {"actionId": str(new_id()), "outcome": outcome, "occurredAt": AT} | more


async def test_an_owners_outcome_and_reason_are_logged_by_their_code(salon: Salon, clock: TestClock) -> None:
    await clock.now()
    owner, employee = await salon.caller("owner"), await salon.caller("employee")
    code, why = f"w{new_id().hex[-8:]}", f"p{new_id().hex[-8:]}"
    made = await owner.put(f"/v1/owner/outcomes/{code}", {"behaviour": "not_interested", "name": "孕期"})
    assert (made.status_code, made.json()["behaviour"]) == (201, "not_interested")
    assert (await owner.put(f"/v1/owner/outcomes/{code}", {"behaviour": "booked", "name": "x"})).status_code == 428
    moved = await owner.put(
        f"/v1/owner/outcomes/{code}", {"behaviour": "booked", "name": "x"}, headers={"if-match": made.headers["etag"]}
    )
    assert (moved.status_code, moved.json()["errors"][0]["field"]) == (422, "behaviour")
    reason = await owner.put(f"/v1/owner/outcome-reasons/not_interested:{why}", {"name": "怀孕"})
    assert (reason.status_code, reason.json()["topic"], reason.json()["code"]) == (201, "not_interested", why)
    assert (await owner.put(f"/v1/owner/outcome-reasons/mood:{why}", {"name": "怀孕"})).status_code == 404
    listed = (await owner.get("/v1/owner/outcomes?limit=100")).json()["items"]
    assert code in {item["code"] for item in listed}
    task = await salon.task("S1", "employee")
    answer = await employee.post(f"/v1/staff/tasks/{task}/callbacks", said(code, fields={"reason": why}))
    assert (answer.status_code, answer.json()["outcome"], answer.json()["status"]) == (201, "not_interested", "done")
    unknown = await employee.post(f"/v1/staff/tasks/{task}/callbacks", said("invented"))
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "outcome")


async def test_a_callback_is_corrected_by_its_author(salon: Salon, clock: TestClock) -> None:
    await clock.now()
    task = await salon.task("S1", "employee")
    employee, colleague = await salon.caller("employee"), await salon.caller("colleague")
    first = (await employee.post(f"/v1/staff/tasks/{task}/callbacks", said("no_answer"))).json()
    right = said("will_come", corrects=first["callbackId"], fields={"promisedOn": "2026-03-20"})
    refused = await colleague.post(f"/v1/staff/tasks/{task}/callbacks", right)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    answer = await employee.post(f"/v1/staff/tasks/{task}/callbacks", right)
    assert answer.status_code == 201, answer.text
    assert (answer.json()["corrects"], answer.json()["attempts"]) == (first["callbackId"], 1)
    again = await employee.post(f"/v1/staff/tasks/{task}/callbacks", said("busy", corrects=first["callbackId"]))
    assert (again.status_code, again.json()["code"]) == (409, "callback-void")


async def test_a_refusal_is_undone_alone_or_among_other_actions(salon: Salon, clock: TestClock) -> None:
    await clock.now()
    employee = await salon.caller("employee")
    task = await salon.task("S1", "employee")
    refused = said("refused_contact", fields={"scope": "wechat"})
    callback = (await employee.post(f"/v1/staff/tasks/{task}/callbacks", refused)).json()["callbackId"]
    action = {"actionId": str(new_id())}
    undone = await employee.post(f"/v1/staff/callbacks/{callback}/undo", action)
    assert (undone.status_code, undone.json()["verdict"], undone.json()["noWechat"]) == (200, "applied", False)
    batch = {"actions": [action | {"kind": "undo", "occurredAt": AT, "body": {"callbackId": callback}}]}
    (same,) = (await employee.post("/v1/staff/actions", batch)).json()["results"]
    assert (same["verdict"], same["first"]) == ("duplicate", "applied"), "a single call equals one action"
    void = await employee.post(f"/v1/staff/callbacks/{callback}/undo", {"actionId": str(new_id())})
    assert (void.status_code, void.json()["code"]) == (409, "callback-void")
    plain = (await employee.post(f"/v1/staff/tasks/{task}/callbacks", said("no_answer"))).json()["callbackId"]
    other = await employee.post(f"/v1/staff/callbacks/{plain}/undo", {"actionId": str(new_id())})
    assert (other.status_code, other.json()["code"]) == (409, "callback-not-undoable")
    english = await employee.get(f"/problems/{other.json()['code']}", headers={"accept-language": "en"})
    assert english.status_code == 200
