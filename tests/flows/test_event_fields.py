"""What conditions may ask of events: the fields on the list of their type, and those a merchant declared; nothing else leaves the seal."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.events.asked import FIELDS
from tasks.events.payloads import TYPES
from tasks.flow.accept_events import accept_events
from tasks.kernel.sealing import MasterKey
from tasks.kernel.verdicts import ItemVerdict, Taken
from tasks.people.states import AttributeKind
from tasks.people.trait_inputs import AttributeIn
from tests.support.clock import TestClock, shanghai
from tests.support.clouds import cloud
from tests.support.world import World, make_world

A, D, R = Taken.ACCEPTED, Taken.DUPLICATE, Taken.REJECTED
AT = shanghai("2026-03-01 12:00")
WORDS = "她说太疼了"


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-02 08:00"))
    made = await make_world(units, master, customers=2)
    await made.books(
        "attributes",
        *(
            AttributeIn(code=code, name=code, kind=kind, event_type="custom.survey")
            for code, kind in (
                ("text", AttributeKind.TEXT),
                ("stars", AttributeKind.NUMBER),
                ("again", AttributeKind.FLAG),
                ("born", AttributeKind.DAY),
            )
        ),
        AttributeIn(code="off", name="x", kind=AttributeKind.TEXT, event_type="custom.survey", active=False),
        AttributeIn(code="stars", name="x", kind=AttributeKind.TEXT, event_type="custom.other"),
    )
    return made


async def send(world: World, *events: dict[str, Any]) -> list[ItemVerdict]:
    return await world.do(lambda unit: accept_events(unit, list(events)))


async def fields(world: World, event_id: UUID | None = None) -> dict[str, Any]:
    """The fields of an event, or of all, by name: a text, a day, or thousandths."""
    async with world.units.glance(world.merchant_id) as unit:
        rows = await unit.rows(
            """select name, text_value, number_milli, day_value from event_field
               where merchant_id = :merchant and (cast(:id as uuid) is null or event_id = :id)""",
            id=event_id,
        )
    return {
        row["name"]: next(row[kind] for kind in ("text_value", "number_milli", "day_value") if row[kind] is not None)
        for row in rows
    }


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        (
            "voucher_redeemed",
            {"platform": "meituan", "deal": "补水双人", "priceCents": 19900},
            {"platform": "meituan", "deal": "补水双人", "priceCents": 19_900_000},
        ),
        ("voucher_redeemed", {"platform": "x", "deal": "y" * 201}, {"platform": "x"}),
        ("complaint", {"category": "service", "stars": 1, "text": WORDS}, {"category": "service", "stars": 1000}),
        ("bad_review", {"text": WORDS}, {}),
        (
            "points_changed",
            {"points": -30, "balance": 0, "expiresOn": "2026-12-31"},
            {"points": -30_000, "balance": 0, "expiresOn": date(2026, 12, 31)},
        ),
        ("level_changed", {"from": "iron", "to": "gold"}, {"from": "iron", "to": "gold"}),
        (
            "order_placed",
            {"orderId": "O-1", "product": "OIL", "quantity": "1.5", "amountCents": 9900, "reason": WORDS},
            {"product": "OIL", "quantity": 1500, "amountCents": 9_900_000},
        ),
        ("tried_not_bought", {"product": "LASH", "channel": "店内", "text": WORDS}, {"product": "LASH", "channel": "店内"}),
        ("sample_taken", {"product": "a\nb", "channel": " "}, {}),
        ("service_completed", {"store": "S1", "service": "CUT", "visitId": "V1"}, {"service": "CUT"}),
        (
            "appointment_booked",
            {"appointmentId": "A1", "store": "S1", "startsAt": AT.isoformat(), "service": "CUT", "depositCents": 100},
            {"service": "CUT"},
        ),
        ("purchase", {"saleId": "R1", "store": "S1", "cashCents": 100}, {}),
    ],
)  # fmt: skip
async def test_fields_on_the_list_of_the_type(
    world: World, kind: str, data: dict[str, Any], expected: dict[str, Any]
) -> None:
    (verdict,) = await send(world, cloud(kind, AT, customer="C1", **data))
    assert (verdict.status, verdict.field) == (A, None)
    assert await fields(world, verdict.id) == expected


def test_no_type_offers_free_words_or_the_senders_marks() -> None:
    hidden = {
        "text",
        "reason",
        "notes",
        "orderId",
        "saleId",
        "visitId",
        "cardId",
        "entryId",
        "appointmentId",
        "customer",
    }
    assert {name for names in FIELDS.values() for name in names} & hidden == set()
    assert set(FIELDS) <= set(TYPES)


async def test_declared_fields_of_a_custom_event(world: World) -> None:
    said = {"text": "好", "stars": 4.5, "again": False, "born": "1990-01-02", "off": WORDS, "secret": WORDS}
    (verdict,) = await send(world, cloud("custom.survey", AT, customer="C1", fields=said))
    assert await fields(world, verdict.id) == {"text": "好", "stars": 4500, "again": 0, "born": date(1990, 1, 2)}
    (other,) = await send(world, cloud("custom.other", AT, customer="C1", fields={"stars": "five", "text": WORDS}))
    assert await fields(world, other.id) == {"stars": "five"}
    (unknown,) = await send(world, cloud("custom.new", AT, customer="C1", fields={"stars": 5}))
    assert (unknown.status, await fields(world, unknown.id)) == (A, {})


@pytest.mark.parametrize(
    ("code", "value"),
    [
        ("text", 1), ("text", ""), ("text", "x" * 201), ("text", True), ("stars", "5"), ("stars", True), ("stars", 1.23456),
        ("stars", 10**14), ("again", 1), ("again", "yes"), ("born", "gestern"), ("born", 5),
    ],
)  # fmt: skip
async def test_a_declared_field_of_another_kind_refuses_the_event_alone(world: World, code: str, value: Any) -> None:
    bad, good = await send(
        world,
        cloud("custom.survey", AT, customer="C1", fields={code: value, "stars" if code != "stars" else "again": None}),
        cloud("custom.survey", AT, customer="C1", fields={"stars": 5}),
    )
    assert (bad.status, bad.field, good.status) == (R, f"data.fields.{code}", A)
    assert await fields(world) == {"stars": 5000}


@pytest.mark.parametrize(
    ("kind", "data", "field"),
    [
        ("voucher_redeemed", {"platform": "x", "deal": "y", "priceCents": 10**16}, "data.priceCents"),
        ("order_placed", {"quantity": "NaN"}, "data.quantity"),
        ("order_placed", {"quantity": "1e40"}, "data.quantity"),
        ("points_changed", {"points": 10**13}, "data.points"),
        ("points_changed", {"points": 1, "balance": -(10**13)}, "data.balance"),
    ],
)
async def test_a_number_nobody_can_mean_refuses_the_event(
    world: World, kind: str, data: dict[str, Any], field: str
) -> None:
    (verdict,) = await send(world, cloud(kind, AT, customer="C1", **data))
    assert (verdict.status, verdict.field) == (R, field)


async def test_the_same_again_is_a_duplicate_even_when_the_kind_was_declared_meanwhile(world: World) -> None:
    event = cloud("custom.new", AT, customer="C1", fields={"size": "L"})
    (first,) = await send(world, event)
    await world.books(
        "attributes", AttributeIn(code="size", name="x", kind=AttributeKind.NUMBER, event_type="custom.new")
    )
    (again,) = await send(world, event)
    assert (again.status, again.id) == (D, first.id)
    assert await fields(world) == {}
    twice = cloud("custom.new", AT, customer="C1", fields={"size": 3})
    assert [one.status for one in await send(world, twice, twice)] == [A, D]
    assert await fields(world) == {"size": 3000}


async def test_an_event_that_waited_gets_its_fields_with_its_customer(world: World) -> None:
    waiting = cloud("custom.survey", AT, customer="C9", fields={"stars": 3, "text": "等"})
    verdict, _ = await send(world, waiting, cloud("complaint", AT, customer="C9", category="x"))
    assert (verdict.status, await fields(world)) == (A, {})
    await world.customer("C9")
    assert await fields(world, verdict.id) == {"stars": 3000, "text": "等"}
    assert (await fields(world))["category"] == "x"


async def test_a_field_declared_otherwise_while_an_event_waited_is_left_out(world: World) -> None:
    (verdict,) = await send(world, cloud("custom.new", AT, customer="C9", fields={"size": "L", "fit": True}))
    for code, kind in (("size", AttributeKind.NUMBER), ("fit", AttributeKind.FLAG)):
        await world.books("attributes", AttributeIn(code=code, name="x", kind=kind, event_type="custom.new"))
    await world.customer("C9")
    assert await fields(world, verdict.id) == {"fit": 1000}


async def test_an_event_of_a_row_that_the_ledger_has_gives_it_its_fields_and_an_echo_only_what_is_missing(
    world: World,
) -> None:
    await world.appointment("C1", shanghai("2026-03-05 12:00"), external_id="A1")
    assert await fields(world) == {}
    starts = {"startsAt": shanghai("2026-03-05 12:00").isoformat(), "store": "S1", "appointmentId": "A1"}
    (named,) = await send(world, cloud("appointment_booked", AT, customer="C1", service="CUT", **starts))
    assert await fields(world, named.id) == {"service": "CUT"}
    (echo,) = await send(world, cloud("appointment_booked", AT, customer="C1", source="mini", service="LASH", **starts))
    assert (echo.id, await fields(world, named.id)) == (named.id, {"service": "CUT"})


async def test_no_words_of_an_event_stand_beside_the_seal(world: World) -> None:
    await send(
        world,
        cloud("complaint", AT, customer="C1", text=WORDS),
        cloud("searched", AT, customer="C1", text=WORDS),
        cloud("order_closed", AT, customer="C1", reason=WORDS),
        cloud("custom.survey", AT, customer="C1", fields={"why": WORDS}),
    )
    async with world.units.glance(world.merchant_id) as unit:
        found = await unit.rows("select * from event_field where merchant_id = :merchant")
    assert found == []
