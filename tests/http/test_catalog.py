"""The lists an owner keeps, over HTTP: made, replaced with the version that was seen, switched off, paged; and what forms offer."""

from typing import Any

import pytest

from tests.http.cells_catalog import LISTS
from tests.http.salon import Salon
from tests.support.clock import TestClock

EN = {"accept-language": "en"}


@pytest.mark.parametrize("kind", sorted(LISTS))
async def test_an_entry_lives_with_its_version(salon: Salon, kind: str) -> None:
    owner, path, body = await salon.caller("owner"), f"/v1/owner/{kind}/neu", LISTS[kind][2]
    made = await owner.put(path, body)
    assert (made.status_code, made.headers["etag"], made.json()["etag"]) == (201, '"1"', 1)
    assert made.json() | body == made.json()
    assert (await owner.put(path, body)).json()["code"] == "precondition-required"
    renamed = await owner.put(path, {**body, "name": "新"}, headers={"if-match": '"1"'})
    assert (renamed.status_code, renamed.headers["etag"], renamed.json()["name"]) == (200, '"2"', "新")
    late = await owner.put(path, body, headers={"if-match": '"1"'})
    assert (late.status_code, late.json()["code"]) == (412, "entry-changed")
    assert (await owner.delete(path)).status_code == 428
    assert (await owner.delete(path, headers={"if-match": '"1"'})).status_code == 412
    assert (await owner.delete(path, headers={"if-match": '"2"'})).status_code == 204
    (kept,) = (await owner.ask("GET", f"/v1/owner/{kind}"))["items"]
    assert (kept["code"], kept["active"], kept["etag"]) == ("neu", False, 3)
    back = await owner.put(path, body, headers={"if-match": "*"})
    assert (back.status_code, back.json()["active"]) == (200, True)


@pytest.mark.parametrize(
    ("kind", "change", "field"),
    [
        ("levels", {"rank": "3"}, "rank"),
        ("levels", {"rank": 10**9}, "rank"),
        ("levels", {"colour": "red"}, "colour"),
        ("levels", {"code": "other"}, "code"),
        ("levels", {"name": ""}, "name"),
        ("levels", {"name": None}, "name"),
        ("categories", {"usualGapDays": 0}, "usualGapDays"),
        ("products", {"kind": "magic"}, "kind"),
        ("products", {"priceCents": 10**17}, "priceCents"),
        ("attributes", {"kind": "flag", "choices": ["a"]}, "choices"),
        ("attributes", {"choices": ["a\u0000"]}, "choices[0]"),
    ],
)
async def test_a_bad_field_is_named_and_nothing_is_kept(
    salon: Salon, kind: str, change: dict[str, Any], field: str
) -> None:
    owner = await salon.caller("owner")
    answer = await owner.put(f"/v1/owner/{kind}/neu", {**LISTS[kind][2], **change}, headers=EN)
    assert answer.status_code == 422, answer.text
    named = [one["field"] for one in answer.json().get("errors", [])] or [answer.text]
    assert any(field in one for one in named), answer.text
    assert (await owner.ask("GET", f"/v1/owner/{kind}"))["items"] == []


async def test_a_field_of_an_event_is_written_with_its_type(salon: Salon) -> None:
    owner, body = await salon.caller("owner"), {"name": "满意度", "kind": "number"}
    made = await owner.put("/v1/owner/attributes/custom.survey:stars", body)
    assert (made.status_code, made.json()["eventType"], made.json()["code"]) == (201, "custom.survey", "stars")
    of_customers = await owner.put("/v1/owner/attributes/stars", {**body, "kind": "text"})
    assert (of_customers.status_code, of_customers.json()["eventType"]) == (201, "")
    other = await owner.put(
        "/v1/owner/attributes/custom.survey:stars", {**body, "kind": "text"}, headers={"if-match": "*"}
    )
    assert other.status_code == 422
    assert (await owner.put("/v1/owner/attributes/purchase:stars", body)).status_code == 422
    gone = await owner.delete("/v1/owner/attributes/custom.survey:stars", headers={"if-match": "*"})
    assert gone.status_code == 204
    listed = (await owner.ask("GET", "/v1/owner/attributes"))["items"]
    assert [(one["eventType"], one["active"]) for one in listed] == [("", True), ("custom.survey", False)]


async def test_pages_lead_to_the_next(salon: Salon) -> None:
    owner = await salon.caller("owner")
    for n in range(5):
        assert (await owner.put(f"/v1/owner/levels/L{n}", {"name": f"级{n}"})).status_code == 201
    found, path = [], "/v1/owner/levels?limit=2"
    while path:
        page = await owner.get(path)
        found += [one["code"] for one in page.json()["items"]]
        link = page.headers.get("link", "")
        path = link[1 : link.index(">")] if link else ""
    assert found == ["L0", "L1", "L2", "L3", "L4"]
    assert (await owner.get("/v1/owner/levels?cursor=xx")).json()["code"] == "cursor-garbled"
    assert (await owner.get("/v1/owner/levels?limit=101")).status_code == 422


async def test_what_intake_sends_is_listed_and_offered(salon: Salon, clock: TestClock) -> None:
    del clock
    pos, owner, manager = [await salon.caller(who) for who in ("key", "owner", "manager")]
    items = [
        {"code": "gold", "name": "金卡"},
        {"code": "gold"},
        {"code": "", "name": "x"},
        {"code": "gold", "name": "金卡"},
    ]
    answer = await pos.ask("PUT", "/v1/intake/levels:batch", json={"items": items})
    assert [(one["status"], one.get("field")) for one in answer["results"]] == [
        ("accepted", None),
        ("rejected", "name"),
        ("rejected", "code"),
        ("accepted", None),
    ]
    assert [one["code"] for one in (await owner.ask("GET", "/v1/owner/levels"))["items"]] == ["gold"]
    offered = await manager.ask("GET", "/v1/manager/choices?kind=level&q=%E9%87%91")
    assert offered["items"] == [{"name": "金卡", "code": "gold"}]
    stores = await manager.ask("GET", "/v1/manager/choices?kind=store")
    assert [one["id"] for one in stores["items"]] == [str(salon.stores["S1"])]
    assert (await manager.get("/v1/manager/choices?kind=secrets")).status_code == 422
    assert (await manager.get("/v1/manager/choices")).status_code == 422
    assert (await (await salon.caller("employee")).get("/v1/manager/choices?kind=level")).status_code == 403


async def test_customers_bring_tags_and_declared_fields(salon: Salon) -> None:
    pos = await salon.caller("key")
    skin = {"code": "skin", "name": "肤质", "kind": "text", "choices": ["干性", "油性"]}
    await pos.ask("PUT", "/v1/intake/attributes:batch", json={"items": [skin]})
    people: list[dict[str, Any]] = [
        {"externalId": "A", "tags": ["老客"], "attributes": {"skin": "干性"}},
        {"externalId": "B", "attributes": {"skin": "湿性"}},
        {"externalId": "C", "attributes": {"nobody": 1}},
        {"externalId": "D", "attributes": {"skin": ["干性"]}},
        {"externalId": "E", "tags": "老客"},
        {"externalId": "F", "attributes": {"skin": None}},
    ]
    answer = await pos.ask("PUT", "/v1/intake/customers:batch", json={"items": people})
    found = [(one["status"], one.get("field")) for one in answer["results"]]
    assert found[:3] == [("accepted", None), ("rejected", "attributes.skin"), ("rejected", "attributes.nobody")]
    assert [status for status, _ in found[3:]] == ["rejected", "rejected", "accepted"]
    assert [one["name"] for one in await salon.rows("select name from tag where merchant_id = :merchant")] == ["老客"]
