"""Segments over HTTP with a moving clock: saved, used, counted from day to day, seen by the right people, and never in a circle."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from backend.db.units import Units
from tasks.audience.smart import SMART
from tasks.flow.tend_segments import tend_segments
from tasks.kernel.sealing import MasterKey
from tests.support.clock import TestClock, shanghai
from tests.support.leads import AWAY, CAME, WOMEN, Leads, lead
from tests.support.plans import start_plan

SEGMENTS = "/v1/manager/segments"


@pytest.fixture
async def salon(units: Units, master: MasterKey, clock: TestClock) -> AsyncIterator[Leads]:
    made = await lead(units, master, clock)
    yield made
    await made.salon.api.client.aclose()


def using(key: str) -> dict[str, Any]:
    return {"condition": "segment", "segment": key}


def saved(name: str, tree: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "tree": tree, "seenBy": "shared", **more}


async def test_a_segment_is_counted_from_day_to_day(salon: Leads) -> None:
    await salon.came("A")
    key = await salon.segment(salon.owner, "来过", CAME)
    first = await salon.counted(salon.owner, key)
    assert (first["customers"], first["countedOn"], first["change"], first["since"]) == (1, "2026-03-02", None, None)
    await salon.came("B")
    assert (await salon.counted(salon.owner, key))["customers"] == 2
    await salon.clock.set(shanghai("2026-03-05 00:30"))
    await salon.came("C", store="S2")
    assert await tend_segments(salon.world.units, salon.world.merchant_id) >= 1
    listed = (await salon.owner.ask("GET", f"{SEGMENTS}?limit=100"))["items"]
    counted = next(one for one in listed if one["key"] == key)
    assert counted["count"]["customers"] == 3
    assert (counted["count"]["change"], counted["count"]["since"]) == (1, "2026-03-02")
    assert counted["count"]["countedOn"] == "2026-03-05"


async def test_another_tree_begins_its_counts_anew(salon: Leads) -> None:
    await salon.came("A")
    key = await salon.segment(salon.owner, "来过", CAME)
    await salon.counted(salon.owner, key)
    await salon.clock.set(shanghai("2026-03-03 09:00"))
    await salon.owner.ask("PUT", f"{SEGMENTS}/{key}", json=saved("改名", CAME), headers={"if-match": '"1"'})
    assert (await salon.counted(salon.owner, key))["since"] == "2026-03-02"
    await salon.owner.ask("PUT", f"{SEGMENTS}/{key}", json=saved("改名", WOMEN), headers={"if-match": '"2"'})
    assert (await salon.counted(salon.owner, key))["since"] is None


async def test_the_worker_counts_everything_once_a_day(salon: Leads) -> None:
    key = await salon.segment(salon.owner, "女客", WOMEN)
    units, merchant = salon.world.units, salon.world.merchant_id
    assert await tend_segments(units, merchant) == len(SMART) + 1
    assert await tend_segments(units, merchant) == 0
    rows = await salon.salon.rows("select segment_key, customers from segment_count where merchant_id = :merchant")
    assert {row["segment_key"]: row["customers"] for row in rows}[key] == 4
    assert {row["segment_key"]: row["customers"] for row in rows}["smart:new"] == 6  # two came with the salon
    await salon.clock.set(shanghai("2026-03-02 23:59"))
    assert await tend_segments(units, merchant) == 0
    await salon.clock.set(shanghai("2026-03-03 00:01"))
    assert await tend_segments(units, merchant) == len(SMART) + 1


async def test_the_list_pages_through_smart_and_saved_in_both_languages(salon: Leads) -> None:
    for number in range(5):
        await salon.segment(salon.owner, f"分群{number}", CAME)
    found: list[dict[str, Any]] = []
    path = f"{SEGMENTS}?limit=4"
    while path:
        answer = await salon.owner.get(path, headers={"accept-language": "en"})
        found += answer.json()["items"]
        path = answer.links["next"]["url"] if "next" in answer.links else ""
    assert [one["key"] for one in found[: len(SMART)]] == [f"smart:{name}" for name in SMART]
    assert [one["name"] for one in found[len(SMART) :]] == [f"分群{number}" for number in range(5)]
    sleeping = next(one for one in found if one["key"] == "smart:sleeping_90")
    assert (sleeping["name"], sleeping["kind"], sleeping["mayChange"]) == ("Sleeping 90 days", "smart", False)
    one = await salon.owner.ask("GET", "/v1/manager/smart-segments/sleeping_90")
    assert (one["name"], one["count"]["customers"]) == ("沉睡 90 天", 0)
    assert (await salon.owner.get("/v1/manager/smart-segments/nothing")).status_code == 404
    assert (await salon.owner.get(f"{SEGMENTS}?cursor=garbage")).status_code == 400


async def test_a_manager_counts_her_own_customers_and_stores_nothing(salon: Leads) -> None:
    for code in "ABCD":
        await salon.came(code)
    key = await salon.segment(salon.owner, "来过", CAME)
    assert (await salon.counted(salon.manager, key))["customers"] == 3  # A, B, and D of no store
    assert (await salon.counted(salon.other, key))["customers"] == 2
    assert await salon.salon.rows("select 1 from segment_count where merchant_id = :merchant") == []
    assert (await salon.counted(salon.owner, key))["customers"] == 4
    listed = (await salon.manager.ask("GET", f"{SEGMENTS}?limit=100"))["items"]
    assert {one["count"] for one in listed} == {None}


async def test_edits_name_the_version_they_saw(salon: Leads) -> None:
    key = await salon.segment(salon.owner, "来过", CAME)
    path = f"{SEGMENTS}/{key}"
    assert (await salon.owner.get(path)).headers["etag"] == '"1"'
    body = saved("来过的", CAME)
    assert (await salon.owner.put(path, body)).status_code == 428
    assert (await salon.owner.put(path, body, headers={"if-match": '"1"'})).headers["etag"] == '"2"'
    stale = await salon.owner.put(path, body, headers={"if-match": '"1"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "segment-changed")


def store_of(salon: Leads, code: str) -> dict[str, Any]:
    return {"seenBy": "store", "storeId": str(salon.salon.stores[code])}


async def test_who_sees_and_changes_what(salon: Leads) -> None:
    people = {"owner": salon.owner, "manager": salon.manager, "other": salon.other}
    shared = await salon.segment(salon.owner, "共享", CAME)
    stores = await salon.segment(salon.manager, "一店", CAME, **store_of(salon, "S1"))
    hers = await salon.segment(salon.manager, "我的", CAME, seenBy="personal")
    owners = await salon.segment(salon.owner, "老板的", CAME, seenBy="personal")
    keys = {"shared": shared, "store": stores, "hers": hers, "owners": owners}
    seen = {"owner": ("shared", "store", "owners"), "manager": ("shared", "store", "hers"), "other": ("shared",)}
    changed = {"owner": ("shared", "store", "owners"), "manager": ("store", "hers"), "other": ()}
    for who, caller in people.items():
        listed = {one["key"]: one for one in (await caller.ask("GET", f"{SEGMENTS}?limit=100"))["items"]}
        assert {name for name, key in keys.items() if key in listed} == set(seen[who]), who
        assert {name for name, key in keys.items() if listed.get(key, {}).get("mayChange")} == set(changed[who]), who
        for name, key in keys.items():
            assert (await caller.get(f"{SEGMENTS}/{key}")).status_code == (200 if name in seen[who] else 404)
            wanted = 200 if name in changed[who] else 403 if name in seen[who] else 404
            body = (
                {"seenBy": "shared"}
                if name == "shared"
                else store_of(salon, "S1")
                if name == "store"
                else {"seenBy": "personal"}
            )
            put = await caller.put(f"{SEGMENTS}/{key}", saved(name, WOMEN, **body), headers={"if-match": "*"})
            assert put.status_code == wanted, (who, name, put.text)
    for name in ("store", "hers"):
        assert (await salon.other.delete(f"{SEGMENTS}/{keys[name]}")).status_code == 404
    assert (await salon.manager.delete(f"{SEGMENTS}/{shared}")).status_code == 403


async def test_who_may_save_what(salon: Leads) -> None:
    assert (await salon.manager.post(SEGMENTS, saved("共享", CAME))).status_code == 403
    elsewhere = await salon.manager.post(SEGMENTS, saved("二店", CAME, **store_of(salon, "S2")))
    assert elsewhere.json()["errors"][0]["field"] == "storeId"
    nowhere = await salon.manager.post(SEGMENTS, saved("哪店", CAME, seenBy="store"))
    assert nowhere.json()["errors"][0]["field"] == "storeId"
    key = await salon.segment(salon.manager, "我的", CAME, seenBy="personal")
    widened = await salon.manager.put(f"{SEGMENTS}/{key}", saved("大家的", CAME), headers={"if-match": "*"})
    assert widened.status_code == 403
    twice = await salon.manager.post(SEGMENTS, saved("我的", CAME, seenBy="personal"))
    assert twice.json()["errors"][0]["field"] == "name"
    await salon.segment(salon.owner, "我的", CAME, seenBy="personal")


async def test_whoever_sees_a_segment_sees_what_it_uses(salon: Leads) -> None:
    shared = await salon.segment(salon.owner, "共享", CAME)
    one = await salon.segment(salon.manager, "一店", CAME, **store_of(salon, "S1"))
    two = await salon.segment(salon.other, "二店", CAME, **store_of(salon, "S2"))
    hers = await salon.segment(salon.manager, "她的", CAME, seenBy="personal")
    allowed = {
        "shared": {shared},
        "store": {shared, one},
        "personal of the manager": {shared, one, hers},
        "personal of the owner": {shared, one, two},
    }
    bodies = {
        "shared": (salon.owner, {"seenBy": "shared"}),
        "store": (salon.manager, store_of(salon, "S1")),
        "personal of the manager": (salon.manager, {"seenBy": "personal"}),
        "personal of the owner": (salon.owner, {"seenBy": "personal"}),
    }
    for kind, (who, more) in bodies.items():
        for number, used in enumerate((shared, one, two, hers)):
            tree = {"all": [WOMEN, {"not": using(used)}]}
            answer = await who.post(SEGMENTS, saved(f"{kind} {number}", tree, **more))
            assert answer.status_code == (201 if used in allowed[kind] else 422), (kind, number, answer.text)
            if answer.status_code == 422:
                assert answer.json()["errors"][0]["field"] == "tree.all[1].not.segment"


async def test_a_used_segment_neither_hides_nor_goes(salon: Leads) -> None:
    used = await salon.segment(salon.owner, "来过", CAME)
    await salon.segment(salon.owner, "来过的女客", {"all": [WOMEN, using(used)]})
    await salon.segment(salon.manager, "我的/女客", using(used), seenBy="personal")
    await salon.tag("老客", rule=using(used), pace="half_hour")
    await start_plan(salon.world, "second_visit", name="二次到店", audience={"not": using(used)})
    gone = await salon.owner.delete(f"{SEGMENTS}/{used}")
    assert (gone.status_code, gone.json()["code"]) == (409, "segment-in-use")
    for name in ("来过的女客、+1", "二次到店", "老客"):
        assert name in gone.json()["detail"]
    hidden = await salon.owner.put(
        f"{SEGMENTS}/{used}", saved("来过", CAME, seenBy="personal"), headers={"if-match": "*"}
    )
    assert hidden.json()["code"] == "segment-in-use"
    free = await salon.segment(salon.owner, "没人用", CAME)
    assert (await salon.owner.delete(f"{SEGMENTS}/{free}")).status_code == 204
    assert (await salon.owner.get(f"{SEGMENTS}/{free}")).status_code == 404


async def test_no_circle_and_no_tower(salon: Leads) -> None:
    chain = [await salon.segment(salon.owner, "底", CAME)]
    for number in range(5):
        chain.append(await salon.segment(salon.owner, f"层{number}", {"all": [WOMEN, using(chain[-1])]}))
    for key in chain[:3]:
        tree = {"any": [CAME, using(chain[3])]}
        closed = await salon.owner.put(f"{SEGMENTS}/{key}", saved("圈", tree), headers={"if-match": "*"})
        assert (closed.status_code, closed.json()["errors"][0]["field"]) == (422, "tree.any[1].segment")
    itself = await salon.owner.put(f"{SEGMENTS}/{chain[1]}", saved("圈", using(chain[1])), headers={"if-match": "*"})
    assert itself.json()["errors"][0]["field"] == "tree.segment"
    tower = await salon.owner.post(SEGMENTS, saved("太高", {"not": using(chain[5])}))
    assert (tower.status_code, tower.json()["errors"][0]["field"]) == (422, "tree.not.segment")
    cellar = await salon.segment(salon.owner, "地下室", CAME)
    dug = await salon.owner.put(f"{SEGMENTS}/{chain[0]}", saved("底", using(cellar)), headers={"if-match": "*"})
    assert dug.status_code == 422
    assert "层4" in dug.json()["detail"]
    assert (await salon.counted(salon.owner, chain[5]))["customers"] == 0


async def test_a_circle_through_a_tag_is_one_too(salon: Leads) -> None:
    key = await salon.segment(salon.owner, "来过", CAME)
    tag = await salon.tag("老客", rule=using(key), pace="half_hour")
    tagged = {"all": [AWAY, {"condition": "tags", "anyOf": [tag.upper()]}]}
    closed = await salon.owner.put(f"{SEGMENTS}/{key}", saved("来过", tagged), headers={"if-match": "*"})
    assert (closed.status_code, closed.json()["errors"][0]["field"]) == (422, "tree.all[1].anyOf[0]")
    await salon.segment(salon.owner, "老客久未到店", tagged)


async def test_the_leaf_is_named(salon: Leads) -> None:
    stranger = "01930000-0000-7000-8000-000000000001"
    for tree, field in (
        ({"all": [CAME, {"condition": "bought", "withinDays": 3, "products": [stranger]}]}, "tree.all[1].products[0]"),
        ({"any": [using(stranger)]}, "tree.any[0].segment"),
        ({"any": [{"condition": "nothing"}]}, "tree.any[0].condition"),
    ):
        answer = await salon.owner.post(SEGMENTS, saved("坏", tree))
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
