"""The staff surface over HTTP: pages that follow each other, one winner, a callback answered once, and what a manager sees of it."""

import asyncio
from typing import Any

from tasks.kernel.ids import new_id
from tests.http.salon import Salon
from tests.support.clock import TestClock

TASKS = "/v1/staff/tasks"


async def test_pages_follow_the_link_until_the_end(salon: Salon, clock: TestClock) -> None:
    await clock.now()
    made = {str(await salon.task("S1", "employee")) for _ in range(7)}
    employee = await salon.caller("employee")
    seen: list[str] = []
    path: str | None = f"{TASKS}?limit=3"
    while path:
        answer = await employee.get(path)
        body = answer.json()
        seen += [item["id"] for item in body["items"]]
        assert body["counts"]["today"] == 7
        path = answer.links["next"]["url"] if "next" in answer.links else None
        assert (body["nextCursor"] is None) == (path is None)
    assert len(seen) == 7
    assert set(seen) == made


async def test_a_race_for_a_task_has_one_winner_whose_name_the_others_learn(salon: Salon, clock: TestClock) -> None:
    await clock.now()
    for _ in range(5):
        task = await salon.task("S1", None)
        callers = [await salon.caller(who) for who in ("employee", "colleague", "manager")]
        answers = await asyncio.gather(*(caller.post(f"{TASKS}/{task}/claim") for caller in callers))
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
        (won,) = [answer for answer in answers if answer.status_code == 200]
        (row,) = await salon.rows("select assignee_id from task where merchant_id = :merchant and id = :id", id=task)
        assert str(row["assignee_id"]) == won.json()["assigneeId"]
        winner = next(name for name, staff_id in salon.staff.items() if staff_id == row["assignee_id"])
        lost = [answer.json() for answer in answers if answer.status_code == 409]
        assert {(each["code"], each["detail"]) for each in lost} == {
            ("task-already-claimed", f"员工{winner} 已经在跟进这位客户")
        }
        again = await callers[answers.index(won)].post(f"{TASKS}/{task}/claim")
        assert (again.status_code, again.json()["changed"]) == (200, False)


async def test_an_action_is_answered_once_for_ever(salon: Salon, clock: TestClock) -> None:
    await clock.now()
    task = await salon.task("S1", "employee")
    employee = await salon.caller("employee")
    body: dict[str, Any] = {
        "actionId": str(new_id()),
        "outcome": "no_answer",
        "occurredAt": "2026-03-02T08:00:00+08:00",
    }
    first = (await employee.post(f"{TASKS}/{task}/callbacks", body)).json()
    assert first["verdict"] == "applied"
    again = (await employee.post(f"{TASKS}/{task}/callbacks", body)).json()
    assert (again["verdict"], again["first"], again["callbackId"]) == ("duplicate", "applied", first["callbackId"])
    other = await employee.post(
        f"{TASKS}/{task}/callbacks", body | {"outcome": "refused_contact", "fields": {"scope": "all"}}
    )
    assert (other.status_code, other.json()["code"]) == (422, "action-reused")
    rows = await salon.rows("select outcome from callback where merchant_id = :merchant and task_id = :id", id=task)
    assert [row["outcome"] for row in rows] == ["no_answer"]


async def test_a_number_is_shown_inside_the_own_open_task_and_counted(salon: Salon, clock: TestClock) -> None:
    await clock.now()
    path = f"/v1/staff/customers/{salon.customers['S1']}/reveal-phone"
    employee = await salon.caller("employee")
    assert (await employee.post(path)).status_code == 404
    await salon.task("S1", "employee", "in_progress")
    shown = [(await employee.post(path)).json()["phone"] for _ in range(2)]
    assert shown[0] == shown[1]
    assert len(shown[0]) == 11
    assert (await (await salon.caller("colleague")).post(path)).status_code in {404, 409}
    rows = await salon.rows("select staff_id, times from phone_reveal where merchant_id = :merchant")
    assert rows == [{"staff_id": salon.staff["employee"], "times": 2}]


async def test_a_manager_sees_what_the_store_did_and_no_other_store(salon: Salon, clock: TestClock) -> None:
    await clock.now()
    task = await salon.task("S1", "employee")
    await salon.task("S2", "employee2")
    employee, manager = await salon.caller("employee"), await salon.caller("manager")
    body = {"actionId": str(new_id()), "outcome": "no_answer", "occurredAt": "2026-03-02T08:00:00+08:00"}
    assert (await employee.post(f"{TASKS}/{task}/callbacks", body)).status_code == 201
    answer = (await manager.get("/v1/manager/completion?from=2026-03-02&to=2026-03-02&by=employee")).json()
    assert (answer["from"], answer["to"], answer["by"]) == ("2026-03-02", "2026-03-02", "employee")
    assert [(row["name"], row["assigned"], row["attempted"]) for row in answer["items"]] == [("员工employee", 1, 1)]
    stores = (await manager.get("/v1/manager/completion?from=2026-03-02&to=2026-03-02&by=store")).json()["items"]
    assert [row["key"] for row in stores] == [str(salon.stores["S1"])]
    wrong = await manager.get("/v1/manager/completion?from=2026-03-02&to=2026-03-01")
    assert wrong.json()["errors"][0]["field"] == "to"


async def test_me_is_who_logged_in(salon: Salon) -> None:
    me = (await (await salon.caller("manager")).get("/v1/staff/me")).json()
    assert (me["name"], me["role"], me["staffId"]) == ("员工manager", "manager", str(salon.staff["manager"]))
    assert [store["code"] for store in me["stores"]] == ["S1"]
