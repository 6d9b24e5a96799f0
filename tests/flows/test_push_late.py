"""A push that nobody sends is late by name; one that waits for the morning, or for a provider, is not."""

from functools import partial

import pytest

from backend.db.units import Units
from tasks.flow.manage_plans import stop_everything
from tasks.flow.watchdogs import watch
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.notices.states import NoticeKind
from tasks.notices.telling import Telling, tell_staff
from tests.support.clock import TestClock, shanghai
from tests.support.pushes import Carrier, phone, send
from tests.support.world import World, make_world


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-02 12:00"))
    made = await make_world(units, master)
    await phone(made, "E1", "A")
    return made


async def tell(world: World) -> None:
    told = Telling(staff_id=world.staff["E1"], kind=NoticeKind.URGED, key=f"test:{new_id()}")
    await world.do(lambda unit: tell_staff(unit, [told]))


async def late(world: World) -> list[tuple[str, str, str]]:
    return [(one.kind, one.name, one.detail) for one in await world.do(watch)]


async def test_a_push_that_nobody_sends_is_named_after_ten_minutes(world: World, clock: TestClock) -> None:
    await tell(world)
    await clock.advance(minutes=9)
    assert await late(world) == []
    await clock.advance(minutes=2)
    assert await late(world) == [("push", "fcm", "urged")]
    await send(world, Carrier())
    assert await late(world) == []


async def test_what_waits_for_the_morning_is_not_late_at_night(world: World, clock: TestClock) -> None:
    await clock.set(shanghai("2026-03-02 22:30"))
    await tell(world)
    await clock.set(shanghai("2026-03-03 07:59"))
    assert await late(world) == []
    await clock.set(shanghai("2026-03-03 08:11"))
    assert await late(world) == [("push", "fcm", "urged")]


async def test_what_somebody_stopped_is_not_late(world: World, clock: TestClock) -> None:
    await tell(world)
    await world.do(partial(stop_everything, stopped=True))
    await clock.advance(hours=1)
    assert await late(world) == []
