"""She rang us: kept like any contact, and what was agreed follows, without a task and without credit."""

from datetime import date
from typing import Any

import pytest

from backend.db.units import Units
from tasks.callbacks.facts import CallbackFact, UndoFact
from tasks.callbacks.faults import CallbackVoid, NotUndoable
from tasks.desk.inputs import ContactUndo, SideContact
from tasks.desk.states import Direction
from tasks.flow.customer_page import view_customer
from tasks.flow.log_callback import log_callback
from tasks.flow.log_contact import ContactKept, log_contact
from tasks.flow.outcome_undo import undo_callback
from tasks.flow.undo_contact import ContactUndone, undo_contact
from tasks.flow.view_task import view_task
from tasks.kernel.errors import Forbidden, Invalid, NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.worklist.states import Channel
from tests.support.clock import TestClock, shanghai
from tests.support.desk import typed
from tests.support.plans import count, rows
from tests.support.rows import Ask, make_task, task_row
from tests.support.world import World, make_world


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-02 12:00"))
    return await make_world(units, master, stores=2, employees=4, customers=3)


async def said(world: World, customer: str = "C1", who: str = "E1", **words: Any) -> ContactKept:
    contact = SideContact(customer_id=world.customers[customer], **words)

    async def work(unit: Unit) -> ContactKept:
        return await log_contact(unit, world.scope(who), contact, unit.now)

    return await world.do(work)


async def test_a_call_is_kept_sealed_and_shown_on_her_card(world: World) -> None:
    kept = await said(world, note="问了补水的价格", channel=Channel.WECHAT)
    (contact,) = await rows(
        world, "select id, task_id, human, reached, marketing, channel from contact where merchant_id = :merchant"
    )
    assert contact == {
        "id": kept.contact_id, "task_id": None, "human": True, "reached": True, "marketing": False, "channel": "wechat",
    }  # fmt: skip
    (row,) = await rows(world, "select sealed, direction from desk_contact where merchant_id = :merchant")
    assert row["direction"] == "inbound"
    assert "补水".encode() not in row["sealed"]
    card = await world.do(lambda unit: view_customer(unit, world.scope("E3"), world.customers["C1"], "zh-CN"))
    (shown,) = card.contacts
    assert (shown.note, shown.staff, shown.direction, shown.outcome) == ("问了补水的价格", "员工1", "inbound", None)
    task = await make_task(world)
    page = await world.do(lambda unit: view_task(unit, world.scope("E1"), task.task_id))
    assert [(one.note, one.outcome) for one in page.contacts] == [("问了补水的价格", None)]


async def test_what_she_books_closes_the_task_and_pays_the_task_before(world: World, clock: TestClock) -> None:
    task = await make_task(world)
    await rows(
        world,
        """insert into contact (merchant_id, id, customer_id, task_id, staff_id, channel, contacted_at, contacted_on)
           values (:merchant, :id, :customer, :id, :staff, 'phone', :now, date '2026-03-02') returning id""",
        id=task.task_id, customer=task.customer_id, staff=world.staff["E3"],
    )  # fmt: skip
    await clock.advance(hours=2)
    kept = await said(world, outcome="booked", fields={"startsAt": "2026-03-05T15:00:00+08:00", "service": "CUT"})
    (appointment,) = await rows(world, "select id, booked_at from appointment where merchant_id = :merchant")
    assert appointment["id"] == kept.appointment_id
    assert (await task_row(world, task.task_id))["close_reason"] == "booked"
    (credit,) = await rows(world, "select kind, staff_id, task_id from credit where merchant_id = :merchant")
    assert credit == {"kind": "booked", "staff_id": world.staff["E3"], "task_id": task.task_id}


async def test_without_a_task_before_nobody_gets_credit(world: World) -> None:
    await said(world, outcome="booked", fields={"startsOn": "2026-03-05", "halfDay": "morning"})
    assert await count(world, "appointment") == 1
    assert await count(world, "credit") == 0


async def test_a_refusal_holds_at_once(world: World) -> None:
    task = await make_task(world)
    await said(world, outcome="refused_contact", fields={"scope": "all"})
    assert (await task_row(world, task.task_id))["close_reason"] == "do_not_contact"
    (state,) = await rows(
        world,
        "select no_contact_at from customer_contact_state where merchant_id = :merchant and customer_id = :c",
        c=task.customer_id,
    )
    assert state["no_contact_at"] is not None


async def undo(world: World, kept: ContactKept, who: str = "E1", customer: str = "C1") -> ContactUndone:
    said = ContactUndo(customer_id=world.customers[customer], contact_id=kept.contact_id)
    return await typed(world, undo_contact, said, who)


async def refusals(world: World) -> tuple[bool, bool, bool]:
    (row,) = await rows(
        world,
        "select no_phone_at, no_wechat_at, no_contact_at from customer_contact_state where merchant_id = :merchant and customer_id = :c",
        c=world.customers["C1"],
    )
    return row["no_phone_at"] is not None, row["no_wechat_at"] is not None, row["no_contact_at"] is not None


async def test_a_mistaken_refusal_is_undone_by_its_author_for_ten_minutes(world: World, clock: TestClock) -> None:
    kept = await said(world, outcome="refused_contact", fields={"scope": "all"})
    with pytest.raises(Forbidden):
        await undo(world, kept, "E3")
    with pytest.raises(NotFound):
        await undo(world, kept, "E2")
    with pytest.raises(NotFound):
        await undo(world, kept, customer="C2")
    left = await undo(world, kept)
    assert (left.no_phone, left.no_wechat, left.no_contact, await refusals(world)) == (
        False, False, False, (False, False, False),
    )  # fmt: skip
    with pytest.raises(CallbackVoid):
        await undo(world, kept)
    again = await said(world, outcome="refused_contact", fields={"scope": "phone"})
    await clock.advance(minutes=11)
    with pytest.raises(Forbidden):
        await undo(world, again)
    assert await refusals(world) == (True, False, False)
    await undo(world, again, "manager")
    assert await refusals(world) == (False, False, False)
    other = await said(world)
    with pytest.raises(NotUndoable):
        await undo(world, other)


async def test_what_she_refused_twice_stands_when_one_is_undone(world: World, clock: TestClock) -> None:
    """A callback and a contact without a task: neither's undoing lifts what the other one heard."""
    task = await make_task(world)
    fact = CallbackFact(
        action_id=new_id(), task_id=task.task_id, outcome="refused_contact", occurred_at=await clock.now(), fields={"scope": "all"},
    )  # fmt: skip
    logged = await world.do(lambda unit: log_callback(unit, world.scope("E1"), fact))
    await clock.advance(minutes=1)
    await said(world, outcome="refused_contact", fields={"scope": "all"})
    undoing = UndoFact(action_id=new_id(), callback_id=logged.callback_id)
    undone = await world.do(lambda unit: undo_callback(unit, world.scope("E1"), undoing))
    assert undone.no_contact
    assert await refusals(world) == (False, False, True)


async def test_a_promise_is_written_down(world: World) -> None:
    await said(world, outcome="will_come", fields={"promisedOn": "2026-03-05", "halfDay": "afternoon"})
    (promise,) = await rows(world, "select promised_on, state, task_id from promise where merchant_id = :merchant")
    assert promise == {"promised_on": date(2026, 3, 5), "state": "open", "task_id": None}


@pytest.mark.parametrize(
    ("outcome", "field"), [("callback_requested", "callbackAt"), ("interested_later", "contactAt")]
)
async def test_another_time_becomes_a_task_of_ones_own(world: World, outcome: str, field: str) -> None:
    kept = await said(world, outcome=outcome, fields={field: "2026-03-04T15:00:00+08:00"}, note="想问新项目")
    assert kept.task_id is not None
    task = await task_row(world, kept.task_id)
    assert (task["origin"], task["status"], task["assignee_id"]) == ("own", "queued", world.staff["E1"])
    assert (task["opens_at"], task["due_at"]) == (shanghai("2026-03-04 15:00"), shanghai("2026-03-05 00:00"))
    assert task["expires_at"] == shanghai("2026-03-12 00:00")


async def test_a_store_that_never_opens_still_ends_its_tasks(world: World) -> None:
    await rows(world, "delete from store_hours where merchant_id = :merchant returning weekday")
    kept = await said(world, outcome="callback_requested", fields={"callbackAt": "2026-03-04T15:00:00+08:00"})
    assert kept.task_id is not None
    assert (await task_row(world, kept.task_id))["expires_at"] == shanghai("2026-03-12 00:00")


async def test_a_complaint_is_an_event_and_goes_to_who_leads(world: World) -> None:
    kept = await said(world, outcome="complaint", fields={"category": "service"}, note="等太久")
    assert kept.task_id is not None
    task = await task_row(world, kept.task_id)
    assert (task["origin"], task["assignee_id"]) == ("recovery", world.staff["manager"])
    (event,) = await rows(world, "select type, source from event where merchant_id = :merchant")
    assert event == {"type": "complaint", "source": "huifang:staff"}
    (state,) = await rows(
        world,
        "select complaint_at from customer_contact_state where merchant_id = :merchant and customer_id = :c",
        c=world.customers["C1"],
    )
    assert state["complaint_at"] is not None


async def test_a_message_sent_is_no_answer_yet(world: World) -> None:
    await said(world, outcome="message_sent", channel=Channel.WECHAT, direction=Direction.OUTBOUND)
    (contact,) = await rows(world, "select reached from contact where merchant_id = :merchant")
    assert contact["reached"] is False


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({"outcome": "no_answer"}, "outcome"),
        ({"outcome": "no_such"}, "outcome"),
        ({"fields": {"scope": "all"}}, "fields"),
        ({"outcome": "refused_contact"}, "fields.scope"),
        ({"outcome": "complaint", "fields": {"category": "no_such"}}, "fields.category"),
        ({"outcome": "message_sent"}, "channel"),
        ({"at": shanghai("2026-03-03 12:00")}, "at"),
        ({"outcome": "booked", "fields": {"startsAt": "2026-03-01T15:00:00+08:00"}}, "fields.startsAt"),
    ],
)
async def test_what_makes_no_sense_is_refused_and_nothing_kept(world: World, words: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid, match=field):
        await said(world, **words)
    assert await count(world, "contact") == 0


async def test_another_stores_customer_is_not_there(world: World) -> None:
    with pytest.raises(NotFound):
        await said(world, who="E2")
    await make_task(world, Ask(store="S2", who="E2"))
    await said(world, who="E2")
