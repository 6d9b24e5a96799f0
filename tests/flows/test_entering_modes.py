"""How often the same scope may enter: every entry rule, by events and by the calendar."""

from datetime import date
from typing import Any

import pytest

from backend.db.units import Units
from tasks.flow.manage_plans import drafted
from tasks.flow.preview import preview
from tasks.kernel.sealing import MasterKey
from tasks.ledger.inputs import CardIn, EntryIn
from tasks.ledger.states import EntryKind
from tests.support.calls import live_task, work_off
from tests.support.clock import TestClock, shanghai
from tests.support.entering import DONE, begin, event, happens, passages, send
from tests.support.plans import decisions, rows, start_plan, sweep
from tests.support.world import World, make_world

NEXT_DAY = {"afterDays": 1, "at": "10:00"}
WEEK = {"afterDays": 7, "at": "10:00"}


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    return await make_world(units, master, customers=2)


async def on(world: World, clock: TestClock, when: str, kind: str = "viewed", code: str = "C1") -> None:
    """At that moment she does it, and the worker looks."""
    await clock.set(shanghai(when))
    await happens(world, kind, code, when)
    await sweep(world)


async def guards(world: World) -> list[str | None]:
    found = await rows(world, "select guard from enrolment where merchant_id = :merchant order by created_at, id")
    return [row["guard"] for row in found]


async def test_after_exit_waits_for_the_last_passage_to_be_over(world: World, clock: TestClock) -> None:
    await begin(world, "viewed", NEXT_DAY, entry={"mode": "after_exit"})
    await on(world, clock, "2026-03-02 12:00")
    await on(world, clock, "2026-03-02 13:00")
    await clock.set(shanghai("2026-03-03 10:00"))
    await sweep(world)
    await on(world, clock, "2026-03-03 11:00")  # the task of the first is out
    assert await decisions(world) == {"C1": ["entry", "task", "entry"]}
    await work_off(world, "C1")
    await on(world, clock, "2026-03-04 12:00")
    assert await guards(world) == ["entry 0", "entry 1"]


async def test_cooldown_counts_local_days_from_the_entry(world: World, clock: TestClock) -> None:
    await begin(
        world, "viewed", {"after": "1h"}, entry={"mode": "cooldown", "days": 3}, suppress={"contactedToday": False}
    )
    for day in ("02 23:30", "04 12:00", "05 00:10", "05 12:00", "08 00:01"):
        await on(world, clock, f"2026-03-{day}")
    assert [one["created_at"].date() for one in await passages(world)] == [date(2026, 3, day) for day in (2, 4, 7)]
    assert await guards(world) == ["entry 0", "entry 1", "entry 2"]


async def test_a_cooldown_holds_within_one_batch_of_late_events(world: World, clock: TestClock) -> None:
    await clock.set(shanghai("2026-03-01 12:00"))
    await begin(world, "viewed", {"afterDays": 30, "at": "10:00"}, entry={"mode": "cooldown", "days": 3})
    await clock.set(shanghai("2026-03-10 12:00"))
    await send(world, *(event("viewed", "C1", f"2026-03-0{day} 12:00") for day in (8, 2, 3, 4, 6, 5)))
    found = [one["fires_on"] for one in await passages(world)]
    assert found == [date(2026, 4, 1), date(2026, 4, 4), date(2026, 4, 7)]  # of 2, 5 and 8 March
    assert await decisions(world) == {"C1": ["entry"] * 3}


async def test_at_most_so_often_in_so_many_days(world: World, clock: TestClock) -> None:
    await begin(world, "viewed", NEXT_DAY, entry={"mode": "at_most", "times": 2, "days": 7})
    await clock.set(shanghai("2026-03-02 13:00"))
    await send(world, *(event("viewed", "C1", f"2026-03-02 {hour}:00") for hour in (10, 11, 12)))
    await on(world, clock, "2026-03-08 12:00")
    assert await guards(world) == ["entry 0", "entry 1"]
    await on(world, clock, "2026-03-09 12:00")
    assert await guards(world) == ["entry 0", "entry 1", "entry 2"]


async def test_each_time_has_no_guard(world: World, clock: TestClock) -> None:
    await begin(world, "viewed", NEXT_DAY)
    await send(world, *(event("viewed", "C1", f"2026-03-02 07:3{minute}") for minute in (0, 1)))
    assert await guards(world) == [None, None]


async def test_the_newest_visit_takes_the_place_of_those_that_wait(world: World, clock: TestClock) -> None:
    await begin(world, "service_completed", WEEK, entry={"scope": "visit", "mode": "restart"})
    for code in ("C1", "C2"):
        await world.visit(code, shanghai("2026-03-02 07:00"))
    await clock.set(shanghai("2026-03-05 12:00"))
    await world.visit("C1", shanghai("2026-03-05 11:00"))
    await clock.set(shanghai("2026-03-09 10:00"))
    await sweep(world)
    assert await decisions(world) == {"C1": ["exited:restarted"], "C2": ["task"]}
    await clock.set(shanghai("2026-03-12 10:00"))
    await sweep(world)
    assert (await decisions(world))["C1"] == ["exited:restarted", "task"]


async def test_a_visit_that_comes_late_does_not_replace_a_newer_one(world: World, clock: TestClock) -> None:
    await begin(world, "service_completed", WEEK, entry={"scope": "visit", "mode": "restart"})
    await clock.set(shanghai("2026-03-05 12:00"))
    await world.visit("C1", shanghai("2026-03-05 11:00"))
    await world.visit("C1", shanghai("2026-03-03 11:00"))
    assert [one["fires_on"] for one in await passages(world) if one["state"] == "waiting"] == [date(2026, 3, 12)]
    assert await decisions(world) == {"C1": ["entry"]}


async def test_of_several_in_one_batch_the_newest_counts(world: World) -> None:
    await begin(world, "viewed", NEXT_DAY, {"after": "20h"}, entry={"mode": "restart"})
    await send(world, *(event("viewed", "C1", f"2026-03-02 07:{minute}") for minute in (30, 50, 40)))
    found = await passages(world)
    assert [one["fire_at"] for one in found] == [shanghai("2026-03-03 03:50"), shanghai("2026-03-03 10:00")]
    assert await decisions(world) == {"C1": ["exited:restarted"] * 4}


async def test_a_restart_leaves_the_task_that_is_out_and_gives_it_no_further_step(
    world: World, clock: TestClock
) -> None:
    act = {"scene": "second_visit", "chain": ["last_served"], "route": "event_store"}
    steps = [{"act": act}, {"act": act, "wait": {"days": 2}}]
    await begin(world, "viewed", {"afterDays": 0, "at": "10:00"}, entry={"mode": "restart"}, steps=steps)
    await on(world, clock, "2026-03-02 09:00")
    await clock.set(shanghai("2026-03-02 10:00"))
    await sweep(world)
    await on(world, clock, "2026-03-03 09:00")
    await work_off(world, "C1")
    first, second = await passages(world)
    assert (first["state"], second["state"]) == ("completed", "waiting")


async def test_restart_is_by_card(world: World, clock: TestClock) -> None:
    cards = [await world.card("C1", shanghai("2026-01-10 12:00")) for _ in range(2)]
    await begin(world, "card_used", WEEK, entry={"scope": "card", "mode": "restart"})
    for card, day in ((cards[0], 2), (cards[1], 3), (cards[0], 4)):
        await clock.set(shanghai(f"2026-03-0{day} 12:00"))
        await world.card_entry(card, "consume", shanghai(f"2026-03-0{day} 12:00"), principal=-100)
    found = [(one["fires_on"].day, one["state"]) for one in await passages(world)]
    assert found == [(9, "exited"), (10, "waiting"), (11, "waiting")]


async def daily(world: World, mode: str, **entry: Any) -> None:
    """A plan of every morning for everybody."""
    await start_plan(
        world, "card_balance_low", audience=None, exitOn=[], holdOut=0, suppress={"contactedToday": False},
        entry={"scope": "customer", "mode": mode, "measure": None, "bounds": [], **entry},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "entry", "entered"),
    [
        ("each_time", {}, [2, 3, 4, 5, 6]),
        ("never_again", {}, [2]),
        ("cooldown", {"days": 2}, [2, 4, 6]),
        ("at_most", {"days": 4, "times": 2}, [2, 3, 6]),
        ("after_exit", {}, [2, 4, 6]),
    ],
)
async def test_runs_of_the_calendar_keep_the_same_rules(
    world: World, clock: TestClock, mode: str, entry: dict[str, Any], entered: list[int]
) -> None:
    """Every second morning, after the run, the tasks that are out are worked off."""
    await daily(world, mode, **entry)
    for day in range(2, 7):
        await clock.set(shanghai(f"2026-03-0{day} 10:00"))
        await sweep(world)
        if day % 2 and await live_task(world, "C1"):
            await work_off(world, "C1")
            await work_off(world, "C2")
    found = [one for one in await passages(world) if one["customer_id"] == world.customers["C1"]]
    assert [one["created_at"].day for one in found] == entered


async def test_who_was_held_out_has_entered(world: World, clock: TestClock) -> None:
    for number in range(20):
        await world.customer(f"H{number}")
    await start_plan(
        world, "card_balance_low", audience=None, exitOn=[], holdOut=50, holdOutFrom=1,
        entry={"scope": "customer", "mode": "cooldown", "days": 3, "measure": None, "bounds": []},
    )  # fmt: skip
    for day in (2, 3):
        await clock.set(shanghai(f"2026-03-0{day} 10:00"))
        await sweep(world)
    told = await decisions(world)
    assert {tuple(what) for what in told.values()} == {("task", "entry"), ("held_out", "entry")}


async def times_card(world: World, code: str, *, uses: int, expires: str | None = None) -> None:
    entry = EntryIn(
        external_id=f"{code}-open", kind=EntryKind.OPEN, at=shanghai("2026-01-10 12:00"), uses=uses,
        expires_on=date.fromisoformat(expires) if expires else None, store="S1",
    )  # fmt: skip
    await world.books(
        "cards", CardIn(external_id=code, product="TIMES", customer="C1", store="S1", opened_on=date(2026, 1, 10), entries=(entry,))
    )  # fmt: skip


async def crossing(world: World, measure: str, bounds: list[int], *, scope: str = "card") -> None:
    await start_plan(
        world, "card_balance_low", audience=None, exitOn=[], holdOut=0, suppress={"contactedToday": False},
        entry={"scope": scope, "mode": "once_per_crossing", "measure": measure, "bounds": bounds},
    )  # fmt: skip


async def mornings(world: World, clock: TestClock, *days: str) -> None:
    for day in days:
        await clock.set(shanghai(f"{day} 10:00"))
        await sweep(world)
        await rows(world, DONE)


async def test_uses_left_once_at_each_bound_until_they_rose_above_it(world: World, clock: TestClock) -> None:
    await times_card(world, "K", uses=4)
    await crossing(world, "uses_left", [3, 1])
    await mornings(world, clock, "2026-03-02")
    assert await guards(world) == []
    for day, uses in ((2, -1), (3, -1), (4, -1), (5, 1), (6, 2), (7, -1)):
        await clock.set(shanghai(f"2026-03-0{day} 12:00"))
        await world.card_entry("K", "consume" if uses < 0 else "top_up", shanghai(f"2026-03-0{day} 12:00"), uses=uses)
        await mornings(world, clock, f"2026-03-0{day + 1}")
    # 3 left: the upper bound; 2: still; 1: the lower one; 2 again: nothing; 4: above both; 3: the upper one anew.
    assert await guards(world) == ["bound 3 0", "bound 1 1", "bound 3 2"]


async def test_days_left_once_at_each_bound_for_one_expiry(world: World, clock: TestClock) -> None:
    await times_card(world, "K", uses=4, expires="2026-04-10")
    await crossing(world, "days_left", [30, 7])
    await mornings(world, clock, "2026-03-10", "2026-03-11", "2026-03-12", "2026-04-03", "2026-04-04")
    assert await guards(world) == ["expires 2026-04-10 30", "expires 2026-04-10 7"]
    longer = EntryIn(
        external_id="x",
        kind=EntryKind.EXTEND,
        at=shanghai("2026-04-04 12:00"),
        expires_on=date(2026, 4, 30),
        store="S1",
    )
    await world.books("cards", CardIn(external_id="K", entries=(longer,)))
    await mornings(world, clock, "2026-04-05", "2026-04-06")
    assert (await guards(world))[2:] == ["expires 2026-04-30 30"]


async def test_a_card_first_seen_in_its_last_week_is_reminded_once(world: World, clock: TestClock) -> None:
    await times_card(world, "K", uses=4, expires="2026-03-05")
    await crossing(world, "days_left", [30, 7])
    await mornings(world, clock, "2026-03-02", "2026-03-03")
    assert await guards(world) == ["expires 2026-03-05 7"]


async def test_paid_once_at_each_bound_with_the_purchase_that_reaches_it(world: World, clock: TestClock) -> None:
    entry = {"mode": "once_per_crossing", "measure": "paid", "bounds": [3_000, 10_000, 30_000]}
    await begin(world, "purchase", NEXT_DAY, entry=entry)
    for number, cash in enumerate((2_999, 1, 500, 50_000, 500)):
        at = f"2026-03-02 1{number}:00"
        await clock.set(shanghai(at))
        await world.sale("C1", shanghai(at), service=None, cash=cash)
    await world.sale("C1", shanghai("2026-03-02 14:30"), service=None, cash=-45_000)
    await world.sale("C1", shanghai("2026-03-02 14:40"), service=None, cash=1)
    assert await guards(world) == ["paid 3000", "paid 30000"]


async def test_balance_with_several_bounds_by_its_own_card_events(world: World, clock: TestClock) -> None:
    card = await world.card("C1", shanghai("2026-01-10 12:00"), principal=100_000)
    entry = {"scope": "card", "mode": "once_per_crossing", "measure": "balance", "bounds": [20_000, 50_000]}
    await begin(world, "card_used", NEXT_DAY, entry=entry)
    moves = [("consume", -40_000), ("consume", -15_000), ("consume", -30_000), ("top_up", 40_000), ("consume", -10_000)]
    for number, (kind, cents) in enumerate(moves):
        at = f"2026-03-02 1{number}:00"
        await clock.set(shanghai(at))
        await world.card_entry(card, kind, shanghai(at), principal=cents)
    assert await guards(world) == ["bound 50000 0", "bound 20000 1", "bound 50000 2"]


async def test_the_preview_of_a_plan_that_restarts_leaves_out_what_was_replaced(world: World, clock: TestClock) -> None:
    for code, day in (("C1", 2), ("C2", 2), ("C1", 5)):
        await world.visit(code, shanghai(f"2026-03-0{day} 07:00"), historic=True)
    definition = drafted("second_visit", {
        "trigger": {"offsets": [WEEK], "firstVisit": False}, "audience": None, "exitOn": [], "holdOut": 0, "entry": {"scope": "visit", "mode": "restart"},
    })  # fmt: skip
    await clock.set(shanghai("2026-03-09 08:00"))
    seen = await preview(world.units, world.merchant_id, definition)
    assert (seen.matched, seen.tasks, seen.by_reason) == (2, 1, {"exited:restarted": 1})
