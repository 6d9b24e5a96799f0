"""The rules of value over HTTP: read, replaced by the version that was seen, refused by field, and everybody judged anew."""

from tests.http.salon import Salon


async def test_the_rules_are_the_defaults_until_they_are_replaced(salon: Salon) -> None:
    owner = await salon.caller("owner")
    first = await owner.get("/v1/owner/insight-rules")
    assert first.headers["etag"] == '"0"'
    assert first.json()["rules"]["thresholds"] == {"recencyDays": 90, "frequency": 4, "moneyCents": 100_000}
    assert first.json()["lastRun"] is None
    said = {"method": "quintiles", "basis": "consumed", "lostAt": 4.5}
    put = await owner.put("/v1/owner/insight-rules", said, headers={"if-match": first.headers["etag"]})
    assert (put.status_code, put.headers["etag"]) == (200, '"1"')
    again = await owner.get("/v1/owner/insight-rules")
    assert again.json()["due"] is True
    assert {name: again.json()["rules"][name] for name in ("method", "basis", "lostAt", "dueAt")} == said | {
        "dueAt": 1.0
    }
    stale = await owner.put("/v1/owner/insight-rules", said, headers={"if-match": '"0"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "insight-rules-changed")
    blind = await owner.put("/v1/owner/insight-rules", said)
    assert blind.status_code == 428


async def test_rules_that_contradict_themselves_are_refused_by_field(salon: Salon) -> None:
    owner = await salon.caller("owner")
    for said, field in (
        ({"dueAt": 2.5}, "atRiskAt"),
        ({"lostAt": 3.00005}, "lostAt"),
        ({"windowDays": 30}, "thresholds.recencyDays"),
        ({"windowDays": 0}, "windowDays"),
        ({"windowdays": 9}, "windowdays"),
    ):
        answer = await owner.put("/v1/owner/insight-rules", said, headers={"if-match": "*"})
        assert answer.status_code in (400, 422), answer.text
        assert field in answer.text, answer.text


async def test_a_refresh_is_taken_and_stands_until_it_is_done(salon: Salon) -> None:
    owner = await salon.caller("owner")
    taken = await owner.post("/v1/owner/insight:refresh", None)
    assert (taken.status_code, taken.json()["due"]) == (202, True)
