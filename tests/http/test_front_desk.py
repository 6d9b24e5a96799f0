"""The front desk and what stands around the worklist over HTTP: once per id, 304, pages, throttles, and the same as an action."""

from typing import Any

import pytest

from backend.http.problems.transport import InvalidRequest
from tasks.desk import finding
from tasks.kernel.ids import new_id
from tests.http.cells_desk import DESK, card_of, keyed
from tests.http.salon import Salon
from tests.support.clock import TestClock


@pytest.fixture
async def desk(salon: Salon, clock: TestClock) -> Salon:
    await clock.now()
    return salon


def sale(desk: Salon, **words: Any) -> dict[str, Any]:
    return {"customerId": str(desk.customers["S1"]), "lines": [{"cashCents": 9_800}], **words}


async def test_sent_twice_is_typed_in_once_alone_or_as_an_action(desk: Salon) -> None:
    employee = await desk.caller("employee")
    headers = keyed()
    first = await employee.post(f"{DESK}/sales", sale(desk), headers=headers)
    again = await employee.post(f"{DESK}/sales", sale(desk), headers=headers)
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    action = {
        "kind": "sale", "actionId": headers["idempotency-key"], "occurredAt": "2026-03-02T08:00:00+08:00", "body": sale(desk),
    }  # fmt: skip
    (result,) = (await employee.ask("POST", "/v1/staff/actions", json={"actions": [action]}))["results"]
    assert (result["verdict"], result["answer"]) == ("duplicate", first.json())
    other = await employee.post(f"{DESK}/sales", sale(desk, lines=[{"cashCents": 1}]), headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "action-reused")
    rows = await desk.rows("select cash_cents from sale where merchant_id = :merchant")
    assert rows == [{"cash_cents": 9_800}]


async def test_without_an_id_nothing_is_typed_in(desk: Salon) -> None:
    employee = await desk.caller("employee")
    for path, body in ((f"{DESK}/sales", sale(desk)), ("/v1/staff/customers", {"name": "新客"})):
        answer = await employee.post(path, body)
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (422, InvalidRequest.code)
        assert [(one["field"], one["code"]) for one in problem["errors"]] == [("Idempotency-Key", "required")]


async def test_what_was_done_offline_is_typed_in_with_its_instant(desk: Salon) -> None:
    employee = await desk.caller("employee")
    customer = str(desk.customers["S1"])
    card = await card_of(desk)
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("arrival", {"customerId": customer}),
        ("card_use", {"customerId": customer, "cardId": card, "amountCents": 100}),
        ("top_up", {"customerId": customer, "cardId": card, "principalCents": 100}),
        ("appointment", {"customerId": customer, "startsAt": "2026-03-05T15:00:00+08:00"}),
        ("create_customer", {"name": "离线新客"}),
        ("log_contact", {"customerId": customer, "note": "来电"}),
        ("card_use", {"customerId": customer, "cardId": card, "amountCents": 10**9}),
    ]
    actions = [
        {"kind": kind, "actionId": str(new_id()), "occurredAt": "2026-03-01T19:00:00+08:00", "seq": n, "body": body}
        for n, (kind, body) in enumerate(kinds, 1)
    ]
    answer = await employee.ask("POST", "/v1/staff/actions", json={"actions": actions, "installationId": "phone-1"})
    assert [one["verdict"] for one in answer["results"]] == ["applied"] * 6 + ["rejected"]
    assert answer["results"][-1]["problem"]["code"] == "card-short"
    assert answer["results"][-1]["final"] is True
    (visit,) = await desk.rows("select visited_on::text as day from visit where merchant_id = :merchant")
    assert visit["day"] == "2026-03-01"
    booked = answer["results"][3]["answer"]
    void = {
        "kind": "void_entry", "actionId": str(new_id()), "occurredAt": "2026-03-02T08:00:00+08:00", "body": {"entryId": booked["entryId"]},
    }  # fmt: skip
    change = {
        "kind": "change_appointment", "actionId": str(new_id()), "occurredAt": "2026-03-02T08:00:00+08:00",
        "body": {"appointmentId": booked["id"], "status": "confirmed"},
    }  # fmt: skip
    later = await employee.ask("POST", "/v1/staff/actions", json={"actions": [change, void]})
    assert [one["verdict"] for one in later["results"]] == ["applied", "applied"]


async def test_entries_are_paged_newest_first(desk: Salon) -> None:
    employee, manager = await desk.caller("employee"), await desk.caller("manager")
    made = [
        (await employee.ask("POST", f"{DESK}/sales", json=sale(desk), headers=keyed()))["entryId"] for _ in range(5)
    ]
    seen: list[str] = []
    path: str | None = f"{DESK}/entries?limit=2"
    while path:
        answer = await employee.get(path)
        seen += [one["id"] for one in answer.json()["items"]]
        path = answer.links["next"]["url"] if "next" in answer.links else None
    assert seen == made[::-1]
    assert len((await manager.ask("GET", f"{DESK}/entries"))["items"]) == 5
    assert (await (await desk.caller("colleague")).ask("GET", f"{DESK}/entries"))["items"] == []
    garbled = await employee.get(f"{DESK}/entries?cursor=xx")
    assert garbled.json()["code"] == "cursor-garbled"


async def test_what_can_be_typed_in_is_paged_by_code(desk: Salon) -> None:
    key, employee = await desk.caller("key"), await desk.caller("employee")
    items = [{"code": f"P{n}", "name": f"项目{n}", "kind": "service", "priceCents": 100} for n in range(5)]
    await key.ask(
        "PUT",
        "/v1/intake/products:batch",
        json={"items": [*items, {"code": "P9", "name": "停", "kind": "goods", "active": False}]},
    )
    await card_of(desk)
    first = await employee.get(f"{DESK}/products?limit=3")
    second = await employee.get(first.links["next"]["url"])
    found = [one["code"] for page in (first, second) for one in page.json()["items"]]
    assert (found, "next" in second.links) == (["P0", "P1", "P2", "P3", "P4"], False)
    cards = await employee.ask("GET", f"{DESK}/card-products")
    assert cards == {"items": [{"code": "SV", "name": "充值卡", "kind": "stored_value"}], "nextCursor": None}


async def test_the_app_asks_once_and_then_hears_that_nothing_changed(desk: Salon) -> None:
    employee = await desk.caller("employee")
    answer = await employee.get("/v1/staff/bootstrap")
    tag = answer.headers["etag"]
    assert answer.json()["minimumAppVersion"] == "1.0.0"
    assert tag.startswith('W/"')
    for given in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        same = await employee.get("/v1/staff/bootstrap", headers={"if-none-match": given})
        assert (same.status_code, same.content, same.headers["etag"]) == (304, b"", tag)
    other = await employee.get("/v1/staff/bootstrap", headers={"if-none-match": tag, "accept-language": "en"})
    assert other.status_code == 200
    assert other.headers["etag"] != tag


async def test_looking_too_often_says_how_long_to_wait(desk: Salon, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "A_MINUTE", 1)
    employee = await desk.caller("employee")
    assert (await employee.get("/v1/staff/customers?q=客人")).json()["items"][0]["name"] == "客人S1"
    answer = await employee.get("/v1/staff/customers?q=客人")
    assert (answer.status_code, answer.json()["code"]) == (429, "searches-spent")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    missing = await employee.get("/v1/staff/customers")
    assert missing.status_code == 422


async def test_a_known_number_is_answered_and_not_made(desk: Salon) -> None:
    employee = await desk.caller("employee")
    body = {"name": "王新", "phone": "13900000777"}
    made = await employee.post("/v1/staff/customers", body, headers=keyed())
    assert (made.status_code, made.json()["candidateIds"]) == (201, [])
    known = await employee.post("/v1/staff/customers", body, headers=keyed())
    assert (known.status_code, known.json()["customerId"]) == (200, None)
    assert known.json()["candidateIds"] == [made.json()["customerId"]]
    colleague = await desk.caller("employee2")
    elsewhere = await colleague.post("/v1/staff/customers", body, headers=keyed())
    assert elsewhere.json() == {"customerId": None, "candidateIds": [], "elsewhere": True}
    stored = await desk.rows("select answer::text as answer from action where merchant_id = :merchant")
    assert not [row for row in stored if "13900000777" in row["answer"] or "王新" in row["answer"]]


async def test_reasons_are_said_in_both_languages(desk: Salon) -> None:
    owner = await desk.caller("owner")
    chinese = await owner.post(f"{DESK}/sales", sale(desk), headers=keyed())
    assert chinese.json()["errors"][0]["detail"] == "storeId 无效：在多家门店工作时必填"
    english = await owner.post(f"{DESK}/sales", sale(desk), headers={**keyed(), "accept-language": "en"})
    assert english.json()["detail"] == "storeId is not valid: is needed by who works in several stores"
