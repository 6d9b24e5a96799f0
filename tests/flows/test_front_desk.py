"""A salon without a POS link: what is typed in at the front desk is the books, and the flow sees it like any other."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.desk.faults import CardShort, CardUnusable, EntryMovedOn, ReceiptKnown
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
from tasks.ledger.inputs import CardItemIn, CardProductIn, LineIn, SaleIn
from tasks.ledger.service import check_facts
from tasks.ledger.states import AppointmentStatus, CardKind
from tasks.ledger.withdrawing import withdraw_visit
from tests.support.clock import TestClock, shanghai
from tests.support.desk import typed
from tests.support.plans import count, rows, start_plan, sweep
from tests.support.rows import make_task, task_row
from tests.support.world import World, make_world


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-02 12:00"))
    made = await make_world(units, master, stores=2, employees=4, customers=2)
    assert await facts(made) == []
    return made


async def facts(world: World) -> list[UUID]:
    return await world.do(check_facts)


async def test_an_arrival_is_a_visit_and_keeps_the_appointment(world: World, clock: TestClock) -> None:
    await world.appointment("C1", shanghai("2026-03-02 12:30"), external_id="A1")
    await world.appointment("C1", shanghai("2026-03-02 18:00"), external_id="A2")
    said = DeskArrival(customer_id=world.customers["C1"], served_by=world.staff["E3"], service="CUT")
    done = await typed(world, record_arrival, said)
    (visit,) = await rows(
        world, "select id, served_by, visited_on::text as day from visit where merchant_id = :merchant"
    )
    assert visit == {"id": done.id, "served_by": world.staff["E3"], "day": "2026-03-02"}
    kept = await rows(world, "select external_id, status from appointment where merchant_id = :merchant order by 1")
    assert kept == [{"external_id": "A1", "status": "arrived"}, {"external_id": "A2", "status": "booked"}]
    await clock.advance(hours=1)
    again = await typed(world, record_arrival, DeskArrival(customer_id=world.customers["C1"]))
    assert (again.known, again.id, done.known) == (True, done.id, False)
    events = await rows(world, "select type from event where merchant_id = :merchant and type = 'service_completed'")
    assert len(events) == 1
    assert await facts(world) == []


async def test_an_arrival_typed_in_closes_the_task_and_is_credited(world: World, clock: TestClock) -> None:
    task = await make_task(world)
    await rows(
        world,
        """insert into contact (merchant_id, id, customer_id, task_id, staff_id, channel, contacted_at, contacted_on)
           values (:merchant, :id, :customer, :id, :staff, 'phone', :now, date '2026-03-02') returning id""",
        id=task.task_id, customer=task.customer_id, staff=world.staff["E1"],
    )  # fmt: skip
    await clock.advance(days=1)
    await typed(world, record_arrival, DeskArrival(customer_id=task.customer_id))
    stored = await task_row(world, task.task_id)
    assert (stored["status"], stored["close_reason"]) == ("moot", "arrived")
    (credit,) = await rows(world, "select kind, staff_id from credit where merchant_id = :merchant")
    assert credit == {"kind": "arrived", "staff_id": world.staff["E1"]}


async def test_a_plan_follows_up_what_was_typed_in(world: World, clock: TestClock) -> None:
    await start_plan(world, "after_service")
    await typed(world, record_arrival, DeskArrival(customer_id=world.customers["C1"], service="CUT"))
    await clock.advance(days=8)
    await sweep(world)
    (task,) = await rows(world, "select customer_id from task where merchant_id = :merchant")
    assert task["customer_id"] == world.customers["C1"]


async def test_a_sale_is_a_receipt_with_its_visit(world: World) -> None:
    lines = (
        DeskLine(product="CUT", cash_cents=9_800, served_by=(world.staff["E1"], world.staff["E3"]), requested=True),
        DeskLine(product="OIL", cash_cents=5_000),
        DeskLine(cash_cents=1_000),
    )
    done = await typed(world, record_sale, DeskSale(customer_id=world.customers["C1"], lines=lines))
    (sale,) = await rows(world, "select id, cash_cents, card_cents from sale where merchant_id = :merchant")
    assert sale == {"id": done.id, "cash_cents": 15_800, "card_cents": 0}
    (visit,) = await rows(world, "select served_by from visit where merchant_id = :merchant")
    assert visit["served_by"] == world.staff["E1"]
    types = await rows(world, "select type from event where merchant_id = :merchant order by type")
    assert [row["type"] for row in types] == ["purchase", "service_completed"]
    assert await facts(world) == []


async def test_a_sale_to_nobody_known_has_no_event(world: World) -> None:
    done = await typed(world, record_sale, DeskSale(lines=(DeskLine(product="OIL", cash_cents=5_000),)))
    assert done.entry_id is not None
    assert await count(world, "event") == 0


async def test_the_tills_number_makes_one_sale_of_two_records(world: World, clock: TestClock) -> None:
    said = DeskSale(
        customer_id=world.customers["C1"], lines=(DeskLine(product="CUT", cash_cents=9_800),), receipt_no="T-77"
    )
    done = await typed(world, record_sale, said)
    with pytest.raises(ReceiptKnown):
        await typed(world, record_sale, said, who="E3")
    now = await clock.now()
    line = LineIn(product="CUT", cash_cents=10_000, staff=("E1",))
    await world.books("sales", SaleIn(external_id="T-77", store="S1", at=now, customer="C1", lines=(line,)))
    sales = await rows(world, "select id, cash_cents from sale where merchant_id = :merchant")
    assert sales == [{"id": done.id, "cash_cents": 10_000}]
    assert await facts(world) == []


async def opened(world: World, customer: str = "C1", **words: Any) -> DeskDone:
    said = DeskTopUp(
        customer_id=world.customers[customer], new_card=NewCard(product="VALUE"), sold_by=world.staff["E1"], **words
    )
    return await typed(world, record_top_up, said)


async def card(world: World) -> dict[str, object]:
    (row,) = await rows(
        world, "select status, principal_cents, gift_cents, uses_left from card_facts where merchant_id = :merchant"
    )
    return row


async def test_a_card_is_opened_topped_up_and_used(world: World) -> None:
    done = await opened(world, principal_cents=100_000, gift_cents=20_000)
    more = DeskTopUp(customer_id=world.customers["C1"], card_id=done.card_id, principal_cents=50_000, paid_cents=45_000)
    await typed(world, record_top_up, more)
    assert await card(world) == {"status": "open", "principal_cents": 150_000, "gift_cents": 20_000, "uses_left": 0}
    use = DeskCardUse(
        customer_id=world.customers["C1"], card_id=done.card_id or UUID(int=0), amount_cents=160_000, service="CUT",
        served_by=world.staff["E3"],
    )  # fmt: skip
    used = await typed(world, record_card_use, use)
    assert await card(world) == {"status": "open", "principal_cents": 0, "gift_cents": 10_000, "uses_left": 0}
    assert used.card_id == done.card_id
    (fact,) = await rows(
        world,
        "select spend_cash_cents, spend_card_cents, visit_count from customer_facts where merchant_id = :merchant and customer_id = :c",
        c=world.customers["C1"],
    )
    assert fact == {"spend_cash_cents": 145_000, "spend_card_cents": 160_000, "visit_count": 1}
    types = await rows(
        world, "select type, count(*) as n from event where merchant_id = :merchant group by 1 order by 1"
    )
    assert {row["type"]: row["n"] for row in types} == {
        "purchase": 3, "card_topped_up": 1, "card_used": 1, "service_completed": 1,
    }  # fmt: skip
    assert await facts(world) == []


async def test_a_card_gives_no_more_than_it_holds(world: World) -> None:
    done = await opened(world, principal_cents=10_000, gift_cents=500)
    card_id = done.card_id or UUID(int=0)
    with pytest.raises(CardShort):
        await typed(
            world,
            record_card_use,
            DeskCardUse(customer_id=world.customers["C1"], card_id=card_id, amount_cents=10_501),
        )
    with pytest.raises(CardShort):
        await typed(world, record_card_use, DeskCardUse(customer_id=world.customers["C1"], card_id=card_id, uses=1))
    with pytest.raises(Invalid, match="amountCents"):
        await typed(world, record_card_use, DeskCardUse(customer_id=world.customers["C1"], card_id=card_id))
    with pytest.raises(NotFound):
        await typed(world, record_card_use, DeskCardUse(customer_id=world.customers["C2"], card_id=card_id, uses=1))
    (code,) = await rows(world, "select external_id from card where merchant_id = :merchant")
    await world.card_entry(code["external_id"], "close", shanghai("2026-03-02 12:00"), principal=-10_000)
    with pytest.raises(CardUnusable):
        await typed(
            world, record_card_use, DeskCardUse(customer_id=world.customers["C1"], card_id=card_id, amount_cents=1)
        )


async def test_a_times_card_counts_uses_and_says_what_they_are_worth(world: World) -> None:
    said = DeskTopUp(customer_id=world.customers["C1"], new_card=NewCard(product="TIMES"), uses=10, paid_cents=98_000)
    done = await typed(world, record_top_up, said)
    use = DeskCardUse(
        customer_id=world.customers["C1"], card_id=done.card_id or UUID(int=0), uses=1, value_cents=9_800, service="CUT"
    )
    await typed(world, record_card_use, use)
    assert (await card(world))["uses_left"] == 9
    (sale,) = await rows(world, "select card_cents from sale where merchant_id = :merchant and card_cents > 0")
    assert sale["card_cents"] == 9_800
    assert await facts(world) == []


async def test_what_is_not_ones_own_is_not_there(world: World, clock: TestClock) -> None:
    """C1 is at home in S1; E2 works in S2 and never served her."""
    now = await clock.now()
    with pytest.raises(NotFound):
        await typed(world, record_arrival, DeskArrival(customer_id=world.customers["C1"]), who="E2")
    with pytest.raises(NotFound):
        await typed(world, record_arrival, DeskArrival(customer_id=world.customers["C1"], store_id=world.stores["S2"]))
    with pytest.raises(Invalid, match="servedBy"):
        await typed(world, record_arrival, DeskArrival(customer_id=world.customers["C1"], served_by=world.staff["E2"]))
    await world.appointment("C1", now + timedelta(days=2))
    manager = DeskArrival(customer_id=world.customers["C1"])
    with pytest.raises(Invalid, match="storeId"):
        await typed(world, record_arrival, manager, who="manager")
    assert await count(world, "desk_entry") == 0
    assert await count(world, "visit") == 0


@pytest.mark.parametrize("at", ["2026-03-02 12:06", "2026-01-30 11:00"])
async def test_neither_tomorrow_nor_last_month(world: World, at: str) -> None:
    with pytest.raises(Invalid, match="at"):
        await typed(world, record_arrival, DeskArrival(customer_id=world.customers["C1"], at=shanghai(at)))


async def test_yesterdays_arrival_is_yesterdays(world: World, clock: TestClock) -> None:
    at = shanghai("2026-03-01 19:00")
    await typed(world, record_arrival, DeskArrival(customer_id=world.customers["C1"], at=at))
    late = await clock.advance(days=1)
    await typed(world, record_arrival, DeskArrival(customer_id=world.customers["C2"]), at=late - timedelta(days=1))
    days = await rows(world, "select visited_on::text as day from visit where merchant_id = :merchant order by 1")
    assert [row["day"] for row in days] == ["2026-03-01", "2026-03-02"]


@pytest.mark.parametrize(
    ("act", "said", "field"),
    [
        (record_arrival, {"service": "NO-SUCH"}, "service"),
        (record_arrival, {"service": "OIL"}, "service"),
        (record_arrival, {"at": shanghai("2026-03-02 11:00").replace(tzinfo=None)}, "at"),
        (record_sale, {"lines": (DeskLine(cash_cents=1), DeskLine(product="NO-SUCH"))}, r"lines\[1\]\.product"),
        (record_sale, {"lines": (DeskLine(quantity=Decimal("NaN")),)}, r"lines\[0\]\.quantity"),
        (record_sale, {"lines": (DeskLine(),), "receipt_no": " "}, "receiptNo"),
        (record_top_up, {}, "cardId"),
        (record_top_up, {"card_id": UUID(int=1)}, "principalCents"),
        (record_top_up, {"new_card": NewCard(product="NO-SUCH")}, r"newCard\.product"),
        (
            record_top_up,
            {"new_card": NewCard(product="VALUE", items=(CardItemIn(product="NO-SUCH"),))},
            r"newCard\.items",
        ),
    ],
)
async def test_a_refused_field_is_named_as_the_phone_calls_it(
    world: World, act: Any, said: dict[str, Any], field: str
) -> None:
    shape = {record_arrival: DeskArrival, record_sale: DeskSale, record_top_up: DeskTopUp}[act]
    with pytest.raises(Invalid, match=field):
        await typed(world, act, shape(customer_id=world.customers["C1"], **said))
    assert await count(world, "desk_entry") == 0


async def test_a_gift_card_is_opened_without_money_and_used_without_taking(world: World) -> None:
    await world.books("card_products", CardProductIn(code="GIFT", name="体验卡", kind=CardKind.GIFT))
    done = await typed(
        world, record_top_up, DeskTopUp(customer_id=world.customers["C1"], new_card=NewCard(product="GIFT"))
    )
    assert await count(world, "sale") == 0
    use = DeskCardUse(customer_id=world.customers["C1"], card_id=done.card_id or UUID(int=0), service="CUT")
    await typed(world, record_card_use, use)
    assert await count(world, "visit") == 1
    both = DeskCardUse(
        customer_id=world.customers["C1"], card_id=done.card_id or UUID(int=0), amount_cents=1, value_cents=1
    )
    with pytest.raises(Invalid, match="valueCents"):
        await typed(world, record_card_use, both)


async def test_a_walk_in_record_books_without_being_followed_up(world: World) -> None:
    await world.customer("W", name="散客", anonymous=True)
    with pytest.raises(Invalid, match="customerId"):
        await typed(world, record_arrival, DeskArrival(customer_id=world.customers["W"]))
    booked = await typed(
        world,
        book_appointment,
        DeskAppointment(customer_id=world.customers["W"], starts_at=shanghai("2026-03-03 15:00")),
    )
    await typed(
        world, move_appointment, AppointmentChange(appointment_id=booked.id, status=AppointmentStatus.CANCELLED)
    )
    assert await count(world, "event") == 0
    await typed(world, void_entry, DeskVoid(entry_id=booked.entry_id or UUID(int=0)))


async def test_a_sale_to_nobody_is_voided_too(world: World) -> None:
    done = await typed(world, record_sale, DeskSale(lines=(DeskLine(product="CUT", cash_cents=5_000),)))
    await typed(world, void_entry, DeskVoid(entry_id=done.entry_id or UUID(int=0)))
    (sale,) = await rows(world, "select cash_cents from sale where merchant_id = :merchant")
    assert sale["cash_cents"] == 0


async def test_a_card_that_was_returned_since_keeps_its_rows(world: World, clock: TestClock) -> None:
    done = await opened(world, principal_cents=10_000)
    (code,) = await rows(world, "select external_id from card where merchant_id = :merchant")
    await world.card_entry(code["external_id"], "close", await clock.now(), principal=-10_000)
    with pytest.raises(EntryMovedOn):
        await typed(world, void_entry, DeskVoid(entry_id=done.entry_id or UUID(int=0)))


async def test_a_visit_that_is_gone_is_withdrawn_already(world: World) -> None:
    assert await world.do(lambda unit: withdraw_visit(unit, UUID(int=7))) == []
