"""Today's numbers, what the own work brings, and the streak, which counts own working days only."""

from datetime import date, datetime

import pytest

from backend.db.units import Units
from tasks.callbacks.facts import CallbackFact
from tasks.flow.close_store import close_store
from tasks.flow.log_callback import log_callback
from tasks.flow.my_summary import MySummary, my_summary
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tests.support.clock import TestClock, shanghai
from tests.support.plans import rows
from tests.support.rows import Ask, Made, make_task
from tests.support.world import World, make_world


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-02 12:00"))
    return await make_world(units, master, employees=2, customers=12)


async def summary(world: World, who: str = "E1") -> MySummary:
    return await world.do(lambda unit: my_summary(unit, world.scope(who)))


async def log(world: World, made: Made, outcome: str, at: datetime, **fields: object) -> None:
    said = CallbackFact(action_id=new_id(), task_id=made.task_id, outcome=outcome, occurred_at=at, fields=fields)
    await world.do(lambda unit: log_callback(unit, world.scope("E1"), said))


async def worked(world: World, clock: TestClock, n: int) -> None:
    """A task, and a refusal logged on it: the day is kept."""
    made = await make_task(world, Ask(customer=f"C{n}"))
    await log(world, made, "refused_contact", await clock.now(), scope="phone")


async def test_nothing_done_is_nothing(world: World) -> None:
    mine = await summary(world)
    assert (mine.on_day, mine.today.done, mine.today.attempted) == (date(2026, 3, 2), 0, 0)
    assert (mine.conversion.assigned, mine.conversion.reached_rate) == (0, None)
    assert (mine.streak.days, mine.streak.today) == (0, False)


async def test_the_day_counts_tasks_by_what_came_of_them(world: World, clock: TestClock) -> None:
    now = await clock.now()
    booked, silent = await make_task(world, Ask(customer="C1")), await make_task(world, Ask(customer="C2"))
    await make_task(world, Ask(customer="C3"))
    await make_task(world, Ask(customer="C4", who="E2"))
    await log(world, booked, "booked", now, startsAt="2026-03-05T15:00:00+08:00")
    await log(world, silent, "no_answer", now)
    mine = await summary(world)
    today = mine.today
    assert (today.done, today.attempted, today.reached, today.positive, today.booked) == (1, 2, 1, 1, 1)
    assert (today.counts["today"], today.counts["upcoming"]) == (1, 1)
    assert (mine.conversion.assigned, mine.conversion.attempted, mine.conversion.booked_rate) == (3, 2, 0.5)
    assert (mine.streak.days, mine.streak.today) == (1, True)
    other = await summary(world, "E2")
    assert (other.today.attempted, other.conversion.assigned, other.streak.days) == (0, 1, 0)


async def test_who_leads_sees_the_own_work(world: World, clock: TestClock) -> None:
    await worked(world, clock, 1)
    lead = await summary(world, "manager")
    assert (lead.today.attempted, lead.conversion.assigned) == (0, 0)


async def test_yesterday_is_not_today(world: World, clock: TestClock) -> None:
    await worked(world, clock, 1)
    await clock.advance(days=1)
    mine = await summary(world)
    assert (mine.today.done, mine.today.attempted, mine.conversion.attempted) == (0, 0, 1)


async def test_the_streak_skips_days_off_and_closed_days(world: World, clock: TestClock) -> None:
    """Mon worked, Tue off by roster, Wed leave, Thu closed, Fri nothing to do, Sat worked, Sun worked."""
    waiting = await make_task(world, Ask(customer="C9", expires=24 * 30))
    await worked(world, clock, 1)
    await rows(
        world,
        "insert into roster_day (merchant_id, staff_id, day_on, works) values (:merchant, :me, date '2026-03-03', false) returning 1 as one",
        me=world.staff["E1"],
    )
    await rows(
        world,
        "insert into staff_leave (merchant_id, id, staff_id, from_on, to_on) "
        "values (:merchant, :me, :me, date '2026-03-04', date '2026-03-04') returning 1 as one",
        me=world.staff["E1"],
    )
    await world.do(lambda unit: close_store(unit, world.stores["S1"], date(2026, 3, 5), date(2026, 3, 5)))
    await clock.set(shanghai("2026-03-05 23:00"))
    await log(world, waiting, "refused_contact", await clock.now(), scope="phone")
    await rows(
        world,
        "update callback set occurred_at = occurred_at - interval '3 days' where merchant_id = :merchant and task_id = :task returning id",
        task=waiting.task_id,
    )
    for day, n in (("2026-03-07", 2), ("2026-03-08", 3)):
        await clock.set(shanghai(f"{day} 12:00"))
        await worked(world, clock, n)
    mine = await summary(world)
    assert (mine.streak.days, mine.streak.today) == (3, True)


async def test_a_working_day_with_work_and_no_contact_breaks_it_but_not_today(world: World, clock: TestClock) -> None:
    await worked(world, clock, 1)
    await clock.advance(days=1)
    await make_task(world, Ask(customer="C5", expires=24 * 30))
    assert ((await summary(world)).streak.days, (await summary(world)).streak.today) == (1, False)
    await clock.advance(days=1)
    assert (await summary(world)).streak.days == 0


async def test_a_long_streak_is_followed_past_one_stretch(
    world: World, clock: TestClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await make_task(world, Ask(customer="C6", expires=24 * 100))
    await log(world, made, "no_answer", await clock.now())
    await rows(
        world,
        """insert into callback (merchant_id, id, task_id, customer_id, staff_id, action_id, outcome, channel, fields, verdict, occurred_at, received_at)
           select b.merchant_id, new_uuid7(), b.task_id, b.customer_id, b.staff_id, new_uuid7(), b.outcome, b.channel, b.fields, b.verdict,
                  b.occurred_at - make_interval(days => n), b.received_at
           from callback b cross join generate_series(1, 39) n where b.merchant_id = :merchant returning id""",
    )
    assert (await summary(world)).streak.days == 40
    monkeypatch.setattr("tasks.flow.my_summary.LONGEST_STREAK", 31)
    assert (await summary(world)).streak.days == 31
