"""Why a customer gets a task of a plan, or why not: for anybody, and as a run then decides it."""

import asyncio
from datetime import date
from random import Random
from typing import Any
from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.flow.explain_plan import Explanation, Question, explain_plan
from tasks.flow.manage_plans import activate, create_plan
from tasks.kernel.errors import NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tests.support.clock import TestClock, shanghai
from tests.support.plans import count, rows, start_plan, sweep
from tests.support.rows import Ask, make_task
from tests.support.world import World, make_world

DAY = date(2026, 3, 9)


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    return await make_world(units, master, stores=2, employees=4)


async def why(world: World, plan: UUID, code: str, *, on: date | None = None, who: str = "owner") -> Explanation:
    asked = Question(customer_id=world.customers[code], on=on)
    return await explain_plan(world.units, world.scope(who), plan, asked)


async def draft(world: World, template: str, **changes: Any) -> UUID:
    return (await world.do(lambda unit: create_plan(unit, template, changes))).id


async def low_card(world: World, code: str, left: int = 30_000) -> str:
    await world.customer(code)
    card = await world.card(code, shanghai("2026-01-10 12:00"), principal=100_000)
    await world.card_entry(card, "consume", shanghai("2026-02-20 12:00"), principal=left - 100_000)
    return card


async def test_each_condition_says_what_it_saw(world: World, clock: TestClock) -> None:
    plan = await draft(world, "card_balance_low")
    await low_card(world, "LOW")
    await low_card(world, "RICH", left=80_000)
    await world.customer("NONE")
    low, rich = await why(world, plan, "LOW"), await why(world, plan, "RICH")
    (scope,) = low.scopes
    assert (scope.matched, scope.verdict.decided, scope.card_id is not None) == (True, "task", True)
    leaves = {one.condition: (one.holds, one.seen) for one in scope.conditions[0].tree.nodes}
    assert leaves["card_balance"] == (True, "300 元")
    (scope,) = rich.scopes
    assert (scope.matched, scope.verdict.decided, scope.verdict.reason) == (False, "not_matched", "card_balance")
    assert {one.condition: (one.holds, one.seen) for one in scope.conditions[0].tree.nodes}["card_balance"] == (
        False,
        "800 元",
    )
    assert (await why(world, plan, "NONE")).scopes == []
    assert await count(world, "decision") == 0


async def test_every_rule_is_told_in_its_order_even_behind_a_refusal(world: World, clock: TestClock) -> None:
    plan = await draft(world, "card_balance_low", suppress={"appointment": False})
    await low_card(world, "C")
    await world.appointment("C", shanghai("2026-03-20 15:00"))
    await rows(
        world,
        "update customer_contact_state set no_contact_at = :now, wrong_number_at = :now where merchant_id = :merchant returning customer_id",
    )
    await rows(
        world, "insert into contact (merchant_id, id, customer_id, channel, human, marketing, reached, contacted_at, contacted_on) "
        "values (:merchant, :id, :customer, 'wechat', true, true, true, cast(:now as timestamptz) - interval '3 days', '2026-02-27') returning id",
        id=new_id(), customer=world.customers["C"],
    )  # fmt: skip
    (scope,) = (await why(world, plan, "C")).scopes
    assert (scope.verdict.decided, scope.verdict.reason) == ("suppressed", "do_not_contact")
    assert [one.rule.value for one in scope.rules] == [
        "do_not_contact", "wrong_number", "complaint", "appointment", "contacted_today", "phone_today", "marketing_gap", "tier_cap", "no_answer",
        "not_interested", "new_year", "closed",
    ]  # fmt: skip
    told = {one.rule.value: (one.on, one.holds, one.seen) for one in scope.rules}
    assert told["do_not_contact"] == (True, True, "2026-03-02")
    assert told["wrong_number"][1] is False  # her phone is still valid
    assert told["appointment"] == (False, True, "2026-03-20")  # would hold, and the plan has it off
    assert told["marketing_gap"] == (True, True, "2026-02-27")
    assert told["tier_cap"] == (True, False, "1")
    english = await explain_plan(
        world.units, world.scope("owner"), plan, Question(customer_id=world.customers["C"], locale="en")
    )
    assert english.scopes[0].rules[0].sentence == "she refused contact"


async def test_entry_passages_and_recorded_decisions(world: World, clock: TestClock) -> None:
    await low_card(world, "C")
    plan = await start_plan(world, "card_balance_low")
    await clock.set(shanghai("2026-03-02 10:00"))
    await sweep(world)
    await clock.set(shanghai("2026-03-03 09:00"))
    found = await why(world, plan, "C")
    (scope,) = found.scopes
    assert (scope.entry.times, scope.entry.keeps_out, scope.verdict.decided) == (1, True, "entry")
    assert scope.entry.last_at == shanghai("2026-03-02 10:00") or scope.entry.last_at is not None
    assert [(one.decided, one.version) for one in found.decisions] == [("task", 1)]
    assert [one.state for one in found.passages] == ["active"]
    assert (scope.merge.decided, scope.merge.task_id) == ("merged", found.decisions[0].task_id)


async def test_the_chain_says_who_and_why_not(world: World, clock: TestClock) -> None:
    await rows(
        world, "insert into staff_leave (merchant_id, id, staff_id, from_on, to_on) values (:merchant, :id, :who, '2026-03-01', '2026-03-30') returning id",
        id=new_id(), who=world.staff["E1"],
    )  # fmt: skip
    await rows(
        world,
        "update staff set max_new_weekday = 0, max_new_weekend = 0 where merchant_id = :merchant and id = :who returning id",
        who=world.staff["E3"],
    )
    plan = await draft(world, "second_visit", task={"chain": ["consultant", "last_served", "least_loaded"]})
    await world.customer("AWAY", consultant="E1")
    await world.visit("AWAY", shanghai("2026-02-23 12:00"), staff="E3", historic=True)
    await world.customer("HERS", consultant="E3")
    await world.visit("HERS", shanghai("2026-02-23 12:00"), staff="E1", historic=True)
    away, hers = [(await why(world, plan, code)).scopes[0].assignment for code in ("AWAY", "HERS")]
    assert [(one.link.value, one.name, one.verdict) for one in away.chain] == [
        ("consultant", "员工1", "leave"), ("last_served", "员工3", "no_room"), ("least_loaded", None, "no_room"),
    ]  # fmt: skip
    assert (away.name, away.store, away.opens_on) == (None, "1号店", date(2026, 3, 2))
    assert [one.verdict for one in hers.chain] == ["no_room", "leave", "no_room"]
    await rows(
        world,
        "update staff set max_new_weekday = 5 where merchant_id = :merchant and id = :who returning id",
        who=world.staff["E3"],
    )
    assert [one.verdict for one in (await why(world, plan, "AWAY")).scopes[0].assignment.chain] == [
        "leave",
        "chosen",
        "not_asked",
    ]


async def test_the_trigger_says_when_it_fired_and_fires(world: World, clock: TestClock) -> None:
    monthly = await draft(
        world, "card_balance_low", trigger={"kind": "monthly", "days": [18], "offsetDays": -1, "at": "10:00"}
    )
    await low_card(world, "C")
    found = (await why(world, monthly, "C")).trigger
    assert (found.fires, found.last_on, found.next_on) == (False, date(2026, 2, 17), date(2026, 3, 17))
    assert (await why(world, monthly, "C", on=date(2026, 3, 17))).trigger.fires
    visits = await draft(world, "second_visit")
    await world.visit("C", shanghai("2026-02-25 12:00"), historic=True)
    seen = await why(world, visits, "C")
    assert (seen.trigger.fires, seen.trigger.happened, [one.fires_on for one in seen.trigger.events]) == (
        False,
        1,
        [date(2026, 3, 4)],
    )
    assert (seen.scopes[0].matched, seen.scopes[0].verdict.reason) == (False, "trigger")
    day = await why(world, visits, "C", on=date(2026, 3, 4))
    assert (day.trigger.fires, day.scopes[0].matched, day.scopes[0].verdict.decided) == (True, True, "task")
    assert "consultant" in day.todays_value_used


async def test_anybody_can_be_asked_about_by_who_may_see_her(world: World, clock: TestClock) -> None:
    plan = await draft(world, "second_visit")
    await world.customer("WALK", anonymous=True)
    await world.customer("THERE", home_store="S2")
    walk = await why(world, plan, "WALK")
    assert not walk.followed_up
    assert walk.scopes[0].verdict.reason == "not_followed_up"
    lead = world.scope("manager")
    one_store = type(lead)(lead.merchant_id, lead.staff_id, lead.role, (world.stores["S1"],))
    with pytest.raises(NotFound):
        await explain_plan(world.units, one_store, plan, Question(customer_id=world.customers["THERE"]))
    with pytest.raises(NotFound):
        await explain_plan(world.units, world.scope("owner"), new_id(), Question(customer_id=world.customers["WALK"]))


async def test_a_task_of_ones_own_defers(world: World, clock: TestClock) -> None:
    plan = await draft(world, "card_balance_low")
    await low_card(world, "C")
    await make_task(world, Ask(customer="C", origin="own", expires=24 * 30))
    (scope,) = (await why(world, plan, "C")).scopes
    assert (scope.merge.decided, scope.merge.reason, scope.verdict.decided) == ("deferred", "other_task", "deferred")


async def test_explanations_agree_with_the_run_for_two_hundred_customers(world: World, clock: TestClock) -> None:
    """Whoever is explained a minute before the run gets just that decision, and nobody else gets one."""
    random = Random(11)  # noqa: S311  # the same crowd every time
    await _crowd(world, random)
    plan = (await world.do(lambda unit: create_plan(unit, "card_balance_low", {"holdOut": 30, "holdOutFrom": 10}))).id
    await world.do(lambda unit: activate(unit, plan))
    await clock.set(shanghai("2026-03-09 09:59"))
    told: dict[UUID, str] = {}
    codes = list(world.customers)
    for first in range(0, len(codes), 8):
        for found in await asyncio.gather(*(why(world, plan, code) for code in codes[first : first + 8])):
            for scope in found.scopes:
                assert scope.hold_out.holds == (scope.hold_out.bucket < scope.hold_out.percent == 30)
                if scope.matched:
                    told[scope.scope_id] = f"{scope.verdict.decided}:{scope.verdict.reason}"
                    stopped = [one.rule for one in scope.rules if one.on and one.holds]
                    assert (scope.verdict.decided == "suppressed") == bool(stopped)
                    assert scope.verdict.reason in {None, *stopped[:1]}
    await clock.set(shanghai("2026-03-09 10:00"))
    await sweep(world)
    decided = await rows(world, "select scope_id, decided, reason from decision where merchant_id = :merchant")
    assert {row["scope_id"]: f"{row['decided']}:{row['reason']}" for row in decided} == told
    kinds = {one.split(":")[0] for one in told.values()}
    assert {"task", "suppressed", "held_out"} <= kinds


async def _crowd(world: World, random: Random) -> None:
    for number in range(200):
        code = f"P{number}"
        await world.customer(code, home_store=random.choice(["S1", "S2"]), consultant=random.choice([None, "E1", "E2"]))
        if random.random() < 0.6:
            card = await world.card(code, shanghai("2026-01-10 12:00"), principal=100_000)
            await world.card_entry(
                card, "consume", shanghai("2026-02-20 12:00"), principal=-random.choice([20_000, 50_000, 70_000])
            )
        if random.random() < 0.2:
            await world.appointment(code, shanghai("2026-03-20 15:00"))
        if random.random() < 0.1:
            await rows(
                world, "update customer_contact_state set no_contact_at = :now where merchant_id = :merchant and customer_id = :who returning customer_id",
                who=world.customers[code],
            )  # fmt: skip


async def test_trees_of_steps_and_offsets_and_what_is_not_are_told(world: World, clock: TestClock) -> None:
    act = {"scene": "second_visit", "chain": ["manager", "least_loaded"], "route": "event_store", "pool": False}
    once = {"condition": "visit_count", "equals": 1}
    plan = await draft(
        world, "second_visit", audience={"not": {"condition": "visit_count", "atLeast": 2}},
        trigger={"offsets": [{"afterDays": 7, "at": "09:00", "onlyIf": once}]}, steps=[{"act": act, "onlyIf": once}],
    )  # fmt: skip
    await world.customer("C")
    await world.visit("C", shanghai("2026-02-23 12:00"), historic=True)
    (scope,) = (await why(world, plan, "C")).scopes
    assert [one.path for one in scope.conditions] == ["audience", "trigger.offsets[0].onlyIf", "steps[0].onlyIf"]
    assert all(one.tree.holds for one in scope.conditions)
    assert next((one.link.value, one.name, one.verdict) for one in scope.assignment.chain) == (
        "manager",
        "店长",
        "chosen",
    )
    await world.visit("C", shanghai("2026-02-25 12:00"), historic=True)
    (again,) = list((await why(world, plan, "C", on=DAY)).scopes)
    assert (again.matched, again.verdict.reason) == (False, "visit_count")


async def test_who_leads_is_a_link_even_when_somebody_before_has_it(world: World, clock: TestClock) -> None:
    plan = await draft(world, "second_visit", task={"chain": ["last_served", "manager", "owner"]})
    await world.customer("C")
    await world.visit("C", shanghai("2026-02-23 12:00"), staff="E1", historic=True)
    chain = (await why(world, plan, "C")).scopes[0].assignment.chain
    assert [one.verdict for one in chain] == ["chosen", "fits", "fits"]


async def test_a_store_that_never_opens_gives_nobody_the_task(world: World, clock: TestClock) -> None:
    plan = await draft(world, "second_visit")
    await world.customer("C")
    await world.visit("C", shanghai("2026-02-23 12:00"), staff="E1", historic=True)
    await rows(world, "delete from store_hours where merchant_id = :merchant returning store_id")
    (scope,) = (await why(world, plan, "C")).scopes
    assert (scope.assignment.staff_id, scope.assignment.opens_on, scope.verdict.decided) == (None, None, "no_capacity")


async def test_a_plan_about_visits_says_nothing_of_who_never_came(world: World, clock: TestClock) -> None:
    plan = await draft(world, "after_service")
    await world.customer("C")
    found = await why(world, plan, "C")
    assert (found.scopes, found.trigger.happened, found.trigger.fires) == ([], 0, False)
