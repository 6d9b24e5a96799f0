"""R7: many schedulers at once run each firing once; after a time without any, each plan runs once and what was missed is said by name and time."""

import asyncio
from datetime import date, timedelta

import pytest

from tasks.flow.run_plans import sweep_merchant
from tasks.kernel.sealing import MasterKey
from tasks.plans.definition import Daily
from tests.faults.conftest import Elsewhere
from tests.support.clock import shanghai
from tests.support.fleet import FIRES, Shape, for_everybody, let_fire, make_fleet, turn_on
from tests.support.waiting import until
from tests.support.workers import workers_of

SHORT, FULL = Shape(merchants=4, plans=15, customers=4), Shape(merchants=20, plans=50, customers=4)


async def states(elsewhere: Elsewhere) -> dict[date, list[str]]:
    """What became of the firings whose time has come, by local day."""
    told: dict[date, list[str]] = {}
    for one in await elsewhere.sight.firings():
        told.setdefault(one.fires_on, []).append(one.state)
    return told


async def account(elsewhere: Elsewhere, shape: Shape) -> None:
    """Every firing was taken by exactly one worker, once, and decided everybody."""
    firings = await elsewhere.sight.firings()
    assert len(firings) == shape.runs
    assert {(one.state, one.epoch) for one in firings} == {("done", 1)}
    assert await elsewhere.sight.faults() == {}
    assert await elsewhere.sight.count("decision") == shape.runs * shape.customers


async def test_three_sweeps_at_once_run_each_of_sixty_plans_once(elsewhere: Elsewhere, master: MasterKey) -> None:
    fleet = await make_fleet(elsewhere.units, master, SHORT)
    await let_fire(elsewhere.clock)
    await asyncio.gather(*(sweep_merchant(elsewhere.units, world.merchant_id) for _ in range(3) for world in fleet))
    await account(elsewhere, SHORT)


@pytest.mark.faults
async def test_three_workers_run_each_of_a_thousand_plans_once(elsewhere: Elsewhere, master: MasterKey) -> None:
    await make_fleet(elsewhere.units, master, FULL)
    async with workers_of(elsewhere.env) as workers:
        await workers.start_many(3)
        await let_fire(elsewhere.clock)
        await until(elsewhere.sight.done, within=900)
    await account(elsewhere, FULL)


async def test_after_six_hours_without_a_scheduler_each_plan_runs_once(elsewhere: Elsewhere, master: MasterKey) -> None:
    """Firings at ten and at every half hour after it: all of them are inside their grace of twelve hours."""
    shape = Shape(merchants=1, plans=1, customers=5)
    (world,) = await make_fleet(elsewhere.units, master, shape)
    times = [FIRES.replace(hour=hour, minute=minute) for hour in range(10, 16) for minute in (0, 30)]
    await turn_on(world, [for_everybody(f"{at:%H:%M}", trigger=Daily(at=at)) for at in times])
    await elsewhere.clock.advance(timedelta(hours=6))
    await asyncio.gather(*(sweep_merchant(elsewhere.units, world.merchant_id) for _ in range(3)))
    firings = await elsewhere.sight.firings()
    assert len(firings) == 1 + len(times)
    assert {(one.state, one.epoch, one.fires_on) for one in firings} == {("done", 1, date(2026, 3, 2))}
    assert await elsewhere.sight.faults() == {}


async def test_after_three_days_without_a_scheduler_the_latest_firing_runs_and_each_older_one_is_missed(
    elsewhere: Elsewhere, master: MasterKey
) -> None:
    shape = Shape(merchants=1, plans=3, customers=5)
    (world,) = await make_fleet(elsewhere.units, master, shape)
    await elsewhere.clock.set(shanghai("2026-03-05 15:00"))
    await asyncio.gather(*(sweep_merchant(elsewhere.units, world.merchant_id) for _ in range(3)))
    assert await states(elsewhere) == {
        date(2026, 3, 2): ["missed"] * 3,
        date(2026, 3, 3): ["missed"] * 3,
        date(2026, 3, 4): ["missed"] * 3,
        date(2026, 3, 5): ["done"] * 3,
    }
    assert await elsewhere.sight.count("task") == shape.customers


async def test_past_its_grace_even_the_latest_firing_is_missed_and_not_done_late(
    elsewhere: Elsewhere, master: MasterKey
) -> None:
    (world,) = await make_fleet(elsewhere.units, master, Shape(merchants=1, plans=2, customers=5))
    await elsewhere.clock.set(shanghai("2026-03-04 22:01"))
    await sweep_merchant(elsewhere.units, world.merchant_id)
    told = await states(elsewhere)
    assert told == {date(2026, 3, day): ["missed"] * 2 for day in (2, 3, 4)}
    assert await elsewhere.sight.count("task") == 0
