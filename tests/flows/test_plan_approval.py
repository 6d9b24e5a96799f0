"""Managers write plans and submit them; beyond the merchant's limits an owner agrees to what they saw, or sends it back."""

from typing import Any
from uuid import UUID

import msgspec
import pytest

from backend.db.units import Units
from tasks.benefits.shapes import BenefitIn
from tasks.flow.approve_plans import (
    ApprovalLimits,
    LimitsChanged,
    approval_limits,
    approve,
    change_own,
    needs_approval,
    put_approval_limits,
    put_own,
    send_back,
    submit,
)
from tasks.flow.manage_benefits import create_benefit
from tasks.flow.manage_plans import activate, create_plan, get_plan
from tasks.flow.plan_benefit import plan_benefit
from tasks.kernel.errors import Forbidden, Invalid, NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.scope import Role, StaffScope
from tasks.kernel.sealing import MasterKey
from tasks.plans.definition import encode
from tasks.plans.repository import PlanChanged, PlanMoved, PlanRow
from tasks.plans.states import PlanState
from tests.support.clock import TestClock, shanghai
from tests.support.plans import count, decisions, rows, sweep
from tests.support.world import World, make_world


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    return await make_world(units, master, stores=2, employees=2)


def manager(world: World, *stores: str) -> StaffScope:
    ids = tuple(world.stores[code] for code in stores or ("S1", "S2"))
    return StaffScope(world.merchant_id, world.staff["manager"], Role.MANAGER, ids)


async def low_card(world: World, code: str, store: str = "S1") -> None:
    await world.customer(code, home_store=store)
    card = await world.card(code, shanghai("2026-01-10 12:00"), principal=100_000)
    await world.card_entry(card, "consume", shanghai("2026-02-20 12:00"), principal=-70_000)


async def draft(world: World, who: StaffScope, **changes: Any) -> PlanRow:
    return await world.do(lambda unit: create_plan(unit, "card_balance_low", changes, who.staff_id))


async def limit(world: World, **limits: int) -> None:
    await world.do(lambda unit: put_approval_limits(unit, ApprovalLimits(**limits), None))


async def state(world: World, plan: UUID) -> PlanState:
    return (await world.do(lambda unit: get_plan(unit, plan))).state


async def test_within_the_limits_a_managers_plan_is_on_at_once(world: World, clock: TestClock) -> None:
    await low_card(world, "C")
    plan = await draft(world, manager(world))
    done = await world.do(lambda unit: submit(unit, manager(world), plan.id, plan.etag))
    assert (done.state, done.activated_at is not None, done.submitted_by) == (PlanState.ACTIVE, True, None)
    await clock.set(shanghai("2026-03-02 10:00"))
    await sweep(world)
    assert list(await decisions(world)) == ["C"]


async def test_beyond_them_an_owner_agrees_to_what_they_saw(world: World, clock: TestClock) -> None:
    for number in range(3):
        await low_card(world, f"C{number}")
    await limit(world, audience=2)
    who = manager(world)
    plan = await draft(world, who)
    asked = await world.do(lambda unit: needs_approval(unit, plan, who))
    assert [(one.what, one.found, one.limit) for one in asked.reasons] == [("audience", 3, 2)]
    waits = await world.do(lambda unit: submit(unit, who, plan.id, plan.etag))
    assert (waits.state, waits.submitted_by) == (PlanState.PENDING_APPROVAL, who.staff_id)
    await clock.set(shanghai("2026-03-02 10:00"))
    await sweep(world)
    assert await count(world, "decision") == 0
    changed = await world.do(lambda unit: change_own(unit, who, (plan.id, waits.etag), {"name": "悄悄改了"}))
    assert changed.state is PlanState.DRAFT
    waits = await world.do(lambda unit: submit(unit, who, plan.id, changed.etag))
    with pytest.raises(PlanChanged):
        await world.do(lambda unit: approve(unit, world.staff["owner"], plan.id, waits.etag - 1))
    done = await world.do(lambda unit: approve(unit, world.staff["owner"], plan.id, waits.etag))
    assert (done.state, done.approved_by, done.submitted_by) == (PlanState.ACTIVE, world.staff["owner"], who.staff_id)


async def test_an_owner_sends_it_back_with_a_note(world: World, clock: TestClock) -> None:
    await limit(world, audience=0)
    await low_card(world, "C")
    who = manager(world)
    plan = await draft(world, who)
    waits = await world.do(lambda unit: submit(unit, who, plan.id, plan.etag))
    with pytest.raises(Invalid):
        await world.do(lambda unit: send_back(unit, plan.id, waits.etag, "  "))
    back = await world.do(lambda unit: send_back(unit, plan.id, waits.etag, " 人太多 "))
    assert (back.state, back.note) == (PlanState.DRAFT, "人太多")
    with pytest.raises(PlanMoved):
        await world.do(lambda unit: send_back(unit, plan.id, None, "再来"))
    with pytest.raises(PlanMoved):
        await world.do(lambda unit: approve(unit, world.staff["owner"], plan.id, None))
    await limit(world, audience=1)
    assert (await world.do(lambda unit: submit(unit, who, plan.id, back.etag))).state is PlanState.ACTIVE


async def test_activating_what_waits_is_approving_it(world: World, clock: TestClock) -> None:
    await limit(world, audience=0)
    await low_card(world, "C")
    plan = await draft(world, manager(world))
    await world.do(lambda unit: submit(unit, manager(world), plan.id, None))
    done = await world.do(lambda unit: activate(unit, plan.id, None, world.staff["owner"]))
    assert (done.state, done.approved_by) == (PlanState.ACTIVE, world.staff["owner"])


async def test_an_owners_plan_needs_nobody(world: World, clock: TestClock) -> None:
    await limit(world, audience=0)
    await low_card(world, "C")
    plan = await draft(world, world.scope("owner"))
    assert not (await world.do(lambda unit: needs_approval(unit, plan, world.scope("owner")))).needed
    done = await world.do(lambda unit: submit(unit, world.scope("owner"), plan.id, plan.etag))
    assert (done.state, done.approved_by) == (PlanState.ACTIVE, None)


async def test_protections_that_are_left_out_are_counted(world: World, clock: TestClock) -> None:
    who = manager(world)
    plan = await draft(world, who, suppress={"marketingGap": False, "appointment": False}, holdOut=0)
    asked = await world.do(lambda unit: needs_approval(unit, plan, who))
    assert [(one.what, one.found, list(one.fields)) for one in asked.reasons] == [
        ("overrides", 3, ["suppress.appointment", "suppress.marketingGap", "holdOut"])
    ]
    await limit(world, overrides=3)
    assert not (await world.do(lambda unit: needs_approval(unit, plan, who))).needed
    care = await draft(world, who, purpose="care", holdOut=0)
    asked = await world.do(lambda unit: needs_approval(unit, care, who))
    assert not asked.needed  # two of them: the purpose and the hold-out
    await limit(world, overrides=1)
    asked = await world.do(lambda unit: needs_approval(unit, care, who))
    assert [list(one.fields) for one in asked.reasons] == [["purpose", "holdOut"]]


async def test_a_plan_that_reaches_other_stores_is_the_owners(world: World, clock: TestClock) -> None:
    await low_card(world, "HERE")
    await low_card(world, "THERE", "S2")
    own = manager(world, "S1")
    plan = await draft(world, own)
    asked = await world.do(lambda unit: needs_approval(unit, plan, own))
    assert [(one.what, one.found) for one in asked.reasons] == [("otherStores", 1)]
    assert (await world.do(lambda unit: submit(unit, own, plan.id, None))).state is PlanState.PENDING_APPROVAL
    narrow = await draft(
        world,
        own,
        audience={
            "all": [
                {"condition": "home_store", "stores": [str(world.stores["S1"])]},
                {"condition": "card_balance", "above": 0},
            ]
        },
    )
    assert (await world.do(lambda unit: submit(unit, own, narrow.id, None))).state is PlanState.ACTIVE


async def test_events_of_thirty_days_are_a_behaviour_plans_audience(world: World, clock: TestClock) -> None:
    for number, at in enumerate(("2026-01-20 12:00", "2026-02-20 12:00", "2026-02-21 12:00")):
        await world.customer(f"C{number}")
        await world.visit(f"C{number}", shanghai(at), historic=True)
    await limit(world, audience=1)
    who = manager(world)
    plan = await world.do(lambda unit: create_plan(unit, "second_visit", None, who.staff_id))
    asked = await world.do(lambda unit: needs_approval(unit, plan, who))
    assert [(one.what, one.found) for one in asked.reasons] == [("audience", 2)]


async def test_managers_keep_to_their_own_drafts(world: World, clock: TestClock) -> None:
    who = manager(world)
    other = StaffScope(world.merchant_id, world.staff["E1"], Role.MANAGER, (world.stores["S1"],))
    plan = await draft(world, who)
    for attempt in (
        lambda unit: submit(unit, other, plan.id, None),
        lambda unit: change_own(unit, other, (plan.id, None), {"name": "x"}),
        lambda unit: put_own(unit, other, (plan.id, None), encode(plan.definition)),
    ):
        with pytest.raises(Forbidden):
            await world.do(attempt)
    await world.do(lambda unit: submit(unit, who, plan.id, None))
    with pytest.raises(PlanMoved):
        await world.do(lambda unit: change_own(unit, who, (plan.id, None), {"name": "x"}))
    with pytest.raises(PlanMoved):
        await world.do(lambda unit: submit(unit, who, plan.id, None))
    with pytest.raises(NotFound):
        await world.do(lambda unit: submit(unit, who, new_id(), None))
    owner = await world.do(lambda unit: change_own(unit, world.scope("owner"), (plan.id, None), {"name": "老板改的"}))
    assert (owner.name, owner.state) == ("老板改的", PlanState.ACTIVE)


async def test_a_draft_with_a_fault_is_not_submitted(world: World, clock: TestClock) -> None:
    who = manager(world)
    plan = await draft(world, who, task={"pool": False, "manager": False, "chain": ["consultant"]})
    await rows(world, "update staff set status = 'removed' where merchant_id = :merchant returning id")
    with pytest.raises(Invalid) as fault:
        await world.do(lambda unit: submit(unit, who, plan.id, None))
    assert fault.value.field == "steps[0].act.chain"
    assert await state(world, plan.id) is PlanState.DRAFT


async def test_the_limits_have_a_version_of_their_own(world: World, clock: TestClock) -> None:
    found, etag = await world.do(approval_limits)
    assert (found, etag) == (ApprovalLimits(), 0)
    await world.do(lambda unit: put_approval_limits(unit, ApprovalLimits(audience=10), 0))
    with pytest.raises(LimitsChanged):
        await world.do(lambda unit: put_approval_limits(unit, ApprovalLimits(audience=20), 0))
    await world.do(lambda unit: put_approval_limits(unit, ApprovalLimits(audience=30), 1))
    found, etag = await world.do(approval_limits)
    assert (found.audience, found.benefit_cents, etag) == (30, 200_000, 2)
    (merchant,) = await rows(world, "select settings from merchant where merchant_id = :merchant")
    assert "planApproval" in merchant["settings"]


@pytest.mark.parametrize(
    ("said", "cents"),
    [
        ({"gain": {"kind": "amount_off", "offCents": 5_000}}, 10_000),
        ({"gain": {"kind": "percent_off", "percent": 20}, "budget": {"amount": 300_000}}, 300_000),
        ({"gain": {"kind": "points", "multiplier": 200}, "budget": {"amount": 300_000}}, 0),
        ({"gain": {"kind": "percent_off", "percent": 20}}, 0),
    ],
)
async def test_what_the_benefit_of_a_plan_may_cost(
    world: World, clock: TestClock, said: dict[str, Any], cents: int
) -> None:
    for code in ("A", "B"):
        await world.customer(code)
        await world.visit(code, shanghai("2026-02-20 12:00"), historic=True)
    benefit = msgspec.convert({"name": "会员日", "days": {"kind": "monthly", "days": [18]}} | said, BenefitIn)
    view = await world.do(lambda unit: create_benefit(unit, benefit, "zh-CN"))
    plan = await world.do(lambda unit: plan_benefit(unit, (view.id, view.etag), 1, world.staff["manager"]))
    await limit(world, benefit_cents=max(cents - 1, 0))
    asked = await world.do(lambda unit: needs_approval(unit, plan, manager(world)))
    assert [(one.what, one.found) for one in asked.reasons] == ([("benefitCents", cents)] if cents else [])
    await limit(world, benefit_cents=cents)
    assert not (await world.do(lambda unit: needs_approval(unit, plan, manager(world)))).needed


async def test_a_manager_replaces_the_own_draft_whole(world: World, clock: TestClock) -> None:
    who = manager(world)
    plan = await draft(world, who)
    said = encode(plan.definition) | {"name": "整个换掉"}
    done = await world.do(lambda unit: put_own(unit, who, (plan.id, plan.etag), said))
    assert (done.name, done.version, done.state) == ("整个换掉", 2, PlanState.DRAFT)
