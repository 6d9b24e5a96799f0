"""Books in: what becomes of receipts, visits, appointments and cards."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from backend.db.units import Units
from tasks.flow.record_books import record_books
from tasks.kernel.errors import Invalid
from tasks.kernel.sealing import MasterKey
from tasks.kernel.verdicts import ItemVerdict, Taken
from tasks.ledger import service as ledger
from tasks.ledger.inputs import AppointmentIn, CardIn, CardItemIn, EntryIn, LineIn, ProductIn, SaleIn, VisitIn
from tasks.ledger.states import AppointmentStatus, EntryKind, ProductKind
from tasks.people.inputs import CustomerIn
from tests.support.clock import TestClock, shanghai
from tests.support.world import World, make_world

AT = shanghai("2026-02-10 11:00")


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    made = await make_world(units, master)
    await made.customer("A")
    return made


async def rows(world: World, table: str, columns: str = "*", where: str = "true") -> list[dict[str, Any]]:
    async with world.units.open(world.merchant_id) as unit:
        found = await unit.rows(f"select {columns} from {table} where merchant_id = :merchant and {where} order by 1")
        return [dict(row) for row in found]


OF_BOOKS = "source <> 'huifang:insight'"
"""Movements of tiers follow from books too; tests/flows/test_insight.py has them."""


async def events(world: World) -> list[tuple[str, str]]:
    return [(row["type"], row["state"]) for row in await rows(world, "event", "type, state", OF_BOOKS)]


async def facts(world: World, code: str = "A") -> dict[str, Any]:
    async with world.units.open(world.merchant_id) as unit:
        assert await ledger.check_facts(unit) == []
        row = await unit.row(
            "select * from customer_facts where merchant_id = :merchant and customer_id = :id", id=world.customers[code]
        )
        assert row is not None
        return dict(row)


def receipt(code: str, *lines: LineIn, customer: str | None = "A", at: Any = AT) -> SaleIn:
    return SaleIn(external_id=code, store="S1", at=at, customer=customer, lines=lines)


async def send(world: World, kind: str, *items: Any) -> list[ItemVerdict]:
    return await world.do(lambda unit: record_books(unit, kind, items))


async def test_a_receipt_makes_lines_visit_events_and_facts(world: World) -> None:
    lines = (
        LineIn(product="CUT", cash_cents=8_000, tax_cents=400, staff=("E1", "E2"), requested=True),
        LineIn(product="LASH", card_cents=20_000, staff=("E2",)),
        LineIn(product="OIL", quantity=Decimal("2.5"), cash_cents=5_000, staff=("E2",)),
    )
    (verdict,) = await world.books("sales", receipt("R1", *lines))
    (sale,) = await rows(world, "sale")
    assert (sale["id"], sale["cash_cents"], sale["card_cents"], sale["tax_cents"]) == (verdict.id, 13_000, 20_000, 400)
    assert sale["sold_on"] == date(2026, 2, 10)
    stored = await rows(world, "sale_line", "line_no, quantity, staff_id, requested")
    assert [row["quantity"] for row in stored] == [1, 1, Decimal("2.5")]
    assert [row["requested"] for row in stored] == [True, False, False]
    helpers = await rows(world, "sale_line_helper", "line_no, staff_id")
    assert helpers == [{"line_no": 1, "staff_id": world.staff["E2"]}]
    (visit,) = await rows(world, "visit")
    assert (visit["customer_id"], visit["visited_on"], visit["visited_at"]) == (
        world.customers["A"],
        date(2026, 2, 10),
        AT,
    )
    # One line each: the larger amount decides; the main service is the larger one too.
    lash = (await rows(world, "product", "id", "code = 'LASH'"))[0]["id"]
    assert (visit["served_by"], visit["product_id"]) == (world.staff["E2"], lash)
    assert await events(world) == [("purchase", "accepted"), ("service_completed", "accepted")]
    known = await facts(world)
    assert known["first_visit_on"] == known["last_visit_on"] == date(2026, 2, 10)
    assert (known["visit_count"], known["purchase_count"]) == (1, 1)
    assert (known["spend_cash_cents"], known["spend_card_cents"], known["highest_payment_cents"]) == (
        13_000,
        20_000,
        33_000,
    )
    assert known["first_purchase_at"] == known["last_purchase_at"] == AT


async def test_the_local_day_decides_and_two_receipts_of_a_day_are_one_visit(world: World) -> None:
    late, next_day = shanghai("2026-02-10 23:50"), shanghai("2026-02-11 00:10")
    await world.sale("A", late, staff=("E2",))
    await world.sale("A", AT, staff=("E1",))
    await world.sale("A", next_day)
    visits = await rows(world, "visit", "visited_on, visited_at, served_by")
    assert [(v["visited_on"], v["visited_at"]) for v in visits] == [
        (date(2026, 2, 10), AT),
        (date(2026, 2, 11), next_day),
    ]
    assert [kind for kind, _ in await events(world)] == ["purchase"] * 3 + ["service_completed"] * 2
    assert (await facts(world))["visit_count"] == 2


async def test_goods_refunds_walk_ins_and_internal(world: World) -> None:
    await world.customer("WALK", anonymous=True)
    await world.customer("STAFF", internal=True)
    await world.sale("A", AT, service="OIL", cash=9_000)
    await world.sale("A", AT, service="CUT", cash=0, external_id="free")
    await world.books(
        "sales",
        receipt(
            "back", LineIn(product="CUT", quantity=Decimal(-1), cash_cents=-2_000), at=shanghai("2026-02-12 10:00")
        ),
    )
    await world.sale("WALK", AT)
    await world.sale("STAFF", AT)
    await world.sale(None, AT)
    assert await events(world) == [
        ("purchase", "accepted"),
        ("purchase", "accepted"),
        ("refunded", "accepted"),
        ("service_completed", "accepted"),
        ("service_completed", "accepted"),
    ]
    assert len(await rows(world, "sale")) == 6
    known = await facts(world)
    assert (known["spend_cash_cents"], known["purchase_count"], known["visit_count"]) == (7_000, 1, 1)
    walk = await facts(world, "WALK")
    assert (walk["purchase_count"], walk["visit_count"]) == (1, 0)


async def test_the_same_again_is_a_duplicate_and_another_replaces(world: World) -> None:
    await world.sale("A", AT, external_id="R1", cash=10_000)
    (again,) = await send(world, "sales", receipt("R1", LineIn(product="CUT", cash_cents=10_000, staff=("E1",))))
    assert again.status is Taken.DUPLICATE
    (other,) = await send(
        world, "sales", receipt("R1", LineIn(product="OIL", cash_cents=3_000), LineIn(product="OIL", cash_cents=1))
    )
    assert (other.status, other.id) == (Taken.ACCEPTED, again.id)
    assert [row["cash_cents"] for row in await rows(world, "sale_line", "line_no, cash_cents")] == [3_000, 1]
    assert await rows(world, "visit") == []
    assert await events(world) == [("purchase", "accepted"), ("service_completed", "withdrawn")]
    known = await facts(world)
    assert (known["visit_count"], known["first_visit_on"], known["spend_cash_cents"]) == (0, None, 3_001)


async def test_a_visit_that_comes_back_is_the_same_visit_and_event(world: World) -> None:
    cut, oil = LineIn(product="CUT", cash_cents=100, staff=("E1",)), LineIn(product="OIL", cash_cents=100)
    await world.books("sales", receipt("R1", cut))
    (visit,) = await rows(world, "visit", "id")
    before = await rows(world, "event", "id, type", OF_BOOKS)
    for line in (oil, cut, oil, cut):
        await world.books("sales", receipt("R1", line))
    assert await rows(world, "visit", "id") == [visit]
    assert await rows(world, "event", "id, type", OF_BOOKS) == before
    assert {state for _, state in await events(world)} == {"accepted"}


async def test_a_receipt_may_change_sign_and_owner(world: World) -> None:
    await world.customer("B")
    await world.sale("A", AT, external_id="R1", cash=5_000)
    await world.sale("A", AT, external_id="R1", cash=-5_000)
    assert sorted(await events(world)) == [
        ("purchase", "withdrawn"),
        ("refunded", "accepted"),
        ("service_completed", "accepted"),
    ]
    await world.sale("B", AT, external_id="R1", cash=5_000)
    assert (await facts(world))["visit_count"] == 0
    assert (await facts(world, "B"))["purchase_count"] == 1
    owners = await rows(world, "event", "type, customer_id", f"state = 'accepted' and {OF_BOOKS}")
    assert {(row["type"], row["customer_id"]) for row in owners} == {
        ("purchase", world.customers["B"]),
        ("service_completed", world.customers["B"]),
    }


async def test_a_visit_of_its_own_survives_its_receipt(world: World) -> None:
    await world.visit("A", shanghai("2026-02-10 15:00"), staff="E2")
    await world.sale("A", AT, external_id="R1", staff=("E1",))
    (visit,) = await rows(world, "visit", "visited_at, served_by")
    assert visit == {"visited_at": AT, "served_by": world.staff["E1"]}
    await world.sale("A", AT, external_id="R1", service="OIL")
    (visit,) = await rows(world, "visit", "visited_at, served_by")
    assert visit == {"visited_at": shanghai("2026-02-10 15:00"), "served_by": world.staff["E2"]}
    same = VisitIn(customer="A", store="S1", at=shanghai("2026-02-10 15:00"), staff="E2", service="CUT")
    assert [v.status for v in await send(world, "visits", same, same)] == [Taken.DUPLICATE] * 2
    assert [kind for kind, _ in await events(world)].count("service_completed") == 1


async def test_refusals_name_the_field_and_cost_nothing_else(world: World) -> None:
    good = LineIn(product="CUT", cash_cents=1)
    verdicts = await send(
        world,
        "sales",
        receipt("ok", good),
        receipt("", good),
        SaleIn(external_id="x1", store="S9", at=AT),
        receipt("x2", good, customer="nobody"),
        receipt("x3", good, LineIn(product="nothing")),
        receipt("x4", LineIn(staff=("E1", "nobody"))),
        receipt("x5", LineIn(quantity=Decimal("NaN"))),
        receipt("x6", LineIn(cash_cents=10**16)),
        receipt("x7", LineIn(description="\x00")),
        receipt("x8", good, at=AT.replace(tzinfo=None)),
        receipt("ok2"),
    )
    fields = [
        "externalId",
        "store",
        "customer",
        "lines[1].product",
        "lines[0].staff[1]",
        "lines[0].quantity",
        "lines[0]",
    ]
    assert [v.field for v in verdicts] == [None, *fields, "lines[0].description", "at", None]
    assert {v.status for v in verdicts[1:-1]} == {Taken.REJECTED}
    assert [row["external_id"] for row in await rows(world, "sale", "external_id")] == ["ok", "ok2"]
    with pytest.raises(Invalid):
        await send(world, "scrolls")


async def test_of_two_receipts_with_one_number_in_a_batch_the_last_counts(world: World) -> None:
    one, two = receipt("R", LineIn(cash_cents=1)), receipt("R", LineIn(cash_cents=2))
    verdicts = await send(world, "sales", one, two)
    assert {v.id for v in verdicts} == {row["id"] for row in await rows(world, "sale", "id")}
    assert (await facts(world))["spend_cash_cents"] == 2


async def test_appointments_become_events_as_their_state_changes(world: World, clock: TestClock) -> None:
    starts = shanghai("2026-03-05 15:00")
    await world.appointment("A", starts, external_id="P1")
    await world.appointment("A", starts, external_id="P1")
    await clock.advance(hours=1)
    await world.appointment("A", starts, external_id="P1", status="confirmed")
    assert await events(world) == [("appointment_booked", "accepted")]
    await world.appointment("A", starts, external_id="P1", status="cancelled")
    assert await events(world) == [("appointment_booked", "accepted"), ("appointment_cancelled", "accepted")]
    await world.appointment("A", starts, external_id="P1")
    assert await events(world) == [("appointment_booked", "accepted"), ("appointment_cancelled", "withdrawn")]
    await world.appointment("A", starts, external_id="P1", status="missed")
    kinds = dict(await events(world))
    assert kinds == {
        "appointment_booked": "accepted",
        "appointment_cancelled": "withdrawn",
        "appointment_missed": "accepted",
    }
    (row,) = await rows(world, "appointment")
    assert (row["starts_on"], row["status"], row["booked_at"]) == (
        date(2026, 3, 5),
        "missed",
        shanghai("2026-03-02 08:00").replace(microsecond=row["booked_at"].microsecond, second=row["booked_at"].second),
    )
    bad = [
        AppointmentIn(external_id="P2", store="S1", starts_at=starts, customer="nobody"),
        AppointmentIn(external_id="P2", store="S1", starts_at=starts, deposit_cents=-1),
        AppointmentIn(external_id="P3", store="S1", starts_at=starts, status=AppointmentStatus.CANCELLED),
    ]
    verdicts = await send(world, "appointments", *bad)
    assert [v.field for v in verdicts] == ["customer", "depositCents", None]


def entry(code: str, kind: EntryKind, at: str, **values: Any) -> EntryIn:
    return EntryIn(external_id=code, kind=kind, at=shanghai(at), **values)


async def test_a_card_adds_up_and_says_what_happened(world: World) -> None:
    opened = entry(
        "e1",
        EntryKind.OPEN,
        "2026-01-01 10:00",
        principal_cents=100_000,
        gift_cents=20_000,
        expires_on=date(2026, 12, 31),
    )
    card = CardIn(
        external_id="K",
        product="VALUE",
        customer="A",
        store="S1",
        entries=(opened,),
        items=(CardItemIn(product="CUT"),),
    )
    await world.books("cards", card)
    more = (
        entry("e2", EntryKind.CONSUME, "2026-01-05 10:00", principal_cents=-30_000, gift_cents=-5_000, staff="E1"),
        entry("e3", EntryKind.TOP_UP, "2026-01-06 10:00", principal_cents=10_000),
        entry("e4", EntryKind.FREEZE, "2026-01-07 10:00", frozen=True),
        entry("e5", EntryKind.EXTEND, "2026-01-08 10:00", expires_on=date(2027, 12, 31)),
    )
    assert [v.status for v in await send(world, "cards", CardIn(external_id="K", entries=more))] == [Taken.ACCEPTED]
    assert [v.status for v in await send(world, "cards", CardIn(external_id="K", entries=more), card)] == [
        Taken.DUPLICATE
    ] * 2
    (known,) = await rows(world, "card_facts")
    assert (known["principal_cents"], known["gift_cents"], known["balance_cents"]) == (80_000, 15_000, 95_000)
    assert (known["expires_on"], known["frozen"], known["status"]) == (date(2027, 12, 31), True, "open")
    assert (known["last_used_at"], known["last_topped_up_at"]) == (
        shanghai("2026-01-05 10:00"),
        shanghai("2026-01-06 10:00"),
    )
    assert [kind for kind, _ in await events(world)] == ["card_topped_up", "card_used", "purchase"]
    mine = await facts(world)
    assert (mine["card_count"], mine["card_principal_cents"], mine["card_gift_cents"]) == (1, 80_000, 15_000)


async def test_a_card_may_change_hands_and_close(world: World) -> None:
    await world.customer("B")
    await world.card("A", AT, principal=80_000, external_id="K")
    await world.books("cards", CardIn(external_id="K", customer="B"))
    assert ((await facts(world))["card_count"], (await facts(world, "B"))["card_count"]) == (0, 1)
    holders = await rows(world, "card_holder", "customer_id", "to_on is null")
    assert [row["customer_id"] for row in holders] == [world.customers["B"]]
    await world.card_entry("K", "close", shanghai("2026-02-01 10:00"), principal=-80_000)
    assert (await facts(world, "B"))["card_count"] == 0
    assert (await events(world))[0] == ("card_closed", "accepted")


async def test_cards_are_refused_by_field(world: World) -> None:
    use = EntryKind.CONSUME
    verdicts = await send(
        world,
        "cards",
        CardIn(external_id="N1", customer="A"),
        CardIn(external_id="N1", product="VALUE"),
        CardIn(external_id="N1", product="VALUE", customer="A"),
        CardIn(external_id="N1", product="nothing", customer="A", opened_on=AT.date()),
        CardIn(external_id="N1", product="VALUE", customer="nobody", opened_on=AT.date()),
        CardIn(
            external_id="N1",
            product="VALUE",
            customer="A",
            entries=(entry("x", use, "2026-01-01 10:00", principal_cents=1),),
        ),
        CardIn(
            external_id="N1", product="VALUE", customer="A", entries=(entry("x", use, "2026-01-01 10:00", frozen=True),)
        ),
        CardIn(
            external_id="N1",
            product="VALUE",
            customer="A",
            entries=(entry("x", use, "2026-01-01 10:00", staff="nobody"),),
        ),
        CardIn(external_id="N1", product="VALUE", customer="A", holders=("nobody",), opened_on=AT.date()),
    )
    assert [v.field for v in verdicts] == [
        "product",
        "customer",
        "openedOn",
        "product",
        "customer",
        "entries[0]",
        "entries[0].frozen",
        "entries[0].staff",
        "holders[0]",
    ]
    assert await rows(world, "card") == []


async def test_the_catalogue_is_upserted_by_code(world: World) -> None:
    item = ProductIn(code="NEW", name="护理", kind=ProductKind.SERVICE, price_cents=100, cycle_days=30, upkeep="补")
    bad = ProductIn(code="BAD", name="x", kind=ProductKind.SERVICE, cycle_days=0)
    first = await send(world, "products", item, bad)
    assert [(v.status, v.field) for v in first] == [(Taken.ACCEPTED, None), (Taken.REJECTED, "cycleDays")]
    (again,) = await send(world, "products", item)
    assert (again.status, again.id) == (Taken.DUPLICATE, first[0].id)
    other = ProductIn(code="NEW", name="护理2", kind=ProductKind.GOODS)
    assert [v.status for v in await send(world, "products", other)] == [Taken.ACCEPTED]


async def test_historic_books_mark_their_events(world: World) -> None:
    await world.sale("A", AT, historic=True)
    assert {row["historic"] for row in await rows(world, "event", "historic")} == {True}


async def test_rebuilt_facts_equal_kept_facts(world: World) -> None:
    await world.sale("A", AT)
    await world.card("A", AT)
    before = await facts(world)
    async with world.units.open(world.merchant_id) as unit:
        await unit.run(
            "update customer_facts set visit_count = 77, first_visit_on = null where merchant_id = :merchant"
        )
        await unit.run(
            "update card_facts set principal_cents = 1, balance_cents = gift_cents + 1 where merchant_id = :merchant"
        )
        assert len(await ledger.check_facts(unit)) == 2
        assert await ledger.rebuild_facts(unit) == 1
    assert await facts(world) == before


async def test_a_customer_that_changes_is_a_change_of_her_open_tasks(world: World) -> None:
    async with world.units.open(world.merchant_id) as unit:
        await unit.run(
            """insert into task (merchant_id, id, store_id, customer_id, status, opens_at, opens_on, contact_from, due_at, expires_at, created_at)
               select :merchant, new_uuid7(), :store, :customer, 'open', :now, '2026-03-02', :now, :now, :now, :now""",
            store=world.stores["S1"],
            customer=world.customers["A"],
        )
    await world.books("customers", CustomerIn(external_id="A", level="gold"))
    await world.books("customers", CustomerIn(external_id="A", level="gold"))
    assert len(await rows(world, "task_change", "rev")) == 1
