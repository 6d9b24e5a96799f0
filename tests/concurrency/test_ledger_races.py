"""Two batches at once: nothing twice, nothing lost, nobody stuck."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from backend.db.units import Units
from tasks.flow.accept_events import accept_events
from tasks.flow.record_books import record_books
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import ItemVerdict, Taken
from tasks.ledger import service as ledger
from tasks.ledger.inputs import AppointmentIn, CardIn, EntryIn, LineIn, SaleIn
from tasks.ledger.states import EntryKind
from tasks.people.inputs import CustomerIn
from tests.support.clock import TestClock, shanghai
from tests.support.clouds import cloud
from tests.support.waiting import until
from tests.support.world import World, make_world

AT = shanghai("2026-03-01 11:00")
ROUNDS = range(4)


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    made = await make_world(units, master)
    await made.books("customers", *(CustomerIn(external_id=f"C{n}") for n in range(20)))
    return made


def books(kind: str, *items: Any) -> Callable[[Unit], Awaitable[list[ItemVerdict]]]:
    return lambda unit: record_books(unit, kind, items)


def events(*items: Any) -> Callable[[Unit], Awaitable[list[ItemVerdict]]]:
    return lambda unit: accept_events(unit, items)


async def together(world: World, *work: Callable[[Unit], Awaitable[list[ItemVerdict]]]) -> list[list[ItemVerdict]]:
    """Run all at once, each in its own transaction; none may fail."""
    ready = asyncio.Barrier(len(work))

    async def one(what: Callable[[Unit], Awaitable[list[ItemVerdict]]]) -> list[ItemVerdict]:
        async with world.units.open(world.merchant_id) as unit:
            await ready.wait()
            return await what(unit)

    return list(await asyncio.gather(*(one(what) for what in work)))


async def scalar(world: World, sql: str) -> Any:
    async with world.units.open(world.merchant_id) as unit:
        assert await ledger.check_facts(unit) == []
        return await unit.scalar(sql)


def sale(code: str, customer: str, cents: int = 100) -> SaleIn:
    line = LineIn(product="CUT", cash_cents=cents, staff=("E1",))
    return SaleIn(external_id=code, store="S1", at=AT, customer=customer, lines=(line,))


async def test_the_same_new_customers_in_opposite_order(world: World) -> None:
    for turn in ROUNDS:
        people = [CustomerIn(external_id=f"N{turn}-{n}", name=f"客{n}", phones=(f"138001{n:05d}",)) for n in range(30)]
        answers = await together(world, books("customers", *people), books("customers", *reversed(people)))
        assert {v.status for v in (*answers[0], *answers[1])} == {Taken.ACCEPTED, Taken.DUPLICATE}
        assert {v.id for v in answers[0]} == {v.id for v in answers[1]}
    assert await scalar(world, "select count(*) from customer where merchant_id = :merchant") == 20 + 30 * len(ROUNDS)


async def test_the_same_new_receipts_in_opposite_order(world: World) -> None:
    for turn in ROUNDS:
        same = [sale(f"R{turn}-{n}", f"C{n}") for n in range(20)]
        answers = await together(world, books("sales", *same), books("sales", *reversed(same)), books("sales", *same))
        flat = [v.status for answer in answers for v in answer]
        assert flat.count(Taken.ACCEPTED) == 20
        assert flat.count(Taken.DUPLICATE) == 40
    turns = len(ROUNDS)
    assert (
        await scalar(world, "select count(*) from event where merchant_id = :merchant and type = 'purchase'")
        == 20 * turns
    )
    assert (
        await scalar(world, "select sum(spend_cash_cents) from customer_facts where merchant_id = :merchant")
        == 2000 * turns
    )


async def test_two_versions_of_a_receipt_leave_one_whole_one(world: World) -> None:
    for turn in ROUNDS:
        await together(world, books("sales", sale(f"V{turn}", "C1", 100)), books("sales", sale(f"V{turn}", "C1", 900)))
    rows = "select count(*) from sale s where merchant_id = :merchant and cash_cents = (select sum(l.cash_cents) from sale_line l where l.sale_id = s.id)"
    assert await scalar(world, rows) == len(ROUNDS)


async def test_two_receipts_of_one_visit(world: World) -> None:
    for turn in ROUNDS:
        await together(world, *(books("sales", sale(f"W{turn}-{n}", f"C{turn}")) for n in range(4)))
    assert await scalar(world, "select count(*) from visit where merchant_id = :merchant") == len(ROUNDS)
    done = "select count(*) from event where merchant_id = :merchant and type = 'service_completed'"
    assert await scalar(world, done) == len(ROUNDS)


async def test_batches_over_the_same_customers_take_turns(world: World) -> None:
    rng = random.Random(7)  # noqa: S311  # a shuffle
    work = []
    for batch in range(8):
        people = rng.sample(range(20), 15)
        items = [sale(f"B{batch}-{n}", f"C{who}") for n, who in enumerate(people)]
        work.append(books("sales", *items))
    await together(world, *work)
    assert await scalar(world, "select sum(purchase_count) from customer_facts where merchant_id = :merchant") == 120


async def test_a_sale_as_receipt_and_as_event_at_once(world: World) -> None:
    for turn in range(8):
        lines = [{"product": "CUT", "cashCents": 100, "staff": ["E1"]}]
        event = cloud("purchase", AT, saleId=f"X{turn}", store="S1", customer="C1", lines=lines)
        work = [books("sales", sale(f"X{turn}", "C1")), events(event), events(event)]
        rng = random.Random(turn)  # noqa: S311  # a shuffle
        rng.shuffle(work)
        answers = await together(world, *work)
        assert not [v for answer in answers for v in answer if v.status is Taken.REJECTED]
        (again,) = await world.do(events(event))
        assert again.status is Taken.DUPLICATE
    assert await scalar(world, "select count(*) from event where merchant_id = :merchant and type = 'purchase'") == 8
    assert await scalar(world, "select count(*) from sale where merchant_id = :merchant") == 8


async def test_one_event_sent_many_times_at_once(world: World) -> None:
    for customer in ("C1", "UNKNOWN"):
        event = cloud("tried_not_bought", AT, customer=customer)
        answers = await together(world, *(events(event) for _ in range(6)))
        assert sorted(v.status for (v,) in answers) == [Taken.ACCEPTED] + [Taken.DUPLICATE] * 5


async def test_mixed_events_over_the_same_customers(world: World) -> None:
    for n in range(10):
        await world.card(f"C{n}", AT, external_id=f"K{n}")
    rng = random.Random(3)  # noqa: S311  # a shuffle
    work = []
    for batch in range(6):
        items = []
        for n in range(30):
            who = rng.randrange(10)
            code, later = f"{batch}-{n}", AT + timedelta(minutes=n)
            items.append(
                rng.choice(
                    (
                        cloud("purchase", later, saleId=f"S{code}", store="S1", customer=f"C{who}", cashCents=10),
                        cloud("service_completed", later, customer=f"C{who}", store="S1", service="CUT"),
                        cloud(
                            "card_used",
                            later,
                            customer=f"C{who}",
                            cardId=f"K{who}",
                            entryId=f"U{code}",
                            principalCents=1,
                        ),
                        cloud("complaint", later, customer=f"C{who}"),
                    )
                )
            )
        work.append(events(*items))
    answers = await together(world, *work)
    assert {v.status for answer in answers for v in answer} == {Taken.ACCEPTED}
    assert await scalar(world, "select count(*) from visit where merchant_id = :merchant") <= 10


async def test_one_card_and_one_appointment_sent_twice_at_once(world: World) -> None:
    for turn in ROUNDS:
        entry = EntryIn(external_id=f"e{turn}", kind=EntryKind.OPEN, at=AT, principal_cents=500)
        card = CardIn(external_id=f"NK{turn}", product="VALUE", customer="C1", opened_on=AT.date(), entries=(entry,))
        coming = AppointmentIn(external_id=f"NP{turn}", store="S1", starts_at=AT, customer="C1")
        answers = await together(
            world,
            books("cards", card),
            books("cards", card),
            books("appointments", coming),
            books("appointments", coming),
        )
        for pair in (answers[:2], answers[2:]):
            assert sorted(v.status for (v,) in pair) == [Taken.ACCEPTED, Taken.DUPLICATE]
    assert await scalar(
        world, "select sum(principal_cents) from card_facts where merchant_id = :merchant"
    ) == 500 * len(ROUNDS)


async def waiting_for(unit: Unit, many: int) -> bool:
    """True when so many wait for what the unit holds."""
    await unit.run("select pg_stat_clear_snapshot()")
    found = await unit.scalar(
        "select count(*) from pg_stat_activity where pg_backend_pid() = any(pg_blocking_pids(pid))"
    )
    return int(found) >= many


def card(code: str, customer: str) -> CardIn:
    return CardIn(external_id=code, product="VALUE", customer=customer, store="S1", opened_on=AT.date())


@pytest.mark.parametrize("before", [None, "C3"])
@pytest.mark.parametrize(("kind", "of"), [("sales", sale), ("cards", card)])
async def test_what_becomes_anothers_in_this_instant_costs_her_nothing(
    world: World, kind: str, of: Callable[[str, str], SaleIn | CardIn], before: str | None
) -> None:
    """B records as C2's what A just makes C1's, while something else is recorded of C1: her facts have that, and nothing that is C2's."""
    recorded, taken = asyncio.Event(), asyncio.Event()
    if before is not None:
        await world.books(kind, of("R", before))

    async def a() -> None:
        async with world.units.open(world.merchant_id) as unit:
            await record_books(unit, kind, [of("R", "C1")])
            recorded.set()
            await until(lambda: waiting_for(unit, 2))

    async def b() -> list[ItemVerdict]:
        await recorded.wait()
        async with world.units.open(world.merchant_id) as unit:
            verdicts = await record_books(unit, kind, [of("R", "C2")])
        taken.set()
        return verdicts

    async def c() -> None:
        await recorded.wait()
        async with world.units.open(world.merchant_id) as unit:
            other = SaleIn(external_id="OTHER", store="S1", at=AT, customer="C1", lines=(LineIn(cash_cents=7),))
            await record_books(unit, "sales", [other])
            await until(lambda: waits_or_is_done(unit))

    async def waits_or_is_done(unit: Unit) -> bool:
        """B waits for C1's facts, or had them before this did: when A lets go, either may be first."""
        return taken.is_set() or await waiting_for(unit, 1)

    _, verdicts, _ = await asyncio.gather(a(), b(), c())
    assert [verdict.status for verdict in verdicts] == [Taken.ACCEPTED]
    spent = "select array_agg(spend_cash_cents order by spend_cash_cents) from customer_facts where merchant_id = :merchant and spend_cash_cents > 0"
    assert await scalar(world, spent) == ([7, 100] if kind == "sales" else [7])
