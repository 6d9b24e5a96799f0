"""Two phones at the front desk at once: one customer, one receipt, no card overdrawn, one entry per action."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any
from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.desk.faults import CardShort, EntryMovedOn, ReceiptKnown
from tasks.desk.inputs import (
    AppointmentChange,
    DeskArrival,
    DeskCardUse,
    DeskLine,
    DeskSale,
    DeskTopUp,
    DeskVoid,
    NewCard,
    NewCustomer,
    SideContact,
)
from tasks.flow.front_desk_appointments import move_appointment
from tasks.flow.front_desk_arrivals import record_arrival
from tasks.flow.front_desk_cards import record_card_use, record_top_up
from tasks.flow.front_desk_sales import record_sale
from tasks.flow.front_desk_voids import void_entry
from tasks.flow.log_contact import log_contact
from tasks.flow.new_customer import make_customer
from tasks.flow.perform_action import Ask, once
from tasks.kernel.errors import FlowError
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.ledger.service import check_facts
from tasks.ledger.states import AppointmentStatus
from tests.support.clock import TestClock, shanghai
from tests.support.desk import typed
from tests.support.plans import count, rows
from tests.support.world import World, make_world

AT_ONCE = 8


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-02 12:00"))
    return await make_world(units, master, employees=2, customers=2)


async def race(*work: Coroutine[Any, Any, Any]) -> Counter[str]:
    """How often each came out: `done`, or the code of the error."""
    found = await asyncio.gather(*work, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException) and not isinstance(one, FlowError):
            raise one
    return Counter(one.code if isinstance(one, FlowError) else "done" for one in found)


async def test_a_card_is_never_overdrawn(world: World) -> None:
    card = await typed(
        world,
        record_top_up,
        DeskTopUp(customer_id=world.customers["C1"], new_card=NewCard(product="VALUE"), principal_cents=30_000),
    )
    use = DeskCardUse(
        customer_id=world.customers["C1"], card_id=card.card_id or UUID(int=0), amount_cents=10_000, service="CUT"
    )
    done = await race(*(typed(world, record_card_use, use, f"E{1 + n % 2}") for n in range(AT_ONCE)))
    assert done == {"done": 3, CardShort.code: AT_ONCE - 3}
    (held,) = await rows(world, "select balance_cents from card_facts where merchant_id = :merchant")
    assert held["balance_cents"] == 0
    assert await world.do(check_facts) == []


async def test_one_receipt_number_is_one_receipt(world: World) -> None:
    said = [DeskSale(lines=(DeskLine(cash_cents=100 + n),), receipt_no="T-1") for n in range(AT_ONCE)]
    done = await race(*(typed(world, record_sale, one) for one in said))
    assert done == {"done": 1, ReceiptKnown.code: AT_ONCE - 1}
    assert await count(world, "sale") == 1


async def test_a_new_number_is_one_customer(world: World) -> None:
    said = NewCustomer(name="新客", phone="13600000001")
    made = await asyncio.gather(*(typed(world, make_customer, said, f"E{1 + n % 2}") for n in range(AT_ONCE)))
    new = [one.customer_id for one in made if one.customer_id]
    assert len(new) == 1
    assert [one.candidate_ids for one in made if not one.customer_id] == [new] * (AT_ONCE - 1)


async def test_she_arrives_once(world: World) -> None:
    said = DeskArrival(customer_id=world.customers["C1"])
    made = await asyncio.gather(*(typed(world, record_arrival, said) for _ in range(AT_ONCE)))
    assert sorted(one.known for one in made) == [False] + [True] * (AT_ONCE - 1)
    assert len({one.id for one in made}) == 1
    assert await world.do(check_facts) == []


async def test_one_action_is_one_entry_however_often_it_is_sent(world: World) -> None:
    action = new_id()
    body = DeskSale(customer_id=world.customers["C1"], lines=(DeskLine(product="CUT", cash_cents=9_800),))

    async def send() -> Any:
        return await world.do(lambda unit: once(unit, world.scope("E1"), Ask("sale", body, action)))

    answers = await asyncio.gather(*(send() for _ in range(AT_ONCE)))
    assert all(answer == answers[0] for answer in answers)
    assert (await count(world, "sale"), await count(world, "desk_entry")) == (1, 1)


async def test_it_is_voided_once(world: World) -> None:
    body = DeskSale(customer_id=world.customers["C1"], lines=(DeskLine(product="CUT", cash_cents=9_800),))
    done = await typed(world, record_sale, body)
    void = DeskVoid(entry_id=done.entry_id or UUID(int=0))
    came = await race(*(typed(world, void_entry, void, who) for who in ("E1", "manager", "owner", "E1")))
    assert came == {"done": 1, EntryMovedOn.code: 3}
    assert await world.do(check_facts) == []


async def test_everything_of_one_customer_at_once_ends_well(world: World) -> None:
    """A till, the front desk and who rings her, all about one customer: nobody waits for each other for ever, and the facts are right."""
    now = shanghai("2026-03-02 12:00")
    customer = world.customers["C1"]
    await world.appointment("C1", now, external_id="A1")
    (booked,) = await rows(world, "select id from appointment where merchant_id = :merchant")
    complaint = SideContact(customer_id=customer, outcome="complaint", fields={"category": "service"})
    kept = AppointmentChange(appointment_id=booked["id"], status=AppointmentStatus.CONFIRMED)
    sale = DeskSale(customer_id=customer, lines=(DeskLine(product="CUT", cash_cents=9_800),))
    for _ in range(4):
        work: list[Coroutine[Any, Any, Any]] = [
            typed(world, log_contact, complaint),
            typed(world, record_sale, sale, "E2"),
            typed(world, record_arrival, DeskArrival(customer_id=customer)),
            typed(world, move_appointment, kept, "manager"),
            world.sale("C1", now),
            world.appointment("C1", now, external_id="A1"),
            world.appointment("C1", now, external_id="A1", status="missed"),
        ]
        assert await race(*work) == {"done": len(work)}
    assert await world.do(check_facts) == []
