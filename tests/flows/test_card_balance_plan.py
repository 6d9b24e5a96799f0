"""`card_balance_low` by the calendar: once per crossing, boundaries, promotional cards, hold-out, merging."""

from datetime import date

import pytest

from backend.db.units import Units
from tasks.flow.preview import preview
from tasks.kernel.sealing import MasterKey
from tasks.ledger.inputs import CardIn, EntryIn
from tasks.ledger.states import EntryKind
from tasks.plans.templates import CARD_BALANCE_LOW
from tests.support.clock import TestClock, shanghai
from tests.support.plans import count, decisions, rows, start_plan, sweep
from tests.support.world import World, make_world


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    return await make_world(units, master, stores=1, employees=2)


async def holder(world: World, code: str, *, left: int, used: str = "2026-02-20 12:00") -> str:
    """A customer with a card opened at ¥1000 of which `left` cents are left."""
    await world.customer(code)
    card = await world.card(code, shanghai("2026-01-10 12:00"), principal=100_000)
    if left != 100_000:
        await world.card_entry(card, "consume", shanghai(used), principal=left - 100_000)
    return card


async def test_at_or_below_five_hundred_and_above_nothing(world: World, clock: TestClock) -> None:
    for code, left in (("NOTHING", 0), ("CENT", 1), ("BOUND", 50_000), ("OVER", 50_001), ("FULL", 100_000)):
        await holder(world, code, left=left)
    await holder(world, "LONG_AGO", left=20_000, used="2025-08-01 12:00")
    await start_plan(world, "card_balance_low")
    await clock.set(shanghai("2026-03-02 10:00"))
    assert (await sweep(world)).runs == 1
    assert await decisions(world) == {"CENT": ["task"], "BOUND": ["task"]}
    (occurrence,) = await rows(
        world, "select state, fires_on from occurrence where merchant_id = :merchant and state = 'done'"
    )
    assert occurrence["fires_on"] == date(2026, 3, 2)


async def test_once_per_crossing_and_again_after_a_top_up(world: World, clock: TestClock) -> None:
    card = await holder(world, "REGULAR", left=30_000)
    await start_plan(world, "card_balance_low", exitOn=[])
    await clock.set(shanghai("2026-03-02 10:00"))
    await sweep(world)
    await clock.set(shanghai("2026-03-03 10:00"))
    await sweep(world)
    assert await decisions(world) == {"REGULAR": ["task", "entry"]}
    await world.card_entry(card, "top_up", shanghai("2026-03-03 12:00"), principal=100_000)
    await rows(
        world,
        "update task set status = 'done', closed_at = :now, close_reason = 'callback' where merchant_id = :merchant returning id",
    )
    await clock.set(shanghai("2026-03-04 10:00"))
    await sweep(world)
    await world.card_entry(card, "consume", shanghai("2026-03-04 12:00"), principal=-100_000)
    await clock.set(shanghai("2026-03-05 10:00"))
    await sweep(world)
    assert await decisions(world) == {"REGULAR": ["task", "entry", "task"]}
    assert await count(world, "task") == 2


async def test_a_promotional_card_keeps_its_holder_out(world: World, clock: TestClock) -> None:
    await holder(world, "PROMO_TOO", left=30_000)
    entry = EntryIn(
        external_id="P-open", kind=EntryKind.OPEN, at=shanghai("2026-02-01 12:00"), principal_cents=5_000, store="S1"
    )
    await world.books(
        "cards",
        CardIn(
            external_id="P",
            product="PROMO",
            customer="PROMO_TOO",
            store="S1",
            opened_on=date(2026, 2, 1),
            entries=(entry,),
        ),
    )
    await start_plan(world, "card_balance_low")
    await clock.set(shanghai("2026-03-02 10:00"))
    await sweep(world)
    assert await decisions(world) == {}


async def test_two_low_cards_are_one_task_with_two_reasons(world: World, clock: TestClock) -> None:
    await holder(world, "TWO", left=30_000)
    card = await world.card("TWO", shanghai("2026-01-11 12:00"), principal=100_000)
    await world.card_entry(card, "consume", shanghai("2026-02-21 12:00"), principal=-60_000)
    await start_plan(world, "card_balance_low")
    await clock.set(shanghai("2026-03-02 10:00"))
    await sweep(world)
    assert sorted((await decisions(world))["TWO"]) == ["merged", "task"]
    assert (await count(world, "task"), await count(world, "task_reason")) == (1, 2)


async def test_two_plans_on_one_morning_are_one_task_with_two_reasons(world: World, clock: TestClock) -> None:
    await holder(world, "BOTH", left=30_000)
    await world.visit("BOTH", shanghai("2026-02-23 12:00"), historic=True)
    await start_plan(world, "second_visit", trigger={"offsets": [{"afterDays": 7, "at": "10:00"}]})
    await start_plan(world, "card_balance_low")
    await clock.set(shanghai("2026-03-02 10:00"))
    await sweep(world)
    assert sorted((await decisions(world))["BOTH"]) == ["merged", "task"]
    (task,) = await rows(world, "select priority from task where merchant_id = :merchant")
    assert task["priority"] == 700


async def test_hold_out_is_stable_and_counted_once(world: World, clock: TestClock) -> None:
    for number in range(30):
        await holder(world, f"H{number}", left=10_000)
    await start_plan(world, "card_balance_low", holdOut=50, holdOutFrom=20)
    await clock.set(shanghai("2026-03-02 10:00"))
    await sweep(world)
    told = await decisions(world)
    held = {code for code, what in told.items() if what == ["held_out"]}
    assert 0 < len(held) < 30
    assert await count(world, "task") == 30 - len(held)
    await clock.set(shanghai("2026-03-03 10:00"))
    await sweep(world)
    assert {code for code, what in (await decisions(world)).items() if "held_out" in what} == held


async def test_after_downtime_the_newest_firing_runs_and_the_older_are_missed(world: World, clock: TestClock) -> None:
    await start_plan(world, "card_balance_low")
    await sweep(world)
    await clock.set(shanghai("2026-03-06 11:00"))
    report = await sweep(world)
    found = {
        str(row["fires_on"]): row["state"]
        for row in await rows(world, "select fires_on, state from occurrence where merchant_id = :merchant")
    }
    assert (report.runs, report.missed) == (1, 4)
    assert [found[f"2026-03-0{day}"] for day in (2, 3, 4, 5, 6)] == ["missed"] * 4 + ["done"]


async def test_preview_of_a_past_day_reads_the_books_as_they_stood(world: World, clock: TestClock) -> None:
    card = await holder(world, "THEN_LOW", left=30_000, used="2026-02-10 12:00")
    await world.card_entry(card, "top_up", shanghai("2026-02-20 12:00"), principal=100_000)
    low = await preview(world.units, world.merchant_id, CARD_BALANCE_LOW, date(2026, 2, 15))
    assert (low.matched, low.tasks) == (1, 1)
    high = await preview(world.units, world.merchant_id, CARD_BALANCE_LOW, date(2026, 2, 25))
    assert high.matched == 0
