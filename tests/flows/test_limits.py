"""What bounds the tasks of a plan: last days, hours, quotas of a run, leaders and escalation, caps by level, closures."""

from collections import Counter
from datetime import date
from typing import Any

import msgspec
import pytest

from backend.db.units import Units
from tasks.kernel.sealing import MasterKey
from tasks.people.service import add_closure
from tests.support.calls import live_task
from tests.support.clock import TestClock, shanghai
from tests.support.plans import decisions, rows, start_plan, sweep
from tests.support.world import World, make_world

OPEN: dict[str, Any] = {"audience": None, "purpose": "care", "holdOut": 0, "exitOn": []}


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    return await make_world(units, master, stores=1, employees=2, customers=0)


async def fire(world: World, clock: TestClock, at: str, **changes: Any) -> None:
    """A care plan for everybody, fired once by the calendar."""
    await start_plan(world, "second_visit", **(OPEN | {"trigger": {"kind": "one_off", "at": at}} | changes))
    await clock.set(shanghai(at.replace("T", " ")))
    await sweep(world)


async def test_a_member_days_tasks_are_due_at_noon_and_over_with_the_day(world: World, clock: TestClock) -> None:
    """The 18th, told from three days before: spread over the lead, never past the day itself."""
    for number in range(40):
        await world.customer(f"C{number}")
    await rows(
        world, "update staff set max_new_weekday = 2, max_new_weekend = 1 where merchant_id = :merchant returning id"
    )
    await fire(
        world, clock, "2026-03-15T10:00",
        trigger={"kind": "monthly", "days": [18], "offsetDays": -3, "at": "10:00"},
        task={"lastDay": "anchor", "dueAt": "12:00", "spreadDays": 9, "chain": ["least_loaded"], "pool": False, "manager": False},
    )  # fmt: skip
    found = await rows(world, "select opens_on, due_at, expires_at from task where merchant_id = :merchant")
    by_day = Counter(row["opens_on"].day for row in found)
    # Sunday the 15th: one each, then two on each of three days.
    assert by_day == {15: 2, 16: 4, 17: 4, 18: 4}
    assert {(row["due_at"], row["expires_at"]) for row in found} == {
        (shanghai("2026-03-18 12:00"), shanghai("2026-03-19 00:00"))
    }
    assert Counter(told[0] for told in (await decisions(world)).values()) == {"task": 14, "no_capacity": 26}


async def test_a_card_that_expires_sooner_than_the_task_ends_it(world: World, clock: TestClock) -> None:
    days = {"SOON": "2026-03-05", "LATER": "2026-04-30", "OVER": "2026-02-28", "NEVER": None}
    for code in days:
        await world.customer(code)
        await world.card(code, shanghai("2026-02-01 12:00"), external_id=f"K-{code}")
    await rows(
        world, "update card_facts f set expires_on = x.day from card k join customer c on c.merchant_id = k.merchant_id and c.id = k.customer_id "
        "join unnest(cast(:customers as uuid[]), cast(:days as date[])) as x(customer, day) on x.customer = c.id "
        "where f.merchant_id = :merchant and k.merchant_id = :merchant and f.card_id = k.id returning f.card_id",
        customers=[world.customers[code] for code in days], days=[day and date.fromisoformat(day) for day in days.values()],
    )  # fmt: skip
    entry = {"scope": "card", "mode": "never_again"}
    await fire(
        world, clock, "2026-03-02T10:00", entry=entry, task={"lastDay": "card_expiry", "expiresIn": 7, "dueIn": 6}
    )
    assert (await decisions(world))["OVER"] == ["too_late:last_day"]
    ends = {}
    for code in ("SOON", "LATER", "NEVER"):
        task = await live_task(world, code)
        assert task is not None
        ends[code] = (task["due_at"], task["expires_at"])
    assert ends["SOON"] == (shanghai("2026-03-06 00:00"), shanghai("2026-03-06 00:00"))
    assert ends["LATER"] == ends["NEVER"] == (shanghai("2026-03-09 00:00"), shanghai("2026-03-10 00:00"))


async def test_a_birthday_is_a_last_day_solar_and_lunar(world: World, clock: TestClock) -> None:
    await world.customer("SOLAR", birthday_on=date(1990, 3, 4))
    await world.customer("UNKNOWN")
    await fire(world, clock, "2026-03-02T10:00", task={"lastDay": "birthday"})
    solar, unknown = await live_task(world, "SOLAR"), await live_task(world, "UNKNOWN")
    assert solar is not None
    assert unknown is not None
    assert solar["expires_at"] == shanghai("2026-03-05 00:00")
    assert unknown["expires_at"] == shanghai("2026-03-10 00:00")


async def test_hours_are_counted_from_when_she_may_be_contacted(world: World, clock: TestClock) -> None:
    await world.customer("C")
    await fire(world, clock, "2026-03-03T07:00", task={"dueHours": 4})
    task = await live_task(world, "C")
    assert task is not None
    assert (task["opens_at"], task["contact_from"]) == (shanghai("2026-03-03 07:00"), shanghai("2026-03-03 09:30"))
    assert task["due_at"] == shanghai("2026-03-03 13:30")


async def test_nobody_gets_more_of_one_run_than_the_plan_allows(world: World, clock: TestClock) -> None:
    """Five each, over all its days; the rest is capped and not poured on the pool."""
    for number in range(14):
        await world.customer(f"C{number}", consultant="E1" if number < 9 else "E2")
    await fire(world, clock, "2026-03-02T10:00", task={"chain": ["consultant"], "mostPerEmployee": 5, "spreadDays": 4})
    found = await rows(world, "select assignee_id, count(*) as n from task where merchant_id = :merchant group by 1")
    assert {row["assignee_id"]: row["n"] for row in found} == {world.staff["E1"]: 5, world.staff["E2"]: 5}
    assert Counter(told[0] for told in (await decisions(world)).values()) == {"task": 10, "capped": 4}


async def test_a_leader_named_in_the_chain_gets_it_whatever_there_is_to_do(world: World, clock: TestClock) -> None:
    await world.customer("C")
    await rows(world, "update staff set max_open = 0 where merchant_id = :merchant returning id")
    await fire(world, clock, "2026-03-02T10:00", task={"chain": ["manager"]})
    task = await live_task(world, "C")
    assert task is not None
    assert task["assignee_id"] == world.staff["manager"]


async def test_the_third_missed_appointment_is_the_managers(world: World, clock: TestClock) -> None:
    for code, missed in (("TWICE", 2), ("THRICE", 3)):
        await world.customer(code, consultant="E1")
        for number in range(missed):
            await world.appointment(code, shanghai(f"2026-02-1{number} 12:00"), status="missed")
    often = {"all": [{"condition": "event_count", "event": "appointment_missed", "withinDays": 90, "atLeast": 3}]}
    await fire(
        world, clock, "2026-03-02T10:00", task={"chain": ["consultant"], "escalate": {"when": often, "to": "manager"}}
    )
    twice, thrice = await live_task(world, "TWICE"), await live_task(world, "THRICE")
    assert twice is not None
    assert thrice is not None
    assert (twice["assignee_id"], thrice["assignee_id"]) == (world.staff["E1"], world.staff["manager"])


async def test_a_level_can_have_a_cap_of_its_own(world: World, clock: TestClock) -> None:
    """Twice in thirty days, gold members once; care has its own, or none."""
    await rows(
        world, "update merchant set settings = settings || cast(:caps as jsonb) where merchant_id = :merchant returning merchant_id",
        caps='{"contactCaps": {"marketing": {"default": 2, "levels": {"gold": 1}}}}',
    )  # fmt: skip
    await world.customer("PLAIN")
    await world.customer("GOLD")
    await rows(
        world,
        "update customer set level = 'gold' where merchant_id = :merchant and id = :who returning id",
        who=world.customers["GOLD"],
    )
    for code in ("PLAIN", "GOLD"):
        await rows(
            world, "insert into contact (merchant_id, id, customer_id, channel, human, marketing, reached, contacted_at, contacted_on) "
            "values (:merchant, new_uuid7(), :who, 'phone', true, true, true, :at, :day) returning id",
            who=world.customers[code], at=shanghai("2026-02-10 12:00"), day=date(2026, 2, 10),
        )  # fmt: skip
    await fire(world, clock, "2026-03-02T10:00", purpose="marketing")
    assert await decisions(world) == {"PLAIN": ["task"], "GOLD": ["suppressed:tier_cap"]}


async def test_what_a_closure_held_back_is_dealt_over_five_days(world: World, clock: TestClock) -> None:
    for number in range(60):
        await world.customer(f"C{number}")
    await rows(
        world, "update staff set max_new_weekday = 40, max_new_weekend = 40 where merchant_id = :merchant returning id"
    )
    await world.do(
        lambda unit: add_closure(unit, world.stores["S1"], date(2026, 3, 1), date(2026, 3, 4), reason="春节")
    )
    await fire(world, clock, "2026-03-02T10:00", task={"chain": ["least_loaded"], "spreadDays": 0})
    found = await rows(
        world, "select opens_on, count(*) as n from task where merchant_id = :merchant group by 1 order by 1"
    )
    assert [row["opens_on"].day for row in found] == [5, 6, 7, 8, 9]
    assert sum(row["n"] for row in found) == 60
    assert max(row["n"] for row in found) < 25


async def test_a_merchants_own_contact_window_is_kept(world: World, clock: TestClock) -> None:
    await rows(
        world, "update merchant set settings = settings || cast(:own as jsonb) where merchant_id = :merchant returning merchant_id",
        own=msgspec.json.encode({"contactWindow": [["11:00", "19:00"]] * 7}).decode(),
    )  # fmt: skip
    await world.customer("C")
    await fire(world, clock, "2026-03-03T10:00")
    task = await live_task(world, "C")
    assert task is not None
    assert (task["opens_at"], task["contact_from"]) == (shanghai("2026-03-03 10:00"), shanghai("2026-03-03 11:00"))


async def test_rest_days_and_leave_of_the_assignee_do_not_count_to_the_due_day(world: World, clock: TestClock) -> None:
    """Two working days after Monday: E1 rests on Tuesday and is away on Thursday and Friday; E2 works through."""
    await rows(world, "insert into roster_day (merchant_id, staff_id, day_on, works) values (:merchant, :who, '2026-03-03', false) returning staff_id",
               who=world.staff["E1"])  # fmt: skip
    await rows(
        world, "insert into staff_leave (merchant_id, id, staff_id, from_on, to_on) "
        "values (:merchant, new_uuid7(), :who, '2026-03-05', '2026-03-06') returning id",
        who=world.staff["E1"],
    )  # fmt: skip
    for who in ("E1", "E2"):
        await world.customer(f"OF-{who}", consultant=who)
    await fire(world, clock, "2026-03-02T10:00", task={"chain": ["consultant"], "dueIn": 2})
    first, second = await live_task(world, "OF-E1"), await live_task(world, "OF-E2")
    assert first is not None
    assert second is not None
    assert (first["due_at"], second["due_at"]) == (shanghai("2026-03-08 00:00"), shanghai("2026-03-05 00:00"))


async def test_reminders_that_would_fall_into_a_closure_come_before_it(world: World, clock: TestClock) -> None:
    """The store is closed from the 3rd to the 8th. On its eve: who has thirty days left now, and who will have them inside; not who will have them after."""
    days = {"NOW": date(2026, 4, 1), "INSIDE": date(2026, 4, 6), "AFTER": date(2026, 4, 9)}
    for code, day in days.items():
        await world.customer(code)
        await world.card(code, shanghai("2026-02-01 12:00"), external_id=f"K-{code}")
        await rows(
            world, "update card_facts f set expires_on = :day from card k where f.merchant_id = :merchant and k.merchant_id = :merchant and f.card_id = k.id "
            "and k.customer_id = :who returning f.card_id", who=world.customers[code], day=day,
        )  # fmt: skip
    await world.do(lambda unit: add_closure(unit, world.stores["S1"], date(2026, 3, 3), date(2026, 3, 8)))
    reminder = {
        "trigger": {"kind": "daily", "at": "10:00"},
        "audience": {"all": [{"condition": "card_days_left", "atMost": 30}]},
        "entry": {"scope": "card", "mode": "once_per_crossing", "measure": "days_left", "bounds": [30]},
        "task": {"lastDay": "card_expiry"},
    }
    await start_plan(world, "second_visit", **(OPEN | reminder))
    told = {}
    for number in (2, 5, 9):
        await clock.set(shanghai(f"2026-03-0{number} 10:00"))
        await sweep(world)
        told[number] = {code for code, said in (await decisions(world)).items() if "task" in said}
    assert told[2] == told[5] == {"NOW", "INSIDE"}
    assert told[9] == {"NOW", "INSIDE"}
    await clock.set(shanghai("2026-03-10 10:00"))
    await sweep(world)
    assert (await decisions(world))["AFTER"] == ["task"]


async def test_a_moment_moves_into_the_merchants_own_window(world: World, clock: TestClock) -> None:
    """Two hours after a visit in the evening lie outside: the passage fires when the merchant's own window opens."""
    await rows(
        world, "update merchant set settings = settings || cast(:own as jsonb) where merchant_id = :merchant returning merchant_id",
        own=msgspec.json.encode({"contactWindow": [["11:00", "19:00"]] * 7}).decode(),
    )  # fmt: skip
    trigger = {"events": ["service_completed"], "firstVisit": False, "offsets": [{"after": "2h", "inWindow": True}]}
    await start_plan(world, "second_visit", **(OPEN | {"trigger": trigger}))
    await world.customer("C")
    await clock.set(shanghai("2026-03-02 18:05"))
    await world.visit("C", shanghai("2026-03-02 18:00"))
    (passage,) = await rows(world, "select fire_at from enrolment where merchant_id = :merchant")
    assert passage["fire_at"] == shanghai("2026-03-03 11:00")
