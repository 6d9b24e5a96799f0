"""What outcomes lead to in the days after: a family of plans cools down, a complaint is made good, a message is answered or not."""

from datetime import time, timedelta
from uuid import UUID

import pytest

from tasks.callbacks.facts import CallbackAnswer
from tasks.flow.manage_plans import activate
from tasks.plans.definition import Behaviour, Offset, StaffTask, Step
from tasks.plans.states import Link, Route
from tasks.plans.steps import Wait
from tests.support.clock import shanghai
from tests.support.outcomes import Logs
from tests.support.plans import rows, start_plan, sweep
from tests.support.rows import Ask, doing, make_plan, make_task, rows_of
from tests.support.stories import Story

TEN = time(10)


async def says(story: Story, outcome: str, at: str, customer: str = "RED", **more: object) -> CallbackAnswer:
    """Whoever has her newest task logs the outcome then."""
    await story.clock.set(shanghai(at))
    task = await story.task(customer)
    return await Logs(story.world, story.clock).says(task.id, outcome, task.who or "manager", **more)


async def tried_on(story: Story, at: str) -> None:
    """She tries something on and does not buy it; the plan fires the next day at ten."""
    await story.happens("tried_not_bought", at, customer="RED", staff="E1")


async def decided(story: Story) -> list[str]:
    return (await story.decided())["RED"]


async def test_who_was_not_interested_is_left_alone_by_the_family_for_sixty_days(story: Story) -> None:
    await story.begins("2026-03-01 12:00", "tried_not_bought")
    await start_plan(story.world, "sample_follow_up")
    await story.world.customer("RED", consultant="E1")
    await tried_on(story, "2026-03-02 15:00")
    await story.at("2026-03-03 10:00")
    await says(story, "not_interested", "2026-03-03 11:00")
    await tried_on(story, "2026-03-20 15:00")
    await story.at("2026-03-21 10:00")
    assert (await decided(story))[-1] == "suppressed:not_interested"
    await story.happens("sample_taken", "2026-03-24 15:00", customer="RED", staff="E1")
    await story.at("2026-03-25 10:00")
    assert (await decided(story))[-1] == "task", "another family may ask"
    await says(story, "skipped", "2026-03-25 11:00")
    await tried_on(story, "2026-05-01 15:00")
    await story.at("2026-05-02 10:00")
    assert (await decided(story))[-1] == "suppressed:not_interested", "fifty-nine days and twenty-three hours"
    await tried_on(story, "2026-05-02 15:00")
    await story.at("2026-05-03 10:00")
    assert (await decided(story))[-1] == "task"


async def test_corrected_away_the_family_may_ask_again(story: Story) -> None:
    await story.begins("2026-03-01 12:00", "tried_not_bought")
    await story.world.customer("RED", consultant="E1")
    await tried_on(story, "2026-03-02 15:00")
    await story.at("2026-03-03 10:00")
    said = await says(story, "not_interested", "2026-03-03 11:00")
    await says(story, "skipped", "2026-03-03 11:05", corrects=said.callback_id)
    await tried_on(story, "2026-03-20 15:00")
    await story.at("2026-03-21 10:00")
    assert (await decided(story))[-1] == "task"


async def own_plan(story: Story) -> UUID:
    """A plan written from nothing, switched on."""
    act = StaffTask(scene="tried_not_bought", chain=(Link.CONSULTANT,), route=Route.EVENT_STORE, due_in=1, expires_in=3)
    trigger = Behaviour(events=("tried_not_bought",), offsets=(Offset(),))
    plan, _ = await make_plan(
        story.world, "tried_not_bought", template="custom", trigger=trigger, steps=(Step(act=act),)
    )
    await story.world.do(doing(activate, plan))
    return plan


async def test_plans_of_ones_own_are_each_a_family(story: Story) -> None:
    await story.clock.set(shanghai("2026-03-01 12:00"))
    await own_plan(story)
    await story.world.customer("RED", consultant="E1")
    await tried_on(story, "2026-03-02 15:00")
    await says(story, "not_interested", "2026-03-02 15:30")
    other = await own_plan(story)
    await tried_on(story, "2026-03-10 15:00")
    told = await rows(
        story.world,
        "select plan_id, decided, reason from decision where merchant_id = :merchant and decided_at >= '2026-03-10' order by decided",
    )
    assert [(row["decided"], row["reason"]) for row in told] == [("suppressed", "not_interested"), ("task", None)]
    assert told[1]["plan_id"] == other


async def recoveries(story: Story) -> list[dict[str, object]]:
    return await rows_of(
        story.world,
        "select id, assignee_id, origin, cause, priority, opens_at, due_at, expires_at, source_task_id, sealed from task "
        "where merchant_id = :merchant and origin = 'recovery'",
    )


@pytest.mark.parametrize(
    ("at", "due", "expires"),
    [
        ("2026-03-02 15:00", "2026-03-02 19:00", "2026-03-06 00:00"),
        ("2026-03-02 22:00", "2026-03-03 13:30", "2026-03-07 00:00"),
    ],
)
async def test_a_complaint_is_the_managers_within_four_hours(story: Story, at: str, due: str, expires: str) -> None:
    await story.clock.set(shanghai(at))
    await story.world.customer("RED")
    task = await make_task(story.world, Ask("RED"))
    await Logs(story.world, story.clock).says(task, "complaint", category="waiting", note="等了一个小时")
    (recovery,) = await recoveries(story)
    assert (recovery["assignee_id"], recovery["cause"], recovery["priority"]) == (
        story.world.staff["manager"],
        "complaint",
        999,
    )
    assert abs(recovery["due_at"] - shanghai(due)) < timedelta(seconds=5)  # type: ignore[operator]  # rows are untyped
    assert recovery["expires_at"] == shanghai(expires)
    assert recovery["source_task_id"] == task.task_id
    assert "等了一个小时".encode() not in recovery["sealed"]  # type: ignore[operator]  # rows are untyped
    (state,) = await rows(
        story.world,
        "select complaint_at is not null as open, marketing_frozen_until > :now as frozen from customer_contact_state where merchant_id = :merchant",
        now=shanghai("2026-04-01 00:00"),
    )
    assert state == {"open": True, "frozen": True}


async def complaint_at(story: Story) -> object:
    (state,) = await rows(
        story.world,
        "select complaint_at, marketing_frozen_until is not null as frozen from customer_contact_state where merchant_id = :merchant",
    )
    assert state["frozen"] is True, "marketing rests whatever was settled"
    return state["complaint_at"]


async def test_a_complaint_is_settled_by_reaching_her_and_open_again_when_that_was_a_mistake(story: Story) -> None:
    await story.clock.set(shanghai("2026-03-02 15:00"))
    await story.world.customer("RED")
    task = await make_task(story.world, Ask("RED"))
    logs = Logs(story.world, story.clock)
    await logs.says(task, "complaint")
    opened = await complaint_at(story)
    (recovery,) = await recoveries(story)
    await story.clock.set(shanghai("2026-03-02 16:00"))
    await logs.says(recovery["id"], "no_answer", "manager")  # type: ignore[arg-type]  # rows are untyped
    assert await complaint_at(story) == opened
    said = await says(story, "will_come", "2026-03-02 18:00", promisedOn="2026-03-05")
    assert (said.status, await complaint_at(story)) == ("done", None)
    await says(story, "busy", "2026-03-02 18:05", corrects=said.callback_id)
    assert await complaint_at(story) == opened


async def test_a_plan_that_sees_to_complaints_makes_the_only_task(story: Story) -> None:
    await story.begins("2026-03-01 12:00", "complaint_recovery")
    await story.world.customer("RED")
    await story.clock.set(shanghai("2026-03-02 15:00"))
    task = await make_task(story.world, Ask("RED"))
    await Logs(story.world, story.clock).says(task, "complaint")
    assert await recoveries(story) == []
    made = await story.task("RED")
    assert (made.who, made.templates, made.priority) == ("manager", ("complaint_recovery",), 999)
    fields = await rows(
        story.world,
        "select f.name, f.text_value from event e join event_field f on f.merchant_id = e.merchant_id and f.event_id = e.id "
        "where e.merchant_id = :merchant and e.type = 'complaint'",
    )
    assert {"name": "category", "text_value": "waiting"} in fields, "conditions can ask for it"


async def test_a_second_nudge_is_a_step_of_the_plan(story: Story) -> None:
    act = StaffTask(scene="tried_not_bought", chain=(Link.CONSULTANT,), route=Route.EVENT_STORE, due_in=1, expires_in=3)
    trigger = Behaviour(events=("tried_not_bought",), offsets=(Offset(),))
    steps = (Step(act=act), Step(wait=Wait(days=3, at=TEN), act=act))
    await story.begins("2026-03-01 12:00", "tried_not_bought", trigger=trigger, steps=steps)
    await story.world.customer("RED", consultant="E1")
    await tried_on(story, "2026-03-02 15:00")
    await says(story, "message_sent", "2026-03-02 16:00")
    await story.at("2026-03-04 15:59")
    assert (await story.task("RED")).status == "waiting"
    await story.at("2026-03-04 16:01")
    first = await story.task("RED")
    assert (first.status, first.closed) == ("done", "sent_no_reply")
    await story.at("2026-03-05 10:00")
    assert [one.status for one in await story.tasks()] == ["done", "open"]


async def test_a_message_that_is_answered_by_a_booking_is_done_and_credited(story: Story) -> None:
    await story.begins("2026-03-01 12:00", "tried_not_bought")
    await story.world.customer("RED", consultant="E1")
    await tried_on(story, "2026-03-02 15:00")
    await story.at("2026-03-03 10:00")
    await says(story, "message_sent", "2026-03-03 11:00")
    await story.clock.set(shanghai("2026-03-03 12:00"))
    await story.world.appointment("RED", shanghai("2026-03-06 15:00"))
    assert (await story.task("RED")).status == "done"
    (credit,) = await rows(story.world, "select kind, task_id from credit where merchant_id = :merchant")
    assert (credit["kind"], credit["task_id"]) == ("booked", (await story.task("RED")).id)
    await sweep(story.world)


async def test_a_promise_that_is_not_kept_comes_back_to_the_employee(story: Story) -> None:
    await story.clock.set(shanghai("2026-03-02 15:00"))
    await story.world.customer("RED")
    task: UUID = (await make_task(story.world, Ask("RED"))).task_id
    await Logs(story.world, story.clock).says(task, "will_come", promisedOn="2026-03-04")
    await story.at("2026-03-04 22:00")
    assert await recoveries(story) == []
    await story.at("2026-03-07 10:00")
    (recovery,) = await recoveries(story)
    assert (recovery["cause"], recovery["assignee_id"]) == ("broken_promise", story.world.staff["E1"])


async def test_a_claim_is_held_against_the_books(story: Story) -> None:
    await story.clock.set(shanghai("2026-03-02 15:00"))
    for customer in ("RED", "BLUE"):
        await story.world.customer(customer)
        task = await make_task(story.world, Ask(customer))
        await Logs(story.world, story.clock).says(task, "purchased", amountCents=30_000)
    await story.sold("RED", "2026-03-02 17:00", cents=30_000)

    async def claims() -> dict[UUID, str]:
        found = await rows(story.world, "select customer_id, claim from callback where merchant_id = :merchant")
        return {row["customer_id"]: row["claim"] for row in found}

    red, blue = story.world.customers["RED"], story.world.customers["BLUE"]
    assert await claims() == {red: "verified", blue: "pending"}
    await story.at("2026-03-20 10:00")
    assert await claims() == {red: "verified", blue: "unverified"}
