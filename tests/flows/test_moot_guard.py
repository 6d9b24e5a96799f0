"""The moot guard where no event brings it: when a task is dispatched and when it is opened; and what a cancelled appointment ends."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.flow.action_moves import OnTask
from tasks.flow.check_moot import MootBecause, moot_because
from tasks.flow.open_task import TaskDetail, open_task
from tasks.flow.perform_action import Ask, once
from tasks.kernel.errors import NotFound
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.people.contact_state import complain, refuse
from tasks.plans.states import ExitOn
from tests.support.clock import TestClock, shanghai
from tests.support.plans import rows, start_plan, sweep
from tests.support.rows import Ask as Wish
from tests.support.rows import make_plan, make_task, rows_of, task_row
from tests.support.world import World, make_world


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-02 12:00"))
    return await make_world(units, master, employees=2, customers=2)


async def unseen(world: World) -> None:
    """The plan said nothing of arrivals when she came, and says so now: the same as an event that was taken in before the task could be seen."""
    exits = "update plan_version set definition = jsonb_set(definition, '{exitOn}', cast(:exits as jsonb)) where merchant_id = :merchant returning id"
    await rows(world, exits, exits='["complained"]')
    await world.visit("C1", shanghai("2026-03-02 12:30"))
    await rows(world, exits, exits='["booked", "arrived", "complained", "do_not_contact"]')


async def page(world: World, task_id: UUID, who: str = "E1") -> TaskDetail:
    return await world.do(lambda unit: open_task(unit, world.scope(who), task_id))


async def ended(world: World, task_id: UUID) -> tuple[object, object]:
    row = await task_row(world, task_id)
    return row["status"], row["close_reason"]


async def test_a_task_is_looked_at_before_it_opens(world: World, clock: TestClock) -> None:
    task = await make_task(world, Wish(status="queued", opens=1))
    other = await make_task(world, Wish("C2", status="queued", opens=1))
    await clock.set(shanghai("2026-03-02 12:40"))
    await unseen(world)
    await clock.set(shanghai("2026-03-02 13:01"))
    assert (await sweep(world)).opened == 2
    assert await ended(world, task.task_id) == ("moot", "arrived")
    assert await ended(world, other.task_id) == ("open", None)
    passages = await rows(
        world, "select state, exit_reason from enrolment where merchant_id = :merchant order by state"
    )
    assert passages == [{"state": "active", "exit_reason": None}, {"state": "exited", "exit_reason": "arrived"}]


async def test_a_task_is_looked_at_before_it_wakes(world: World, clock: TestClock) -> None:
    task = await make_task(world)
    await rows(
        world, "update task set status = 'waiting', wait_kind = 'retry', wait_until = :until where merchant_id = :merchant returning id",
        until=shanghai("2026-03-02 16:00"),
    )  # fmt: skip
    await clock.set(shanghai("2026-03-02 12:40"))
    await unseen(world)
    await clock.set(shanghai("2026-03-02 16:00"))
    assert (await sweep(world)).woken == 1
    assert await ended(world, task.task_id) == ("moot", "arrived")


async def test_whoever_opens_it_is_shown_what_happened(world: World, clock: TestClock) -> None:
    task = await make_task(world)
    await clock.set(shanghai("2026-03-02 12:40"))
    assert (await page(world, task.task_id)).moot_because is None
    await unseen(world)
    shown = await page(world, task.task_id)
    assert (shown.status, shown.close_reason, shown.actions) == ("moot", "arrived", [])
    assert shown.moot_because == MootBecause("service_completed", shanghai("2026-03-02 12:30"))
    assert (await page(world, task.task_id)).moot_because == shown.moot_because, "also when it is opened again"
    assert len(await rows_of(world, "select id from task_history where merchant_id = :merchant")) == 1


async def test_what_was_known_when_the_task_was_made_does_not_close_it(world: World, clock: TestClock) -> None:
    await world.visit("C1", shanghai("2026-03-02 10:30"))
    task = await make_task(world)
    await clock.set(shanghai("2026-03-02 13:00"))
    assert (await page(world, task.task_id)).status == "open", "the plan knew of the visit and wanted her all the same"


async def test_a_task_of_the_pool_is_shown_closed_to_whoever_opened_it(world: World, clock: TestClock) -> None:
    task = await make_task(world, Wish(who=None))
    await clock.set(shanghai("2026-03-02 12:40"))
    await unseen(world)
    shown = await page(world, task.task_id, "E2")
    assert (shown.status, shown.moot_because) == (
        "moot",
        MootBecause("service_completed", shanghai("2026-03-02 12:30")),
    )
    with pytest.raises(NotFound):
        await page(world, task.task_id, "E2")


async def test_starting_a_task_nobody_needs_closes_it(world: World, clock: TestClock) -> None:
    task = await make_task(world)
    await clock.set(shanghai("2026-03-02 12:40"))
    await unseen(world)

    async def begin(unit: Unit) -> Any:
        return await once(unit, world.scope("E1"), Ask("start", OnTask(task_id=task.task_id)))

    assert (await world.do(begin))["status"] == "moot"
    assert await ended(world, task.task_id) == ("moot", "arrived")


async def test_a_refusal_that_came_another_way_closes_every_task_of_hers(world: World, clock: TestClock) -> None:
    planned = await make_task(world, Wish(status="queued", opens=1))
    own = await make_task(world, Wish("C2", origin="own", status="queued", opens=1))
    await rows(
        world,
        "delete from task_reason where merchant_id = :merchant and task_id = :task returning id",
        task=own.task_id,
    )
    await world.do(lambda unit: refuse(unit, world.customers["C1"], "phone"))
    for code in ("C1", "C2"):
        await world.do(lambda unit, code=code: refuse(unit, world.customers[code], "all"))  # type: ignore[misc]  # a loop's own value
    await clock.set(shanghai("2026-03-02 13:01"))
    await sweep(world)
    assert await ended(world, planned.task_id) == ("moot", "do_not_contact")
    assert await ended(world, own.task_id) == ("moot", "do_not_contact")
    told = await world.do(lambda unit: moot_because(unit, [planned.task_id, own.task_id]))
    assert {one.type for one in told.values()} == {"do_not_contact"}


async def test_whoever_refused_calls_only_keeps_her_task(world: World) -> None:
    task = await make_task(world)
    await world.do(lambda unit: refuse(unit, world.customers["C1"], "phone"))
    assert (await page(world, task.task_id)).status == "open"


async def test_an_open_complaint_keeps_away_all_but_the_plan_that_answers_it(world: World) -> None:
    task = await make_task(world)
    answers = await make_task(world, Wish("C2", template="complaint_recovery"))
    await world.do(lambda unit: complain(unit, [world.customers["C1"], world.customers["C2"]]))
    assert (await page(world, task.task_id)).close_reason == "complained"
    assert (await page(world, answers.task_id)).status == "open"


async def test_an_appointment_that_was_booked_before_is_enough_for_a_plan_that_wants_one(world: World) -> None:
    task = await make_task(world)
    keeps = await make_task(world, Wish("C2"), await make_plan(world, exit_on=(ExitOn.PURCHASED,)))
    for code in ("C1", "C2"):
        await world.appointment(code, shanghai("2026-03-09 11:00"), external_id=f"A-{code}")
    # As if it had been in the books all along: its event tells of nothing new.
    await rows(world, "update event set state = 'withdrawn' where merchant_id = :merchant returning id")
    for made in (task, keeps):
        await rows(
            world,
            "update task set status = 'open', closed_at = null, close_reason = null where merchant_id = :merchant and id = :id returning id",
            id=made.task_id,
        )
        await rows(
            world,
            "update task_reason set state = 'live', closed_at = null, close_reason = null where merchant_id = :merchant and id = :id returning id",
            id=made.reason_id,
        )
    assert (await page(world, task.task_id)).close_reason == "booked"
    assert (await page(world, keeps.task_id)).status == "open"


async def test_a_reason_goes_and_the_task_stays_for_the_other(world: World, clock: TestClock) -> None:
    task = await make_task(world)
    keeps = await make_plan(world, exit_on=(ExitOn.PURCHASED,))
    second = await make_task(world, Wish("C2"), keeps)
    await rows(
        world,
        "update task_reason set task_id = :task where merchant_id = :merchant and id = :id returning id",
        task=task.task_id,
        id=second.reason_id,
    )
    await rows(world, "update enrolment set customer_id = :customer where merchant_id = :merchant and id = :id returning id",
               customer=world.customers["C1"], id=second.enrolment_id)  # fmt: skip
    await clock.set(shanghai("2026-03-02 12:40"))
    await world.visit("C1", shanghai("2026-03-02 12:30"))
    shown = await page(world, task.task_id)
    assert (shown.status, shown.moot_because) == ("open", None)
    assert sorted(reason.state for reason in shown.reasons) == ["closed", "live"]


async def test_a_cancelled_appointment_ends_what_is_about_it(world: World, clock: TestClock) -> None:
    for code in ("C1", "C2"):
        await world.visit(code, shanghai("2026-02-20 11:00"), historic=True)
    await start_plan(world, "appointment_confirm")
    await world.appointment("C1", shanghai("2026-03-10 11:00"), external_id="A1")
    await world.appointment("C2", shanghai("2026-03-10 12:00"), external_id="A2")
    await clock.set(shanghai("2026-03-09 15:00"))
    await sweep(world)
    assert await rows(world, "select status from task where merchant_id = :merchant") == [{"status": "open"}] * 2
    await clock.advance(hours=1)
    await world.appointment("C1", shanghai("2026-03-10 11:00"), status="cancelled", external_id="A1")
    ends = await rows(
        world, "select customer_id, status, close_reason from task where merchant_id = :merchant order by status"
    )
    assert ends == [
        {"customer_id": world.customers["C1"], "status": "moot", "close_reason": "appointment_cancelled"},
        {"customer_id": world.customers["C2"], "status": "open", "close_reason": None},
    ]
    passages = await rows(
        world, "select distinct exit_reason from enrolment where merchant_id = :merchant and state = 'exited'"
    )
    assert passages == [{"exit_reason": "appointment_cancelled"}], "the one that was still to come, too"


async def test_an_appointment_that_was_missed_and_then_called_off_needs_no_amends(
    world: World, clock: TestClock
) -> None:
    await start_plan(world, "no_show_recovery")
    await world.appointment("C1", shanghai("2026-03-03 11:00"), external_id="A1")
    await clock.set(shanghai("2026-03-03 12:00"))
    await world.appointment("C1", shanghai("2026-03-03 11:00"), status="missed", external_id="A1")
    await clock.set(shanghai("2026-03-03 14:00"))
    await sweep(world)
    (task,) = await rows(world, "select id, status from task where merchant_id = :merchant")
    assert task["status"] == "open"
    await world.appointment("C1", shanghai("2026-03-03 11:00"), status="cancelled", external_id="A1")
    assert await ended(world, task["id"]) == ("moot", "appointment_cancelled")


async def test_looking_at_many_tasks_takes_no_more_statements(world: World, clock: TestClock) -> None:
    for n in range(30):
        await world.customer(f"D{n}")
        await make_task(world, Wish(f"D{n}", status="queued", opens=1))
    await clock.advance(timedelta(hours=1))
    report = await sweep(world)
    assert report.opened == 30


async def test_a_message_that_awaits_a_reply_is_left_to_it(world: World, clock: TestClock) -> None:
    task = await make_task(world)
    await rows(
        world, "update task set status = 'waiting', wait_kind = 'reply', wait_until = :until where merchant_id = :merchant returning id",
        until=shanghai("2026-03-04 12:00"),
    )  # fmt: skip
    await clock.set(shanghai("2026-03-02 12:40"))
    await world.do(lambda unit: complain(unit, [world.customers["C1"]]))
    assert (await page(world, task.task_id)).status == "waiting"
