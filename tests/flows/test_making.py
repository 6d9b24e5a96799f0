"""Tasks that no plan made, and stores in which nothing is as usual."""

from datetime import timedelta
from typing import Any

import pytest

from backend.db.units import Units
from tasks.flow.answer_complaint import Heard, answer_complaint
from tasks.flow.own_tasks import FollowUp, create_own_task
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.worklist.dropping import drop_tasks
from tasks.worklist.making import Wanted, leader_of, make_task
from tasks.worklist.states import CloseReason, Origin, TaskCause
from tests.support.clock import TestClock, shanghai
from tests.support.plans import rows, sweep
from tests.support.promises import promise_row, recovery_of, say
from tests.support.rows import doing, rows_of, task_row
from tests.support.world import World, make_world


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-02 12:00"))
    return await make_world(units, master, employees=2, customers=2)


def wanted(world: World, unit: Unit, **said: Any) -> Wanted:
    plain: dict[str, Any] = {
        "store_id": world.stores["S1"], "customer_id": world.customers["C1"], "origin": Origin.OWN, "cause": TaskCause.OWN,
        "opens_at": unit.now, "due_at": unit.now + timedelta(days=1), "expires_at": unit.now + timedelta(days=7),
    }  # fmt: skip
    return Wanted(**(plain | said))


async def make(unit: Unit, world: World, said: dict[str, Any]) -> Any:
    return await make_task(unit, wanted(world, unit, **said))


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"origin": Origin.PLAN}, ValueError),
        ({"words": "长" * 501}, Invalid),
        ({"store_id": new_id()}, NotFound),
        ({"expires_at": shanghai("2026-03-01 12:00")}, ValueError),
    ],
)
async def test_what_cannot_be_a_task_is_none(world: World, said: dict[str, Any], fault: type[Exception]) -> None:
    with pytest.raises(fault):
        await world.do(doing(make, world, said))
    assert await rows_of(world, "select id from task where merchant_id = :merchant") == []


async def test_it_is_worth_what_is_on_her_cards_and_never_due_after_its_end(world: World, clock: TestClock) -> None:
    await world.card("C1", shanghai("2026-01-05 12:00"), principal=86_000)
    said = {"due_at": await clock.now() + timedelta(days=30), "expires_at": await clock.now() + timedelta(days=7)}
    row = await task_row(world, await world.do(doing(make, world, said)))
    assert (row["value_cents"], row["due_at"]) == (86_000, row["expires_at"])


async def test_words_of_an_erased_customer_are_not_kept(world: World) -> None:
    await rows(world, "update customer set salt = null where merchant_id = :merchant returning id")
    row = await task_row(world, await world.do(doing(make, world, {"words": "问她补色"})))
    assert row["sealed"] is None


async def test_without_pool_and_manager_the_owner_leads(world: World) -> None:
    await rows(world, "update store set pool = false where merchant_id = :merchant returning id")
    made = await world.do(doing(make, world, {}))
    assert (await task_row(world, made))["assignee_id"] == world.staff["manager"]
    await rows(
        world, "update staff set status = 'removed' where merchant_id = :merchant and id = :id returning id", id=world.staff["manager"]
    )  # fmt: skip
    assert await world.do(doing(leader_of, world.stores["S1"])) == world.staff["owner"]


async def test_what_is_taken_back_is_cancelled_once_and_told(world: World) -> None:
    made = await world.do(doing(make, world, {}))
    assert await world.do(doing(drop_tasks, [], CloseReason.CANCELLED)) == []
    assert await world.do(doing(drop_tasks, [made, new_id()], CloseReason.CANCELLED)) == [made]
    assert await world.do(doing(drop_tasks, [made], CloseReason.CANCELLED)) == []
    told = await rows_of(
        world, "select action, to_status from task_history where merchant_id = :merchant order by at, id"
    )
    assert told == [{"action": "made", "to_status": "open"}, {"action": "dropped", "to_status": "cancelled"}]
    assert len(await rows_of(world, "select rev from task_change where merchant_id = :merchant")) == 2


async def never_opens(world: World) -> None:
    await rows(world, "delete from store_hours where merchant_id = :merchant returning store_id")


async def test_a_store_without_opening_hours_counts_every_day(world: World, clock: TestClock) -> None:
    await never_opens(world)
    promise = await say(world, "C1", "2026-03-05")

    async def own(unit: Unit) -> Any:
        said = FollowUp(customer_id=world.customers["C2"], contact_at=shanghai("2026-03-04 15:00"), words="问她补色")
        return await create_own_task(unit, world.scope("E1"), said, unit.now)

    made = await world.do(own)
    assert (made.due_at, made.expires_at) == (shanghai("2026-03-05 00:00"), shanghai("2026-03-13 00:00"))
    await clock.set(shanghai("2026-03-06 09:00"))
    await sweep(world)
    assert (await promise_row(world, promise))["state"] == "broken"
    task = await recovery_of(world, promise)
    assert task is not None
    assert (task["assignee_id"], task["expires_at"]) == (None, shanghai("2026-03-09 00:00")), (
        "nobody is known to work: the pool"
    )


async def test_a_complaint_in_a_store_without_opening_hours_is_answered_too(world: World) -> None:
    await never_opens(world)
    heard = Heard(new_id(), world.customers["C1"], world.stores["S1"], TaskCause.COMPLAINT, world.staff["E1"])
    made = await world.do(doing(answer_complaint, heard))
    assert made is not None
    assert (await task_row(world, made))["expires_at"] == shanghai("2026-03-06 00:00")
