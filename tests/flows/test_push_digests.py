"""Staff are told what they have to do when their day begins, what came since in quarters of an hour, and nothing at night."""

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.flow.manage_plans import stop_everything
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.notices.looking import look_for_news
from tests.support.clock import TestClock, shanghai
from tests.support.plans import rows, sweep
from tests.support.pushes import Carrier, due_at, kinds, look, phone, pushes, send, states, touch
from tests.support.rows import Ask, make_task
from tests.support.world import World, make_world

MONDAY = "2026-03-02"


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    return await make_world(units, master, customers=6)


async def give(world: World, *customers: str, who: str | None = "E1", **said: object) -> None:
    """Open tasks of an employee, made now."""
    for customer in customers:
        await make_task(world, Ask(customer=customer, who=who, opens=0).but(**said))
    await touch(world)


async def promise(world: World, customer: str, at: datetime) -> UUID:
    """A task whose customer was promised a call at an instant."""
    made = await make_task(world, Ask(customer=customer))
    await rows(
        world,
        "update task set status = 'waiting', wait_until = :at, wait_kind = 'callback' where merchant_id = :merchant and id = :id returning id",
        id=made.task_id, at=at,
    )  # fmt: skip
    await touch(world)
    return made.task_id


async def test_the_digest_comes_when_the_store_opens_and_once_a_day(world: World, clock: TestClock) -> None:
    await phone(world, "E1", "phone-1")
    await give(world, "C1", "C2")
    await clock.set(shanghai(f"{MONDAY} 09:59"))
    await look(world)
    assert await kinds(world, "E1") == []
    await clock.set(shanghai(f"{MONDAY} 10:00"))
    assert (report := await look(world)) is not None
    assert report.digests == 1
    carrier = Carrier()
    await send(world, carrier)
    assert carrier.said == [("phone-1", "今日回访 2 条", "")]
    await clock.set(shanghai(f"{MONDAY} 15:00"))
    await look(world)
    await clock.set(shanghai("2026-03-03 10:00"))
    await look(world)
    assert await kinds(world, "E1") == ["digest", "digest"]


async def test_nobody_is_told_before_nine_and_nobody_who_is_off(world: World, clock: TestClock) -> None:
    await rows(world, "update store_hours set opens = '07:00' where merchant_id = :merchant returning store_id")
    await give(world, "C1")
    await give(world, "C2", who="E2")
    await rows(
        world,
        "insert into staff_leave (merchant_id, id, staff_id, from_on, to_on, reason) "
        "values (:merchant, :id, :staff, '2026-03-02', '2026-03-02', '') returning id",
        id=new_id(), staff=world.staff["E2"],
    )  # fmt: skip
    await clock.set(shanghai(f"{MONDAY} 08:59"))
    await look(world)
    assert await kinds(world, "E1") == []
    await clock.set(shanghai(f"{MONDAY} 09:00"))
    await look(world)
    assert (await kinds(world, "E1"), await kinds(world, "E2")) == (["digest"], [])


async def test_a_closed_store_and_a_roster_day_off_tell_nobody(world: World, clock: TestClock) -> None:
    await give(world, "C1")
    await give(world, "C2", who="E2")
    await rows(
        world,
        "insert into roster_day (merchant_id, staff_id, day_on, works) values (:merchant, :staff, '2026-03-02', false) returning day_on",
        staff=world.staff["E1"],
    )
    await clock.set(shanghai(f"{MONDAY} 12:00"))
    await look(world)
    assert (await kinds(world, "E1"), await kinds(world, "E2")) == ([], ["digest"])
    await rows(
        world,
        "insert into store_closure (merchant_id, id, store_id, from_on, to_on, reason) "
        "values (:merchant, :id, :store, '2026-03-03', '2026-03-03', '春节') returning id",
        id=new_id(), store=world.stores["S1"],
    )  # fmt: skip
    await clock.set(shanghai("2026-03-03 12:00"))
    await look(world)
    assert (await kinds(world, "E1"), await kinds(world, "E2")) == ([], ["digest"])


async def test_the_digest_counts_what_the_lists_count(world: World, clock: TestClock) -> None:
    await phone(world, "E1", "phone-1", locale="en")
    await give(world, "C1", "C2", due=1)
    await give(world, "C3")
    await give(world, "C4", who=None)
    await clock.set(shanghai(f"{MONDAY} 10:00"))
    await look(world)
    carrier = Carrier()
    await send(world, carrier)
    assert carrier.said == [("phone-1", "Follow-ups today: 3", "2 overdue, 1 to claim")]


async def test_what_came_since_is_told_in_quarters_of_an_hour(world: World, clock: TestClock) -> None:
    await give(world, "C1")
    await clock.set(shanghai(f"{MONDAY} 10:00"))
    await look(world)
    await clock.set(shanghai(f"{MONDAY} 10:05"))
    await give(world, "C2", "C3")
    await look(world)
    assert await kinds(world, "E1") == ["digest"]
    await clock.set(shanghai(f"{MONDAY} 10:16"))
    assert (report := await look(world)) is not None
    assert report.news == 1
    (news,) = await rows(world, "select facts from notice where merchant_id = :merchant and kind = 'new_tasks'")
    assert news["facts"] == {"new": 2, "soon": 0}
    await clock.set(shanghai(f"{MONDAY} 10:40"))
    await look(world)
    assert await kinds(world, "E1") == ["digest", "new_tasks"]


async def test_what_is_due_within_the_hour_is_told_at_once(world: World, clock: TestClock) -> None:
    await give(world, "C1")
    await clock.set(shanghai(f"{MONDAY} 10:00"))
    await look(world)
    await clock.set(shanghai(f"{MONDAY} 10:02"))
    await give(world, "C2", due=0.9)
    await look(world)
    assert await kinds(world, "E1") == ["digest", "new_tasks"]


async def test_what_one_made_oneself_is_no_news(world: World, clock: TestClock) -> None:
    await give(world, "C1")
    await clock.set(shanghai(f"{MONDAY} 10:00"))
    await look(world)
    await clock.set(shanghai(f"{MONDAY} 11:00"))
    await give(world, "C2", origin="own")
    await look(world)
    assert await kinds(world, "E1") == ["digest"]


async def test_a_promised_call_back_is_told_at_its_time(world: World, clock: TestClock) -> None:
    await phone(world, "E1", "phone-1")
    at = shanghai(f"{MONDAY} 15:30")
    task_id = await promise(world, "C1", at)
    await clock.set(shanghai(f"{MONDAY} 12:00"))
    await look(world)
    (next_look,) = await rows(world, "select due_at from push_look where merchant_id = :merchant")
    assert next_look["due_at"] <= at
    await clock.set(at - timedelta(seconds=1))
    await look(world)
    assert "callback_due" not in await kinds(world, "E1")
    await clock.set(at)
    await sweep(world)
    await look(world)
    await look(world)
    assert (await kinds(world, "E1")).count("callback_due") == 1
    carrier = Carrier()
    await send(world, carrier)
    (told,) = [one for one in carrier.messages if one.kind == "callback_due"]
    assert told.data["taskId"] == str(task_id)
    assert told.title == "约定回电时间到了"


async def test_the_look_waits_exactly_for_what_comes_next(world: World, clock: TestClock) -> None:
    await clock.set(shanghai(f"{MONDAY} 09:30"))
    await look(world)
    due = "select due_at from push_look where merchant_id = :merchant"
    assert (await rows(world, due))[0]["due_at"] == shanghai(f"{MONDAY} 10:00")
    assert await look(world) is None, "nothing changed, nothing is due"
    await clock.set(shanghai(f"{MONDAY} 10:00"))
    assert await look(world) is not None


async def test_at_night_the_app_knows_and_the_phone_stays_dark(world: World, clock: TestClock) -> None:
    await phone(world, "E1", "phone-1")
    await clock.set(shanghai(f"{MONDAY} 22:30"))
    await promise(world, "C1", await clock.now())
    await look(world)
    assert await kinds(world, "E1") == ["callback_due"]
    carrier = Carrier()
    await send(world, carrier)
    assert carrier.messages == []
    assert due_at(await pushes(world)) == [shanghai("2026-03-03 08:00")]
    await clock.set(shanghai("2026-03-03 08:00"))
    await send(world, carrier)
    assert len(carrier.messages) == 1


async def test_what_could_not_be_sent_by_ten_waits_for_the_morning(world: World, clock: TestClock) -> None:
    await phone(world, "E1", "phone-1")
    await give(world, "C1")
    await clock.set(shanghai(f"{MONDAY} 21:59"))
    await promise(world, "C2", await clock.now())
    await look(world)
    await clock.set(shanghai(f"{MONDAY} 22:01"))
    carrier = Carrier()
    await send(world, carrier)
    assert carrier.messages == []
    found = {row["kind"]: (row["state"], row["dropped"], row["next_at"]) for row in await pushes(world)}
    assert found["callback_due"] == ("queued", None, shanghai("2026-03-03 08:00"))
    assert found["digest"][:2] == ("dropped", "stale"), "yesterday's digest tells nobody anything"


async def test_stopping_everything_drops_what_waits_and_tells_nothing_more(world: World, clock: TestClock) -> None:
    await phone(world, "E1", "phone-1")
    await give(world, "C1")
    await clock.set(shanghai(f"{MONDAY} 10:00"))
    await look(world)
    await world.do(partial(stop_everything, stopped=True, reason="盘点"))
    assert await states(world) == [("digest", "dropped", "stopped")]
    await clock.set(shanghai("2026-03-03 10:00"))
    await look(world)
    assert await kinds(world, "E1") == ["digest"]
    await world.do(partial(stop_everything, stopped=False))
    await look(world)
    assert await kinds(world, "E1") == ["digest", "digest"]
    carrier = Carrier()
    await send(world, carrier)
    assert [one.kind for one in carrier.messages] == ["digest"]


async def test_two_workers_that_look_at_once_tell_once(world: World, clock: TestClock) -> None:
    await look(world)
    await give(world, "C1")
    await clock.set(shanghai(f"{MONDAY} 10:00"))
    async with world.units.open(world.merchant_id) as first:
        assert await look_for_news(first) is not None
        assert await look(world) is None
    assert await kinds(world, "E1") == ["digest"]
