"""Bad input of every kind is refused by name, in the caller's language, without a 5xx and without saying it back."""

import json
from typing import Any
from uuid import uuid4

import pytest
from httpx import Response

from tests.http.salon import Salon
from tests.support.api import JSON, Caller

CUSTOMERS = "/v1/intake/customers:batch"
LOGIN = "/v1/auth/login"
CANARY = "13712345678"


async def raw(caller: Caller, method: str, path: str, body: bytes, **headers: str) -> Response:
    return await caller.call(method, path, content=body, headers=JSON | headers)


def code_of(answer: Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["type"] == f"/problems/{problem['code']}"
    assert problem["requestId"] == answer.headers["x-request-id"]
    return answer.status_code, problem["code"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "malformed-json"),
        (b"{", 400, "malformed-json"),
        (b"\xff\xfe", 400, "malformed-json"),
        (b'{"phone":"\xff"}', 400, "malformed-json"),
        (b'{"unknown":"\xff"}', 400, "malformed-json"),
        (b"[" * 100_000, 422, "invalid-request"),
        (b'{"phone":' + b"[" * 50_000 + b"]" * 50_000 + b"}", 422, "invalid-request"),
        (b"null", 422, "invalid-request"),
        (b"[]", 422, "invalid-request"),
        (b"{}", 422, "invalid-request"),
        (b'{"phone":1,"password":"x"}', 422, "invalid-request"),
        (b'{"phone":"","password":"x"}', 422, "invalid-request"),
        (b'{"phone":"1","password":"x","phone":2}', 422, "invalid-request"),
        (b'{"phone":"1","password":"x","more":1}', 422, "invalid-request"),
        (b'{"phone":"1\\u0000","password":"x"}', 422, "invalid-request"),
        (b'{"phone":"1","password":"\\ud800"}', 400, "malformed-json"),
        (b'{"phone":"1","password":"x","merchantId":"7"}', 422, "invalid-request"),
        (b'{"phone":"' + b"1" * 2_000_000 + b'"}', 413, "too-large"),
    ],
)
async def test_a_bad_body_is_refused(salon: Salon, body: bytes, status: int, code: str) -> None:
    assert code_of(await raw(salon.api.nobody(), "POST", LOGIN, body)) == (status, code)


async def test_ten_megabytes_are_too_many_even_for_a_batch(salon: Salon) -> None:
    key = await salon.caller("key")
    body = b'{"items":[' + b" " * 10_000_000 + b"]}"
    assert code_of(await raw(key, "PUT", CUSTOMERS, body)) == (413, "too-large")


async def test_another_media_type_is_refused(salon: Salon) -> None:
    answer = await raw(
        salon.api.nobody(), "POST", LOGIN, b"phone=1", **{"content-type": "application/x-www-form-urlencoded"}
    )
    assert code_of(answer) == (415, "unsupported-media-type")
    assert answer.json()["detail"].endswith("application/json")
    nothing = await salon.api.client.post(LOGIN, content=b"{}")
    assert code_of(nothing) == (415, "unsupported-media-type")
    charset = await raw(salon.api.nobody(), "POST", LOGIN, b"{}", **{"content-type": "application/json; charset=utf-8"})
    assert code_of(charset) == (422, "invalid-request")


async def test_unknown_paths_and_methods_say_so(salon: Salon) -> None:
    nobody = salon.api.nobody()
    assert code_of(await nobody.get("/v1/nothing")) == (404, "no-such-path")
    assert code_of(await nobody.get("/v1/staff/tasks/not-an-id")) == (404, "no-such-path")
    wrong = await nobody.call("PATCH", LOGIN)
    assert code_of(wrong) == (405, "method-not-allowed")
    assert "POST" in wrong.headers["allow"]


async def test_no_token_says_how(salon: Salon) -> None:
    answer = await salon.api.nobody().get("/v1/staff/me")
    assert code_of(answer) == (401, "unauthenticated")
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_token_is_asked_for_before_the_body_is_read(salon: Salon) -> None:
    assert code_of(await raw(salon.api.nobody(), "PUT", CUSTOMERS, b"{")) == (401, "unauthenticated")
    assert code_of(await raw(await salon.caller("employee"), "POST", "/v1/owner/plans", b'{"template":1}'))[0] == 422


@pytest.mark.parametrize(
    ("path", "field", "fault"),
    [
        ("/v1/staff/tasks?limit=0", "limit", "range"),
        ("/v1/staff/tasks?limit=101", "limit", "range"),
        ("/v1/staff/tasks?limit=x", "limit", "type"),
        ("/v1/staff/tasks?bucket=nope", "bucket", "choice"),
        ("/v1/staff/tasks?limt=5", "limt", "unknown-field"),
        ("/v1/staff/tasks?limit=5&limit=6", "limit", "repeated"),
        ("/v1/manager/completion?to=2026-03-01", "from", "required"),
        ("/v1/manager/completion?from=2026-02-30&to=2026-03-01", "from", "format"),
    ],
)
async def test_a_bad_parameter_is_named(salon: Salon, path: str, field: str, fault: str) -> None:
    answer = await (await salon.caller("manager")).get(path)
    assert code_of(answer) == (422, "invalid-request")
    assert [(each["field"], each["code"]) for each in answer.json()["errors"]] == [(field, fault)]


async def test_a_nul_in_a_parameter_and_a_garbled_cursor_are_no_defect(salon: Salon) -> None:
    employee = await salon.caller("employee")
    assert code_of(await employee.get("/v1/staff/tasks?cursor=%00")) == (400, "cursor-garbled")
    assert code_of(await employee.get("/v1/staff/tasks?cursor=abc")) == (400, "cursor-garbled")


async def test_one_bad_item_names_its_field_and_costs_only_itself(salon: Salon) -> None:
    key = await salon.caller("key")
    items: list[Any] = [
        {"externalId": "G1", "name": "好"},
        {"externalId": "B1", "name": "坏", "phones": [CANARY, 5]},
        {"externalId": "B2", "name": 7},
        {"name": "没有编号"},
        {"externalId": "B3", "colour": "red"},
        "text",
        {"externalId": "B4\u0000"},
        {"externalId": "B5", "gender": CANARY},
        {"externalId": "G2", "name": "也好"},
    ]
    answer = await key.put(CUSTOMERS, {"items": items})
    assert answer.status_code == 200
    assert CANARY not in answer.text
    found = [(each["index"], each["status"], each.get("field"), each.get("code")) for each in answer.json()["results"]]
    assert found == [
        (0, "accepted", None, None),
        (1, "rejected", "phones[1]", "type"),
        (2, "rejected", "name", "type"),
        (3, "rejected", "externalId", "required"),
        (4, "rejected", "colour", "unknown-field"),
        (5, "rejected", None, "type"),
        (6, "rejected", "externalId", "nul"),
        (7, "rejected", "gender", "choice"),
        (8, "accepted", None, None),
    ]
    again = (await key.put(CUSTOMERS, {"items": [items[0]]})).json()["results"]
    assert [each["status"] for each in again] == ["duplicate"]


@pytest.mark.parametrize(
    ("body", "field", "fault"),
    [
        ({"items": []}, "items", "length"),
        ({"items": [{}] * 1001}, "items", "length"),
        ({"items": {}}, "items", "type"),
        ({}, "items", "required"),
        ({"items": [{}], "more": 1}, "more", "unknown-field"),
    ],
)
async def test_a_batch_of_the_wrong_shape_is_refused_whole(salon: Salon, body: Any, field: str, fault: str) -> None:
    answer = await (await salon.caller("key")).put(CUSTOMERS, body)
    assert code_of(answer) == (422, "invalid-request")
    assert [(each["field"], each["code"]) for each in answer.json()["errors"]] == [(field, fault)]


async def test_money_beyond_a_column_is_refused_by_name(salon: Salon) -> None:
    key = await salon.caller("key")
    body = {"items": [{"code": "X", "name": "x", "kind": "goods", "priceCents": 10**30}]}
    (verdict,) = (await key.put("/v1/intake/products:batch", body)).json()["results"]
    assert (verdict["status"], verdict["field"]) == ("rejected", "priceCents")


async def test_no_personal_data_in_any_problem(salon: Salon) -> None:
    employee, key = await salon.caller("employee"), await salon.caller("key")
    task = await salon.task("S1", "employee")
    callback = {"actionId": str(uuid4()), "outcome": CANARY, "occurredAt": CANARY, "note": CANARY}
    answers = [
        await salon.api.nobody().post(LOGIN, {"phone": CANARY, "password": CANARY}),
        await salon.api.nobody().post(LOGIN, {"phone": CANARY, "password": CANARY, CANARY: CANARY}),
        await salon.api.nobody().post("/v1/auth/refresh", {"refreshToken": CANARY}),
        await employee.post(f"/v1/staff/tasks/{task}/callbacks", callback),
        await employee.post(
            f"/v1/staff/tasks/{task}/callbacks", callback | {"outcome": "booked", "fields": {CANARY: CANARY}}
        ),
        await employee.post(f"/v1/staff/tasks/{task}/script-copies", {"variant": CANARY, "text": CANARY}),
        await employee.get(f"/v1/staff/tasks?cursor={CANARY}"),
        await employee.get(f"/v1/staff/tasks?{CANARY}={CANARY}"),
        await employee.get(f"/v1/{CANARY}"),
        await key.put(CUSTOMERS, {"items": [{"externalId": "C", "birthdayOn": CANARY, "phones": CANARY}]}),
        await key.put(CUSTOMERS, {"items": [{"externalId": "C", "name": "x" * 5000 + CANARY}]}),
        await key.put(CUSTOMERS, {"items": [{"externalId": "C", "homeStore": CANARY}]}),
        await key.post("/v1/intake/events", {"specversion": CANARY, "id": CANARY, "source": CANARY, "type": CANARY}),
    ]
    assert [answer.request.url.path for answer in answers if answer.status_code >= 500] == []
    assert [answer.text for answer in answers if CANARY in answer.text] == []


async def test_the_detail_speaks_the_callers_language(salon: Salon) -> None:
    said: dict[str, tuple[str, str]] = {}
    for wish in ("", "en", "en-GB,en;q=0.9,zh;q=0.1", "zh-CN", "fr", "zh;q=0.2, en;q=0.1", "*"):
        answer = await salon.api.nobody().get("/v1/nothing", headers={"accept-language": wish} if wish else None)
        said[wish] = (answer.json()["detail"], answer.headers["content-language"])
    english, chinese = ("There is nothing at this path", "en"), ("没有这个地址", "zh-CN")
    assert said["en"] == said["en-GB,en;q=0.9,zh;q=0.1"] == english
    assert {said[wish] for wish in ("", "zh-CN", "fr", "zh;q=0.2, en;q=0.1", "*")} == {chinese}


async def test_a_request_id_is_taken_over_when_it_is_plain(salon: Salon) -> None:
    kept = await salon.api.nobody().get("/health/live", headers={"x-request-id": "pos-2026-0001"})
    assert kept.headers["x-request-id"] == "pos-2026-0001"
    made = await salon.api.nobody().get("/health/live", headers={"x-request-id": "a b\t<script>"})
    assert made.headers["x-request-id"] != "a b\t<script>"
    assert made.headers["x-content-type-options"] == "nosniff"


async def test_an_event_alone_or_in_a_batch(salon: Salon) -> None:
    key = await salon.caller("key")
    event = {"specversion": "1.0", "id": "e1", "source": "pos", "type": "nonsense", "vendorattribute": "kept"}
    for media, body in (
        ("application/cloudevents+json", event),
        ("application/json", event),
        ("application/cloudevents-batch+json", [event, 5]),
        ("application/json", [event, 5]),
    ):
        answer = await raw(key, "POST", "/v1/intake/events", json.dumps(body).encode(), **{"content-type": media})
        assert answer.status_code == 200, answer.text
        assert len(answer.json()["results"]) == (2 if isinstance(body, list) else 1)
    wrong = await raw(key, "POST", "/v1/intake/events", b"[]", **{"content-type": "application/cloudevents+json"})
    assert code_of(wrong) == (422, "invalid-request")


async def test_an_edit_names_the_version_it_saw(salon: Salon) -> None:
    owner = await salon.caller("owner")
    made = await owner.post("/v1/owner/plans", {"template": "second_visit"})
    path = f"/v1/owner/plans/{made.json()['id']}"
    assert made.headers["etag"] == '"1"'
    assert code_of(await owner.post(f"{path}/activate")) == (428, "precondition-required")
    assert code_of(await owner.post(f"{path}/activate", headers={"if-match": "one"})) == (422, "invalid-request")
    assert code_of(await owner.post(f"{path}/activate", headers={"if-match": '"99"'})) == (412, "plan-changed")
    active = await owner.post(f"{path}/activate", headers={"if-match": '"1"'})
    assert (active.status_code, active.json()["state"]) == (200, "active")
    assert code_of(await owner.post(f"{path}/activate", headers={"if-match": active.headers["etag"]})) == (
        409,
        "plan-state",
    )
    assert (await owner.post(f"{path}/end", headers={"if-match": "*"})).status_code == 200
