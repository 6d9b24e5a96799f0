"""Plans are changed by new versions: what has begun finishes on the old one, and of two people who edit at once one is told."""

import asyncio
from typing import Any
from uuid import UUID

import msgspec
import pytest

from backend.db.units import Units
from tasks.flow.check_plan import check_draft
from tasks.flow.draft_plans import draft, drafted, list_templates
from tasks.flow.manage_plans import (
    activate,
    change_plan,
    create_plan,
    end,
    get_plan,
    get_version,
    list_pages,
    list_plans,
    list_versions,
    pause,
    put_plan,
    stop_everything,
    stopped,
    store_draft,
)
from tasks.flow.run_occurrence import run_chunk
from tasks.flow.run_plans import SweepReport, plan_ahead
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.paging import CursorGarbled, Page
from tasks.kernel.sealing import MasterKey
from tasks.ledger.inputs import CategoryIn
from tasks.plans.definition import encode
from tasks.plans.occurrences import claim
from tasks.plans.repository import PlanChanged, PlanMoved, PlanRow
from tasks.plans.states import PlanState
from tasks.plans.templates import SECOND_VISIT, TEMPLATES
from tasks.plans.versions import changes_between
from tests.support.clock import TestClock, shanghai
from tests.support.plans import count, decisions, rows, start_plan, sweep
from tests.support.world import World, make_world


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    return await make_world(units, master, employees=2)


async def low_card(world: World, code: str) -> str:
    await world.customer(code)
    card = await world.card(code, shanghai("2026-01-10 12:00"), principal=100_000)
    await world.card_entry(card, "consume", shanghai("2026-02-20 12:00"), principal=-70_000)
    return card


async def change(world: World, plan: UUID, changes: dict[str, Any], etag: int | None = None) -> PlanRow:
    return await world.do(lambda unit: change_plan(unit, plan, etag, changes, world.staff["owner"]))


async def _version(world: World, plan: UUID, number: int) -> None:
    await world.do(lambda unit: get_version(unit, plan, number))


async def _on(world: World, plan: UUID) -> None:
    await world.do(lambda unit: activate(unit, plan))


async def _page(world: World, cursor: str | None) -> Page[PlanRow]:
    return await world.do(lambda unit: list_pages(unit, cursor, 2))


async def _store(world: World, named: tuple[str | None, dict[str, Any]], whole: dict[str, Any] | None) -> None:
    await world.do(lambda unit: store_draft(unit, named, whole, None))


async def row(world: World, plan: UUID) -> PlanRow:
    return await world.do(lambda unit: get_plan(unit, plan))


async def test_a_change_is_a_new_version_and_the_same_again_is_none(world: World, clock: TestClock) -> None:
    plan = await world.do(lambda unit: create_plan(unit, "second_visit", None, world.staff["manager"]))
    assert (plan.version, plan.etag, plan.author_id) == (1, 1, world.staff["manager"])
    changed = await change(world, plan.id, {"name": "新客（周末）", "task": {"dueIn": 3}}, plan.etag)
    assert (changed.name, changed.version, changed.etag, changed.author_id) == (
        "新客（周末）",
        2,
        2,
        world.staff["owner"],
    )
    assert changed.definition.task.due_in == 3
    again = await change(world, plan.id, {"task": {"dueIn": 3}}, changed.etag)
    assert (again.version, again.etag) == (2, 2)
    same = await world.do(lambda unit: put_plan(unit, plan.id, 2, encode(changed.definition), None))
    assert (same.version, same.etag) == (2, 2)
    back = await world.do(lambda unit: put_plan(unit, plan.id, 2, encode(SECOND_VISIT), None))
    assert (back.version, back.definition) == (3, SECOND_VISIT)


async def test_versions_are_listed_with_what_they_changed(world: World, clock: TestClock) -> None:
    plan = (await world.do(lambda unit: create_plan(unit, "second_visit"))).id
    await change(world, plan, {"name": "二", "task": {"dueIn": 3}})
    await change(world, plan, {"audience": {"all": [{"condition": "visit_count", "equals": 2}]}})
    page = await world.do(lambda unit: list_versions(unit, plan, None, 2))
    assert [(one.version, one.in_force) for one in page.items] == [(3, True), (2, False)]
    assert [(one.field, one.was, one.now) for one in page.items[0].changes] == [("audience.all[0].equals", 1, 2)]
    assert {(one.field, one.was, one.now) for one in page.items[1].changes} == {
        ("name", "新客二次到店", "二"), ("steps[0].act.dueIn", 2, 3),
    }  # fmt: skip
    last = await world.do(lambda unit: list_versions(unit, plan, page.next_cursor, 2))
    assert ([one.version for one in last.items], last.items[0].changes, last.next_cursor) == ([1], [], None)
    assert (await world.do(lambda unit: get_version(unit, plan, 2))).definition["name"] == "二"
    for number in (0, 4):
        with pytest.raises(NotFound):
            await _version(world, plan, number)
    with pytest.raises(CursorGarbled):
        await world.do(lambda unit: list_versions(unit, plan, "?", 2))


def test_the_difference_is_told_at_the_deepest_place() -> None:
    was = {"a": {"b": [1, {"c": 2}], "d": 3}, "e": [1]}
    now = {"a": {"b": [1, {"c": 4}]}, "e": [1, 2], "f": None}
    assert [(one.field, one.was, one.now) for one in changes_between(was, now)] == [
        ("a.b[1].c", 2, 4), ("a.d", 3, None), ("e", [1], [1, 2]),
    ]  # fmt: skip


async def test_two_people_edit_and_one_is_told(world: World, clock: TestClock) -> None:
    plan = await world.do(lambda unit: create_plan(unit, "second_visit"))
    await change(world, plan.id, {"name": "甲"}, plan.etag)
    with pytest.raises(PlanChanged):
        await change(world, plan.id, {"name": "乙"}, plan.etag)
    assert (await row(world, plan.id)).name == "甲"


async def test_of_two_at_the_same_moment_one_wins(world: World, clock: TestClock) -> None:
    plan = await world.do(lambda unit: create_plan(unit, "second_visit"))
    names = [f"第{number}人" for number in range(6)]
    told = await asyncio.gather(
        *(change(world, plan.id, {"name": name}, plan.etag) for name in names), return_exceptions=True
    )
    won = [one for one in told if isinstance(one, PlanRow)]
    assert len(won) == 1
    assert all(isinstance(one, PlanChanged) for one in told if one is not won[0])
    assert (await row(world, plan.id)).name == won[0].name
    assert await count(world, "plan_version") == 2


async def test_a_run_under_way_finishes_on_its_version(world: World, clock: TestClock) -> None:
    for number in range(4):
        await low_card(world, f"N{number}")
    plan = await start_plan(world, "card_balance_low", holdOut=0)
    await clock.set(shanghai("2026-03-02 10:00"))
    await plan_ahead(world.units, world.merchant_id, SweepReport())
    held = await world.do(claim)
    assert held is not None
    while await _tasks(world) < 2:
        await world.do(lambda unit: run_chunk(unit, held, 2))
    await change(world, plan, {"task": {"priority": 111}, "trigger": {"at": "15:00"}})
    while not await world.do(lambda unit: run_chunk(unit, held, 2)):
        pass
    assert {
        one["priority"] for one in await rows(world, "select priority from task where merchant_id = :merchant")
    } == {560}
    versions = await rows(
        world,
        "select distinct v.number from decision d join plan_version v on v.id = d.version_id where d.merchant_id = :merchant",
    )
    assert [one["number"] for one in versions] == [1]
    await low_card(world, "LATER")
    await clock.set(shanghai("2026-03-03 10:05"))
    await sweep(world)
    assert "LATER" not in await decisions(world)
    await clock.set(shanghai("2026-03-03 15:00"))
    await sweep(world)
    assert (await decisions(world))["LATER"] == ["task"]
    newest = await rows(
        world,
        "select priority from task where merchant_id = :merchant and customer_id = :who",
        who=world.customers["LATER"],
    )
    assert [one["priority"] for one in newest] == [111]


async def _tasks(world: World) -> int:
    return await count(world, "task")


async def test_a_firing_that_is_due_and_not_begun_takes_the_version_in_force(world: World, clock: TestClock) -> None:
    await low_card(world, "C")
    plan = await start_plan(world, "card_balance_low", holdOut=0)
    await plan_ahead(world.units, world.merchant_id, SweepReport())
    await clock.set(shanghai("2026-03-02 10:01"))
    await change(world, plan, {"task": {"priority": 222}})
    await sweep(world)
    assert [
        one["priority"] for one in await rows(world, "select priority from task where merchant_id = :merchant")
    ] == [222]


async def test_passages_that_wait_fire_as_they_began(world: World, clock: TestClock) -> None:
    plan = await start_plan(world, "second_visit", holdOut=0)
    for code, at in (("OLD", "2026-03-02 12:00"), ("NEW", "2026-03-03 12:00")):
        await clock.set(shanghai(at))
        if code == "NEW":
            await change(
                world, plan, {"trigger": {"offsets": [{"afterDays": 3, "at": "09:00"}]}, "task": {"priority": 333}}
            )
        await world.customer(code)
        await world.visit(code, shanghai(at))
    await clock.set(shanghai("2026-03-06 09:00"))
    await sweep(world)
    assert await decisions(world) == {"NEW": ["task"]}
    await clock.set(shanghai("2026-03-09 09:00"))
    await sweep(world)
    assert await decisions(world) == {"NEW": ["task"], "OLD": ["task"]}
    found = await rows(world, "select customer_id, priority from task where merchant_id = :merchant")
    assert {one["customer_id"]: one["priority"] for one in found} == {
        world.customers["NEW"]: 333,
        world.customers["OLD"]: 700,
    }


async def test_who_is_in_already_does_not_enter_again_under_a_new_version(world: World, clock: TestClock) -> None:
    plan = await start_plan(world, "second_visit", holdOut=0, entry={"mode": "each_time"})
    await world.customer("C")
    await world.visit("C", shanghai("2026-03-02 07:00"))
    await world.do(lambda unit: pause(unit, plan))
    await change(world, plan, {"task": {"priority": 444}})
    await world.do(lambda unit: activate(unit, plan))
    assert await count(world, "enrolment") == 1
    await clock.set(shanghai("2026-03-09 09:00"))
    await sweep(world)
    assert await decisions(world) == {"C": ["task"]}


async def test_what_an_edit_may_not(world: World, clock: TestClock) -> None:
    plan = await start_plan(world, "second_visit")
    with pytest.raises(Invalid) as over:
        await change(
            world, plan, {"trigger": {"kind": "one_off", "at": "2026-03-01T10:00"}, "entry": {"mode": "never_again"}}
        )
    assert over.value.field == "trigger.at"
    with pytest.raises(Invalid) as wrong:
        await change(world, plan, {"audience": {"condition": "visit_count", "equals": "one"}})
    assert wrong.value.field == "audience.equals"
    await world.do(lambda unit: end(unit, plan, note="换新的"))
    with pytest.raises(PlanMoved):
        await change(world, plan, {"name": "晚了"})
    with pytest.raises(NotFound):
        await change(world, new_id(), {"name": "没有"})
    assert (await row(world, plan)).note == "换新的"
    assert await count(world, "plan_version") == 1


async def test_reasons_are_kept_and_shown(world: World, clock: TestClock) -> None:
    plan = await start_plan(world, "second_visit")
    await world.do(lambda unit: pause(unit, plan, note="盘点"))
    assert ((await row(world, plan)).state, (await row(world, plan)).note) == (PlanState.PAUSED, "盘点")
    await world.do(lambda unit: activate(unit, plan))
    assert (await row(world, plan)).note is None
    await world.do(lambda unit: stop_everything(unit, stopped=True, reason="话术有误"))
    await world.do(lambda unit: stop_everything(unit, stopped=True, reason="又一个"))
    assert ((await world.do(stopped)).reason, (await world.do(stopped)).at is not None) == ("话术有误", True)
    await world.do(lambda unit: stop_everything(unit, stopped=False))
    assert await world.do(stopped) == msgspec.convert({"at": None, "reason": None}, type(await world.do(stopped)))


async def test_plans_are_listed_page_by_page(world: World, clock: TestClock) -> None:
    for number in range(5):
        await clock.set(shanghai(f"2026-03-02 08:0{number}"))
        plan = (await world.do(lambda unit: create_plan(unit, "second_visit"))).id
        if number % 2:
            await _on(world, plan)
    seen: list[UUID] = []
    cursor = None
    for _ in range(3):
        page = await _page(world, cursor)
        seen += [one.id for one in page.items]
        cursor = page.next_cursor
    assert (len(set(seen)), cursor) == (5, None)
    active = await world.do(lambda unit: list_pages(unit, None, 10, PlanState.ACTIVE))
    assert [one.id for one in active.items] == [seen[1], seen[3]]


async def test_a_whole_definition_makes_a_custom_plan(world: World, clock: TestClock) -> None:
    said = encode(SECOND_VISIT)
    del said["template"]
    plan = await world.do(lambda unit: store_draft(unit, (None, {}), said, None))
    assert (plan.template, plan.definition.name) == ("custom", "新客二次到店")
    for named, whole in (((None, {}), None), (("second_visit", {}), said), ((None, {"name": "x"}), said)):
        with pytest.raises(Invalid):
            await _store(world, named, whole)


async def test_a_template_is_fitted_to_the_merchants_categories(world: World, clock: TestClock) -> None:
    await world.books("categories", CategoryIn(code="JM", name="美睫"))
    plan = await world.do(lambda unit: create_plan(unit, "after_service"))
    assert '"JM"' in msgspec.json.encode(encode(plan.definition)).decode()
    assert [one.template for one in list_templates("zh-CN")] == list(TEMPLATES)
    assert list_templates("en")[0].name == "Second visit of new customers"


async def checked(world: World, raw: dict[str, Any]) -> tuple[list[str], list[str]]:
    found = await world.do(lambda unit: check_draft(unit, raw))
    return [str(one.field) for one in found.faults], [str(one.field) for one in found.warnings]


async def test_every_fault_is_named_by_its_field(world: World, clock: TestClock) -> None:
    good = encode(drafted("second_visit"))
    await world.customer("C")
    await world.visit("C", shanghai("2026-03-01 12:00"))
    assert await checked(world, good) == ([], [])
    step = good["steps"][0]
    types = good | {
        "holdOut": 99,
        "purpose": "fun",
        "steps": [step, step | {"act": {"scene": 1}}],
        "colour": "red",
        "goals": [{"kind": "arrived"}],
    }
    del types["entry"]
    faults, warnings = await checked(world, types)
    assert set(faults) == {"entry", "holdOut", "purpose", "colour", "steps[1].act.scene", "goals[0].days"}
    assert warnings == []
    assert (await checked(world, good | {"steps": [step] * 9}))[0] == ["steps"]
    assert (await checked(world, good | {"steps": []}))[0] == ["steps"]


async def test_meaning_is_checked_in_every_part_at_once(world: World, clock: TestClock) -> None:
    good = encode(drafted("second_visit"))
    act = good["steps"][0]["act"]
    wrong = good | {
        "name": " ",
        "template": "nope",
        "purpose": "care",
        "entry": {"scope": "customer", "mode": "cooldown"},
        "trigger": {"kind": "festival", "name": "没有的节日", "at": "10:00:00"},
        "audience": {"any": [{"condition": "visit_count"}, {"all": [{"condition": "nope"}, {"condition": "level", "isOneOf": 3}]}]},
        "steps": [{"act": act | {"scene": "nope", "chain": ["named"], "named": str(new_id()), "dueAt": "12:00:00"},
                   "onlyIf": {"condition": "segment", "segment": str(new_id())}}],
    }  # fmt: skip
    faults, _ = await checked(world, wrong)
    assert set(faults) == {
        "name", "template", "entry.days", "trigger.name", "holdOut", "audience.any[0]", "audience.any[1].all[0].condition",
        "audience.any[1].all[1].isOneOf", "steps[0].onlyIf.segment", "steps[0].act.scene", "steps[0].act.named", "steps[0].act.dueAt",
    }  # fmt: skip


async def test_nobody_to_do_it_and_nobody_it_means(world: World, clock: TestClock) -> None:
    raw = encode(drafted("card_balance_low", {"task": {"pool": False, "manager": False, "chain": ["consultant"]}}))
    assert await checked(world, raw) == ([], ["audience"])
    await rows(world, "update staff set status = 'removed' where merchant_id = :merchant returning id")
    assert (await checked(world, raw))[0] == ["steps[0].act.chain"]
    await rows(world, "update staff set status = 'active' where merchant_id = :merchant returning id")
    await rows(world, "update store set pool = false where merchant_id = :merchant returning id")
    await rows(world, "delete from membership where merchant_id = :merchant and role = 'employee' returning staff_id")
    await rows(world, "delete from membership where merchant_id = :merchant returning staff_id")
    await low_card(world, "C")
    assert (await checked(world, raw))[0] == ["steps[0].act.chain"]
    over = encode(
        drafted(
            "card_balance_low",
            {
                "trigger": {"kind": "one_off", "at": "2026-03-01T10:00"},
                "entry": {"scope": "card", "mode": "never_again", "measure": None, "bounds": []},
            },
        )
    )
    assert "trigger.at" in (await checked(world, over))[0] or "steps[0].act.chain" in (await checked(world, over))[0]


async def test_a_draft_is_checked_before_it_is_stored(world: World, clock: TestClock) -> None:
    raw = await world.do(lambda unit: draft(unit, "second_visit", {"holdOut": 80}, None))
    assert (await checked(world, raw))[0] == ["holdOut"]
    with pytest.raises(NotFound):
        await world.do(lambda unit: draft(unit, "nope", {}, None))
    assert await count(world, "plan") == 0


async def test_the_first_task_is_short_for_the_first_of_the_steps(world: World, clock: TestClock) -> None:
    act = encode(SECOND_VISIT)["steps"][0]["act"]
    for changes in ({"task": {"dueIn": 3}, "steps": [{"act": act}]}, {"task": 3}):
        with pytest.raises(Invalid) as fault:
            drafted("second_visit", changes)
        assert fault.value.field == "task"
    when = {"condition": "visit_count", "atLeast": 3}
    definition = drafted("no_show_recovery", {"task": {"escalate": {"when": when, "to": "owner"}}})
    assert definition.task.escalate is not None
    assert definition.task.escalate.when == when  # a tree replaces as a whole


async def test_a_tree_of_no_shape_is_told_as_a_whole(world: World, clock: TestClock) -> None:
    good = encode(drafted("second_visit"))
    act = good["steps"][0]["act"]
    leaf = {"condition": "visit_count", "equals": 1}
    deep: dict[str, Any] = {"condition": "nope"}
    for _ in range(7):
        deep = {"not": deep}
    for tree, field in (
        ({"all": []}, "audience.all"),
        ({"all": [3]}, "audience.all[0]"),
        (deep, "audience.not.not.not.not"),
        ({"xor": [leaf]}, "audience"),
    ):
        assert (await checked(world, good | {"audience": tree}))[0] == [field]
    variants = good | {"steps": [{"act": act | {"variants": {"second_visit/zzz": 1}}}]}
    assert (await checked(world, variants))[0] == ["steps[0].act.variants"]
    over = good | {
        "trigger": {"kind": "one_off", "at": "2026-03-01T10:00:00"},
        "entry": {"scope": "customer", "mode": "never_again"},
    }
    assert (await checked(world, over))[0] == ["trigger.at"]


async def test_of_two_who_turn_it_on_at_once_one_wins(world: World, clock: TestClock) -> None:
    plan = await world.do(lambda unit: create_plan(unit, "second_visit"))
    told = await asyncio.gather(
        *(world.do(lambda unit: activate(unit, plan.id, plan.etag)) for _ in range(6)), return_exceptions=True
    )
    assert len([one for one in told if isinstance(one, PlanRow)]) == 1
    assert all(isinstance(one, PlanRow | PlanChanged) for one in told)
    assert [one.id for one in await world.do(list_plans)] == [plan.id]
