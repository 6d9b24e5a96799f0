"""Every window's two ends, to the day: who did it 29, 30 and 31 days ago, just before and just after midnight, and who never did."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

import pytest

from backend.db.units import Units
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.ledger.inputs import AppointmentIn
from tasks.ledger.states import AppointmentStatus
from tests.support.audience import meant
from tests.support.clock import SHANGHAI, TestClock, shanghai
from tests.support.rows import Ask, make_task
from tests.support.world import World, make_world

NOWS: Final = ("2026-03-02 08:00", "2028-03-01 00:00", "2027-01-01 09:30")
AGO: Final = {"D29": 29, "D30": 30, "D31": 31}
EVERYBODY: Final = {*AGO, "NEVER"}
PAST: Final[dict[str, dict[str, Any]]] = {
    "visits_in_period": {"atLeast": 1},
    "spend": {"above": 0},
    "average_ticket": {"above": 0},
    "bought": {},
    "served_by": {},
    "event_count": {"event": "purchase", "equals": 1},
    "event_sum": {"event": "custom.tasting", "field": "score", "atLeast": 1.5},
    "contacts_in_period": {"equals": 1},
    "reply_rate": {"equals": 100},
    "last_visit": {},
    "first_visit": {},
    "first_purchase": {},
    "last_purchase": {},
    "last_contacted": {},
    "last_outcome": {"isOneOf": ["booked"]},
    "no_show_rate": {"equals": 100},
    "promise_kept_rate": {"equals": 100},
}
"""Condition → parameters that hold for whoever did it once."""
NEAR_AND_FAR: Final = ("last_visit", "first_visit", "first_purchase", "last_purchase", "last_contacted")
DAYS_ONLY: Final = ("last_outcome", "no_show_rate", "promise_kept_rate")


def _midnight(now: datetime, days: int) -> datetime:
    day = now.astimezone(SHANGHAI).date() - timedelta(days=days)
    return datetime.combine(day, time(0), SHANGHAI).astimezone(UTC)


async def _insert(world: World, table: str, **values: Any) -> None:
    binds = ", ".join(f":{name}" for name in values)
    async with world.units.open(world.merchant_id) as unit:
        await unit.run(f"insert into {table} (merchant_id, {', '.join(values)}) values (:merchant, {binds})", **values)


async def _once(world: World, code: str, at: datetime) -> None:
    """She came, paid, tasted, was contacted and booked, missed an appointment and kept a promise, all in one instant."""
    day, customer, now = at.astimezone(SHANGHAI).date(), world.customers[code], await world.units.now()
    await world.sale(code, at)
    event = new_id()
    who = {"customer_id": customer, "staff_id": world.staff["E1"]}
    await _insert(
        world, "event", id=event, source="test", external_id=code, type="custom.tasting", customer_id=customer, state="accepted", historic=False,
        occurred_at=at, received_at=now,
    )  # fmt: skip
    await _insert(world, "event_field", event_id=event, name="score", number_milli=1_500)
    await _insert(
        world,
        "contact",
        id=new_id(),
        **who,
        channel="phone",
        human=True,
        reached=True,
        contacted_at=at,
        contacted_on=day,
    )
    made = await make_task(world, Ask(customer=code, origin="own"))
    await _insert(
        world, "callback", id=new_id(), task_id=made.task_id, **who, action_id=new_id(), outcome="booked", channel="phone", fields="{}", verdict="applied",
        occurred_at=at, received_at=now,
    )  # fmt: skip
    missed = AppointmentIn(external_id=code, store="S1", starts_at=at, customer=code, status=AppointmentStatus.MISSED)
    await world.books("appointments", missed)
    await _insert(
        world, "promise", id=new_id(), **who, store_id=world.stores["S1"], promised_on=day, state="kept", made_at=at, settled_at=at
    )  # fmt: skip


async def _salon(units: Units, master: MasterKey, now: datetime, late: timedelta) -> World:
    world = await make_world(units, master)
    for code in EVERYBODY:
        await world.customer(code, phone="")
    for code, days in AGO.items():
        await _once(world, code, _midnight(now, days) + late)
    return world


def _tree(world: World, name: str, **said: Any) -> dict[str, Any]:
    staff = {"staff": [str(world.staff["E1"])]} if name == "served_by" else {}
    return {"condition": name, **PAST[name], **staff, **said}


@pytest.mark.parametrize(
    "late", [timedelta(0), timedelta(days=1) - timedelta(microseconds=1)], ids=["first_instant", "last_instant"]
)
@pytest.mark.parametrize("text", NOWS)
async def test_a_window_takes_its_first_and_its_last_day_whole(
    units: Units, master: MasterKey, clock: TestClock, text: str, late: timedelta
) -> None:
    now = await clock.set(shanghai(text))
    world = await _salon(units, master, now, late)
    today = now.astimezone(SHANGHAI).date()
    for name in PAST:
        assert await meant(world, _tree(world, name, withinDays=30)) == {"D29", "D30"}, name
        assert await meant(world, _tree(world, name, withinDays=0)) == set(), name
        if name not in DAYS_ONLY:
            on = (today - timedelta(days=30)).isoformat()
            assert await meant(world, _tree(world, name, fromOn=on)) == {"D29", "D30"}, name
            assert await meant(world, _tree(world, name, toOn=on)) == {"D30", "D31"}, name
            assert await meant(world, _tree(world, name, fromOn=on, toOn=on)) == {"D30"}, name
    for name in NEAR_AND_FAR:
        assert await meant(world, _tree(world, name, notWithinDays=30)) == {"D31", "NEVER"}, name
        assert await meant(world, _tree(world, name, withinDays=31, notWithinDays=29)) == {"D30", "D31"}, name


@pytest.mark.parametrize(
    "late", [timedelta(0), timedelta(days=1) - timedelta(microseconds=1)], ids=["first_instant", "last_instant"]
)
async def test_as_of_a_past_day_only_what_had_happened_by_its_end_counts(
    units: Units, master: MasterKey, clock: TestClock, late: timedelta
) -> None:
    now = await clock.set(shanghai("2028-03-01 09:00"))
    world = await _salon(units, master, now, late)
    on: date = now.astimezone(SHANGHAI).date() - timedelta(days=30)
    for name in PAST:
        assert await meant(world, _tree(world, name, withinDays=0), on) == {"D30"}, name
        assert await meant(world, _tree(world, name, withinDays=1), on) == {"D30", "D31"}, name
        assert await meant(world, _tree(world, name, withinDays=365), on) == {"D30", "D31"}, name


async def test_nothing_at_all_is_a_number_and_no_rate(units: Units, master: MasterKey, clock: TestClock) -> None:
    now = await clock.set(shanghai(NOWS[0]))
    world = await _salon(units, master, now, timedelta(0))
    for name in ("visits_in_period", "spend", "event_count", "event_sum", "contacts_in_period"):
        none = {
            key: value
            for key, value in _tree(world, name, withinDays=30).items()
            if key not in ("atLeast", "above", "equals")
        }
        assert await meant(world, none | {"equals": 0}) == {"D31", "NEVER"}, name
        assert await meant(world, none | {"below": 1}) == {"D31", "NEVER"}, name
        assert await meant(world, {"not": none | {"atMost": 0}}) == {"D29", "D30"}, name
    for name in ("average_ticket", "reply_rate", "no_show_rate", "promise_kept_rate"):
        some = {
            key: value for key, value in _tree(world, name, withinDays=30).items() if key not in ("above", "equals")
        }
        assert await meant(world, some | {"atLeast": 0}) == {"D29", "D30"}, name
        assert await meant(world, some | {"atMost": 0}) == set(), name


async def test_a_share_is_compared_as_it_is_and_not_as_it_is_shown(
    units: Units, master: MasterKey, clock: TestClock
) -> None:
    now = await clock.set(shanghai(NOWS[0]))
    world = await make_world(units, master)
    customer = await world.customer("THIRD", phone="")
    for reached in (True, False, False):
        await _insert(
            world, "contact", id=new_id(), customer_id=customer, channel="phone", human=True, reached=reached, contacted_at=now,
            contacted_on=now.astimezone(SHANGHAI).date(),
        )  # fmt: skip
    rate = {"condition": "reply_rate", "withinDays": 1}
    assert await meant(world, rate | {"above": 33, "below": 34}) == {"THIRD"}
    assert await meant(world, rate | {"equals": 33}) == set()
    assert await meant(world, rate | {"atMost": 33}) == set()
