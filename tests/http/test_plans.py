"""Plans over HTTP: two owners edit at once, a manager submits and an owner agrees, faults by field in the caller's language, and every look."""

from typing import Any

import pytest

from tasks.flow.run_plans import sweep_merchant
from tasks.kernel.ids import new_id
from tasks.plans.definition import encode
from tasks.plans.templates import SECOND_VISIT
from tests.http.salon import Salon
from tests.support.api import Caller
from tests.support.clock import TestClock, shanghai

PLANS = "/v1/owner/plans"
CARD: dict[str, Any] = {"template": "card_balance_low", "changes": {"holdOut": 0}}


@pytest.fixture
async def owner(salon: Salon, clock: TestClock) -> Caller:
    return await salon.caller("owner")


def match(version: int | str) -> dict[str, str]:
    return {"if-match": f'"{version}"'}


async def made(who: Caller, body: dict[str, Any] = CARD, path: str = PLANS) -> str:
    plan = await who.ask("POST", path, json=body)
    return f"{path}/{plan['id']}"


async def visit(salon: Salon, store: str, at: str) -> None:
    key = await salon.caller("key")
    product = {"code": "CUT", "name": "剪发", "kind": "service", "cycleDays": 30}
    for kind, item in (
        ("products", product),
        ("visits", {"customer": f"C-{store}", "store": store, "at": at, "service": "CUT"}),
    ):
        verdict = await key.ask("PUT", f"/v1/intake/{kind}:batch", json={"items": [item]})
        assert verdict["results"][0]["status"] in {"accepted", "duplicate"}, verdict


async def test_two_owners_edit_and_one_gets_412(owner: Caller) -> None:
    path = await made(owner)
    first, second = await owner.get(path), await owner.get(path)
    assert first.headers["etag"] == second.headers["etag"] == '"1"'
    done = await owner.call(
        "PATCH", path, json={"changes": {"name": "甲的"}}, headers={"if-match": first.headers["etag"]}
    )
    assert (done.status_code, done.headers["etag"], done.json()["version"]) == (200, '"2"', 2)
    lost = await owner.call(
        "PATCH", path, json={"changes": {"name": "乙的"}}, headers={"if-match": second.headers["etag"]}
    )
    assert (lost.status_code, lost.json()["code"]) == (412, "plan-changed")
    blind = await owner.call("PATCH", path, json={"changes": {"name": "乙的"}})
    assert (blind.status_code, blind.json()["code"]) == (428, "precondition-required")
    assert (await owner.ask("GET", path))["name"] == "甲的"


async def test_versions_over_http(owner: Caller) -> None:
    path = await made(owner)
    await owner.ask("PATCH", path, json={"changes": {"task": {"dueIn": 3}}}, headers=match(1))
    body = {"definition": encode(SECOND_VISIT)}
    await owner.ask("PUT", path, json=body, headers=match(2))
    same = await owner.call("PUT", path, json=body, headers=match(3))
    assert (same.headers["etag"], same.json()["version"]) == ('"3"', 3)
    page = await owner.get(f"{path}/versions?limit=2")
    assert [one["version"] for one in page.json()["items"]] == [3, 2]
    assert page.json()["items"][1]["changes"] == [{"field": "steps[0].act.dueIn", "was": 2, "now": 3}]
    following = page.headers["link"].split(";")[0].strip("<>")
    assert [one["version"] for one in (await owner.ask("GET", following))["items"]] == [1]
    assert (await owner.ask("GET", f"{path}/versions/2"))["definition"]["steps"][0]["act"]["dueIn"] == 3
    assert (await owner.get(f"{path}/versions/9")).status_code == 404


async def test_faults_are_named_by_field_in_the_callers_language(owner: Caller) -> None:
    body: dict[str, Any] = {
        "template": "second_visit",
        "changes": {
            "holdOut": 80,
            "audience": {"all": [{"condition": "visit_count"}]},
            "task": {"chain": ["named"]},
            "colour": 1,
        },
    }
    types = await owner.ask("POST", f"{PLANS}:check", json=body)
    assert not types["ok"]
    assert {one["field"] for one in types["faults"]} == {"holdOut", "colour"}
    del body["changes"]["holdOut"], body["changes"]["colour"]
    told = await owner.ask("POST", f"{PLANS}:check", json=body)
    assert {one["field"]: one["detail"] for one in told["faults"]} == {
        "audience.all[0]": "audience.all[0] 无效：须填其一：equals, atLeast, atMost, above, below",
        "steps[0].act.named": "steps[0].act.named 无效：仅用于“指定员工”，且必填",
    }
    english = await owner.ask("POST", f"{PLANS}:check", json=body, headers={"accept-language": "en"})
    assert {one["detail"] for one in english["faults"]} == {
        "audience.all[0] is not valid: needs one of: equals, atLeast, atMost, above, below",
        "steps[0].act.named is not valid: belongs to the link named, and is needed there",
    }
    empty = await owner.ask("POST", f"{PLANS}:check", json=CARD)
    assert (empty["ok"], [one["field"] for one in empty["warnings"]]) == (True, ["audience"])
    assert "目前没有" in empty["warnings"][0]["detail"]
    refused = await owner.post(PLANS, body)
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "steps[0].act.named")
    assert (await owner.post(PLANS, {})).json()["errors"][0]["field"] == "template"


async def test_a_custom_plan_is_made_whole(owner: Caller) -> None:
    said = encode(SECOND_VISIT) | {"name": "自己写的"}
    del said["template"]
    path = await made(owner, {"definition": said})
    assert ((await owner.ask("GET", path))["template"], (await owner.ask("POST", f"{path}/check"))["ok"]) == (
        "custom",
        True,
    )


async def test_a_manager_submits_and_an_owner_agrees(salon: Salon, owner: Caller) -> None:
    await owner.ask("PUT", "/v1/owner/approval-limits", json={"audience": 0}, headers=match(0))
    stale = await owner.call("PUT", "/v1/owner/approval-limits", json={"audience": 9}, headers=match(0))
    assert (stale.status_code, stale.json()["code"]) == (412, "approval-limits-changed")
    await visit(salon, "S1", "2026-03-01T12:00:00+08:00")
    manager = await salon.caller("manager")
    path = await made(manager, {"template": "second_visit"}, "/v1/manager/plans")
    plan_id = path.rsplit("/", 1)[1]
    waits = await manager.call("POST", f"{path}/submit", headers=match(1))
    assert (waits.status_code, waits.json()["state"]) == (200, "pending_approval")
    pending = await owner.ask("GET", f"{PLANS}?state=pending_approval")
    assert [one["id"] for one in pending["items"]] == [plan_id]
    asked = await owner.ask("POST", f"{PLANS}/{plan_id}/check")
    assert [one["what"] for one in asked["approval"]["reasons"]] == ["audience"]
    back = await owner.call(
        "POST", f"{PLANS}/{plan_id}/send-back", json={"note": "先等等"}, headers={"if-match": waits.headers["etag"]}
    )
    assert (back.json()["state"], back.json()["note"]) == ("draft", "先等等")
    changed = await manager.call(
        "PATCH", path, json={"changes": {"name": "改过的"}}, headers={"if-match": back.headers["etag"]}
    )
    waits = await manager.call("POST", f"{path}/submit", headers={"if-match": changed.headers["etag"]})
    early = await owner.call("POST", f"{PLANS}/{plan_id}/approve", headers={"if-match": changed.headers["etag"]})
    assert early.status_code == 412
    done = await owner.call("POST", f"{PLANS}/{plan_id}/approve", headers={"if-match": waits.headers["etag"]})
    assert (done.json()["state"], done.json()["approvedBy"]) == ("active", str(salon.staff["owner"]))
    late = await manager.call("PATCH", path, json={"changes": {"name": "太晚"}}, headers={"if-match": "*"})
    assert (late.status_code, late.json()["code"]) == (409, "plan-state")
    assert (await manager.post(f"{PLANS}/{plan_id}/pause", {})).status_code == 403


async def test_of_a_plan_that_is_not_theirs_managers_see_and_change_nothing(salon: Salon, owner: Caller) -> None:
    plan_id = (await made(owner)).rsplit("/", 1)[1]
    manager = await salon.caller("manager")
    path = f"/v1/manager/plans/{plan_id}"
    assert (await manager.get(path)).status_code == 200
    for method, suffix, body in (
        ("PATCH", "", {"changes": {}}),
        ("PUT", "", {"definition": encode(SECOND_VISIT)}),
        ("POST", "/submit", None),
    ):
        answer = await manager.call(method, f"{path}{suffix}", json=body, headers=match(1))
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_reasons_of_a_pause_and_of_the_switch_are_shown(owner: Caller) -> None:
    path = await made(owner)
    await owner.ask("POST", f"{path}/activate", headers=match(1))
    paused = await owner.ask("POST", f"{path}/pause", json={"note": "盘点"}, headers=match(2))
    assert (paused["state"], paused["note"]) == ("paused", "盘点")
    silent = await owner.put("/v1/owner/stop-everything", {"stopped": True})
    assert (silent.status_code, silent.json()["errors"][0]["field"]) == (422, "reason")
    await owner.ask("PUT", "/v1/owner/stop-everything", json={"stopped": True, "reason": "话术有误"})
    stopped = (await owner.ask("GET", PLANS))["stopped"]
    assert (stopped["reason"], stopped["at"] is not None) == ("话术有误", True)
    await owner.ask("PUT", "/v1/owner/stop-everything", json={"stopped": False})
    assert (await owner.ask("GET", PLANS))["stopped"] == {"at": None, "reason": None}
    ended = await owner.ask("POST", f"{path}/end", json={}, headers=match(3))
    assert ended["state"] == "ended"


async def test_the_list_goes_page_by_page(owner: Caller) -> None:
    for _ in range(3):
        await made(owner)
    seen: list[str] = []
    path: str | None = f"{PLANS}?limit=2"
    while path:
        answer = await owner.get(path)
        seen += [one["id"] for one in answer.json()["items"]]
        link = answer.headers.get("link")
        path = link.split(";")[0].strip("<>") if link else None
    assert len(seen) == len(set(seen)) == 3
    garbled = await owner.get(f"{PLANS}?cursor=x")
    assert (garbled.status_code, garbled.json()["code"]) == (400, "cursor-garbled")
    assert (await owner.get(f"{PLANS}?state=sleepy")).status_code == 422


async def test_every_look_at_a_plan(salon: Salon, owner: Caller, clock: TestClock) -> None:
    await visit(salon, "S1", "2026-02-23T12:00:00+08:00")
    path = await made(owner, {"template": "second_visit", "changes": {"holdOut": 0}})
    told = await owner.ask("POST", f"{path}/preview", json={"asOf": "2026-03-02"})
    assert (told["matched"], told["tasks"], told["samples"][0]["name"]) == (1, 1, "客人S1")
    assert told["samples"][0]["script"]["text"]
    assert told["byStore"][0]["storeId"] == str(salon.stores["S1"])
    draft = await owner.ask("POST", f"{PLANS}:preview", json={"template": "second_visit", "asOf": "2026-03-02"})
    assert draft["matched"] == 1
    customer = salon.customers["S1"]
    why = await owner.ask("GET", f"{path}/explain?customer={customer}&on=2026-03-02")
    (scope,) = why["scopes"]
    assert (scope["verdict"]["decided"], why["trigger"]["fires"], len(scope["rules"])) == ("task", True, 12)
    english = await owner.ask("GET", f"{path}/explain?customer={customer}", headers={"accept-language": "en"})
    assert english["scopes"][0]["rules"][0]["sentence"] == "she refused contact"
    tried = await owner.ask("POST", f"{path}/back-test", json={"from": "2026-02-25", "to": "2026-03-02"})
    assert (tried["tasks"], tried["sampled"], tried["fromOn"]) == (0, None, "2026-02-25")
    await owner.ask("POST", f"{path}/activate", headers=match(1))
    await clock.set(shanghai("2026-03-02 08:30"))
    assert (await owner.ask("GET", f"{path}/decisions"))["items"] == []


async def test_decisions_are_listed_by_kind_and_customer(salon: Salon, owner: Caller, clock: TestClock) -> None:
    await visit(salon, "S1", "2026-02-23T12:00:00+08:00")
    path = await made(owner, {"template": "second_visit", "changes": {"holdOut": 0}})
    await owner.ask("POST", f"{path}/activate", headers=match(1))
    await clock.set(shanghai("2026-03-02 09:00"))
    await sweep_merchant(salon.services.units, salon.merchant_id)
    (one,) = (await owner.ask("GET", f"{path}/decisions"))["items"]
    assert (one["decided"], one["name"], one["version"], one["taskId"] is not None) == ("task", "客人S1", 1, True)
    customer = salon.customers["S1"]
    assert len((await owner.ask("GET", f"{path}/decisions?customer={customer}&decided=task"))["items"]) == 1
    for query in (f"customer={new_id()}", "decided=held_out"):
        assert (await owner.ask("GET", f"{path}/decisions?{query}"))["items"] == []
    assert (await owner.get(f"{path}/decisions?decided=perhaps")).status_code == 422
    assert (await owner.get(f"{path}/decisions?state=task")).status_code == 422


async def test_what_a_back_test_cannot_be(owner: Caller) -> None:
    path = await made(owner)
    for body, field in (
        ({"from": "2026-03-02", "to": "2026-03-09"}, "to"),
        ({"from": "2026-03-02", "to": "2026-03-01"}, "to"),
        ({"from": "2024-03-02", "to": "2026-03-01"}, "from"),
        ({"from": "0001-01-01", "to": "2026-03-01"}, "from"),
    ):
        answer = await owner.post(f"{path}/back-test", body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), answer.text


async def test_a_manager_previews_the_stores_they_lead(salon: Salon, owner: Caller) -> None:
    await visit(salon, "S1", "2026-02-23T12:00:00+08:00")
    await visit(salon, "S2", "2026-02-23T12:00:00+08:00")
    manager = await salon.caller("manager")
    path = await made(manager, {"template": "second_visit", "changes": {"holdOut": 0}}, "/v1/manager/plans")
    told = await manager.ask("POST", f"{path}/preview", json={"asOf": "2026-03-02"})
    assert (told["matched"], [one["customerId"] for one in told["samples"]]) == (1, [str(salon.customers["S1"])])
    assert [one["what"] for one in told["approval"]["reasons"]] == ["overrides", "otherStores"]
    everybody = await owner.ask("POST", f"{PLANS}/{path.rsplit('/', 1)[1]}/preview", json={"asOf": "2026-03-02"})
    assert everybody["matched"] == 2
    assert (await manager.get(f"{path}/explain?customer={salon.customers['S2']}")).status_code == 404
