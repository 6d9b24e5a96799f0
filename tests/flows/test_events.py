"""The inbox: each event once, one sale sent both ways once, unknown customers kept."""

from typing import Any

import pytest

from backend.db.units import Units
from tasks.events import repository
from tasks.events.happened import Happened
from tasks.events.service import accept, attach
from tasks.flow.accept_events import accept_events
from tasks.flow.record_books import attach_unmatched
from tasks.kernel.errors import Invalid
from tasks.kernel.sealing import MasterKey
from tasks.kernel.verdicts import ItemVerdict, Taken
from tasks.ledger import service as ledger
from tasks.ledger.inputs import AppointmentIn, LineIn, SaleIn, VisitIn
from tasks.people.customers import upsert_customers
from tasks.people.inputs import CustomerIn
from tests.support.clock import TestClock, shanghai
from tests.support.clouds import cloud
from tests.support.world import World, make_world

AT = shanghai("2026-03-01 11:00")


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    made = await make_world(units, master)
    await made.customer("A")
    return made


async def send(world: World, *items: Any) -> tuple[list[ItemVerdict], list[Happened]]:
    recorded = await world.do(lambda unit: accept(unit, items))
    return recorded.verdicts, recorded.happened


async def rows(world: World, table: str, columns: str = "*") -> list[dict[str, Any]]:
    async with world.units.open(world.merchant_id) as unit:
        assert await ledger.check_facts(unit) == []
        return [
            dict(row)
            for row in await unit.rows(f"select {columns} from {table} where merchant_id = :merchant order by 1")
        ]


def purchase(code: str = "R1", **data: Any) -> dict[str, Any]:
    return cloud("purchase", AT, saleId=code, store="S1", customer="A", **data)


def statuses(verdicts: list[ItemVerdict]) -> list[Taken]:
    return [verdict.status for verdict in verdicts]


async def test_a_plain_event_is_kept_once_and_sealed(world: World) -> None:
    event = cloud("tried_not_bought", AT, customer="A", store="S1", staff="E1", product="LASH", text="太贵了金丝雀")
    verdicts, happened = await send(world, event, event)
    assert statuses(verdicts) == [Taken.ACCEPTED, Taken.DUPLICATE]
    assert statuses((await send(world, event))[0]) == [Taken.DUPLICATE]
    (row,) = await rows(world, "event")
    assert (row["source"], row["external_id"], row["customer_id"]) == ("pos/1", event["id"], world.customers["A"])
    assert (row["store_id"], row["staff_id"], row["occurred_at"]) == (world.stores["S1"], world.staff["E1"], AT)
    assert "金丝雀".encode() not in row["sealed"]
    async with world.units.open(world.merchant_id) as unit:
        assert "金丝雀".encode() in unit.vault.open(row["salt"], row["id"], row["sealed"])
    assert [(one.event_id, one.type, one.ledger_id) for one in happened] == [(row["id"], "tried_not_bought", None)]


LINES = [{"product": "CUT", "cashCents": 10_000, "staff": ["E1"]}]


@pytest.mark.parametrize("how", ["lines", "amount"])
async def test_event_first_then_receipt_counts_once(world: World, how: str) -> None:
    event = purchase(lines=LINES) if how == "lines" else purchase(cashCents=10_000, staff="E1")
    _, happened = await send(world, event)
    line = LineIn(product="CUT", cash_cents=10_000, staff=("E1",))
    await world.books("sales", SaleIn(external_id="R1", store="S1", at=AT, customer="A", lines=(line,)))
    assert statuses((await send(world, event))[0]) == [Taken.DUPLICATE]
    found = [row for row in await rows(world, "event") if row["type"] == "purchase"]
    assert [row["external_id"] for row in found] == [event["id"]]
    assert [one.event_id for one in happened if one.type == "purchase"] == [found[0]["id"]]
    (facts,) = await rows(world, "customer_facts")
    assert (facts["purchase_count"], facts["spend_cash_cents"], facts["visit_count"]) == (1, 10_000, 1)


@pytest.mark.parametrize("how", ["lines", "amount"])
async def test_receipt_first_then_event_counts_once(world: World, how: str) -> None:
    await world.sale("A", AT, external_id="R1")
    event = purchase(lines=LINES) if how == "lines" else purchase(cashCents=99)
    first, happened = await send(world, event)
    again, nothing = await send(world, event)
    assert (statuses(first), statuses(again)) == ([Taken.ACCEPTED], [Taken.DUPLICATE])
    assert first[0].id == again[0].id
    assert happened == nothing == []
    found = [row for row in await rows(world, "event") if row["type"] == "purchase"]
    assert [row["id"] for row in found] == [first[0].id]
    (facts,) = await rows(world, "customer_facts")
    assert (facts["purchase_count"], facts["spend_cash_cents"]) == (1, 10_000)


async def test_an_event_of_a_receipt_of_nobody_is_refused(world: World) -> None:
    await world.books(
        "sales", SaleIn(external_id="R1", store="S1", at=AT, lines=(LineIn(product="CUT", cash_cents=100),))
    )
    (verdict,), _ = await send(world, purchase())
    assert verdict.status is Taken.REJECTED
    assert await rows(world, "event") == []


async def test_two_senders_of_one_sale_are_both_remembered(world: World) -> None:
    mine, theirs = purchase(lines=LINES), purchase(lines=LINES) | {"source": "mini-program"}
    verdicts, happened = await send(world, mine, theirs)
    assert statuses(verdicts) == [Taken.ACCEPTED] * 2
    assert statuses((await send(world, theirs, mine))[0]) == [Taken.DUPLICATE] * 2
    assert verdicts[0].id == verdicts[1].id
    assert [one.type for one in happened].count("purchase") == 1
    assert len(await rows(world, "event_echo")) == 1


async def test_a_visit_told_by_receipt_record_and_events_is_one(world: World) -> None:
    await world.sale("A", AT)
    done = [
        cloud("service_completed", AT, customer="A", store="S1", service=code, staff="E1") for code in ("CUT", "LASH")
    ]
    verdicts, happened = await send(world, *done)
    await world.books("visits", VisitIn(customer="A", store="S1", at=AT))
    assert (statuses(verdicts), happened) == ([Taken.ACCEPTED] * 2, [])
    assert len(await rows(world, "visit")) == 1
    assert [row["type"] for row in await rows(world, "event", "type")] == ["purchase", "service_completed"]


async def test_a_customer_that_appears_gets_her_events(world: World) -> None:
    events = [
        cloud("purchase", AT, saleId="R9", store="S1", customer="NEW", lines=LINES),
        cloud("tried_not_bought", AT, customer="NEW", product="OIL"),
        cloud("service_completed", AT, customer="NEW", store="S1", service="CUT"),
        cloud("service_completed", AT, customer="NEW", store="S1", service="nothing we know"),
        cloud("complaint", AT, customer="NEW", category="service"),
    ]
    verdicts, happened = await send(world, *events)
    assert (statuses(verdicts), happened) == ([Taken.ACCEPTED] * 5, [])
    assert {row["state"] for row in await rows(world, "event", "state")} == {"unmatched"}
    assert statuses((await send(world, *events))[0]) == [Taken.DUPLICATE] * 5
    assert await rows(world, "sale") == []
    await world.books("customers", CustomerIn(external_id="NEW", name="新"))
    stored = await rows(world, "event", "type, state, source, customer_index")
    # The service nobody knows is kept, for it was acknowledged, and counts for nothing.
    assert sorted((row["type"], row["state"], row["source"]) for row in stored) == [
        ("complaint", "accepted", "pos/1"),
        ("purchase", "accepted", "pos/1"),
        ("service_completed", "accepted", "pos/1"),
        ("service_completed", "withdrawn", "pos/1"),
        ("tried_not_bought", "accepted", "pos/1"),
    ]
    assert {row["customer_index"] for row in stored} == {None}
    assert statuses((await send(world, *events))[0]) == [Taken.DUPLICATE] * 5
    assert len(await rows(world, "sale")) == len(await rows(world, "visit")) == 1
    assert len([row for row in await rows(world, "customer_contact_state", "complaint_at") if row["complaint_at"]]) == 1


async def test_attaching_hands_on_what_has_now_happened(world: World) -> None:
    await send(world, cloud("tried_not_bought", AT, customer="NEW"))
    async with world.units.open(world.merchant_id) as unit:
        assert (await attach(unit, None)).happened == []
    item = CustomerIn(external_id="NEW")
    # Without the flow, which would attach at once.
    await world.do(lambda unit: upsert_customers(unit, [item]))
    (happened,) = await world.do(lambda unit: attach_unmatched(unit, None))
    assert (happened.type, happened.occurred_at) == ("tried_not_bought", AT)


async def test_an_event_nobody_claims_is_forgotten_after_thirty_days(world: World, clock: TestClock) -> None:
    await send(world, cloud("tried_not_bought", AT, customer="NEVER"), cloud("tried_not_bought", AT, customer="A"))
    await clock.advance(days=29)
    assert await world.do(repository.forget_unmatched) == 0
    await clock.advance(days=2)
    assert await world.do(repository.forget_unmatched) == 1
    assert len(await rows(world, "event")) == 1


async def test_card_events_are_entries(world: World) -> None:
    await world.card("A", AT, principal=50_000, external_id="K")
    events = [
        cloud("card_used", AT, customer="A", cardId="K", entryId="u1", principalCents=20_000, store="S1", staff="E1"),
        cloud("card_topped_up", AT, customer="A", cardId="K", entryId="t1", principalCents=5_000, giftCents=1_000),
        cloud("card_used", AT, customer="A", cardId="nope", entryId="u2", principalCents=1),
        cloud("card_used", AT, customer="A", cardId="K", entryId="u3", principalCents=-1),
        cloud("card_closed", AT, customer="A", cardId="K", entryId="c1", principalCents=35_000, giftCents=1_000),
    ]
    verdicts, happened = await send(world, *events)
    assert [(v.status, v.field) for v in verdicts] == [
        (Taken.ACCEPTED, None),
        (Taken.ACCEPTED, None),
        (Taken.REJECTED, "data.cardId"),
        (Taken.REJECTED, "data.principalCents"),
        (Taken.ACCEPTED, None),
    ]
    assert sorted(one.type for one in happened) == ["card_closed", "card_topped_up", "card_used"]
    (facts,) = await rows(world, "card_facts")
    assert (facts["balance_cents"], facts["status"]) == (0, "closed")
    assert statuses((await send(world, *events))[0])[0] is Taken.DUPLICATE


async def test_appointments_by_event(world: World) -> None:
    starts = shanghai("2026-03-05 15:00")
    made = cloud(
        "appointment_booked",
        AT,
        customer="A",
        appointmentId="P1",
        store="S1",
        startsAt=starts.isoformat(),
        service="CUT",
    )
    off = cloud("appointment_cancelled", AT, customer="A", appointmentId="P1")
    twice = cloud("appointment_missed", AT, customer="A", appointmentId="P1")
    unheard = cloud("appointment_missed", AT, customer="A", appointmentId="P2", store="S1", startsAt=AT.isoformat())
    little = cloud("appointment_missed", AT, customer="A", appointmentId="P3")
    verdicts, happened = await send(world, off, made, twice, unheard, little)
    assert [(v.status, v.field) for v in verdicts] == [(Taken.ACCEPTED, None)] * 4 + [(Taken.REJECTED, "data.store")]
    assert sorted(one.type for one in happened) == [
        "appointment_booked",
        "appointment_booked",
        "appointment_cancelled",
        "appointment_missed",
    ]
    stored = await rows(world, "appointment", "external_id, status")
    assert [(row["external_id"], row["status"]) for row in stored] == [("P1", "cancelled"), ("P2", "missed")]
    late = cloud("appointment_booked", AT, customer="A", appointmentId="P1", store="S1", startsAt=starts.isoformat())
    assert statuses((await send(world, late))[0]) == [Taken.ACCEPTED]
    assert (await rows(world, "appointment", "external_id, status"))[0]["status"] == "cancelled"
    again = AppointmentIn(external_id="P1", store="S1", starts_at=starts, customer="A", service="CUT")
    await world.books("appointments", again)
    states = {(row["type"], row["state"]) for row in await rows(world, "event", "type, state, ledger_id")}
    assert ("appointment_cancelled", "withdrawn") in states


async def test_an_event_its_receipt_contradicts_counts_for_nothing(world: World) -> None:
    await world.sale("A", AT, external_id="R1", cash=0)
    verdicts, happened = await send(world, purchase(cashCents=500))
    assert (statuses(verdicts), [one.type for one in happened]) == ([Taken.ACCEPTED], [])
    found = [row["state"] for row in await rows(world, "event", "type, state") if row["type"] == "purchase"]
    assert found == ["withdrawn"]


def changed(**values: Any) -> dict[str, Any]:
    return {k: v for k, v in (cloud("viewed", AT, customer="A") | values).items() if v is not ...}


REFUSED: list[tuple[str, Any]] = [
    ("", "text"),
    ("specversion", changed(specversion="0.3")),
    ("id", changed(id="")),
    ("id", changed(id="x" * 257)),
    ("source", changed(source=...)),
    ("source", changed(source="huifang:ledger")),
    ("source", changed(source="a\x00")),
    ("type", changed(type="no_such_type")),
    ("type", changed(type="custom.Upper")),
    ("time", changed(time="2026-03-01 11:00:00")),
    ("time", changed(time="2026-03-01T11:00:00")),
    ("time", changed(time="2026-13-01T11:00:00Z")),
    ("time", changed(time="2026-03-09T11:00:00Z")),
    ("data", changed(data=[])),
    ("data", changed(data=...)),
    ("data_base64", changed(data=..., data_base64="e30=")),
    ("datacontenttype", changed(datacontenttype="text/xml")),
    ("Bad-Name", changed(**{"Bad-Name": 1})),
    ("data.unknown", changed(data={"customer": "A", "unknown": 1})),
    ("data.customer", changed(data={})),
    ("data.customer", changed(data={"customer": " "})),
    ("data.store", changed(data={"customer": "A", "store": "S9"})),
    ("data.staff", changed(data={"customer": "A", "staff": "E9"})),
    ("data.saleId", purchase(" ", cashCents=1)),
    ("data.cashCents", purchase(cashCents=0)),
    ("data.cashCents", purchase(cashCents=1, lines=LINES)),
    ("data.cashCents", purchase(cashCents="1")),
    ("data.lines[0].bad", purchase(lines=[{"bad": 1}])),
    ("data.lines[0].product", purchase(lines=[{"product": "nope", "cashCents": 1}])),
    ("data.cashCents", cloud("refunded", AT, customer="A", store="S1", saleId="R", cashCents=5)),
    ("data.service", cloud("service_completed", AT, customer="A", store="S1", service="OIL")),
    ("data.text", changed(data={"customer": "A", "text": "x" * 70_000})),
]


async def test_refusals_name_attribute_or_field_and_the_rest_is_kept(world: World) -> None:
    good = cloud("viewed", AT, customer="A")
    items = [item for _, item in REFUSED]
    verdicts, happened = await send(world, *items, good)
    expected = [field if field != "data.text" else "data" for field, _ in REFUSED]
    assert [v.field for v in verdicts] == [*expected, None]
    assert statuses(verdicts) == [Taken.REJECTED] * len(REFUSED) + [Taken.ACCEPTED]
    assert len(happened) == len(await rows(world, "event")) == 1


async def test_extensions_and_custom_events_are_tolerated(world: World) -> None:
    extended = cloud("viewed", AT, customer="A") | {
        "traceparent": "00-ab",
        "subject": "x",
        "dataschema": "https://example.com/s",
    }
    custom = cloud("custom.skin_test", AT, customer="A", fields={"score": 7, "dry": True, "note": "ok"})
    utc = cloud("viewed", AT, customer="A") | {"time": "2026-03-01t03:00:00.5z"}
    assert statuses((await send(world, extended, custom, utc))[0]) == [Taken.ACCEPTED] * 3


async def test_a_batch_has_a_limit_and_the_flow_answers_in_order(world: World) -> None:
    with pytest.raises(Invalid):
        await send(world, *[{}] * 1001)
    verdicts = await world.do(lambda unit: accept_events(unit, [{}, cloud("complaint", AT, customer="A")]))
    assert statuses(verdicts) == [Taken.REJECTED, Taken.ACCEPTED]
    assert all(row["complaint_at"] for row in await rows(world, "customer_contact_state", "complaint_at"))
