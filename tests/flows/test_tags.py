"""Tags over HTTP with a moving clock: by hand, in bulk, by import and by rule; what each may take away, and that the history tells it all."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.flow.tend_tags import tend_tags
from tasks.kernel.errors import Invalid
from tasks.kernel.sealing import MasterKey
from tasks.people.states import TagHand
from tasks.people.tagging import By, give, give_by_name, take
from tests.support.clock import TestClock
from tests.support.leads import AWAY, CAME, WOMEN, Leads, lead
from tests.support.plans import start_plan
from tests.support.rows import doing
from tests.support.world import make_world

TAGS = "/v1/manager/tags"


@pytest.fixture
async def salon(units: Units, master: MasterKey, clock: TestClock) -> AsyncIterator[Leads]:
    made = await lead(units, master, clock)
    yield made
    await made.salon.api.client.aclose()


async def tend(salon: Leads) -> int:
    return await tend_tags(salon.world.units, salon.world.merchant_id)


def of(salon: Leads, code: str, tag: str = "") -> str:
    return f"/v1/manager/customers/{salon.world.customers[code]}/tags" + (f"/{tag}" if tag else "")


async def test_by_hand_with_history(salon: Leads) -> None:
    tag = await salon.tag("  爱 聊天 ")
    path = of(salon, "A", tag)
    assert [(await salon.manager.put(path)).status_code for _ in range(2)] == [204, 204]
    assert [(await salon.owner.delete(path)).status_code for _ in range(2)] == [204, 204]
    await salon.manager.put(path)
    told = await salon.manager.ask("GET", of(salon, "A"))
    assert [(one["name"], one["hand"], one["staffId"]) for one in told["items"]] == [
        ("爱 聊天", "staff", str(salon.salon.staff["manager"]))
    ]
    moves = [(one["given"], one["staffId"]) for one in told["history"]]
    manager, owner = (str(salon.salon.staff[who]) for who in ("manager", "owner"))
    assert moves == [(True, manager), (False, owner), (True, manager)]
    first = await salon.manager.get(of(salon, "A") + "?limit=2")
    rest = await salon.manager.get(first.links["next"]["url"])
    assert [one["id"] for page in (first, rest) for one in page.json()["history"]] == [
        one["id"] for one in told["history"]
    ]
    assert "next" not in rest.links


async def test_a_manager_reaches_the_customers_of_her_stores(salon: Leads) -> None:
    tag = await salon.tag("常客")
    for code, status in (("A", 204), ("C", 404), ("D", 204)):
        assert (await salon.manager.put(of(salon, code, tag))).status_code == status
        assert (await salon.manager.delete(of(salon, code, tag))).status_code == status
    assert (await salon.manager.get(of(salon, "C"))).status_code == 404
    hers = await salon.manager.ask("POST", f"{TAGS}/{tag}/customers:give", json={"tree": WOMEN})
    assert hers == {"meant": 3, "changed": 3}
    ids = [str(salon.world.customers[code]) for code in "AC"]
    refused = await salon.manager.post(f"{TAGS}/{tag}/customers:give", {"customerIds": ids})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "customerIds[1]")
    everybody = await salon.owner.ask("POST", f"{TAGS}/{tag}/customers:give", json={"customerIds": ids})
    assert everybody == {"meant": 2, "changed": 1}
    counts = [(await who.ask("GET", f"{TAGS}/{tag}"))["customers"] for who in (salon.owner, salon.manager, salon.other)]
    assert counts == [4, 3, 2]
    taken = await salon.other.ask("POST", f"{TAGS}/{tag}/customers:take", json={"tree": {}})
    assert taken == {"meant": 3, "changed": 2}  # her store's customer of the salon's own has no tag
    assert await salon.tagged(tag) == {"A": "staff", "B": "staff"}
    assert await salon.moves("C") == [("常客", True, "staff"), ("常客", False, "staff")]


async def test_bulk_needs_one_way_to_say_whom_and_not_too_many(salon: Leads, monkeypatch: pytest.MonkeyPatch) -> None:
    tag = await salon.tag("常客")
    give = f"{TAGS}/{tag}/customers:give"
    bodies: tuple[dict[str, Any], ...] = ({}, {"customerIds": [], "tree": {}})
    for body in bodies:
        assert (await salon.owner.post(give, body)).status_code == 422
    bad = await salon.owner.post(give, {"tree": {"all": [WOMEN, {"condition": "nothing"}]}})
    assert bad.json()["errors"][0]["field"] == "tree.all[1].condition"
    hers = await salon.segment(salon.manager, "我的", CAME, seenBy="personal")
    hidden = await salon.owner.post(give, {"tree": {"condition": "segment", "segment": hers}})
    assert hidden.json()["errors"][0]["field"] == "tree.segment"
    monkeypatch.setattr("tasks.flow.tag_customers.MOST_AT_ONCE", 3)
    assert (await salon.owner.post(give, {"tree": WOMEN})).status_code == 422
    assert (await salon.owner.ask("POST", give, json={"tree": {"not": WOMEN}})) == {"meant": 2, "changed": 2}


async def test_managers_make_tags_and_owners_rule_them(salon: Leads) -> None:
    made = await salon.manager.ask("POST", TAGS, json={"name": "熟客"})
    path = f"{TAGS}/{made['id']}"
    for refused in (
        await salon.manager.post(TAGS, {"name": "自动", "rule": CAME, "pace": "at_once"}),
        await salon.manager.put(path, {"name": "改名"}, headers={"if-match": "*"}),
        await salon.manager.delete(path),
    ):
        assert refused.status_code == 403
    assert (await salon.owner.put(path, {"name": "改名"})).status_code == 428
    renamed = await salon.owner.put(path, {"name": "改名"}, headers={"if-match": '"1"'})
    assert (renamed.json()["name"], renamed.headers["etag"]) == ("改名", '"2"')
    assert (await salon.owner.put(path, {"name": "改名"}, headers={"if-match": '"1"'})).json()["code"] == "tag-changed"
    await salon.tag("别的")
    for body, field in (
        ({"name": "别的"}, "name"),
        ({"name": "x", "rule": CAME}, "pace"),
        ({"name": "x", "pace": "at_once"}, "pace"),
    ):
        answer = await salon.owner.put(path, body, headers={"if-match": "*"})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_a_rule_at_once_gives_with_the_event(salon: Leads) -> None:
    tag = await salon.tag("来过两次", rule={"condition": "visit_count", "atLeast": 2}, pace="at_once")
    await salon.came("A", 3)
    assert await salon.tagged(tag) == {}
    await salon.came("A")
    assert await salon.tagged(tag) == {"A": "rule"}
    assert await salon.moves("A") == [("来过两次", True, "rule")]
    assert await tend(salon) == 0


async def test_an_at_once_rule_is_there_before_a_plan_asks_for_it(salon: Leads) -> None:
    tag = await salon.tag("新客", rule={"condition": "visit_count", "equals": 1}, pace="at_once")
    await start_plan(salon.world, "second_visit", audience={"condition": "tags", "anyOf": [tag]})
    await salon.came("A")
    rows = await salon.salon.rows("select customer_id from enrolment where merchant_id = :merchant")
    assert [row["customer_id"] for row in rows] == [salon.world.customers["A"]]


async def test_a_rule_is_applied_when_it_is_saved_and_changed(salon: Leads) -> None:
    await salon.came("A", 50)
    await salon.came("B", 5)
    tag = await salon.tag("来过", rule=CAME, pace="half_hour")
    assert await salon.tagged(tag) == {"A": "rule", "B": "rule"}
    view = await salon.owner.ask("GET", f"{TAGS}/{tag}")
    assert (view["customers"], view["judgedAt"] is not None, view["sentence"]) == (2, True, "到店次数不低于 1 次")
    await salon.owner.ask(
        "PUT",
        f"{TAGS}/{tag}",
        json={"name": "久未到店", "rule": {"all": [CAME, AWAY]}, "pace": "half_hour"},
        headers={"if-match": "*"},
    )
    assert await salon.tagged(tag) == {"A": "rule"}
    assert await salon.moves("B") == [("来过", True, "rule"), ("久未到店", False, "rule")]


async def test_time_alone_takes_a_tag_away_by_the_tend(salon: Leads) -> None:
    tag = await salon.tag("近期到店", rule={"condition": "last_visit", "withinDays": 7}, pace="at_once")
    await salon.came("A")
    await salon.came("B", 3)
    assert await salon.tagged(tag) == {"A": "rule", "B": "rule"}
    await salon.clock.advance(days=6)
    assert await tend(salon) == 1
    assert await salon.tagged(tag) == {"A": "rule"}
    assert await salon.moves("B") == [("近期到店", True, "rule"), ("近期到店", False, "rule")]
    await salon.clock.advance(minutes=29)
    await salon.salon.rows("delete from customer_tag where merchant_id = :merchant")
    assert await tend(salon) == 0  # everybody was judged less than half an hour ago
    await salon.clock.advance(minutes=2)
    assert await tend(salon) == 1
    assert await salon.tagged(tag) == {"A": "rule"}


async def test_a_rule_takes_only_what_a_rule_gave(salon: Leads) -> None:
    recent = {"condition": "last_visit", "withinDays": 7}
    for code in "ABC":
        await salon.came(code)
    tag = await salon.tag("近期到店", rule=recent, pace="half_hour")
    held = await salon.owner.delete(of(salon, "A", tag))
    assert (held.status_code, held.json()["code"]) == (409, "tag-held-by-rule")
    assert (await salon.owner.ask("POST", f"{TAGS}/{tag}/customers:take", json={"tree": {}}))["changed"] == 0
    await salon.manager.put(of(salon, "B", tag))
    await salon.manager.put(of(salon, "D", tag))
    assert await salon.tagged(tag) == {"A": "rule", "B": "staff", "C": "rule", "D": "staff"}
    await salon.clock.advance(days=8)
    assert await tend(salon) == 2
    assert await salon.tagged(tag) == {"B": "staff", "D": "staff"}
    assert await salon.moves("B") == [("近期到店", True, "rule"), ("近期到店", True, "staff")]
    assert (await salon.owner.delete(of(salon, "B", tag))).status_code == 204


async def test_a_rules_hand_leaves_what_others_gave(salon: Leads) -> None:
    tag = await salon.tag("甲", rule={"condition": "visit_count", "atLeast": 9}, pace="half_hour")
    pairs = {code: (salon.world.customers[code], UUID(tag)) for code in "ABC"}
    for code, hand in (("A", TagHand.RULE), ("B", TagHand.IMPORT), ("C", TagHand.STAFF)):
        await salon.world.do(doing(give, [pairs[code]], By(hand)))
    assert await salon.world.do(lambda unit: take(unit, pairs.values(), By(TagHand.RULE))) == 1
    assert await salon.tagged(tag) == {"B": "import", "C": "staff"}
    assert await salon.world.do(lambda unit: give(unit, pairs.values(), By(TagHand.RULE))) == 1
    assert await salon.tagged(tag) == {"A": "rule", "B": "import", "C": "staff"}


async def test_without_its_rule_a_tag_is_peoples(salon: Leads) -> None:
    await salon.came("A")
    tag = await salon.tag("来过", rule=CAME, pace="at_once")
    await salon.owner.ask("PUT", f"{TAGS}/{tag}", json={"name": "来过"}, headers={"if-match": "*"})
    assert await salon.tagged(tag) == {"A": "rule"}
    await salon.clock.advance(hours=1)
    assert await tend(salon) == 0
    assert (await salon.owner.delete(of(salon, "A", tag))).status_code == 204
    assert await salon.tagged(tag) == {}


async def test_rules_follow_rules_in_turn(salon: Leads) -> None:
    late = await salon.tag("先占位")
    early = await salon.tag("来过", rule=CAME, pace="at_once")
    woman = {"all": [WOMEN, {"condition": "tags", "anyOf": [early]}]}
    await salon.owner.ask(
        "PUT",
        f"{TAGS}/{late}",
        json={"name": "来过的女客", "rule": woman, "pace": "at_once"},
        headers={"if-match": "*"},
    )
    await salon.came("A")
    assert await salon.tagged(late) == {"A": "rule"}
    await salon.salon.rows("delete from customer_tag where merchant_id = :merchant")
    await salon.clock.advance(hours=1)
    assert await tend(salon) == 2


async def test_a_rule_never_asks_for_its_own_tag(salon: Leads) -> None:
    tag = await salon.tag("甲")
    own = {"condition": "tags", "noneOf": [tag]}
    through_segment = await salon.segment(salon.owner, "不是甲", own)
    through_tag = await salon.tag("乙", rule={"all": [CAME, own]}, pace="half_hour")
    for rule, field in (
        ({"all": [WOMEN, own]}, "rule.all[1].noneOf[0]"),
        ({"not": {"condition": "segment", "segment": through_segment}}, "rule.not.segment"),
        ({"any": [CAME, {"condition": "tags", "allOf": [through_tag]}]}, "rule.any[1].allOf[0]"),
    ):
        answer = await salon.owner.put(
            f"{TAGS}/{tag}", {"name": "甲", "rule": rule, "pace": "half_hour"}, headers={"if-match": "*"}
        )
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


async def test_a_rule_uses_what_everybody_sees(salon: Leads) -> None:
    hers = await salon.segment(salon.owner, "老板的", CAME, seenBy="personal")
    store = await salon.segment(salon.owner, "一店的", CAME, seenBy="store", storeId=str(salon.salon.stores["S1"]))
    for key in (hers, store):
        rule = {"condition": "segment", "segment": key}
        answer = await salon.owner.post(TAGS, {"name": "自动", "rule": rule, "pace": "half_hour"})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "rule.segment")


async def test_a_used_tag_stays_and_an_unused_one_leaves_its_history(salon: Leads) -> None:
    tag = await salon.tag("甲")
    await salon.manager.put(of(salon, "A", tag))
    asked = {"condition": "tags", "anyOf": [tag]}
    segment = await salon.segment(salon.owner, "甲客", asked)
    other = await salon.tag("乙", rule=asked, pace="half_hour")
    plan = await start_plan(salon.world, "second_visit", name="甲的计划", audience=asked)
    used = await salon.owner.delete(f"{TAGS}/{tag}")
    assert (used.status_code, used.json()["code"]) == (409, "tag-in-use")
    for name in ("甲客", "乙", "甲的计划"):
        assert name in used.json()["detail"]
    assert (await salon.owner.delete(f"{TAGS}/{other}")).status_code == 204
    assert (await salon.owner.delete(f"/v1/manager/segments/{segment}")).status_code == 204
    await salon.owner.ask("POST", f"/v1/owner/plans/{plan}/end", headers={"if-match": "*"})
    assert (await salon.owner.delete(f"{TAGS}/{tag}")).status_code == 204
    assert (await salon.owner.get(f"{TAGS}/{tag}")).status_code == 404
    assert await salon.moves("A") == [
        ("甲", True, "staff"),
        ("乙", True, "rule"),
        ("乙", False, "staff"),
        ("甲", False, "staff"),
    ]
    assert (await salon.manager.ask("GET", of(salon, "A")))["items"] == []


async def test_an_import_gives_by_name(salon: Leads) -> None:
    known = await salon.tag("来过", rule=CAME, pace="at_once")
    await salon.came("A")
    ids = salon.world.customers
    named = [(ids["A"], ("来过", " 爱聊天 ", "")), (ids["B"], ("爱聊天", "爱聊天")), (ids["C"], ())]
    for _ in range(2):
        await salon.world.do(lambda unit: give_by_name(unit, named, TagHand.IMPORT))
    listed = {one["name"]: one for one in (await salon.owner.ask("GET", f"{TAGS}?limit=100"))["items"]}
    assert {name: one["customers"] for name, one in listed.items()} == {"来过": 1, "爱聊天": 2}
    assert await salon.tagged(known) == {"A": "import"}  # the books' now: no rule takes it
    assert await salon.moves("A") == [("来过", True, "rule"), ("来过", True, "import"), ("爱聊天", True, "import")]
    assert await salon.moves("B") == [("爱聊天", True, "import")]
    with pytest.raises(Invalid):
        await salon.world.do(lambda unit: give_by_name(unit, [(ids["A"], ("长" * 41,))], TagHand.IMPORT))


async def test_tags_are_listed_page_by_page(salon: Leads) -> None:
    for number in range(5):
        await salon.tag(f"标签{number}")
    names, path = [], f"{TAGS}?limit=2"
    while path:
        answer = await salon.manager.get(path)
        names += [one["name"] for one in answer.json()["items"]]
        path = answer.links["next"]["url"] if "next" in answer.links else ""
    assert names == [f"标签{number}" for number in range(5)]


async def test_a_large_change_goes_in_parts(salon: Leads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.audience.tag_rules.settle_everybody.__defaults__", (2,))
    for code in "ABCD":
        await salon.came(code)
    tag = await salon.tag("来过", rule=CAME, pace="half_hour")
    assert len(await salon.tagged(tag)) == 2
    assert (await salon.owner.ask("GET", f"{TAGS}/{tag}"))["judgedAt"] is None
    assert await tend(salon) == 2
    assert set(await salon.tagged(tag)) == set("ABCD")
    assert (await salon.owner.ask("GET", f"{TAGS}/{tag}"))["judgedAt"] is not None


async def test_each_customer_is_judged_on_the_day_of_her_own_zone(
    units: Units, master: MasterKey, clock: TestClock, salon: Leads
) -> None:
    await salon.salon.rows(
        "update store set timezone = 'America/New_York' where merchant_id = :merchant and id = :store",
        store=salon.salon.stores["S2"],
    )
    await salon.came("A")
    await salon.came("C", store="S2")
    tag = await salon.tag("来过", rule=CAME, pace="half_hour")
    assert await salon.tagged(tag) == {"A": "rule", "C": "rule"}
    changed = {"name": "没来", "rule": {"not": CAME}, "pace": "half_hour"}
    await salon.owner.ask("PUT", f"{TAGS}/{tag}", json=changed, headers={"if-match": "*"})
    rows = await salon.salon.rows(
        "select customer_id from customer_tag where merchant_id = :merchant and tag_id = :tag", tag=UUID(tag)
    )
    left = {row["customer_id"] for row in rows}
    assert {salon.world.customers[code] for code in "BD"} | set(salon.salon.customers.values()) == left


async def test_a_rule_that_fails_costs_no_event(salon: Leads) -> None:
    broken = await salon.tag("坏", rule=CAME, pace="at_once")
    await salon.salon.rows(
        "update tag set rule = cast(:rule as jsonb) where merchant_id = :merchant and id = :id",
        rule='{"condition": "gone by an older version"}', id=UUID(broken),
    )  # fmt: skip
    good = await salon.tag("好", rule=CAME, pace="at_once")
    await salon.came("A")
    assert await salon.tagged(good) == {"A": "rule"}
    await salon.clock.advance(hours=1)
    await salon.salon.rows("delete from customer_tag where merchant_id = :merchant")
    assert await tend(salon) == 1
    assert await salon.tagged(good) == {"A": "rule"}


async def test_another_merchant_is_not_touched(salon: Leads, units: Units, master: MasterKey) -> None:
    stranger = await make_world(units, master, customers=1)
    await stranger.visit("C1", await units.now() - timedelta(days=1))
    await salon.tag("全部", rule={"not": {"condition": "visit_count", "atLeast": 1}}, pace="half_hour")
    await salon.clock.advance(hours=1)
    await tend(salon)
    async with units.open(stranger.merchant_id) as unit:
        assert await unit.scalar("select count(*) from customer_tag where merchant_id = :merchant") == 0
