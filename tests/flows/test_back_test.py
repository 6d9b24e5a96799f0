"""A plan over a past period: what the back-test says is what happens when the plan is really run day by day, and nothing is written."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest

from backend import embedded
from backend.db.units import Units
from tasks.flow import back_test as module
from tasks.flow import virtual_books
from tasks.flow.back_test import BackTest, Period, back_test
from tasks.flow.draft_plans import drafted
from tasks.flow.manage_plans import activate, create_plan
from tasks.kernel.errors import Invalid
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.plans.advancing import finish_step
from tasks.worklist.repository import close_reasons
from tasks.worklist.states import CloseReason
from tests.flows.test_preview import Watching
from tests.support.clock import TestClock, shanghai
from tests.support.plans import count, rows, start_plan, sweep
from tests.support.processes import environment_of, huifang
from tests.support.rows import Ask, make_task
from tests.support.world import World, make_world

FIRST, LAST = date(2026, 3, 2), date(2026, 3, 29)
PERIOD = Period(FIRST, LAST)
Day = Callable[[date], Awaitable[None]]


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    return await make_world(units, master, stores=2, employees=4)


async def contact_everybody(world: World) -> None:
    """Staff write to everybody whose task may be contacted, and reach them: what a back-test takes for granted."""
    await rows(
        world,
        "insert into contact (merchant_id, id, customer_id, task_id, staff_id, channel, human, marketing, reached, contacted_at, contacted_on) "
        "select distinct on (t.id) :merchant, new_uuid7(), t.customer_id, t.id, t.assignee_id, 'wechat', true, v.purpose = 'marketing', true, "
        "t.contact_from, t.opens_on from task t join task_reason r on r.merchant_id = :merchant and r.task_id = t.id and r.state = 'live' "
        "join plan_version v on v.merchant_id = :merchant and v.id = r.version_id "
        "where t.merchant_id = :merchant and t.status in ('queued', 'open') and t.contact_from <= :now returning id",
    )
    done = await rows(
        world,
        "update task set status = 'done', closed_at = :now, close_reason = 'callback' where merchant_id = :merchant and status in ('queued', 'open') "
        "and contact_from <= :now returning id",
    )
    await world.do(lambda unit: _finish(unit, [row["id"] for row in done]))


async def _finish(unit: Unit, task_ids: list[UUID]) -> None:
    closed = await close_reasons(unit, task_ids, CloseReason.CALLBACK, None) if task_ids else []
    await finish_step(unit, [one.enrolment_id for one in closed])


async def live(world: World, clock: TestClock, evening: Day) -> None:
    """The period day by day: the worker looks at nine and at ten, staff do every task, the books of the day come in the evening."""
    day = FIRST
    while day <= LAST:
        for wall in ("09:00", "10:00"):
            await clock.set(shanghai(f"{day} {wall}"))
            await sweep(world)
            await clock.set(shanghai(f"{day} {wall[:2]}:30"))
            await contact_everybody(world)
        await clock.set(shanghai(f"{day} 20:00"))
        await evening(day)
        day += timedelta(days=1)
    await clock.set(shanghai(f"{day} 00:00"))


def dice() -> Random:
    return Random(20260302)  # noqa: S311  # the same weeks every time


def visiting(world: World, random: Random, share: float = 0.08) -> Day:
    async def evening(day: date) -> None:
        for code in list(world.customers):
            if random.random() < share:
                at = shanghai(f"{day} {random.randint(11, 19)}:00")
                await world.visit(code, at, store=random.choice(["S1", "S2"]), staff=random.choice(["E1", "E2", None]))
            if random.random() < 0.01:
                await world.appointment(code, shanghai(f"{day + timedelta(days=random.randint(1, 6))} 15:00"))

    return evening


async def written(world: World, plan: UUID) -> dict[str, Counter[str]]:
    """What was decided per day when the plan was really run."""
    found: dict[str, Counter[str]] = {}
    for row in await rows(
        world,
        "select (decided_at at time zone 'Asia/Shanghai')::date::text as day_on, decided || coalesce(':' || reason, '') as name, count(*)::int as n "
        "from decision where merchant_id = :merchant and plan_id = :plan group by 1, 2",
        plan=plan,
    ):
        found.setdefault(row["day_on"], Counter())[row["name"]] = row["n"]
    return found


def told(seen: BackTest) -> dict[str, Counter[str]]:
    return {str(one.day_on): +Counter({"task": one.tasks, "merged": one.merged} | one.by_reason) for one in seen.days}


async def tried(world: World, plan: UUID, template: str, changes: dict[str, Any]) -> BackTest:
    seen = await back_test(world.units, world.merchant_id, drafted(template, changes), PERIOD, plan)
    assert seen.matched == seen.tasks + seen.merged + sum(seen.by_reason.values())
    assert seen.matched == sum(one.matched for one in seen.days)
    assert seen.tasks == sum(one.tasks for one in seen.employees)
    return seen


async def tasks_of(world: World) -> dict[UUID | None, int]:
    found = await rows(
        world, "select assignee_id, count(*)::int as n from task where merchant_id = :merchant group by 1"
    )
    return {row["assignee_id"]: row["n"] for row in found}


async def test_second_visit_is_what_it_would_have_been(world: World, clock: TestClock) -> None:
    """Two a day for each employee, a second step, people who come back, book, and are held out."""
    random = dice()
    await rows(
        world, "update staff set max_new_weekday = 1, max_new_weekend = 0 where merchant_id = :merchant returning id"
    )
    for number in range(60):
        await world.customer(f"N{number}", home_store=random.choice(["S1", "S2"]))
    act = {"scene": "second_visit", "chain": ["consultant", "last_served"], "route": "event_store"}
    changes = {"holdOut": 20, "holdOutFrom": 15, "steps": [{"act": act}, {"act": act, "wait": {"days": 8}}]}
    await clock.set(shanghai(f"{FIRST} 00:00"))
    plan = await start_plan(world, "second_visit", **changes)
    await live(world, clock, visiting(world, random))
    real = await written(world, plan)
    names = {name for tally in real.values() for name in tally}
    assert {"task", "exited:arrived", "exited:booked", "held_out"} <= names
    assert (
        len(await rows(world, "select 1 from decision where merchant_id = :merchant and step = 1 and decided = 'task'"))
        > 3
    )
    seen = await tried(world, plan, "second_visit", changes)
    assert told(seen) == real
    assert {one.staff_id: one.tasks for one in seen.employees} == await tasks_of(world)


async def test_cards_that_run_low_every_morning(world: World, clock: TestClock) -> None:
    """A daily plan over cards: once per crossing, again after a top-up; most customers are looked at every day and enter once."""
    random = dice()
    cards: dict[str, int] = {}
    await clock.set(shanghai("2026-02-20 12:00"))
    for number in range(30):
        await world.customer(
            f"C{number}", home_store=random.choice(["S1", "S2"]), consultant=random.choice(["E1", "E2", None])
        )
        card = await world.card(f"C{number}", shanghai("2026-02-19 12:00"), principal=100_000)
        cards[card] = 100_000

    async def evening(day: date) -> None:
        for card, left in list(cards.items()):
            if random.random() < 0.15:
                spent = random.choice([20_000, 40_000])
                move = ("consume", -spent) if left > spent else ("top_up", 80_000)
                await world.card_entry(card, move[0], shanghai(f"{day} 15:00"), principal=move[1])
                cards[card] = left + move[1]

    await clock.set(shanghai(f"{FIRST} 00:00"))
    plan = await start_plan(world, "card_balance_low", holdOut=0)
    await live(world, clock, evening)
    real = await written(world, plan)
    seen = await tried(world, plan, "card_balance_low", {"holdOut": 0})
    assert seen.by_reason["entry"] > seen.tasks > 10
    assert told(seen) == real
    assert {one.staff_id: one.tasks for one in seen.employees} == await tasks_of(world)


async def test_another_plans_tasks_and_contacts_stand_in_its_way(world: World, clock: TestClock) -> None:
    """A plan that was really on, and a draft that is tried beside it: overlaps are told, the gap after its contacts is kept."""
    random = dice()
    await clock.set(shanghai(f"{FIRST} 00:00"))
    for number in range(30):
        await world.customer(f"N{number}")
    first = await start_plan(world, "second_visit", name="先", holdOut=0)
    second = await start_plan(
        world, "second_visit", name="后", holdOut=0, trigger={"offsets": [{"afterDays": 9, "at": "09:00"}]}
    )
    await live(world, clock, visiting(world, random, 0.06))
    real = await written(world, second)
    assert {"suppressed:marketing_gap"} <= {name for tally in real.values() for name in tally}
    seen = await tried(
        world, second, "second_visit", {"holdOut": 0, "trigger": {"offsets": [{"afterDays": 9, "at": "09:00"}]}}
    )
    assert told(seen) == real
    alone = await tried(world, first, "second_visit", {"holdOut": 0})
    assert told(alone) == await written(world, first)
    shifted = await back_test(
        world.units,
        world.merchant_id,
        drafted("second_visit", {"holdOut": 0, "suppress": {"marketingGap": False, "contactedToday": False}}),
        PERIOD,
    )
    assert [(one.plan_id, one.name) for one in shifted.overlaps] == [(first, "先")]
    assert shifted.overlaps[0].tasks + shifted.merged >= seen.by_reason["suppressed:marketing_gap"]


@pytest.mark.parametrize("one_by_one", [True, False])
async def test_hours_and_minutes_after_an_event(
    world: World, clock: TestClock, monkeypatch: pytest.MonkeyPatch, *, one_by_one: bool
) -> None:
    """Plans that count in hours are judged one by one, and hour by hour when there are too many: that makes no difference here."""
    if not one_by_one:
        monkeypatch.setattr(virtual_books, "MOST_INSTANTS", 5)
    random = dice()
    for number in range(40):
        await world.customer(f"N{number}")
    await clock.set(shanghai(f"{LAST} 20:00"))
    day = FIRST
    events = 0
    while day <= LAST:
        for code in list(world.customers):
            if random.random() < 0.05:
                await world.visit(
                    code, shanghai(f"{day} {random.randint(11, 18)}:{random.randint(10, 59)}"), historic=True
                )
                events += 1
        day += timedelta(days=1)
    changes = {
        "purpose": "care", "holdOut": 0, "audience": None, "exitOn": [], "entry": {"mode": "each_time"},
        "trigger": {"kind": "behaviour", "firstVisit": False, "offsets": [{"after": "2h"}]},
    }  # fmt: skip
    seen = await back_test(world.units, world.merchant_id, drafted("second_visit", changes), PERIOD)
    assert seen.matched == events
    assert set(seen.by_reason) <= {"suppressed:contacted_today"}
    assert seen.tasks == events
    assert [one.day_on for one in seen.days] == sorted({one.day_on for one in seen.days})


async def test_who_came_anyway_is_counted_beside_everybody(world: World, clock: TestClock) -> None:
    """Three first visits: one came back within fourteen days, one after, one was rung up by somebody else before she came."""
    await clock.set(shanghai(f"{LAST} 12:00"))
    for code, days in (
        ("SOON", ("03-02", "03-12")),
        ("LATE", ("03-02", "03-27")),
        ("RUNG", ("03-02", "03-14")),
        ("NEW", ("03-20",)),
    ):
        await world.customer(code)
        for day in days:
            await world.visit(code, shanghai(f"2026-{day} 12:00"), historic=True)
    await rows(
        world, "insert into contact (merchant_id, id, customer_id, channel, human, marketing, reached, contacted_at, contacted_on) "
        "values (:merchant, new_uuid7(), :customer, 'phone', true, false, true, '2026-03-10 12:00+08', '2026-03-10') returning id",
        customer=world.customers["RUNG"],
    )  # fmt: skip
    seen = await back_test(world.units, world.merchant_id, drafted("second_visit", {"holdOut": 0}), PERIOD)
    came = seen.came_anyway
    assert (seen.tasks, came.days, came.tasks, came.came, came.too_recent) == (4, 14, 3, 1, 1)
    assert 0 < came.everybody_came < came.everybody


async def test_it_writes_nothing_and_nobody_waits_for_it(world: World, clock: TestClock) -> None:
    for number in range(5):
        await world.customer(f"N{number}")
        await world.visit(f"N{number}", shanghai("2026-02-24 12:00"), historic=True)
    plan = await world.do(lambda unit: create_plan(unit, "second_visit", {"holdOut": 0}))
    tables = (
        "enrolment",
        "decision",
        "task",
        "task_reason",
        "contact",
        "plan",
        "plan_version",
        "customer",
        "event",
        "task_history",
    )
    before = [await count(world, name) for name in tables]
    await clock.set(shanghai("2026-03-30 12:00"))
    locks: list[str] = []
    seen = await back_test(Watching(world.units, locks), world.merchant_id, plan.definition, PERIOD, plan.id)
    assert (seen.tasks, locks) == (5, [])
    assert [await count(world, name) for name in tables] == before
    await world.do(lambda unit: activate(unit, plan.id))  # the same connection again, with nothing laid over


async def test_more_customers_than_are_looked_at_are_sampled(
    world: World, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(60):
        await world.customer(f"N{number}")
        await world.visit(f"N{number}", shanghai("2026-03-03 12:00"), historic=True)
    await clock.set(shanghai("2026-03-30 12:00"))
    definition = drafted("second_visit", {"holdOut": 0})
    whole = await back_test(world.units, world.merchant_id, definition, PERIOD)
    assert (whole.sampled, whole.tasks) == (None, 60)
    monkeypatch.setattr(virtual_books, "MOST_CUSTOMERS", 20)
    first, again = [await back_test(world.units, world.merchant_id, definition, PERIOD) for _ in range(2)]
    assert first.sampled is not None
    assert (first.sampled.customers, first.sampled.taken) == (60, first.tasks)
    assert 5 < first.tasks < 40
    assert first == again
    monkeypatch.setattr(module, "MOST_LOOKS", 28 * 10)
    daily = drafted("card_balance_low")
    assert (await back_test(world.units, world.merchant_id, daily, PERIOD)).sampled is not None


async def test_what_the_books_do_not_remember_is_said(world: World, clock: TestClock) -> None:
    definition = drafted("second_visit", {"audience": {"condition": "gender", "isOneOf": ["female"]}})
    await clock.set(shanghai("2026-03-30 12:00"))
    seen = await back_test(world.units, world.merchant_id, definition, PERIOD)
    assert {"level", "consultant", "gender"} <= set(seen.todays_value_used)
    assert seen.assumes == ("contacted_on_the_day", "reached")


@pytest.mark.parametrize(
    ("period", "field"),
    [
        (Period(date(2026, 2, 1), date(2026, 3, 3)), "to"),
        (Period(date(2026, 2, 2), date(2026, 2, 1)), "to"),
        (Period(date(2025, 2, 1), date(2026, 2, 2)), "from"),
    ],
)
async def test_periods_that_cannot_be(world: World, clock: TestClock, period: Period, field: str) -> None:
    with pytest.raises(Invalid) as fault:
        await back_test(world.units, world.merchant_id, drafted("second_visit"), period)
    assert fault.value.field == field


async def test_a_merchant_who_stopped_everything_can_still_try(world: World, clock: TestClock) -> None:
    await world.customer("C")
    await world.visit("C", shanghai("2026-03-02 07:00"), historic=True)
    await clock.set(shanghai("2026-03-30 12:00"))
    await rows(world, "update merchant set stopped_at = :now where merchant_id = :merchant returning merchant_id")
    seen = await back_test(world.units, world.merchant_id, drafted("second_visit", {"holdOut": 0}), PERIOD)
    assert seen.tasks == 1


async def test_the_command_tells_it_in_lines(
    world: World, clock: TestClock, servers: embedded.Servers, master: MasterKey
) -> None:
    for number in range(3):
        await world.customer(f"N{number}")
        await world.visit(f"N{number}", shanghai("2026-03-03 12:00"), historic=True)
    await clock.set(shanghai("2026-03-30 12:00"))
    call = (
        "plan",
        "back-test",
        "--template",
        "second_visit",
        "--from",
        str(FIRST),
        "--merchant",
        str(world.merchant_id),
    )
    env = environment_of(servers, master)
    told = await huifang(*call, "--to", str(LAST), env=env)
    assert told.code == 0
    assert "新客二次到店 from 2026-03-02 to 2026-03-29: 3 matched, 3 tasks, 0 merged" in told.out
    assert "3 tasks on 2026-03-10" in told.out
    assert (await huifang(*call, "--to", str(LAST), "--json", env=env)).answer["tasks"] == 3
    assert (await huifang(*call, "--to", "2026-04-30", env=env)).code == 1
    assert (await huifang(*call, "--to", "soon", env=env)).code == 2


async def test_reminders_of_appointments_and_what_fires_at_once(
    world: World, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three booked on Monday: one keeps it, one calls it off, one is new; and a plan that waits for nothing."""
    await clock.set(shanghai("2026-03-02 11:20"))
    for code in ("KEEPS", "CANCELS", "NEW"):
        await world.customer(code)
    for code in ("KEEPS", "CANCELS"):
        await world.visit(code, shanghai("2026-02-20 12:00"), historic=True)
    for code, wall in (("KEEPS", "14:25"), ("CANCELS", "15:00"), ("NEW", "15:00")):
        await world.appointment(code, shanghai(f"2026-03-12 {wall}"), external_id=f"A-{code}")
    await clock.set(shanghai("2026-03-10 12:00"))
    await world.appointment("CANCELS", shanghai("2026-03-12 15:00"), external_id="A-CANCELS", status="cancelled")
    await clock.set(shanghai("2026-03-30 12:00"))
    seen = await back_test(world.units, world.merchant_id, drafted("appointment_confirm"), PERIOD)
    assert {str(one.day_on): (one.tasks, one.by_reason) for one in seen.days} == {
        "2026-03-10": (0, {"exited:appointment_cancelled": 2}),
        "2026-03-11": (1, {"exited:visit_count": 1}),
        "2026-03-12": (1, {"exited:visit_count": 1}),
    }
    short = {"trigger": {"offsets": [{"before": "startsAt", "by": "5m"}]}, "audience": None}
    monkeypatch.setattr(virtual_books, "MOST_INSTANTS", 0)
    late = await back_test(world.units, world.merchant_id, drafted("appointment_confirm", short), PERIOD)
    # An hour is too coarse for five minutes: the second reminder of that hour comes after its appointment.
    assert (late.tasks, late.by_reason["too_late"]) == (1, 1)
    monkeypatch.undo()
    exact = await back_test(world.units, world.merchant_id, drafted("appointment_confirm", short), PERIOD)
    assert (exact.tasks, exact.by_reason) == (2, {"exited:appointment_cancelled": 1})
    at_once = {
        "purpose": "care", "holdOut": 0, "audience": None, "exitOn": [], "entry": {"mode": "each_time"},
        "trigger": {"kind": "behaviour", "firstVisit": False, "events": ["appointment_booked"], "offsets": [{}]}, "suppress": {"appointment": False},
    }  # fmt: skip
    told_now = await back_test(world.units, world.merchant_id, drafted("second_visit", at_once), PERIOD)
    assert [(str(one.day_on), one.tasks, one.by_reason) for one in told_now.days] == [("2026-03-02", 3, {})]


async def test_a_task_that_was_out_is_joined_and_a_refusal_counts_from_its_day(world: World, clock: TestClock) -> None:
    """Somebody else's task from the 5th to the 12th: the plan joins it, and its second step comes after it. A refusal of the 11th stops nobody before."""
    await clock.set(shanghai("2026-03-05 12:00"))
    for code, day in (("JOINS", "02"), ("BEFORE", "02"), ("AFTER", "05")):
        await world.customer(code)
        await world.visit(code, shanghai(f"2026-03-{day} 11:00"), historic=True)
    theirs = await make_task(world, Ask(customer="JOINS"))
    await clock.set(shanghai("2026-03-11 10:00"))
    await rows(
        world, "update customer_contact_state set no_contact_at = :now where merchant_id = :merchant and customer_id = any(cast(:who as uuid[])) "
        "returning customer_id", who=[world.customers["BEFORE"], world.customers["AFTER"]],
    )  # fmt: skip
    await clock.set(shanghai("2026-03-12 16:00"))
    await rows(
        world, "update task set status = 'done', closed_at = :now, close_reason = 'callback' where merchant_id = :merchant and id = :id returning id",
        id=theirs.task_id,
    )  # fmt: skip
    await clock.set(shanghai("2026-03-30 12:00"))
    act = {"scene": "second_visit", "chain": ["last_served"], "route": "event_store"}
    changes = {
        "holdOut": 0,
        "steps": [{"act": act}, {"act": act, "wait": {"days": 2}}],
        "suppress": {"marketingGap": False},
    }
    seen = await back_test(world.units, world.merchant_id, drafted("second_visit", changes), PERIOD)
    assert {str(one.day_on): (one.tasks, one.merged, one.by_reason) for one in seen.days} == {
        "2026-03-09": (1, 1, {}),
        "2026-03-11": (1, 0, {}),  # the second step, an hour before she refused
        "2026-03-12": (1, 0, {"suppressed:do_not_contact": 1}),
        "2026-03-14": (0, 0, {"suppressed:do_not_contact": 1}),
    }
