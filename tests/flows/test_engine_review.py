"""The plan engine under awkward days: several groups in one batch, deferred passages, pauses, transfers, zones, previews of what is live."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from backend import embedded
from backend.db.engine import open_engine
from backend.db.units import Units
from tasks.flow import preview as module
from tasks.flow import preview_warnings
from tasks.flow.manage_plans import activate, drafted, end, pause, stop_everything
from tasks.flow.preview import preview
from tasks.flow.run_occurrence import run_chunk, run_occurrence
from tasks.flow.run_plans import SweepReport, plan_ahead
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.ledger.inputs import CardIn
from tasks.people.service import create_store
from tasks.plans.occurrences import LeaseLost, claim
from tasks.plans.templates import CARD_BALANCE_LOW, SECOND_VISIT
from tests.support.clock import TestClock, shanghai
from tests.support.plans import count, decisions, rows, start_plan, sweep
from tests.support.rows import Ask, make_task
from tests.support.world import World, make_world

CLOSE = "update task set status = 'done', closed_at = :now, close_reason = 'callback' where merchant_id = :merchant returning id"
STATES = "select fires_on, timezone, state from occurrence where merchant_id = :merchant and fire_at <= :now order by fires_on, timezone"


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    return await make_world(units, master, stores=2, employees=2)


async def low_card(world: World, code: str, *, left: int = 30_000, used: str = "2026-02-20 12:00") -> str:
    if code not in world.customers:
        await world.customer(code)
    card = await world.card(code, shanghai("2026-01-10 12:00"), principal=100_000)
    await world.card_entry(card, "consume", shanghai(used), principal=left - 100_000)
    return card


async def states(world: World) -> list[tuple[str, str]]:
    return [(str(row["fires_on"])[5:], row["state"]) for row in await rows(world, STATES)]


async def test_every_group_of_one_batch_reaches_the_feed(world: World, clock: TestClock) -> None:
    """Passages of two days fire in one sweep after a night's downtime: each task is in its store's changes."""
    await start_plan(world, "second_visit")
    for code, at in (("A", "2026-03-02 12:00"), ("B", "2026-03-03 12:00")):
        await world.customer(code)
        await clock.set(shanghai(at))
        await world.visit(code, shanghai(at))
    await clock.set(shanghai("2026-03-10 09:30"))
    assert (await sweep(world)).passages == 2
    tasks = await rows(world, "select id, store_id from task where merchant_id = :merchant")
    changes = await rows(world, "select task_id as id, store_id from task_change where merchant_id = :merchant")
    assert sorted(tasks, key=str) == sorted(changes, key=str)
    assert len(tasks) == 2


async def test_a_deferred_card_meets_the_next_mornings_run(world: World, clock: TestClock) -> None:
    """The daily run comes a second earlier than the passage that was put off; neither stops the other."""
    await low_card(world, "OWN")
    await make_task(world, Ask(customer="OWN", origin="own", expires=24 * 30))
    await start_plan(world, "card_balance_low")
    await clock.set(shanghai("2026-03-02 10:05"))
    await sweep(world)
    assert await decisions(world) == {"OWN": ["deferred:other_task"]}
    await clock.set(shanghai("2026-03-03 10:00"))
    assert (await sweep(world)).runs == 1
    assert await decisions(world) == {"OWN": ["deferred:other_task", "entry"]}
    await rows(world, CLOSE)
    await clock.set(shanghai("2026-03-03 10:06"))
    await sweep(world)
    assert await decisions(world) == {"OWN": ["entry", "task"]}


async def test_a_crossing_while_deferred_arms_again(world: World, clock: TestClock) -> None:
    card = await low_card(world, "OWN")
    await make_task(world, Ask(customer="OWN", origin="own", expires=24 * 30))
    await start_plan(world, "card_balance_low")
    await clock.set(shanghai("2026-03-02 10:05"))
    await sweep(world)
    await clock.set(shanghai("2026-03-02 15:00"))
    await world.card_entry(card, "top_up", shanghai("2026-03-02 15:00"), principal=100_000)
    await clock.set(shanghai("2026-03-03 10:10"))
    await sweep(world)
    await world.card_entry(card, "consume", shanghai("2026-03-03 11:00"), principal=-100_000)
    await rows(world, CLOSE)
    await clock.set(shanghai("2026-03-04 10:00"))
    await sweep(world)
    assert (await decisions(world))["OWN"][-1] == "task"


async def test_arming_again_twice_enters_three_times(world: World, clock: TestClock) -> None:
    card = await low_card(world, "REGULAR")
    await start_plan(world, "card_balance_low")
    for day in (2, 3, 4):
        await clock.set(shanghai(f"2026-03-0{day} 10:00"))
        await sweep(world)
        await sweep(world)
        await clock.set(shanghai(f"2026-03-0{day} 12:00"))
        await world.card_entry(card, "top_up", shanghai(f"2026-03-0{day} 12:00"), principal=100_000)
        await world.card_entry(card, "consume", shanghai(f"2026-03-0{day} 13:00"), principal=-100_000)
    assert (await decisions(world))["REGULAR"] == ["task", "task", "task"]
    assert await count(world, "enrolment") == 3


async def both_stores(world: World, who: str) -> None:
    for code in world.stores:
        await rows(
            world, "insert into membership (merchant_id, staff_id, store_id, role) values (:merchant, :who, :store, 'employee') "
            "on conflict do nothing returning staff_id", who=world.staff[who], store=world.stores[code],
        )  # fmt: skip


@pytest.mark.parametrize("chain", [["last_served"], ["least_loaded"]])
async def test_who_works_in_two_stores_has_one_capacity(world: World, clock: TestClock, chain: list[str]) -> None:
    await both_stores(world, "E1")
    await rows(
        world, "update staff set max_new_weekday = 2, max_new_weekend = 0 where merchant_id = :merchant returning id"
    )
    await rows(
        world,
        "update staff set status = 'removed' where merchant_id = :merchant and id = :e2 returning id",
        e2=world.staff["E2"],
    )
    await start_plan(world, "second_visit", task={"chain": chain})
    for number in range(8):
        await world.customer(f"N{number}")
        await world.visit(f"N{number}", shanghai("2026-03-02 07:00"), store=f"S{number % 2 + 1}")
    await clock.set(shanghai("2026-03-09 09:00"))
    await sweep(world)
    found = await rows(
        world,
        "select opens_on, count(*) as n from task where merchant_id = :merchant and assignee_id is not null group by 1 order by 1",
    )
    assert [(str(row["opens_on"]), row["n"]) for row in found] == [(f"2026-03-{day:02d}", 2) for day in (9, 10, 11, 12)]


async def test_open_limit_holds_over_days_and_runs(world: World, clock: TestClock) -> None:
    await rows(world, "update staff set max_open = 3, max_new_weekday = 2 where merchant_id = :merchant returning id")
    for number in range(9):
        await world.customer(f"N{number}")
        await world.visit(f"N{number}", shanghai("2026-02-20 12:00"), historic=True)
        await low_card(world, f"N{number}", used=f"2026-02-1{number} 12:00")
    await start_plan(world, "card_balance_low")
    await plan_ahead(world.units, world.merchant_id, SweepReport())
    await clock.set(shanghai("2026-03-02 10:00"))
    async with world.units.open(world.merchant_id) as unit:
        held = await claim(unit)
    assert held is not None
    await run_occurrence(world.units, world.merchant_id, held, chunk=2)
    found = await rows(
        world,
        "select assignee_id, opens_on, count(*) as n from task where merchant_id = :merchant group by 1, 2 order by 2, 3",
    )
    by_staff: dict[UUID | None, list[int]] = {}
    for row in found:
        by_staff.setdefault(row["assignee_id"], []).append(row["n"])
    assert by_staff == {world.staff["E1"]: [2, 1], None: [6]}


async def test_leave_rest_days_and_removed_consultants_re_route(world: World, clock: TestClock) -> None:
    await rows(
        world, "insert into staff_leave (merchant_id, id, staff_id, from_on, to_on) values (:merchant, :id, :who, '2026-03-09', '2026-03-30') returning id",
        id=new_id(), who=world.staff["E1"],
    )  # fmt: skip
    await both_stores(world, "E2")
    await rows(world, "insert into roster_day (merchant_id, staff_id, day_on, works) values (:merchant, :who, '2026-03-09', false) returning staff_id",
               who=world.staff["E2"])  # fmt: skip
    await start_plan(world, "second_visit")
    await world.customer("C", consultant="E1")
    await world.visit("C", shanghai("2026-03-02 07:00"), staff="E2")
    await clock.set(shanghai("2026-03-09 09:00"))
    await sweep(world)
    (task,) = await rows(world, "select assignee_id, opens_on, status from task where merchant_id = :merchant")
    assert (task["assignee_id"], task["opens_on"], task["status"]) == (world.staff["E2"], date(2026, 3, 10), "queued")


async def test_three_cards_one_of_which_was_here_before(world: World, clock: TestClock) -> None:
    await low_card(world, "THREE", left=50_000)
    await start_plan(world, "card_balance_low")
    await clock.set(shanghai("2026-03-02 10:00"))
    await sweep(world)
    await rows(world, CLOSE)
    await low_card(world, "THREE", left=40_000)
    await low_card(world, "THREE", left=20_000)
    await clock.set(shanghai("2026-03-03 10:00"))
    await sweep(world)
    assert sorted((await decisions(world))["THREE"]) == ["entry", "merged", "task", "task"]


async def test_no_task_is_late_before_it_opens(world: World, clock: TestClock) -> None:
    """Two cards of one customer whose task was spread to a later day; then another plan joins the queued task."""
    await rows(
        world, "update staff set max_new_weekday = 0, max_new_weekend = 9 where merchant_id = :merchant returning id"
    )
    await world.customer("TWO", consultant="E1")
    await low_card(world, "TWO")
    await low_card(world, "TWO", left=20_000)
    await start_plan(world, "card_balance_low")
    await clock.set(shanghai("2026-03-02 10:00"))
    await sweep(world)
    (task,) = await rows(world, "select opens_on, opens_at, due_at, status from task where merchant_id = :merchant")
    assert (task["opens_on"], task["status"]) == (date(2026, 3, 7), "queued")
    assert task["due_at"] == shanghai("2026-03-10 00:00")
    await world.visit("TWO", shanghai("2026-02-24 12:00"), historic=True)
    await start_plan(world, "second_visit")
    await clock.set(shanghai("2026-03-03 09:00"))
    await sweep(world)
    (task,) = await rows(world, "select priority, opens_at, due_at from task where merchant_id = :merchant")
    assert (task["priority"], task["due_at"]) == (700, shanghai("2026-03-08 00:00"))


@pytest.mark.parametrize("change", [{"internal": True}, {"anonymous": True}])
async def test_who_became_internal_or_anonymous_meanwhile_is_not_followed_up(
    world: World, clock: TestClock, change: dict[str, Any]
) -> None:
    await start_plan(world, "second_visit")
    await world.customer("C")
    await world.visit("C", shanghai("2026-03-02 07:00"))
    await world.customer("C", **change)
    await clock.set(shanghai("2026-03-09 09:00"))
    await sweep(world)
    assert await count(world, "task") == 0
    assert await decisions(world) == {"C": ["exited:not_followed_up"]}


async def test_preview_of_today_is_the_stores_today(world: World, clock: TestClock) -> None:
    await clock.set(shanghai("2026-03-09 06:00"))
    await world.customer("C")
    await world.visit("C", shanghai("2026-03-02 12:00"), historic=True)
    seen = await preview(world.units, world.merchant_id, SECOND_VISIT)
    assert (seen.as_of, seen.tasks) == (date(2026, 3, 9), 1)


async def test_preview_of_an_active_plan_shows_what_is_about_to_fire(world: World, clock: TestClock) -> None:
    plan = await start_plan(world, "second_visit")
    await world.customer("C")
    await world.visit("C", shanghai("2026-03-02 07:00"))
    for day in (date(2026, 3, 9), None):
        await clock.set(shanghai("2026-03-09 09:30"))
        seen = await preview(world.units, world.merchant_id, SECOND_VISIT, day, plan)
        assert (seen.matched, seen.tasks, seen.by_reason) == (1, 1, {})


async def test_preview_locks_nobody_out(world: World, clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a preview of today still looks, an employee can log a callback on the task it merges into."""
    await low_card(world, "C")
    made = await make_task(world, Ask(customer="C"))
    warnings = preview_warnings.young_books

    async def meanwhile(unit: Any, day: date) -> list[str]:
        async with world.units.open(world.merchant_id) as other:
            await other.run("set local lock_timeout = '200ms'")
            await other.run(
                "update task set attempts = attempts + 1 where merchant_id = :merchant and id = :id", id=made.task_id
            )
        return await warnings(unit, day)

    monkeypatch.setattr(module, "young_books", meanwhile)
    assert (await preview(world.units, world.merchant_id, CARD_BALANCE_LOW)).merged == 1


async def test_a_withdrawn_event_matches_nobody(world: World, clock: TestClock) -> None:
    await world.customer("C")
    await world.sale("C", shanghai("2026-03-02 07:00"), external_id="R", historic=True)
    await world.sale("C", shanghai("2026-03-02 07:00"), external_id="R", service="OIL", historic=True)
    assert [
        row["state"]
        for row in await rows(
            world, "select state from event where merchant_id = :merchant and type = 'service_completed'"
        )
    ] == ["withdrawn"]
    seen = await preview(world.units, world.merchant_id, SECOND_VISIT, date(2026, 3, 9))
    assert seen.matched == 0
    await start_plan(world, "second_visit")
    assert await count(world, "enrolment") == 0


async def test_a_pause_swallows_the_firings_that_fall_in_it(world: World, clock: TestClock) -> None:
    await low_card(world, "C")
    plan = await start_plan(world, "card_balance_low")
    await sweep(world)
    await world.do(lambda unit: pause(unit, plan))
    await clock.set(shanghai("2026-03-05 15:00"))
    await sweep(world)
    await world.do(lambda unit: activate(unit, plan))
    assert (await sweep(world)).runs == 0
    assert await decisions(world) == {}
    assert {state for _, state in await states(world)} == {"missed"}
    await clock.set(shanghai("2026-03-06 10:00"))
    assert (await sweep(world)).runs == 1
    assert await decisions(world) == {"C": ["task"]}


async def test_a_pause_that_ends_before_the_hour_changes_nothing(world: World, clock: TestClock) -> None:
    await low_card(world, "C")
    plan = await start_plan(world, "card_balance_low")
    await sweep(world)
    await world.do(lambda unit: pause(unit, plan))
    await clock.set(shanghai("2026-03-02 09:00"))
    await world.do(lambda unit: activate(unit, plan))
    await clock.set(shanghai("2026-03-02 10:00"))
    assert (await sweep(world)).runs == 1


async def test_activation_after_the_hour_begins_tomorrow(world: World, clock: TestClock) -> None:
    await low_card(world, "C")
    await clock.set(shanghai("2026-03-02 10:30"))
    await start_plan(world, "card_balance_low")
    assert (await sweep(world)).runs == 0
    await clock.set(shanghai("2026-03-03 10:00"))
    assert (await sweep(world)).runs == 1


async def test_a_store_in_a_new_zone_fires_from_its_first_morning(world: World, clock: TestClock) -> None:
    await start_plan(world, "card_balance_low")
    await sweep(world)
    await world.do(lambda unit: create_store(unit, code="T", name="东京", timezone="Asia/Tokyo"))
    await world.customer("TOKYO", home_store="T")
    await low_card(world, "TOKYO")
    await sweep(world)
    await clock.set(shanghai("2026-03-02 09:00"))  # 10:00 in Tokyo
    await sweep(world)
    assert await decisions(world) == {"TOKYO": ["task"]}
    (task,) = await rows(world, "select opens_at, due_at from task where merchant_id = :merchant")
    assert (task["opens_at"], task["due_at"]) == (shanghai("2026-03-02 09:00"), shanghai("2026-03-04 23:00"))


async def test_due_is_the_stores_midnight_whoevers_zone_fired(world: World, clock: TestClock) -> None:
    """A customer without a home store fires in the merchant's zone; her task lies where she was last, and is late there."""
    await world.do(lambda unit: create_store(unit, code="T", name="东京", timezone="Asia/Tokyo"))
    stores = await rows(world, "select id from store where merchant_id = :merchant and code = 'T'")
    await world.customer("C", home_store=None)
    await world.visit("C", shanghai("2026-02-20 12:00"), store="T", historic=True)
    await low_card(world, "C")
    await start_plan(world, "card_balance_low")
    await clock.set(shanghai("2026-03-02 10:00"))
    await sweep(world)
    (task,) = await rows(world, "select store_id, due_at from task where merchant_id = :merchant")
    assert (task["store_id"], task["due_at"]) == (stores[0]["id"], shanghai("2026-03-04 23:00"))


async def test_stop_everything_stops_a_run_and_its_release_goes_on(world: World, clock: TestClock) -> None:
    for number in range(4):
        await low_card(world, f"N{number}")
    await start_plan(world, "card_balance_low")
    await clock.set(shanghai("2026-03-02 10:00"))
    await plan_ahead(world.units, world.merchant_id, SweepReport())
    held = await world.do(claim)
    assert held is not None
    for _ in range(2):  # who is meant; the first two of them
        await world.do(lambda unit: run_chunk(unit, held, 2))
    await world.do(lambda unit: stop_everything(unit, stopped=True))
    with pytest.raises(LeaseLost):
        await world.do(lambda unit: run_chunk(unit, held, 2))
    await rows(
        world,
        "update occurrence set lease_until = clock_timestamp() where merchant_id = :merchant and state = 'running' returning id",
    )
    await sweep(world)
    assert await count(world, "task") == 2
    await world.customer("NEW")
    await world.do(lambda unit: stop_everything(unit, stopped=False))
    await sweep(world)
    assert await count(world, "task") == 4


async def test_events_while_everything_is_stopped_are_taken_in_afterwards(world: World, clock: TestClock) -> None:
    await start_plan(world, "second_visit")
    await world.do(lambda unit: stop_everything(unit, stopped=True))
    await world.customer("C")
    await clock.set(shanghai("2026-03-02 13:00"))
    await world.visit("C", shanghai("2026-03-02 12:00"))
    assert await count(world, "enrolment") == 0
    await world.do(lambda unit: stop_everything(unit, stopped=False))
    await clock.set(shanghai("2026-03-09 09:00"))
    await sweep(world)
    assert await decisions(world) == {"C": ["task"]}


async def test_ending_a_plan_cancels_the_rest_of_its_run(world: World, clock: TestClock) -> None:
    for number in range(4):
        await low_card(world, f"N{number}")
    plan = await start_plan(world, "card_balance_low")
    await clock.set(shanghai("2026-03-02 10:00"))
    await plan_ahead(world.units, world.merchant_id, SweepReport())
    held = await world.do(claim)
    assert held is not None
    for _ in range(2):  # who is meant; the first two of them
        await world.do(lambda unit: run_chunk(unit, held, 2))
    await world.do(lambda unit: end(unit, plan))
    with pytest.raises(LeaseLost):
        await world.do(lambda unit: run_chunk(unit, held, 2))
    await sweep(world)
    assert await count(world, "task") == 2
    assert {state for _, state in await states(world)} == {"cancelled"}


async def test_a_plan_that_cannot_be_read_fails_visibly_and_stops_nobody(world: World, clock: TestClock) -> None:
    await low_card(world, "C")
    broken = await start_plan(world, "card_balance_low")
    await start_plan(world, "card_balance_low")
    await sweep(world)
    await rows(
        world, "update plan_version set definition = jsonb_set(definition, '{audience}', cast('{\"condition\": \"gone\"}' as jsonb)) "
        "where merchant_id = :merchant and plan_id = :plan returning id", plan=broken,
    )  # fmt: skip
    await clock.set(shanghai("2026-03-02 10:00"))
    await sweep(world)
    assert await decisions(world) == {"C": ["task"]}
    found = await rows(
        world,
        "select state, fault from occurrence where merchant_id = :merchant and plan_id = :plan and fire_at <= :now",
        plan=broken,
    )
    assert found == [{"state": "failed", "fault": "Invalid"}]


async def test_the_hour_may_be_written_without_seconds(world: World) -> None:
    definition = drafted("second_visit", {"trigger": {"offsets": [{"afterDays": 3, "at": "10:30"}]}})
    assert drafted("card_balance_low", {"trigger": {"at": "11:00"}}) != CARD_BALANCE_LOW
    assert definition != SECOND_VISIT


async def test_reminders_go_to_the_holder_of_the_card(world: World, clock: TestClock) -> None:
    card = await low_card(world, "GAVE")
    await world.customer("GOT")
    await world.books("cards", CardIn(external_id=card, customer="GOT"))
    await start_plan(world, "card_balance_low")
    await clock.set(shanghai("2026-03-02 10:00"))
    await sweep(world)
    assert await decisions(world) == {"GOT": ["task"]}


async def test_one_connection_serves_previews_and_runs_of_two_merchants(
    servers: embedded.Servers, master: MasterKey, clock: TestClock
) -> None:
    """The chunk's working table is made, rolled back, made again and shared by a connection; nobody's rows are left in it."""
    engine = open_engine(servers.database_url, pool_size=1)
    narrow = Units(engine, master)
    try:
        first, second = [await make_world(narrow, master) for _ in range(2)]
        for world in (first, second):
            await low_card(world, "C")
        for world in (first, second, first):
            seen = await preview(world.units, world.merchant_id, CARD_BALANCE_LOW, date(2026, 3, 2))
            assert seen.matched == 1
        await start_plan(second, "card_balance_low")
        await clock.set(shanghai("2026-03-02 10:00"))
        with pytest.raises(ZeroDivisionError):
            await second.do(_aborted)
        await sweep(second)
        seen = await preview(first.units, first.merchant_id, CARD_BALANCE_LOW, date(2026, 3, 2))
        assert (seen.matched, [sample.customer_id for sample in seen.samples]) == (1, [first.customers["C"]])
        assert [await count(world, "task") for world in (first, second)] == [0, 1]
        assert [await count(first, table) for table in ("enrolment", "decision", "occurrence", "task_change")] == [
            0
        ] * 4
    finally:
        await engine.dispose()


async def _aborted(unit: Any) -> None:
    await plan_ahead(_Same(unit), unit.merchant_id, SweepReport())
    held = await claim(unit)
    assert held is not None
    await run_chunk(unit, held, 10)
    raise ZeroDivisionError


class _Same:
    """Hands out one unit again and again."""

    def __init__(self, unit: Any) -> None:
        self._unit = unit

    def open(self, _merchant_id: UUID) -> Any:
        return self

    def glance(self, _merchant_id: UUID) -> Any:
        return self

    async def __aenter__(self) -> Any:
        return self._unit

    async def __aexit__(self, *_: object) -> None:
        return None


async def test_a_run_late_after_midnight_is_judged_on_its_own_day(world: World, clock: TestClock) -> None:
    await low_card(world, "C")
    await start_plan(world, "card_balance_low", trigger={"at": "23:00:00"})
    await sweep(world)
    await clock.set(shanghai("2026-03-03 00:30"))
    assert (await sweep(world)).runs == 1
    (task,) = await rows(
        world, "select opens_on, opens_at, contact_from, due_at, status from task where merchant_id = :merchant"
    )
    assert (task["opens_on"], task["status"]) == (date(2026, 3, 3), "open")
    assert task["contact_from"] == shanghai("2026-03-03 09:30")
    assert task["opens_at"] < task["contact_from"] < task["due_at"] == shanghai("2026-03-06 00:00")
    await clock.set(shanghai("2026-03-03 23:00") + timedelta(seconds=1))
    assert (await sweep(world)).runs == 1
