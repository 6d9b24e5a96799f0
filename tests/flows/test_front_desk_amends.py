"""What was typed in changes its mind: appointments take another turn, and a mistake is taken back without a trace in the books."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.callbacks.fields import HalfDay
from tasks.desk.faults import CardShort, EntryMovedOn
from tasks.desk.inputs import (
    AppointmentChange,
    DeskAppointment,
    DeskArrival,
    DeskCardUse,
    DeskDone,
    DeskLine,
    DeskSale,
    DeskTopUp,
    DeskVoid,
    NewCard,
)
from tasks.flow.front_desk_appointments import book_appointment, move_appointment
from tasks.flow.front_desk_arrivals import record_arrival
from tasks.flow.front_desk_cards import record_card_use, record_top_up
from tasks.flow.front_desk_sales import record_sale
from tasks.flow.front_desk_voids import void_entry
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.sealing import MasterKey
from tasks.ledger.inputs import LineIn, SaleIn
from tasks.ledger.service import check_facts
from tasks.ledger.states import AppointmentStatus
from tests.support.clock import TestClock, shanghai
from tests.support.desk import typed
from tests.support.plans import count, rows
from tests.support.rows import make_task, task_row
from tests.support.world import World, make_world


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-02 12:00"))
    return await make_world(units, master, stores=2, employees=4, customers=3)


async def events(world: World) -> dict[str, str]:
    found = await rows(
        world, "select type, state from event where merchant_id = :merchant and type <> 'segment_changed'"
    )
    return {row["type"]: row["state"] for row in found}


async def void(world: World, done: DeskDone, who: str = "E1") -> DeskDone:
    return await typed(world, void_entry, DeskVoid(entry_id=done.entry_id or UUID(int=0)), who)


async def booked(world: World, text: str = "2026-03-05 15:00") -> DeskDone:
    said = DeskAppointment(
        customer_id=world.customers["C1"], starts_at=shanghai(text), service="CUT", served_by=world.staff["E1"]
    )
    return await typed(world, book_appointment, said)


async def change(world: World, done: DeskDone, who: str = "E1", **words: object) -> DeskDone:
    said = AppointmentChange(appointment_id=done.id, **words)  # type: ignore[arg-type]  # a test says the right types
    return await typed(world, move_appointment, said, who)


async def stored(world: World) -> tuple[str, str, str]:
    (row,) = await rows(
        world, "select status, precision, starts_on::text as day from appointment where merchant_id = :merchant"
    )
    return row["status"], row["precision"], row["day"]


async def test_a_booking_closes_the_task_and_can_be_moved_and_called_off(world: World) -> None:
    task = await make_task(world)
    done = await booked(world)
    closed = await task_row(world, task.task_id)
    assert (closed["status"], closed["close_reason"]) == ("moot", "booked")
    moved = await change(world, done, starts_on=date(2026, 3, 6), half_day=HalfDay.AFTERNOON)
    assert (moved.known, moved.entry_id) == (False, None)
    assert await stored(world) == ("booked", "half_day", "2026-03-06")
    await change(world, done, status=AppointmentStatus.CONFIRMED)
    assert await events(world) == {"appointment_booked": "accepted"}
    await change(world, done, status=AppointmentStatus.CANCELLED)
    assert (await events(world))["appointment_cancelled"] == "accepted"
    assert (await change(world, done, status=AppointmentStatus.CANCELLED)).known
    await change(world, done, status=AppointmentStatus.BOOKED)
    assert (await events(world))["appointment_cancelled"] == "withdrawn"


async def test_who_did_not_come_is_missed_only_when_the_time_has_come(world: World, clock: TestClock) -> None:
    done = await booked(world)
    with pytest.raises(Invalid, match="status"):
        await change(world, done, status=AppointmentStatus.MISSED)
    await clock.set(shanghai("2026-03-05 18:00"))
    await change(world, done, status=AppointmentStatus.MISSED)
    assert (await events(world))["appointment_missed"] == "accepted"
    with pytest.raises(NotFound):
        await change(world, done, who="E2", status=AppointmentStatus.ARRIVED)
    with pytest.raises(Invalid, match="status"):
        await change(world, done)
    await clock.set(shanghai("2026-04-20 18:00"))
    with pytest.raises(Invalid, match="appointmentId"):
        await change(world, done, status=AppointmentStatus.ARRIVED)


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ({}, "startsAt"),
        ({"starts_on": date(2026, 3, 5)}, "halfDay"),
        ({"starts_on": date(2026, 3, 1), "half_day": HalfDay.MORNING}, "startsOn"),
        ({"starts_at": shanghai("2026-03-05 15:00"), "half_day": HalfDay.MORNING}, "startsAt"),
        ({"starts_at": shanghai("2026-03-05 15:00").replace(tzinfo=None)}, "startsAt"),
        ({"starts_at": shanghai("2027-03-05 15:00")}, "startsAt"),
    ],
)
async def test_an_appointment_has_one_time_ahead(world: World, words: dict[str, object], field: str) -> None:
    said = DeskAppointment(customer_id=world.customers["C1"], **words)  # type: ignore[arg-type]  # a test says the right types
    with pytest.raises(Invalid, match=field):
        await typed(world, book_appointment, said)


async def test_an_appointment_that_a_colleague_agreed_on_is_the_same(world: World) -> None:
    await rows(
        world,
        """insert into appointment (merchant_id, id, customer_id, store_id, starts_at, starts_on, booked_at, recorded_at)
           values (:merchant, :id, :customer, :store, :at, date '2026-03-05', :before, :before) returning id""",
        id=world.staff["E1"], customer=world.customers["C1"], store=world.stores["S1"], at=shanghai("2026-03-05 14:00"),
        before=shanghai("2026-03-01 14:00"),
    )  # fmt: skip
    done = await booked(world)
    assert (done.known, await count(world, "appointment")) == (True, 1)
    await void(world, done)
    assert (await stored(world))[0] == "booked"


async def test_what_was_booked_without_reception_yesterday_is_booked(world: World, clock: TestClock) -> None:
    yesterday = await clock.now()
    await clock.advance(days=1)
    said = DeskAppointment(customer_id=world.customers["C1"], starts_at=shanghai("2026-03-02 18:00"))
    with pytest.raises(Invalid, match="startsAt"):
        await typed(world, book_appointment, said)
    await typed(world, book_appointment, said, at=yesterday)
    assert (await stored(world))[0] == "booked"


async def test_a_mistaken_appointment_was_never_made(world: World) -> None:
    done = await booked(world)
    await void(world, done)
    assert (await stored(world))[0] == "cancelled"
    assert await events(world) == {"appointment_booked": "withdrawn"}


async def test_a_mistaken_arrival_leaves_no_visit_and_no_credit(world: World, clock: TestClock) -> None:
    task = await make_task(world)
    await rows(
        world,
        """insert into contact (merchant_id, id, customer_id, task_id, staff_id, channel, contacted_at, contacted_on)
           values (:merchant, :id, :customer, :id, :staff, 'phone', :now, date '2026-03-02') returning id""",
        id=task.task_id, customer=task.customer_id, staff=world.staff["E1"],
    )  # fmt: skip
    await clock.advance(hours=1)
    done = await typed(world, record_arrival, DeskArrival(customer_id=task.customer_id))
    assert await count(world, "credit") == 1
    await void(world, done)
    assert await count(world, "visit") == 0
    (credit,) = await rows(world, "select revoke_reason from credit where merchant_id = :merchant")
    assert credit == {"revoke_reason": "voided"}
    assert (await events(world))["service_completed"] == "withdrawn"
    assert (await task_row(world, task.task_id))["status"] == "moot"
    assert await world.do(check_facts) == []
    with pytest.raises(EntryMovedOn):
        await void(world, done)


async def test_a_visit_that_a_receipt_speaks_for_stays(world: World) -> None:
    arrived = await typed(world, record_arrival, DeskArrival(customer_id=world.customers["C1"]))
    line = DeskLine(product="CUT", cash_cents=9_800)
    paid = await typed(world, record_sale, DeskSale(customer_id=world.customers["C1"], lines=(line,)))
    await void(world, arrived)
    assert await count(world, "visit") == 1
    await void(world, paid)
    assert await count(world, "visit") == 0
    (sale,) = await rows(world, "select cash_cents from sale where merchant_id = :merchant")
    assert sale["cash_cents"] == 0
    assert await events(world) == {"service_completed": "withdrawn", "purchase": "withdrawn"}
    assert await world.do(check_facts) == []


async def test_an_arrival_speaks_for_the_visit_until_the_last_one_is_voided(world: World) -> None:
    line = DeskLine(product="CUT", cash_cents=9_800)
    paid = await typed(world, record_sale, DeskSale(customer_id=world.customers["C1"], lines=(line,)))
    first = await typed(world, record_arrival, DeskArrival(customer_id=world.customers["C1"]))
    second = await typed(world, record_arrival, DeskArrival(customer_id=world.customers["C1"]), "E3")
    assert (first.known, second.known) == (True, True)
    for done, who in ((paid, "E1"), (first, "E1")):
        await void(world, done, who)
        assert await count(world, "visit") == 1
    await void(world, second, "E3")
    assert await count(world, "visit") == 0


async def test_a_visit_that_another_system_recorded_stays(world: World, clock: TestClock) -> None:
    await world.visit("C1", await clock.now())
    done = await typed(world, record_arrival, DeskArrival(customer_id=world.customers["C1"]))
    await void(world, done)
    assert await count(world, "visit") == 1


async def test_a_receipt_that_the_till_has_recorded_since_stays(world: World, clock: TestClock) -> None:
    said = DeskSale(customer_id=world.customers["C1"], lines=(DeskLine(cash_cents=100),), receipt_no="T-1")
    done = await typed(world, record_sale, said)
    now = await clock.advance(minutes=5)
    await world.books(
        "sales", SaleIn(external_id="T-1", store="S1", at=now, customer="C1", lines=(LineIn(cash_cents=90),))
    )
    with pytest.raises(EntryMovedOn):
        await void(world, done)


async def test_a_card_gets_back_what_was_taken_by_mistake(world: World) -> None:
    said = DeskTopUp(customer_id=world.customers["C1"], new_card=NewCard(product="VALUE"), principal_cents=10_000)
    card = await typed(world, record_top_up, said)
    use = DeskCardUse(
        customer_id=world.customers["C1"], card_id=card.card_id or UUID(int=0), amount_cents=4_000, service="CUT"
    )
    used = await typed(world, record_card_use, use)
    with pytest.raises(CardShort):
        await void(world, card)
    await void(world, used)
    (held,) = await rows(world, "select balance_cents, status from card_facts where merchant_id = :merchant")
    assert held == {"balance_cents": 10_000, "status": "open"}
    assert await count(world, "visit") == 0
    assert (await events(world))["card_used"] == "withdrawn"
    await void(world, card)
    (held,) = await rows(world, "select balance_cents, status from card_facts where merchant_id = :merchant")
    assert held == {"balance_cents": 0, "status": "closed"}
    assert await world.do(check_facts) == []


async def test_a_top_up_by_mistake_goes_again(world: World) -> None:
    said = DeskTopUp(customer_id=world.customers["C1"], new_card=NewCard(product="VALUE"), principal_cents=10_000)
    card = await typed(world, record_top_up, said)
    more = DeskTopUp(customer_id=world.customers["C1"], card_id=card.card_id, principal_cents=5_000, gift_cents=500)
    topped = await typed(world, record_top_up, more)
    with pytest.raises(EntryMovedOn):
        await void(world, card)
    await void(world, topped)
    (held,) = await rows(world, "select balance_cents, status from card_facts where merchant_id = :merchant")
    assert held == {"balance_cents": 10_000, "status": "open"}
    assert (await events(world))["card_topped_up"] == "withdrawn"


async def test_the_author_may_today_and_who_leads_for_a_month(world: World, clock: TestClock) -> None:
    done = await typed(world, record_arrival, DeskArrival(customer_id=world.customers["C1"]))
    other = await typed(world, record_arrival, DeskArrival(customer_id=world.customers["C2"]))
    with pytest.raises(EntryMovedOn):
        await void(world, done, "E3")
    with pytest.raises(NotFound):
        await void(world, done, "E2")
    typed_on = await clock.now()
    await clock.advance(days=1)
    with pytest.raises(EntryMovedOn):
        await void(world, done)
    offline = await typed(world, record_arrival, DeskArrival(customer_id=world.customers["C3"]), at=typed_on)
    assert (await void(world, done, "manager")).id == done.id
    await clock.advance(hours=20)
    late = DeskVoid(entry_id=offline.entry_id or UUID(int=0))
    await typed(world, void_entry, late, at=await clock.now() - timedelta(hours=19))
    await clock.advance(days=31)
    with pytest.raises(EntryMovedOn):
        await void(world, other, "owner")
