"""Corrections, undoings and claims of the same callback at once: one wins, the others learn why, and the rows say one thing."""

import asyncio
from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.callbacks.facts import UndoFact
from tasks.callbacks.faults import CallbackVoid
from tasks.callbacks.replies import close_unanswered
from tasks.flow.outcome_undo import undo_callback
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tests.support.clock import TestClock, shanghai
from tests.support.outcomes import Logs
from tests.support.rows import Ask, make_task, rows_of
from tests.support.world import make_world

TIMES = 6


@pytest.fixture
async def logs(units: Units, master: MasterKey, clock: TestClock) -> Logs:
    await clock.set(shanghai("2026-03-02 12:00"))
    return Logs(await make_world(units, master, employees=2, customers=1), clock)


async def test_of_many_corrections_of_one_callback_one_is_kept(logs: Logs) -> None:
    task = await make_task(logs.world)
    first = await logs.says(task, "no_answer")
    tries = [logs.says(task, "booked", corrects=first.callback_id) for _ in range(TIMES)]
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, CallbackVoid) for one in answers) == TIMES - 1
    standing = await rows_of(
        logs.world, "select outcome, corrects from callback where merchant_id = :merchant and void_at is null"
    )
    assert standing == [{"outcome": "booked", "corrects": first.callback_id}]
    assert len(await rows_of(logs.world, "select id from appointment where merchant_id = :merchant")) == 1
    assert len(await logs.contacts()) == 1


async def test_a_refusal_undone_and_corrected_at_once_is_lifted_once(logs: Logs) -> None:
    task = await make_task(logs.world)
    refused = await logs.says(task, "refused_contact")

    async def undo(callback_id: UUID) -> object:
        fact = UndoFact(action_id=new_id(), callback_id=callback_id)
        return await logs.world.do(lambda unit: undo_callback(unit, logs.world.scope("E1"), fact))

    ways = [undo(refused.callback_id), logs.says(task, "will_come", corrects=refused.callback_id)]
    answers = await asyncio.gather(*ways, return_exceptions=True)
    assert sum(isinstance(one, CallbackVoid) for one in answers) == 1
    assert (await logs.state_of())["no_contact_at"] is None
    lifted = await rows_of(logs.world, "select id from consent where merchant_id = :merchant and source = 'undo'")
    assert len(lifted) == 1


async def test_the_sweep_and_a_booking_close_a_message_once(logs: Logs) -> None:
    task = await make_task(logs.world, Ask(expires=24 * 30))
    await logs.says(task, "message_sent")
    await logs.at("2026-03-04 12:30")
    await asyncio.gather(
        logs.world.do(lambda unit: close_unanswered(unit, 10)),
        logs.world.appointment("C1", shanghai("2026-03-09 10:00")),
        logs.world.do(lambda unit: close_unanswered(unit, 10)),
    )
    status, reason = await logs.task(task)
    assert status == "done"
    assert reason in {"booked", "sent_no_reply"}
    closings = await rows_of(
        logs.world, "select action from task_history where merchant_id = :merchant and to_status = 'done'"
    )
    assert len(closings) == 1
