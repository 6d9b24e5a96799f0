"""The calendar over HTTP: firings of plans and drafts, own festivals, public holidays."""

from typing import Any

from backend.db.units import Units
from tasks.people.service import create_store
from tests.http.salon import Salon
from tests.support.api import Caller
from tests.support.clock import TestClock

NEW_YORK = "America/New_York"
EVERYBODY = {"audience": None, "purpose": "care", "holdOut": 0}


def draft(limit: int = 3, **trigger: Any) -> dict[str, Any]:
    return {"template": "second_visit", "changes": {"trigger": trigger, **EVERYBODY}, "limit": limit}


async def fires(owner: Caller, **said: Any) -> list[str]:
    answer = await owner.ask("POST", "/v1/owner/plans:firings", json=draft(**said))
    return [one["firesOn"] for one in answer["items"]]


async def test_firings_say_day_wall_time_and_instant_per_zone(salon: Salon, units: Units, clock: TestClock) -> None:
    async with units.open(salon.merchant_id) as unit:
        await create_store(unit, code="NY", name="纽约店", timezone=NEW_YORK)
    owner = await salon.caller("owner")
    holidays = {"items": [{"dayOn": "2026-03-08", "kind": "holiday", "name": "妇女节"}]}
    await owner.ask("PUT", "/v1/owner/holidays/2026", json=holidays)
    said = draft(limit=1, kind="festival", name="womens_day", at="02:30")
    answer = await owner.ask("POST", "/v1/owner/plans:firings", json=said)
    assert answer == {
        "items": [
            {
                "firesOn": "2026-03-08",
                "at": "02:30:00",
                "zones": [
                    {"timezone": NEW_YORK, "fireAt": "2026-03-08T07:30:00Z"},
                    {"timezone": "Asia/Shanghai", "fireAt": "2026-03-07T18:30:00Z"},
                ],
                "dayKind": "holiday",
                "holiday": "妇女节",
            }
        ],
        "warnings": [],
    }


async def test_a_stored_plan_shows_twelve_and_a_spent_or_event_plan_none(salon: Salon, clock: TestClock) -> None:
    owner = await salon.caller("owner")
    made = await owner.ask("POST", "/v1/owner/plans", json={"template": "card_balance_low"})
    path = f"/v1/owner/plans/{made['id']}/firings"
    shown = await owner.ask("GET", path)
    assert [one["firesOn"] for one in shown["items"]] == [f"2026-03-{day:02}" for day in range(2, 14)]
    assert shown["warnings"] == ["holidays_unknown:2026"]
    assert len((await owner.ask("GET", f"{path}?limit=100"))["items"]) == 100
    assert (await owner.get(f"{path}?limit=101")).status_code == 422
    events = await owner.ask("POST", "/v1/owner/plans:firings", json={"template": "second_visit"})
    assert events == {"items": [], "warnings": ["on_events"]}
    over = await owner.ask("POST", "/v1/owner/plans:firings", json=draft(kind="one_off", at="2026-03-02T07:59"))
    assert over == {"items": [], "warnings": ["over"]}


async def test_a_firing_of_today_is_shown_until_it_is_over(salon: Salon, clock: TestClock) -> None:
    owner = await salon.caller("owner")
    assert await fires(owner, kind="daily", at="08:30", limit=2) == ["2026-03-02", "2026-03-03"]
    assert await fires(owner, kind="daily", at="07:30", limit=2) == ["2026-03-03", "2026-03-04"]
    assert await fires(owner, kind="monthly", days=[18], offsetDays=-1, at="10:00", limit=2) == [
        "2026-03-17",
        "2026-04-17",
    ]


async def test_a_draft_by_an_unknown_festival_is_refused_by_its_field(salon: Salon, clock: TestClock) -> None:
    owner = await salon.caller("owner")
    said = draft(kind="festival", name="店庆", at="10:00")
    answer = await owner.post("/v1/owner/plans:firings", said)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "trigger.name")
    await owner.ask("POST", "/v1/owner/festivals", json={"name": "店庆", "days": {"kind": "day", "month": 9, "day": 1}})
    assert await fires(owner, kind="festival", name="店庆", at="10:00", limit=1) == ["2026-09-01"]


async def test_festivals_are_kept_with_their_versions(salon: Salon) -> None:
    owner = await salon.caller("owner")
    said = {"name": "闺蜜节", "days": {"kind": "lunar_day", "month": 7, "day": 7}}
    made = await owner.post("/v1/owner/festivals", said)
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    path = f"/v1/owner/festivals/{made.json()['id']}"
    changed = said | {"days": {"kind": "dates", "dates": ["2026-08-08", "2027-08-08"]}}
    assert (await owner.put(path, changed)).status_code == 428
    done = await owner.put(path, changed, headers={"if-match": '"1"'})
    assert (done.status_code, done.headers["etag"], done.json()["days"]) == (200, '"2"', changed["days"])
    stale = await owner.delete(path, headers={"if-match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "festival-changed")
    assert (await owner.post("/v1/owner/festivals", said)).status_code == 409
    wrong = await owner.post("/v1/owner/festivals", {"name": "六月末", "days": {"kind": "day", "month": 6, "day": 31}})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "days.day")
    listed = await owner.ask("GET", "/v1/owner/festivals")
    assert [one["name"] for one in listed["items"]] == ["闺蜜节"]
    assert (await owner.delete(path, headers={"if-match": '"2"'})).status_code == 204
    assert (await owner.ask("GET", "/v1/owner/festivals"))["items"] == []


async def test_the_calendar_names_what_comes_next(salon: Salon, clock: TestClock) -> None:
    owner = await salon.caller("owner")
    found = await owner.ask("GET", "/v1/owner/calendar", headers={"accept-language": "zh-CN"})
    assert found["festivals"][0] == {"name": "lantern", "label": "元宵节", "nextOn": "2026-03-03"}
    assert found["terms"][0] == {"name": "jing_zhe", "label": "惊蛰", "nextOn": "2026-03-05"}
    assert (len(found["festivals"]), len(found["terms"]), found["own"]) == (30, 24, [])
    english = await owner.ask("GET", "/v1/owner/calendar", headers={"accept-language": "en"})
    assert english["festivals"][0]["label"] == "Lantern Festival"


async def test_holidays_are_replaced_by_the_year(salon: Salon) -> None:
    owner = await salon.caller("owner")
    path = "/v1/owner/holidays/2026"
    assert await owner.ask("GET", path) == {"year": 2026, "known": False, "items": []}
    day = {"dayOn": "2026-10-10", "kind": "workday", "name": "国庆节"}
    assert (await owner.ask("PUT", path, json={"items": [day]}))["items"] == [day]
    other = await owner.put(path, {"items": [day | {"dayOn": "2027-01-01"}]})
    assert (other.status_code, other.json()["errors"][0]["field"]) == (422, "items[0].dayOn")
    twice = await owner.put(path, {"items": [day, day]})
    assert (twice.status_code, twice.json()["errors"][0]["field"]) == (422, "items[1].dayOn")
    assert await owner.ask("GET", path) == {"year": 2026, "known": True, "items": [day]}
    assert (await owner.ask("PUT", path, json={"items": []}))["known"] is False
    assert (await owner.get("/v1/owner/holidays/1999")).status_code == 422
