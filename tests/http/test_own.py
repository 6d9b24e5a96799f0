"""An employee's own tasks and events over HTTP, and a task that closes when it is opened."""

from datetime import timedelta
from typing import Any

import pytest

from tasks.kernel.ids import new_id
from tasks.people.contact_state import refuse
from tests.http.salon import Salon
from tests.support.clock import TestClock

TASKS = "/v1/staff/tasks"
EVENTS = "/v1/staff/events"


def keyed() -> dict[str, str]:
    return {"idempotency-key": str(new_id())}


async def wish(salon: Salon, clock: TestClock, **said: Any) -> dict[str, Any]:
    at = (await clock.now() + timedelta(days=2)).isoformat()
    return {"customerId": str(salon.customers["S1"]), "contactAt": at, "words": "提醒她补色"} | said


async def test_the_same_wish_sent_twice_is_one_task(salon: Salon, clock: TestClock) -> None:
    employee = await salon.caller("employee")
    body, headers = await wish(salon, clock), keyed()
    first = await employee.post(TASKS, body, headers=headers)
    again = await employee.post(TASKS, body, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    (row,) = await salon.rows("select origin, assignee_id from task where merchant_id = :merchant")
    assert row == {"origin": "own", "assignee_id": salon.staff["employee"]}
    other = await employee.post(TASKS, body | {"words": "别的"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "action-reused")
    upcoming = await employee.ask("GET", f"{TASKS}?bucket=upcoming")
    assert [item["why"] for item in upcoming["items"]] == ["提醒她补色"]


async def test_offline_it_is_an_action_like_any_other(salon: Salon, clock: TestClock) -> None:
    employee = await salon.caller("employee")
    now = (await clock.now()).isoformat()
    event = {"customerId": str(salon.customers["S1"]), "type": "sample_taken", "product": "保湿面霜"}
    actions = [
        {"actionId": str(new_id()), "kind": kind, "occurredAt": now, "body": body}
        for kind, body in (("create_task", await wish(salon, clock)), ("record_event", event))
    ]
    for verdict in ("applied", "duplicate"):
        answer = await employee.ask("POST", "/v1/staff/actions", json={"actions": actions})
        assert [one["verdict"] for one in answer["results"]] == [verdict, verdict]
    (row,) = await salon.rows("select count(*) as n from event where merchant_id = :merchant and type = 'sample_taken'")
    assert row["n"] == 1


async def test_what_is_wrong_is_named_in_the_callers_language(salon: Salon, clock: TestClock) -> None:
    employee = await salon.caller("employee")
    body = await wish(salon, clock, dueAt=(await clock.now()).isoformat())
    wrong = await employee.post(TASKS, body, headers=keyed())
    assert wrong.status_code == 422
    assert [(one["field"], one["detail"]) for one in wrong.json()["errors"]] == [
        ("dueAt", "dueAt 无效：须晚于联系时间，且在将来")
    ]
    unknown = await employee.post(TASKS, body | {"colour": "red"}, headers=keyed())
    assert unknown.status_code == 422
    keyless = await employee.post(EVENTS, {"customerId": str(salon.customers["S1"]), "type": "consulted"})
    assert keyless.status_code == 422
    strange = await employee.post(
        EVENTS, {"customerId": str(salon.customers["S1"]), "type": "purchase"}, headers=keyed()
    )
    assert strange.status_code == 422


async def test_a_task_nobody_may_work_on_closes_when_it_is_opened_or_started(salon: Salon, clock: TestClock) -> None:
    await clock.now()
    opened, started = await salon.task("S1", "employee"), await salon.task("S1", "employee")
    async with salon.services.units.open(salon.merchant_id) as unit:
        await refuse(unit, salon.customers["S1"], "all")
    employee = await salon.caller("employee")
    page = await employee.ask("GET", f"{TASKS}/{opened}")
    assert (page["status"], page["closeReason"], page["actions"]) == ("moot", "do_not_contact", [])
    assert page["mootBecause"]["type"] == "do_not_contact"
    move = await employee.post(f"{TASKS}/{started}/start")
    assert (move.status_code, move.json()["status"], move.json()["changed"]) == (200, "moot", False)
    assert (await employee.post(f"{TASKS}/{started}/start")).json()["code"] == "task-closed"


@pytest.mark.parametrize(
    "nasty",
    [
        {"contactAt": "9999-12-31T23:59:59Z"},
        {"contactAt": "0001-01-01T00:00:00Z"},
        {"contactAt": "2026-03-04T10:00:00"},
        {"dueAt": "9999-12-31T23:59:59+14:00"},
        {"words": "\u0000"},
        {"words": ""},
        {"words": "长" * 501},
        {"storeId": "01930000-0000-7000-8000-000000000001"},
    ],
)
async def test_a_nasty_wish_is_refused_with_a_problem(salon: Salon, clock: TestClock, nasty: dict[str, Any]) -> None:
    employee = await salon.caller("employee")
    answer = await employee.post(TASKS, await wish(salon, clock, **nasty), headers=keyed())
    assert answer.status_code in {400, 404, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert await salon.rows("select id from task where merchant_id = :merchant") == []


@pytest.mark.parametrize(
    "nasty",
    [
        {"type": "consulted", "at": "9999-12-31T23:59:59Z"},
        {"type": "consulted", "at": "0001-01-01T00:00:00Z"},
        {"type": "consulted", "text": "\u0000"},
        {"type": "bad_review", "stars": 6},
        {"type": "voucher_redeemed", "platform": "dianping", "deal": "x", "priceCents": -1},
        {"type": "voucher_redeemed"},
        {"type": "custom.visit"},
    ],
)
async def test_a_nasty_event_is_refused_with_a_problem(salon: Salon, clock: TestClock, nasty: dict[str, Any]) -> None:
    await clock.now()
    employee = await salon.caller("employee")
    answer = await employee.post(EVENTS, {"customerId": str(salon.customers["S1"])} | nasty, headers=keyed())
    assert answer.status_code in {400, 404, 422}, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert await salon.rows("select id from event where merchant_id = :merchant") == []


async def test_an_emoji_is_as_good_as_a_word(salon: Salon, clock: TestClock) -> None:
    employee = await salon.caller("employee")
    await employee.ask("POST", TASKS, json=await wish(salon, clock, words="🙂" * 500), headers=keyed())
    event = {"customerId": str(salon.customers["S1"]), "type": "tried_not_bought", "product": "🧴", "text": "👍" * 1000}
    kept = await employee.ask("POST", EVENTS, json=event, headers=keyed())
    assert kept["taskId"] is None
