"""Tills say what they gave: it counts once, within caps and budget, whoever else is at it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from backend import embedded
from backend.db.engine import open_engine
from backend.db.units import Units
from tasks.benefits.combining import Combination
from tasks.benefits.faults import BenefitNotGiven, BenefitSpent, RedemptionReused
from tasks.benefits.states import RedemptionState, Stands
from tasks.flow.benefits_now import Redeemed, RedemptionIn, redeem, take_back
from tasks.flow.manage_benefits import change_benefit, create_benefit, end_benefit
from tasks.kernel.errors import FlowError, Invalid, NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.kernel.verdicts import Taken
from tasks.people.trait_inputs import LevelIn
from tests.support.benefits import ask, benefit, give, only, tell
from tests.support.clock import TestClock, shanghai
from tests.support.plans import count, rows
from tests.support.world import World, make_world

TENTH = {"kind": "percent_off", "percent": 10}
FIFTY = {"kind": "amount_off", "offCents": 5_000}
TRIPLE = {"kind": "points", "multiplier": 300}
RACERS = 100


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    made = await make_world(units, master, stores=2, employees=1)
    await made.books("levels", LevelIn(code="gold", name="金卡"))
    await made.customer("gold", level="gold")
    await made.customer("plain")
    return made


async def refusal(world: World, benefit_id: UUID, amount: int = 10_000, **said: Any) -> FlowError:
    with pytest.raises(FlowError) as refused:
        await tell(world, benefit_id, amount, **said)
    return refused.value


async def spent(world: World, benefit_id: UUID) -> dict[str, tuple[int, int]]:
    found = await rows(
        world,
        "select period || ' ' || begins_on as one, cents, times from benefit_spent where merchant_id = :merchant and benefit_id = :id",
        id=benefit_id,
    )
    return {row["one"]: (row["cents"], row["times"]) for row in found}


async def told(world: World, amount: int | None = None, **asked: Any) -> list[Combination]:
    return (await ask(world, amount, **asked)).combinations


async def test_the_same_redemption_counts_once(world: World) -> None:
    made = await give(world, gain=TENTH, budget={"amount": 5_000})
    first = await tell(world, made.id, external_id="R1", saved_cents=1_000, customer="gold")
    again = await tell(world, made.id, external_id="R1", saved_cents=1_000, customer="gold")
    assert (first.status, again.status, again.id) == (Taken.ACCEPTED, Taken.DUPLICATE, first.id)
    assert (first.budget_left, again.budget_left) == (4_000, 4_000)
    assert await spent(world, made.id) == {
        "day 2026-03-02": (1_000, 1),
        "month 2026-03-01": (1_000, 1),
        "all 1970-01-01": (1_000, 1),
    }
    for other in (
        {"saved_cents": 999},
        {"saved_cents": 1_000, "customer": "plain"},
        {"saved_cents": 1_000, "store": "S2"},
    ):
        assert isinstance(
            await refusal(world, made.id, external_id="R1", **({"customer": "gold"} | other)), RedemptionReused
        )
    second = await give(world, gain=TENTH)
    assert isinstance(
        await refusal(world, second.id, external_id="R1", saved_cents=1_000, customer="gold"), RedemptionReused
    )
    assert await spent(world, second.id) == {}


async def test_who_was_not_known_then_may_be_by_now(world: World) -> None:
    made = await give(world, gain=TENTH)
    first = await tell(world, made.id, external_id="R1", saved_cents=1_000, customer="new")
    await world.customer("new")
    again = await tell(world, made.id, external_id="R1", saved_cents=1_000, customer="new")
    assert (again.status, again.id) == (Taken.DUPLICATE, first.id)


async def test_a_cancelled_bill_gives_back_what_it_took(world: World) -> None:
    made = await give(world, gain=TENTH, budget={"amount": 1, "unit": "uses"}, caps={"perDayTimes": 1})
    await tell(world, made.id, external_id="R1", saved_cents=1_000, customer="gold")
    assert (await only(world, 10_000, customer="gold")).stands is Stands.BUDGET_SPENT
    assert isinstance(await refusal(world, made.id, saved_cents=1_000), BenefitSpent)
    back = await world.do(lambda unit: take_back(unit, "R1"))
    again = await world.do(lambda unit: take_back(unit, "R1"))
    assert (back.status, again.status, again.state) == (Taken.ACCEPTED, Taken.DUPLICATE, RedemptionState.TAKEN_BACK)
    assert set((await spent(world, made.id)).values()) == {(0, 0)}
    assert (await only(world, 10_000, customer="gold")).stands is Stands.APPLIES
    late = await tell(world, made.id, external_id="R1", saved_cents=1_000, customer="gold")
    assert (late.status, late.state) == (Taken.DUPLICATE, RedemptionState.TAKEN_BACK)
    await tell(world, made.id, saved_cents=1_000, customer="gold")
    with pytest.raises(NotFound):
        await world.do(lambda unit: take_back(unit, "R2"))


async def test_caps_of_a_customer_end_with_her_day(world: World, clock: TestClock) -> None:
    made = await give(world, gain=TENTH, caps={"perDayCents": 1_500, "perDayTimes": 3, "perBillCents": 1_000})
    assert (await only(world, 50_000, customer="gold")).saved_cents == 1_000
    await tell(world, made.id, 50_000, saved_cents=1_000, customer="gold")
    left = await only(world, 50_000, customer="gold")
    assert (left.left_cents, left.times_left, left.saved_cents) == (500, 2, 500)
    assert isinstance(await refusal(world, made.id, 50_000, saved_cents=501, customer="gold"), BenefitSpent)
    await tell(world, made.id, 50_000, saved_cents=500, customer="gold")
    over = await ask(world, 50_000, customer="gold")
    assert (over.benefits[0].stands, over.combinations) == (Stands.CAP_SPENT, [])
    assert (await only(world, 50_000, customer="plain")).left_cents == 1_000
    assert isinstance(await refusal(world, made.id, 50_000, saved_cents=1, customer="gold"), BenefitSpent)
    await clock.set(shanghai("2026-03-03 00:00"))
    assert (await only(world, 50_000, customer="gold")).left_cents == 1_000


@pytest.mark.parametrize(
    ("period", "renewed"), [("day", "2026-03-03 09:00"), ("month", "2026-04-01 09:00"), ("all", None)]
)
async def test_a_budget_lasts_its_period(world: World, clock: TestClock, period: str, renewed: str | None) -> None:
    made = await give(world, gain=TENTH, budget={"amount": 1_000, "unit": "cents", "period": period})
    await tell(world, made.id, saved_cents=600)
    assert (await only(world, 10_000)).saved_cents == 400
    fault = await refusal(world, made.id, saved_cents=401)
    assert isinstance(fault, BenefitSpent)
    assert fault.facts["left"] == 400
    await tell(world, made.id, saved_cents=400)
    await clock.set(shanghai("2026-03-02 23:59"))
    assert (await only(world, 10_000)).stands is Stands.BUDGET_SPENT
    await clock.set(shanghai(renewed or "2027-01-01 09:00"))
    assert (await only(world, 10_000)).stands is (Stands.APPLIES if renewed else Stands.BUDGET_SPENT)


async def test_points_count_the_spend_that_earns_them(world: World) -> None:
    made = await give(world, caps={"perDayCents": 15_000}, budget={"amount": 20_000})
    first = await tell(world, made.id, 10_000, customer="gold")
    second = await tell(world, made.id, 10_000, customer="gold")
    third = await tell(world, made.id, 10_000)
    assert [one.counted_cents for one in (first, second, third)] == [10_000, 5_000, 5_000]
    assert (third.budget_left, (await only(world)).stands) == (0, Stands.BUDGET_SPENT)
    assert isinstance(await refusal(world, made.id, 1_000), BenefitSpent)
    other = await give(world)
    assert (await refusal(world, other.id, 1_000, saved_cents=1)).field == "savedCents"


async def test_what_is_not_given_cannot_be_redeemed(world: World, clock: TestClock) -> None:
    prices = [{"product": "LASH", "cents": 15_000}]
    gold = await give(world, gain=TENTH, levels=["gold"])
    there = await give(world, gain=TENTH, stores=["S2"])
    least = await give(world, gain=FIFTY, minSpendCents=30_000)
    lash = await give(world, gain={"kind": "member_price", "prices": prices})
    draft = await world.do(lambda unit: create_benefit(unit, benefit(gain=TENTH), "zh-CN"))
    assert isinstance(await refusal(world, gold.id, saved_cents=1), BenefitNotGiven)
    assert isinstance(await refusal(world, gold.id, saved_cents=1, customer="plain"), BenefitNotGiven)
    assert isinstance(await refusal(world, there.id, saved_cents=1), BenefitNotGiven)
    assert isinstance(await refusal(world, lash.id, saved_cents=1, product="CUT"), BenefitNotGiven)
    assert isinstance(await refusal(world, draft.id, saved_cents=1), NotFound)
    assert isinstance(await refusal(world, new_id(), saved_cents=1), NotFound)
    assert isinstance(await refusal(world, gold.id, saved_cents=1, store="nowhere"), NotFound)
    wrong: tuple[tuple[UUID, int, dict[str, Any], str], ...] = (
        (least.id, 29_999, {"saved_cents": 5_000}, "amountCents"),
        (least.id, 30_000, {"saved_cents": 5_001}, "savedCents"),
        (least.id, 30_000, {"saved_cents": 0}, "savedCents"),
        (lash.id, 20_000, {"saved_cents": 5_000}, "product"),
        (gold.id, 10_000, {"saved_cents": 1_001, "customer": "gold"}, "savedCents"),
        (gold.id, 10_000, {"saved_cents": 1, "external_id": " "}, "externalId"),
        (gold.id, 10_000, {"saved_cents": 1, "at": shanghai("2026-03-02 08:06")}, "at"),
        (gold.id, 10_000, {"saved_cents": 1, "at": shanghai("2026-01-30 07:59")}, "at"),
    )
    for benefit_id, amount, said, field in wrong:
        fault = await refusal(world, benefit_id, amount, **said)
        assert isinstance(fault, Invalid)
        assert fault.field == field
    assert await count(world, "benefit_redemption") == 0
    await tell(world, gold.id, 10_000, saved_cents=1_000, customer="gold")
    await tell(world, lash.id, 20_000, saved_cents=5_000, product="LASH")


async def test_a_till_that_was_cut_off_reports_later(world: World, clock: TestClock) -> None:
    made = await give(world, gain=TENTH, days={"kind": "dates", "dates": ["2026-03-02"]}, fromTime="10:00")
    await clock.set(shanghai("2026-03-20 08:00"))
    await world.do(lambda unit: end_benefit(unit, (made.id, None), "zh-CN"))
    late = await tell(world, made.id, saved_cents=1_000, at=shanghai("2026-03-02 23:59"))
    assert late.status is Taken.ACCEPTED
    assert "day 2026-03-02" in await spent(world, made.id)
    for at in ("2026-03-02 09:59", "2026-03-03 00:00"):
        assert isinstance(await refusal(world, made.id, saved_cents=1_000, at=shanghai(at)), BenefitNotGiven)


async def test_a_smaller_budget_leaves_nothing_and_takes_nothing(world: World) -> None:
    made = await give(world, gain=TENTH, budget={"amount": 2_000})
    await tell(world, made.id, saved_cents=1_000)
    smaller = benefit(gain=TENTH, budget={"amount": 500})
    await world.do(lambda unit: change_benefit(unit, (made.id, None), smaller, "zh-CN"))
    assert (await only(world, 10_000)).budget_left == 0
    assert isinstance(await refusal(world, made.id, saved_cents=1), BenefitSpent)


async def test_what_goes_together(world: World) -> None:
    alone = await give(world, name="独", gain=FIFTY, stacking="exclusive")
    best = await give(world, name="优", gain=TENTH, stacking="best")
    better = await give(world, name="更优", gain={"kind": "percent_off", "percent": 20}, stacking="best")
    off = await give(world, name="叠", gain={"kind": "amount_off", "offCents": 1_000}, stacking="stack")
    double = await give(world, name="双", stacking="stack")
    triple = await give(world, name="三", gain=TRIPLE, stacking="best")
    plain = await give(world, name="一倍半", gain={"kind": "points", "multiplier": 150}, stacking="best")
    found = await told(world, 20_000)
    assert [({part.benefit for part in one.parts}, one.saved_cents, one.multiplier) for one in found] == [
        ({better.id, off.id, double.id, triple.id}, 5_000, 400),
        ({alone.id}, 5_000, 100),
        ({best.id, off.id, double.id, triple.id}, 3_000, 400),
    ]
    assert [part.saved_cents for part in found[0].parts] == [4_000, 1_000, 0, 0]
    assert plain.id not in {part.benefit for one in found for part in one.parts}
    # From fifty yuan on, what is alone saves most: eight tenths of it and ten yuan are less.
    assert {part.benefit for part in (await told(world, 5_000))[0].parts} == {alone.id}
    unsaid = await told(world)
    assert [one.saved_cents for one in unsaid] == [None] * 3
    assert {part.benefit for part in unsaid[-1].parts} == {alone.id}


async def test_no_bill_falls_below_nothing(world: World) -> None:
    await give(world, gain=FIFTY, stacking="stack")
    await give(world, gain={"kind": "percent_off", "percent": 99}, stacking="stack")
    (one,) = await told(world, 4_000)
    assert (one.saved_cents, one.pay_cents) == (4_000, 0)
    (free,) = await told(world, 0)
    assert (free.saved_cents, free.pay_cents) == (0, 0)


@pytest.fixture
async def crowd(servers: embedded.Servers, master: MasterKey) -> AsyncIterator[Units]:
    """Units with a connection for every till."""
    engine = open_engine(servers.database_url, pool_size=RACERS // 2)
    yield Units(engine, master)
    await engine.dispose()


async def at_once(world: World, crowd: Units, items: list[RedemptionIn]) -> list[Redeemed | FlowError]:
    async def one(item: RedemptionIn) -> Redeemed | FlowError:
        try:
            async with crowd.open(world.merchant_id) as unit:
                return await redeem(unit, item)
        except FlowError as fault:
            return fault

    return await asyncio.gather(*(one(item) for item in items))


@pytest.mark.parametrize("unit", ["cents", "uses"])
async def test_a_hundred_at_once_never_exceed_a_budget(world: World, crowd: Units, unit: str) -> None:
    amount = 3_700 if unit == "cents" else 37
    made = await give(world, gain=TENTH, budget={"amount": amount, "unit": unit, "period": "day"})
    items = [
        RedemptionIn(external_id=f"R{n}", benefit=made.id, store=f"S{n % 2 + 1}", amount_cents=1_000, saved_cents=100)
        for n in range(RACERS)
    ]
    results = await at_once(world, crowd, items)
    assert sum(isinstance(one, Redeemed) for one in results) == 37
    assert all(isinstance(one, Redeemed | BenefitSpent) for one in results)
    assert set((await spent(world, made.id)).values()) == {(3_700, 37)}
    kept = await rows(
        world, "select sum(counted_cents) as cents, count(*) as n from benefit_redemption where merchant_id = :merchant"
    )
    assert [(int(row["cents"]), row["n"]) for row in kept] == [(3_700, 37)]


async def test_a_customer_at_two_tills_never_exceeds_her_cap(world: World, crowd: Units) -> None:
    made = await give(world, gain=TENTH, caps={"perDayTimes": 1})
    items = [
        RedemptionIn(
            external_id=f"R{n}", benefit=made.id, store="S1", customer="gold", amount_cents=1_000, saved_cents=100
        )
        for n in range(10)
    ]
    results = await at_once(world, crowd, items)
    assert sum(isinstance(one, Redeemed) for one in results) == 1


async def test_one_redemption_sent_many_times_at_once_counts_once(world: World, crowd: Units) -> None:
    made = [await give(world, gain=TENTH) for _ in range(2)]
    same = RedemptionIn(external_id="R1", benefit=made[0].id, store="S1", amount_cents=1_000, saved_cents=100)
    other = RedemptionIn(external_id="R1", benefit=made[1].id, store="S1", amount_cents=1_000, saved_cents=100)
    results = await at_once(world, crowd, [same, other] * 10)
    told_of = [one.status for one in results if isinstance(one, Redeemed)]
    assert sorted(told_of) == [Taken.ACCEPTED, *[Taken.DUPLICATE] * 9]
    assert sum(isinstance(one, RedemptionReused) for one in results) == 10
    assert len(await spent(world, made[0].id)) + len(await spent(world, made[1].id)) == 3


async def test_an_edit_and_redemptions_take_turns(world: World, crowd: Units, clock: TestClock) -> None:
    made = await give(world, gain=TENTH, budget={"amount": 100, "unit": "uses"})
    items = [
        RedemptionIn(external_id=f"R{n}", benefit=made.id, store="S1", amount_cents=1_000, saved_cents=100)
        for n in range(20)
    ]
    smaller = benefit(gain=TENTH, budget={"amount": 5, "unit": "uses"})
    await asyncio.gather(
        at_once(world, crowd, items), world.do(lambda unit: change_benefit(unit, (made.id, None), smaller, "zh-CN"))
    )
    before = (await spent(world, made.id))["all 1970-01-01"][1]
    await clock.advance(timedelta(seconds=1))
    if before >= 5:
        assert isinstance(await refusal(world, made.id, saved_cents=1), BenefitSpent)
    else:
        assert (await only(world, 1_000)).budget_left == 5 - before
