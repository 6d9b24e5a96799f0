"""The main job over HTTP, end to end, with a moving clock (product.md): event → seven days → task → copy → no answer → back → booked → visit → credited."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from backend.db.units import Units
from backend.services import Services
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tests.http.salon import Salon, open_salon
from tests.support.api import Api, Caller, quick_services
from tests.support.clock import TestClock, shanghai
from tests.support.plans import sweep as sweep_world
from tests.support.world import World


@dataclass
class Story:
    """A salon as its people and its POS see it, and the hand on the clock."""

    salon: Salon
    clock: TestClock
    owner: Caller
    manager: Caller
    pos: Caller

    @property
    def world(self) -> World:
        return World(self.salon.services.units, self.salon.services.master, self.salon.merchant_id)

    async def at(self, when: str) -> datetime:
        """Move business time to a wall time in Shanghai and let the worker look."""
        moment = await self.clock.set(shanghai(when))
        await sweep_world(self.world)
        # Access tokens live ten minutes of real time, so callers stay logged in whatever business time does.
        return moment

    async def event(self, kind: str, customer: str, when: str, **data: Any) -> None:
        sent: dict[str, Any] = {
            "specversion": "1.0",
            "id": str(new_id()),
            "source": "pos:s1",
            "type": kind,
            "time": shanghai(when).isoformat(),
        }
        sent["data"] = {"customer": customer, "store": "S1", **data}
        answer = await self.pos.ask(
            "POST", "/v1/intake/events", json=[sent], headers={"content-type": "application/json"}
        )
        assert [item["status"] for item in answer["results"]] == ["accepted"], answer

    async def put(self, kind: str, *items: dict[str, Any]) -> None:
        answer = await self.pos.ask("PUT", f"/v1/intake/{kind}:batch", json={"items": list(items)})
        assert [item["status"] for item in answer["results"]] == ["accepted"] * len(items), answer

    async def visit_and_pay(self, customer: str, when: str, sale: str, cents: int = 29_800) -> None:
        await self.event("service_completed", customer, when, service="CUT", staff="employee")
        lines = [{"product": "CUT", "cashCents": cents, "staff": ["employee"]}]
        await self.event("purchase", customer, when, saleId=sale, lines=lines)

    async def decided(self) -> dict[str, str]:
        rows = await self.salon.rows("select customer_id, decided, reason from decision where merchant_id = :merchant")
        return {self.name(row["customer_id"]): ":".join(filter(None, (row["decided"], row["reason"]))) for row in rows}

    def name(self, customer: UUID) -> str:
        return next(code for code, ident in self.salon.customers.items() if ident == customer)


@pytest.fixture
async def story(units: Units, master: MasterKey, clock: TestClock) -> AsyncIterator[Story]:
    services: Services = quick_services(units, master)
    api = Api.of(services)
    salon = await open_salon(services, api)
    made = Story(salon, clock, await salon.caller("owner"), await salon.caller("manager"), await salon.caller("key"))
    await made.put(
        "products",
        {"code": "CUT", "name": "剪发", "kind": "service", "category": "hair", "priceCents": 29800, "cycleDays": 30},
    )
    yield made
    await api.client.aclose()


async def new_customer(story: Story, code: str, name: str, phone: str) -> None:
    await story.put(
        "customers",
        {"externalId": code, "name": name, "gender": "female", "phones": [phone], "homeStore": "S1", "source": "点评"},
    )
    row = await story.salon.rows(
        "select max(customer_id::text)::uuid as id from contact_point where merchant_id = :merchant"
    )
    story.salon.customers[code] = row[0]["id"]


async def switch_on(story: Story) -> dict[str, Any]:
    plan = await story.owner.ask("POST", "/v1/owner/plans", json={"template": "second_visit"})
    match = {"if-match": f'"{plan["etag"]}"'}
    active: dict[str, Any] = await story.owner.ask("POST", f"/v1/owner/plans/{plan['id']}/activate", headers=match)
    assert active["state"] == "active"
    return active


async def three_new_customers(story: Story) -> None:
    """They come on Monday. One comes back on day five, one books; 小红 stays away."""
    await story.at("2026-03-02 16:00")
    for number, (code, name) in enumerate((("XIAOHONG", "王小红"), ("CAME_BACK", "李回头"), ("HAS_BOOKED", "张有约"))):
        await new_customer(story, code, name, f"1391234567{number}")
        await story.visit_and_pay(code, "2026-03-02 15:00", f"R-{code}-1")
    await story.at("2026-03-07 13:00")
    await story.visit_and_pay("CAME_BACK", "2026-03-07 12:00", "R-CAME_BACK-2")
    appointment = {
        "externalId": "A1",
        "store": "S1",
        "customer": "HAS_BOOKED",
        "startsAt": shanghai("2026-03-12 14:00").isoformat(),
    }
    await story.put("appointments", appointment)


async def the_task_at_nine(story: Story, employee: Caller) -> str:
    """A second before nine there is nothing to do; at nine there is, and the decisions say why it is one."""
    await story.at("2026-03-09 08:59")
    assert (await employee.ask("GET", "/v1/staff/tasks?bucket=today"))["items"] == []
    await story.at("2026-03-09 09:00")
    found = await employee.ask("GET", "/v1/staff/tasks?bucket=today")
    (card,) = found["items"]
    assert found["counts"]["today"] == 1
    assert datetime.fromisoformat(card["opensAt"]) == shanghai("2026-03-09 09:00")
    assert datetime.fromisoformat(card["contactFrom"]) == shanghai("2026-03-09 09:30")
    assert await story.decided() == {"XIAOHONG": "task", "CAME_BACK": "exited:arrived", "HAS_BOOKED": "exited:booked"}
    return f"/v1/staff/tasks/{card['id']}"


async def why_and_what_to_say(employee: Caller, task: str) -> None:
    """The script is filled in; the number is masked until it is asked for."""
    page = await employee.ask("GET", task)
    assert page["customer"]["nickname"] == "王女士"
    assert page["lastVisit"]["service"] == "剪发"
    assert "13912345670" not in str(page)
    script = page["scripts"][0]
    assert "王女士" in script["text"]
    assert "剪发" in script["text"]
    assert "{{" not in script["text"]
    await employee.ask("POST", f"{task}/script-copies", json={"variant": script["variant"], "text": script["text"]})
    revealed = await employee.ask("POST", f"/v1/staff/customers/{page['customer']['id']}/reveal-phone")
    assert revealed["phone"] == "13912345670"


def said(outcome: str, when: str, **fields: Any) -> dict[str, Any]:
    return {"actionId": str(new_id()), "outcome": outcome, "occurredAt": shanghai(when).isoformat(), "fields": fields}


async def nobody_answers(story: Story, employee: Caller, task: str) -> None:
    """The task comes back in four hours; a repeated action changes nothing."""
    await story.at("2026-03-09 10:00")
    no_answer = said("no_answer", "2026-03-09 10:00")
    assert (await employee.ask("POST", f"{task}/callbacks", json=no_answer))["verdict"] == "applied"
    assert (await employee.ask("POST", f"{task}/callbacks", json=no_answer))["verdict"] == "duplicate"
    assert (await employee.ask("GET", "/v1/staff/tasks?bucket=today"))["items"] == []
    await story.at("2026-03-09 13:59")
    assert (await employee.ask("GET", task))["status"] == "waiting"
    await story.at("2026-03-09 14:00")
    (again,) = (await employee.ask("GET", "/v1/staff/tasks?bucket=today"))["items"]
    assert again["attempts"] == 1


async def she_books_comes_and_pays(story: Story, employee: Caller, task: str) -> None:
    await story.at("2026-03-09 14:05")
    booked = said("booked", "2026-03-09 14:05", startsAt=shanghai("2026-03-12 15:00").isoformat())
    assert (await employee.ask("POST", f"{task}/callbacks", json=booked))["verdict"] == "applied"
    assert (await employee.ask("GET", task))["status"] == "done"
    await story.at("2026-03-12 16:30")
    await story.visit_and_pay("XIAOHONG", "2026-03-12 16:00", "R-XIAOHONG-2", 49_800)
    await story.visit_and_pay("XIAOHONG", "2026-03-12 16:00", "R-XIAOHONG-2", 49_800)


async def credited_once(story: Story, plan: str) -> None:
    rows = await story.salon.rows(
        "select kind, staff_id, plan_id, cash_cents from credit where merchant_id = :merchant and revoked_at is null order by kind"
    )
    assert [(row["kind"], row["cash_cents"]) for row in rows] == [("arrived", 0), ("booked", 0), ("purchased", 49_800)]
    assert {row["staff_id"] for row in rows} == {story.salon.staff["employee"]}
    assert {str(row["plan_id"]) for row in rows} == {plan}


async def the_manager_sees_it(story: Story, plan: str) -> None:
    rows = await story.manager.ask("GET", "/v1/manager/completion?from=2026-03-09&to=2026-03-12&by=employee")
    (mine,) = [row for row in rows["items"] if row["key"] == str(story.salon.staff["employee"])]
    seen = {
        name: mine[name]
        for name in ("assigned", "done", "attempted", "reached", "booked", "arrived", "paid", "cashCents")
    }
    assert seen == {
        "assigned": 1,
        "done": 1,
        "attempted": 1,
        "reached": 1,
        "booked": 1,
        "arrived": 1,
        "paid": 1,
        "cashCents": 49_800,
    }
    by_plan = await story.manager.ask("GET", "/v1/manager/completion?from=2026-03-09&to=2026-03-12&by=plan")
    assert [row["key"] for row in by_plan["items"]] == [plan]


async def test_the_main_job(story: Story) -> None:
    plan = (await switch_on(story))["id"]
    await three_new_customers(story)
    employee = await story.salon.caller("employee")
    task = await the_task_at_nine(story, employee)
    await why_and_what_to_say(employee, task)
    await nobody_answers(story, employee, task)
    await she_books_comes_and_pays(story, employee, task)
    await credited_once(story, plan)
    await the_manager_sees_it(story, plan)


async def test_she_turns_up_on_her_own_and_the_task_closes_itself(story: Story) -> None:
    await switch_on(story)
    await new_customer(story, "SELF", "赵自来", "13912345679")
    await story.visit_and_pay("SELF", "2026-03-02 07:00", "R-SELF-1")
    await story.at("2026-03-09 09:00")
    employee = await story.salon.caller("employee")
    (card,) = (await employee.ask("GET", "/v1/staff/tasks?bucket=today"))["items"]
    await story.at("2026-03-09 15:00")
    await story.visit_and_pay("SELF", "2026-03-09 14:30", "R-SELF-2")
    assert (await employee.ask("GET", "/v1/staff/tasks?bucket=today"))["items"] == []
    page = await employee.ask("GET", f"/v1/staff/tasks/{card['id']}")
    assert (page["status"], page["closeReason"]) == ("moot", "arrived")


async def test_who_refuses_is_never_asked_again(story: Story) -> None:
    await switch_on(story)
    await new_customer(story, "NO", "钱不要", "13912345678")
    await story.visit_and_pay("NO", "2026-03-02 07:00", "R-NO-1")
    await story.at("2026-03-09 10:00")
    employee = await story.salon.caller("employee")
    (card,) = (await employee.ask("GET", "/v1/staff/tasks?bucket=today"))["items"]
    refusal = said("refused_contact", "2026-03-09 10:00", scope="all")
    assert (await employee.ask("POST", f"/v1/staff/tasks/{card['id']}/callbacks", json=refusal))["verdict"] == "applied"
    state = await story.salon.rows(
        "select no_contact_at from customer_contact_state where merchant_id = :merchant and customer_id = :c",
        c=story.salon.customers["NO"],
    )
    assert state[0]["no_contact_at"] is not None
    reveal = await employee.post(f"/v1/staff/customers/{story.salon.customers['NO']}/reveal-phone")
    assert reveal.status_code in {403, 404, 409}
