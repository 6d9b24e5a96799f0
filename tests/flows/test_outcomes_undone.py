"""A mistaken refusal is undone: its author for ten minutes, who leads at any time; nothing that it closed opens again."""

from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.actions.faults import ActionReused
from tasks.audience.service import count_audience
from tasks.callbacks.facts import UndoAnswer, UndoFact
from tasks.callbacks.faults import CallbackVoid, NotUndoable
from tasks.flow.outcome_undo import undo_callback
from tasks.kernel.errors import Forbidden, NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tests.support.clock import TestClock, shanghai
from tests.support.outcomes import Logs
from tests.support.rows import Ask, make_task, rows_of
from tests.support.world import make_world


@pytest.fixture
async def logs(units: Units, master: MasterKey, clock: TestClock) -> Logs:
    await clock.set(shanghai("2026-03-02 12:00"))
    return Logs(await make_world(units, master, stores=2, employees=3, customers=1), clock)


async def undo(logs: Logs, callback_id: UUID, who: str = "E1", action: UUID | None = None) -> UndoAnswer:
    fact = UndoFact(action_id=action or new_id(), callback_id=callback_id)
    return await logs.world.do(lambda unit: undo_callback(unit, logs.world.scope(who), fact))


async def test_she_may_be_contacted_again_and_what_closed_stays_closed(logs: Logs) -> None:
    task = await make_task(logs.world)
    own = await make_task(logs.world, Ask(origin="own"))
    refused = await logs.says(task, "refused_contact")
    await logs.later(minutes=9)
    answer = await undo(logs, refused.callback_id)
    assert (answer.verdict, answer.no_phone, answer.no_wechat, answer.no_contact) == ("applied", False, False, False)
    assert (await logs.state_of())["no_contact_at"] is None
    assert await logs.task(task) == ("done", "do_not_contact")
    assert await logs.task(own) == ("moot", "do_not_contact")
    assert await logs.reason(task) == ("closed", "do_not_contact", None)
    history = await rows_of(
        logs.world, "select action, staff_id from task_history where merchant_id = :merchant and action = 'undone'"
    )
    assert history == [{"action": "undone", "staff_id": logs.world.staff["E1"]}]


async def test_two_refusals_are_undone_one_by_one(logs: Logs) -> None:
    task = await make_task(logs.world)
    first = await logs.says(task, "refused_contact")
    await logs.later(minutes=1)
    second = await logs.says(task, "refused_contact")
    answer = await undo(logs, first.callback_id)
    assert answer.no_contact, "she said it twice"
    assert (await logs.state_of())["no_contact_at"] == second.received_at
    assert (await undo(logs, second.callback_id)).no_contact is False


async def test_its_author_for_ten_minutes_then_who_leads(logs: Logs) -> None:
    task = await make_task(logs.world)
    refused = await logs.says(task, "refused_contact")
    for who, fault in (("E3", Forbidden), ("E2", NotFound)):
        with pytest.raises(fault):
            await undo(logs, refused.callback_id, who)
    await logs.later(minutes=10, seconds=1)
    with pytest.raises(Forbidden):
        await undo(logs, refused.callback_id)
    await logs.later(days=3)
    assert (await undo(logs, refused.callback_id, "manager")).verdict == "applied"
    with pytest.raises(CallbackVoid):
        await undo(logs, refused.callback_id, "manager")


async def test_only_a_refusal_and_only_one_that_is_there(logs: Logs) -> None:
    task = await make_task(logs.world)
    with pytest.raises(NotUndoable):
        await undo(logs, (await logs.says(task, "no_answer")).callback_id)
    with pytest.raises(NotFound):
        await undo(logs, new_id())


async def test_undoing_is_answered_once_for_ever(logs: Logs) -> None:
    task = await make_task(logs.world)
    refused = await logs.says(task, "refused_contact", scope="wechat")
    action = new_id()
    first = await undo(logs, refused.callback_id, action=action)
    again = await undo(logs, refused.callback_id, action=action)
    assert (again.verdict, again.first, again.undone_at) == ("duplicate", "applied", first.undone_at)
    with pytest.raises(ActionReused):
        await undo(logs, new_id(), action=action)


async def test_offline_a_refusal_is_named_by_the_action_it_was_sent_with(logs: Logs) -> None:
    task, sent = await make_task(logs.world), new_id()
    refused = await logs.says(task, "refused_contact", action=sent)
    assert (await undo(logs, sent)).callback_id == refused.callback_id


async def test_conditions_see_what_stands(logs: Logs) -> None:
    async def who_said(outcome: str) -> int:
        tree = {"condition": "last_outcome", "isOneOf": [outcome]}
        return (await logs.world.do(lambda unit: count_audience(unit, tree, "en"))).customers

    task = await make_task(logs.world)
    called = await logs.says(task, "no_answer")
    corrected = await logs.says(task, "busy", corrects=called.callback_id)
    assert (await who_said("no_answer"), await who_said("busy")) == (0, 1)
    assert corrected.occurred_at == called.occurred_at
    await logs.later(minutes=5)
    refused = await logs.says(task, "refused_contact")
    assert (await who_said("busy"), await who_said("refused_contact")) == (0, 1)
    await undo(logs, refused.callback_id)
    assert (await who_said("busy"), await who_said("refused_contact")) == (1, 0)
