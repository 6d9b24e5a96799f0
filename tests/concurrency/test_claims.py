import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from backend import embedded
from backend.db.engine import open_engine
from backend.db.units import Units
from tasks.flow.work_task import claim, release, start
from tasks.kernel.sealing import MasterKey
from tasks.worklist.faults import TaskAlreadyClaimed
from tests.support.clock import TestClock
from tests.support.rows import Ask, make_task, rows_of, task_row
from tests.support.world import World, make_world

RACERS = 50


@pytest.fixture
async def crowd(servers: embedded.Servers, master: MasterKey) -> AsyncIterator[Units]:
    """Units with a connection for everybody."""
    engine = open_engine(servers.database_url, pool_size=RACERS)
    yield Units(engine, master)
    await engine.dispose()


async def race(world: World, crowd: Units, task_id: UUID, who: list[str]) -> list[str]:
    """Everybody claims at once; `won:E7` for the winner, the name each loser was told for the others."""
    ready = asyncio.Barrier(len(who))

    async def one(code: str) -> str:
        try:
            async with crowd.open(world.merchant_id) as unit:
                await ready.wait()
                await claim(unit, world.scope(code), task_id)
        except TaskAlreadyClaimed as lost:
            return str(lost.facts["winner"])
        return f"won:{code}"

    return await asyncio.gather(*(one(code) for code in who))


async def test_of_fifty_who_claim_at_once_one_wins_and_the_others_are_told_who(
    units: Units, crowd: Units, master: MasterKey, clock: TestClock
) -> None:
    world = await make_world(units, master, employees=RACERS, customers=1)
    task = await make_task(world, Ask(who=None))
    employees = [f"E{n}" for n in range(1, RACERS + 1)]
    results = await race(world, crowd, task.task_id, employees)
    winners = [each.removeprefix("won:") for each in results if each.startswith("won:")]
    assert len(winners) == 1
    name = f"员工{winners[0][1:]}"
    assert [each for each in results if not each.startswith("won:")] == [name] * (RACERS - 1)
    assert (await task_row(world, task.task_id))["assignee_id"] == world.staff[winners[0]]
    told = await rows_of(
        world, "select action from task_history where merchant_id = :merchant and task_id = :t", t=task.task_id
    )
    assert told == [{"action": "claimed"}]


async def rounds(units: Units, crowd: Units, master: MasterKey, many: int) -> None:
    """R11: everybody races for one task after another; each has one winner, and the losers are told who it is."""
    world = await make_world(units, master, employees=RACERS, customers=1)
    task = (await make_task(world, Ask(who=None))).task_id
    employees = [f"E{n}" for n in range(1, RACERS + 1)]
    winners: set[str] = set()
    for number in range(many):
        results = await race(world, crowd, task, employees)
        won = [each.removeprefix("won:") for each in results if each.startswith("won:")]
        assert len(won) == 1, f"round {number}: {won}"
        assert results.count(f"员工{won[0][1:]}") == RACERS - 1
        row = await task_row(world, task)
        assert (row["assignee_id"], row["status"]) == (world.staff[won[0]], "open")
        winners.update(won)
        assert (await world.do(lambda unit, who=won[0]: release(unit, world.scope(who), task))).changed  # type: ignore[misc]  # bound in the loop
    told = await rows_of(
        world,
        "select action, count(*) as n from task_history where merchant_id = :merchant and task_id = :t group by action order by action",
        t=task,
    )
    assert told == [{"action": "claimed", "n": many}, {"action": "released", "n": many}]
    assert len(winners) > 1, "the race is one"


async def test_fifty_race_for_one_task_round_after_round(
    units: Units, crowd: Units, master: MasterKey, clock: TestClock
) -> None:
    await rounds(units, crowd, master, 15)


@pytest.mark.faults
@pytest.mark.timeout(1_800)
async def test_fifty_race_for_one_task_a_thousand_times(
    units: Units, crowd: Units, master: MasterKey, clock: TestClock
) -> None:
    await rounds(units, crowd, master, 1_000)


async def test_claim_and_start_at_once_give_the_task_to_one(units: Units, master: MasterKey, clock: TestClock) -> None:
    world = await make_world(units, master, employees=2, customers=1)
    task = await make_task(world, Ask(who=None))
    ready = asyncio.Barrier(2)

    async def act(code: str) -> bool:
        try:
            async with world.units.open(world.merchant_id) as unit:
                await ready.wait()
                move = claim if code == "E1" else start
                await move(unit, world.scope(code), task.task_id)
        except TaskAlreadyClaimed:
            return False
        return True

    won = await asyncio.gather(act("E1"), act("E2"))
    assert sorted(won) == [False, True]
    holder = world.staff["E1" if won[0] else "E2"]
    assert (await task_row(world, task.task_id))["assignee_id"] == holder
