"""Benefits over HTTP: owners keep them with versions, tills ask in any case and say what they gave."""

from datetime import UTC, datetime
from typing import Any

import pytest

from tasks.kernel.ids import new_id
from tests.http.salon import Salon
from tests.support.api import Caller
from tests.support.clock import TestClock, shanghai

TENTH: dict[str, Any] = {"name": "会员日", "days": {"kind": "daily"}, "gain": {"kind": "percent_off", "percent": 10}}
NOW = "/v1/benefits/now"


async def active(owner: Caller, **said: Any) -> dict[str, Any]:
    made = await owner.post("/v1/owner/benefits", TENTH | said)
    assert made.status_code == 201, made.text
    path = f"/v1/owner/benefits/{made.json()['id']}/activate"
    answer: dict[str, Any] = await owner.ask("POST", path, headers={"if-match": made.headers["etag"]})
    return answer


def bill(benefit: dict[str, Any], **said: Any) -> dict[str, Any]:
    return {
        "externalId": "R-1",
        "benefit": benefit["id"],
        "store": "S1",
        "amountCents": 10_000,
        "savedCents": 1_000,
    } | said


async def test_an_owner_keeps_benefits_with_their_versions(salon: Salon, clock: TestClock) -> None:
    owner = await salon.caller("owner")
    said = TENTH | {
        "days": {"kind": "monthly", "days": [18]},
        "fromTime": "10:00",
        "toTime": "24:00",
        "stacking": "stack",
    }
    made = await owner.post("/v1/owner/benefits", said, headers={"accept-language": "en"})
    body = made.json()
    assert (made.status_code, made.headers["etag"], body["state"], body["words"]) == (201, '"1"', "draft", "10% off")
    assert body["comingOn"] == ["2026-03-18", "2026-04-18", "2026-05-18"]
    assert body["definition"]["toTime"] is None
    path = f"/v1/owner/benefits/{body['id']}"
    changed = said | {"budget": {"amount": 10_000}}
    assert (await owner.put(path, changed)).status_code == 428
    done = await owner.put(path, changed, headers={"if-match": '"1"'})
    assert (done.status_code, done.headers["etag"]) == (200, '"2"')
    assert done.json()["definition"]["budget"] == {"amount": 10_000, "unit": "cents", "period": "day"}
    again = await owner.put(path, done.json()["definition"], headers={"if-match": '"2"'})
    assert again.json()["definition"] == done.json()["definition"]
    stale = await owner.post(f"{path}/activate", headers={"if-match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "benefit-changed")
    for move, state in (("activate", "active"), ("pause", "paused"), ("end", "ended")):
        moved = await owner.ask("POST", f"{path}/{move}", headers={"if-match": "*"})
        assert moved["state"] == state
    over = await owner.post(f"{path}/activate", headers={"if-match": "*"})
    assert (over.status_code, over.json()["code"]) == (409, "benefit-state")
    page = await owner.get("/v1/owner/benefits?limit=1")
    assert [one["id"] for one in page.json()["items"]] == [body["id"]]
    assert "link" not in page.headers


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"gain": {"kind": "points", "multiplier": 0}}, "gain.multiplier"),
        ({"gain": {"kind": "points", "multiplier": -200}}, "gain.multiplier"),
        ({"gain": {"kind": "points", "multiplier": 100}}, "gain.multiplier"),
        ({"gain": {"kind": "points", "multiplier": 2_001}}, "gain.multiplier"),
        ({"gain": {"kind": "points", "multiplier": 2**70}}, "gain.multiplier"),
        ({"gain": {"kind": "percent_off", "percent": 100}}, "gain.percent"),
        ({"gain": {"kind": "percent_off", "percent": 0}}, "gain.percent"),
        ({"gain": {"kind": "amount_off", "offCents": -1}}, "gain.offCents"),
        ({"gain": {"kind": "amount_off", "offCents": 10**9}}, "gain.offCents"),
        ({"gain": {"kind": "member_price", "prices": []}}, "gain.prices"),
        ({"gain": {"kind": "member_price", "prices": [{"product": "CUT", "cents": 0}]}}, "gain.prices[0].cents"),
        ({"gain": {"kind": "free"}}, "gain.kind"),
        ({"days": {"kind": "dates", "dates": []}}, "days.dates"),
        ({"days": {"kind": "weekly", "weekdays": []}}, "days.weekdays"),
        ({"days": {"kind": "monthly", "days": [32]}}, "days.days[0]"),
        ({"days": {"kind": "monthly", "days": [18], "at": "10:00"}}, "days.at"),
        ({"days": {"kind": "monthly", "days": [18], "lastsDays": 32}}, "days.lastsDays"),
        ({"days": {}}, "days.kind"),
        ({"fromTime": "24:00"}, "fromTime"),
        ({"toTime": "9:00"}, "toTime"),
        ({"minSpendCents": -1}, "minSpendCents"),
        ({"caps": {"perDayCents": 0}}, "caps.perDayCents"),
        ({"budget": {"amount": 0}}, "budget.amount"),
        ({"name": ""}, "name"),
        ({"more": 1}, "more"),
        ({"levels": ["gold"]}, "levels[0]"),
        ({"stores": ["S9"]}, "stores[0]"),
        ({"days": {"kind": "festival", "name": "店庆"}}, "days.name"),
    ],
)  # fmt: skip
async def test_a_wrong_benefit_is_refused_by_its_field(salon: Salon, said: dict[str, Any], field: str) -> None:
    owner = await salon.caller("owner")
    answer = await owner.post("/v1/owner/benefits", TENTH | said)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), answer.text


async def test_hours_with_a_line_break_are_hours_and_other_digits_none(salon: Salon) -> None:
    owner = await salon.caller("owner")
    made = await owner.ask("POST", "/v1/owner/benefits", json=TENTH | {"fromTime": "10:00\n", "toTime": "24:00\n"})
    assert (made["definition"]["fromTime"], made["definition"]["toTime"]) == ("10:00", None)
    assert (await owner.post("/v1/owner/benefits", TENTH | {"fromTime": "１０:００"})).status_code == 422


async def test_a_till_is_told_what_applies_right_now(salon: Salon, clock: TestClock) -> None:
    owner, key = await salon.caller("owner"), await salon.caller("key")
    made = await active(owner, caps={"perDayCents": 1_500}, budget={"amount": 3_000}, fromTime="08:00", toTime="21:00")
    told = await key.ask("GET", f"{NOW}?customer=C-S1&store=S1&amountCents=20000", headers={"accept-language": "zh-CN"})
    assert told == {
        "at": told["at"],
        "customerKnown": True,
        "productKnown": None,
        "amountCents": 20_000,
        "benefits": [
            {
                "id": made["id"], "name": "会员日", "words": "9折", "gain": "percent_off", "multiplier": None, "percent": 10, "offCents": None,
                "offEach": False, "priceCents": None, "items": [], "stacking": "best", "minSpendCents": 0, "stands": "applies", "savedCents": 1_500,
                "leftCents": 1_500, "timesLeft": None, "budgetLeft": 3_000, "endsAt": "2026-03-02T13:00:00Z",
            }
        ],
        "combinations": [
            {"parts": [{"benefit": made["id"], "savedCents": 1_500}], "savedCents": 1_500, "payCents": 18_500, "multiplier": 100}
        ],
    }  # fmt: skip
    for customer in ("nobody", "01930000-0000-7000-8000-000000000000", "'; drop table customer; --", "客人"):
        unknown = await key.call("GET", NOW, params={"customer": customer, "store": "S1"})
        assert (unknown.status_code, unknown.json()["customerKnown"], len(unknown.json()["benefits"])) == (
            200,
            False,
            1,
        )
    own = await key.ask("GET", f"{NOW}?customer={salon.customers['S1']}")
    assert own["customerKnown"]
    await clock.set(shanghai("2026-03-02 21:00"))
    assert (await key.ask("GET", f"{NOW}?customer=C-S1"))["benefits"] == []


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"store": "nowhere"}, 404),
        ({"store": ""}, 422),
        ({"customer": ""}, 422),
        ({"customer": "x" * 129}, 422),
        ({"amountCents": "-1"}, 422),
        ({"amountCents": "1.5"}, 422),
        ({"amountCents": str(2**70)}, 422),
        ({"amount": "1"}, 422),
        ({"customer": "a\0b", "store": "S1"}, 200),
        ({"store": "a\0b"}, 422),
        ({"product": "a\0b"}, 422),
    ],
)
async def test_a_wrong_question_is_refused(salon: Salon, query: dict[str, str], status: int) -> None:
    answer = await (await salon.caller("key")).call("GET", NOW, params=query)
    assert answer.status_code == status, answer.text


async def test_everybody_who_works_here_may_ask_about_the_own_stores(salon: Salon, clock: TestClock) -> None:
    owner = await salon.caller("owner")
    await active(owner, stores=["S1"])
    for who, store, status in (
        ("employee", "S1", 200),
        ("employee", "S2", 404),
        ("employee2", "S1", 404),
        ("manager2", "S1", 404),
        ("owner", "S2", 200),
    ):
        answer = await (await salon.caller(who)).get(f"{NOW}?store={store}")
        assert answer.status_code == status, (who, store)
    # Without a store the home store counts, if it is one of the caller's.
    counts = [
        len((await (await salon.caller(who)).ask("GET", f"{NOW}?customer=C-S1"))["benefits"])
        for who in ("employee", "employee2")
    ]
    assert counts == [1, 0]
    refused = await (await salon.caller("employee")).post("/v1/benefits/redemptions", {})
    assert refused.status_code == 401
    gone = salon.api.key(f"hf_{new_id().hex}_{new_id().hex}_AAAA")
    assert (await gone.get(NOW)).status_code == 401


async def test_a_till_says_what_it_gave(salon: Salon, clock: TestClock) -> None:
    owner, key = await salon.caller("owner"), await salon.caller("key")
    made = await active(owner, budget={"amount": 1_500})
    first = await key.post("/v1/benefits/redemptions", bill(made))
    again = await key.post("/v1/benefits/redemptions", bill(made))
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() | {"status": "duplicate"} == again.json()
    assert (first.json()["countedCents"], first.json()["budgetLeft"]) == (1_000, 500)
    wrong: list[tuple[dict[str, Any], int, str]] = [
        (bill(made, savedCents=999), 422, "redemption-reused"),
        (bill(made, externalId="R-2"), 409, "benefit-spent"),
        (bill(made, externalId="R-2", savedCents=0), 422, "invalid"),
        (bill(made, externalId="R-2", savedCents=-1), 422, "invalid-request"),
        (bill(made, externalId="R-2", amountCents=10**9), 422, "invalid-request"),
        (bill(made, externalId=""), 422, "invalid-request"),
        (bill(made, externalId="R-2", at="2026-03-01T23:59:59+08:00"), 409, "benefit-not-given"),
        (bill(made, externalId="R-2", at="2026-03-02T08:00:00"), 422, "invalid"),
        (bill(made, externalId="R-2", store="nowhere"), 404, "not-found"),
    ]
    for said, status, code in wrong:
        answer = await key.post("/v1/benefits/redemptions", said)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    spent = await key.post(
        "/v1/benefits/redemptions", bill(made, externalId="R-2"), headers={"accept-language": "zh-CN"}
    )
    assert spent.json()["detail"] == "预算或限额不足，剩余 500"
    back = await key.ask("POST", "/v1/benefits/redemptions:take-back", json={"externalId": "R-1"})
    assert (back["status"], back["state"]) == ("accepted", "taken_back")
    assert (await key.post("/v1/benefits/redemptions:take-back", {"externalId": "R-9"})).status_code == 404
    seen = await owner.ask("GET", f"/v1/owner/benefits/{made['id']}")
    assert seen["spent"] == {
        "day": {"cents": 0, "times": 0},
        "month": {"cents": 0, "times": 0},
        "all": {"cents": 0, "times": 0},
    }


async def test_a_member_day_makes_its_plan(salon: Salon, clock: TestClock) -> None:
    owner = await salon.caller("owner")
    await owner.put("/v1/owner/levels/gold", {"name": "金卡", "rank": 3})
    said = {
        "days": {"kind": "monthly", "days": [8, 18]},
        "gain": {"kind": "points", "multiplier": 300},
        "levels": ["gold"],
        "stores": ["S1"],
    }
    made = await active(owner, **said)
    path = f"/v1/owner/benefits/{made['id']}/plan"
    answer = await owner.post(path, {"leadDays": 2}, headers={"if-match": f'"{made["etag"]}"'})
    plan = answer.json()
    assert (answer.status_code, plan["state"], plan["template"], plan["name"]) == (201, "draft", "member_day", "会员日")
    trigger = plan["definition"]["trigger"]
    assert (trigger["kind"], trigger["days"], trigger["offsetDays"], trigger["at"]) == (
        "monthly",
        [8, 18],
        -2,
        "10:00:00",
    )
    assert plan["definition"]["audience"]["all"][1:] == [
        {"condition": "level", "isOneOf": ["gold"]},
        {"condition": "home_store", "stores": [str(salon.stores["S1"])]},
    ]
    assert plan["definition"]["benefit"] == {"kind": "points", "multiplier": 300}
    assert (await owner.ask("GET", f"/v1/owner/benefits/{made['id']}"))["definition"]["planId"] == plan["id"]
    twice = await owner.post(path, {"leadDays": 2}, headers={"if-match": "*"})
    assert (twice.status_code, twice.json()["errors"][0]["field"]) == (409, "planId")
    await salon.rows("update plan set state = 'ended' where merchant_id = :merchant")
    assert (await owner.post(path, {}, headers={"if-match": "*"})).status_code == 201
    assert (await owner.post(path, {"leadDays": 8}, headers={"if-match": "*"})).status_code == 422


async def test_a_plan_speaks_of_the_day_itself(salon: Salon, clock: TestClock) -> None:
    owner = await salon.caller("owner")
    dates = {"kind": "dates", "dates": [datetime(2026, 5, 1, tzinfo=UTC).date().isoformat()]}
    for days in (dates, {"kind": "festival", "name": "christmas", "offsetDays": -1}):
        made = await active(owner, days=days)
        answer = await owner.post(f"/v1/owner/benefits/{made['id']}/plan", {}, headers={"if-match": "*"})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "days")
    least = await active(owner, days={"kind": "festival", "name": "christmas"}, minSpendCents=30_000)
    plan = await owner.ask(
        "POST", f"/v1/owner/benefits/{least['id']}/plan", json={"leadDays": 0}, headers={"if-match": "*"}
    )
    assert plan["definition"]["benefit"] == {"kind": "gift", "text": "满300元9折"}
    assert plan["definition"]["trigger"]["offsetDays"] == 0
