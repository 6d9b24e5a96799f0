"""Who enters a plan that events start: every type and its fields, every scope, every offset, and what was there before the plan."""

from datetime import date, timedelta
from typing import Any

import pytest

from backend.db.units import Units
from tasks.events.payloads import TYPES
from tasks.flow.manage_plans import drafted
from tasks.kernel.sealing import MasterKey
from tasks.ledger.inputs import CardIn, EntryIn, VisitIn
from tasks.ledger.states import EntryKind
from tasks.people.service import create_store
from tasks.people.states import AttributeKind
from tasks.people.trait_inputs import AttributeIn
from tasks.plans.entries import expected_backfill, expected_in_thirty_days
from tests.support.clock import TestClock, shanghai
from tests.support.entering import begin, event, fire_times, happens, passages, send
from tests.support.plans import count, decisions, rows, sweep
from tests.support.world import World, make_world

NOW = "2026-03-02 08:00"
NEXT_DAY = {"afterDays": 1, "at": "10:00"}


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    return await make_world(units, master, customers=3)


def data_of(kind: str) -> dict[str, Any]:
    """The least that an event of the type says."""
    card = {"cardId": "K1", "entryId": f"{kind}-1", "principalCents": 100}
    known: dict[str, dict[str, Any]] = {
        "purchase": {"saleId": "P1", "store": "S1", "cashCents": 100},
        "refunded": {"saleId": "P2", "store": "S1", "cashCents": -100},
        "service_completed": {"store": "S1"},
        "card_used": card,
        "card_topped_up": card,
        "card_closed": card,
        "appointment_booked": {"appointmentId": "A1", "store": "S1", "startsAt": "2026-03-20T10:00:00+08:00"},
        "appointment_cancelled": {"appointmentId": "A2", "store": "S1", "startsAt": "2026-03-20T10:00:00+08:00"},
        "appointment_missed": {"appointmentId": "A3", "store": "S1", "startsAt": "2026-03-02T08:50:00+08:00"},
        "voucher_redeemed": {"platform": "meituan", "deal": "补水"},
        "points_changed": {"points": 5},
    }
    return known.get(kind, {})


@pytest.mark.parametrize("kind", sorted({*TYPES, "custom.survey"}))
async def test_every_type_of_event_starts_a_plan(world: World, clock: TestClock, kind: str) -> None:
    await world.card("C1", shanghai("2026-01-10 12:00"), external_id="K1")
    await clock.set(shanghai("2026-03-02 09:00"))
    plan = await begin(world, kind, NEXT_DAY)
    await happens(world, kind, "C1", "2026-03-02 09:00", **data_of(kind))
    (one,) = await passages(world, plan)
    assert (one["customer_id"], one["fire_at"]) == (world.customers["C1"], shanghai("2026-03-03 10:00"))
    assert (one["step"], one["fires_on"], one["anchor_on"]) == (0, date(2026, 3, 3), date(2026, 3, 3))
    assert one["entry_key"] == f"{one['event_id']}:0"


async def test_an_event_must_keep_every_filter(world: World) -> None:
    where = [{"field": "platform", "value": "meituan"}, {"field": "priceCents", "op": "at_least", "value": 10_000}]
    await begin(world, "voucher_redeemed", NEXT_DAY, trigger={"where": where})
    for code, platform, price in (("C1", "meituan", 10_000), ("C2", "douyin", 20_000), ("C3", "meituan", 9_999)):
        await happens(world, "voucher_redeemed", code, NOW, platform=platform, deal="x", priceCents=price)
    assert [one["customer_id"] for one in await passages(world)] == [world.customers["C1"]]


async def test_declared_fields_of_a_merchants_own_events_are_filtered(world: World) -> None:
    kinds = {"stars": AttributeKind.NUMBER, "born": AttributeKind.DAY, "again": AttributeKind.FLAG}
    await world.books(
        "attributes", *(AttributeIn(code=code, name=code, kind=kind, event_type="custom.survey") for code, kind in kinds.items())
    )  # fmt: skip
    where = [
        {"field": "stars", "op": "at_most", "value": 3},
        {"field": "born", "op": "above", "value": "2000-01-01"},
        {"field": "again", "op": "not_equals", "value": True},
    ]
    await begin(world, "custom.survey", NEXT_DAY, trigger={"where": where})
    await happens(world, "custom.survey", "C1", NOW, fields={"stars": 2.5, "born": "2001-02-03", "again": False})
    await happens(world, "custom.survey", "C2", NOW, fields={"stars": 2, "born": "2001-02-03", "again": True})
    await happens(world, "custom.survey", "C3", NOW, fields={"stars": 2, "secret": 1})
    assert [one["customer_id"] for one in await passages(world)] == [world.customers["C1"]]


async def test_the_offsets_of_one_event_are_one_entry(world: World, clock: TestClock) -> None:
    offsets: list[dict[str, Any]] = [{"after": "30m"}, {"after": "2h"}, {"afterDays": 1, "at": "10:00"}]
    await begin(world, "order_placed", *offsets, entry={"mode": "never_again"})
    await send(world, event("order_placed", "C1", NOW), event("order_placed", "C1", "2026-03-02 08:01"))
    times = [shanghai(f"2026-03-{at}") for at in ("02 08:30", "02 10:00", "03 10:00")]
    assert await fire_times(world) == times
    assert sorted(str(one["guard"]) for one in await passages(world)) == ["None", "None", "once"]
    assert await decisions(world) == {"C1": ["entry"] * 3}


async def test_who_is_nobody_to_follow_up_never_enters(world: World) -> None:
    await begin(world, "viewed", NEXT_DAY)
    await world.customer("C2", internal=True)
    for code in ("C1", "C2"):
        await happens(world, "viewed", code, NOW)
    assert [one["customer_id"] for one in await passages(world)] == [world.customers["C1"]]


async def times_card(world: World, code: str, customer: str, *, sale: str | None = None) -> None:
    """A card of ten uses, opened by a receipt if one is named."""
    opened = EntryIn(
        external_id=f"{code}-open", kind=EntryKind.OPEN, at=shanghai("2026-03-02 07:30"), uses=10, principal_cents=100_000, sale=sale, store="S1"
    )  # fmt: skip
    await world.books(
        "cards", CardIn(external_id=code, product="TIMES", customer=customer, store="S1", opened_on=date(2026, 3, 2), entries=(opened,))
    )  # fmt: skip


async def card_ids(world: World) -> dict[str, Any]:
    return {row["external_id"]: row["id"] for row in await rows(world, "select external_id, id from card where merchant_id = :merchant")}  # fmt: skip


async def test_a_card_plan_is_about_the_card_and_its_holder(world: World) -> None:
    """C2 uses the card of C1: the reminder is C1's. A customer's own plan on the visit is about C2, who was served."""
    plan = await begin(world, "card_used", NEXT_DAY, entry={"scope": "card", "mode": "each_time"})
    served = await begin(world, "service_completed", NEXT_DAY)
    await times_card(world, "K", "C1")
    await world.sale("C2", shanghai(NOW), cash=0, card=10_000)
    await world.card_entry("K", "consume", shanghai(NOW), uses=-1)
    (one,) = await passages(world, plan)
    assert (one["scope_id"], one["card_id"]) == ((await card_ids(world))["K"],) * 2
    assert one["customer_id"] == world.customers["C1"]
    assert [other["customer_id"] for other in await passages(world, served)] == [world.customers["C2"]]


@pytest.mark.parametrize("receipt", ["R", None])
async def test_a_purchase_starts_the_cards_it_opened(world: World, receipt: str | None) -> None:
    """The receipt comes before its card in the books of most; a card without a receipt is a purchase of its own."""
    await begin(world, ["purchase", "card_used"], NEXT_DAY, entry={"scope": "card", "mode": "each_time"})
    if receipt:
        await world.sale("C1", shanghai(NOW), service=None, external_id=receipt)
        assert await passages(world) == []
    await times_card(world, "K", "C1", sale=receipt)
    await times_card(world, "GIFT", "C2", sale=receipt)
    cards = await card_ids(world)
    found = {(one["card_id"], one["customer_id"]) for one in await passages(world)}
    assert found == {(cards["K"], world.customers["C1"]), (cards["GIFT"], world.customers["C2"])}


async def test_a_receipt_that_opened_no_card_starts_no_card_plan(world: World) -> None:
    await begin(world, "purchase", NEXT_DAY, entry={"scope": "card", "mode": "each_time"})
    await times_card(world, "K", "C1")
    before = await count(world, "enrolment")
    await world.sale("C1", shanghai(NOW), service=None)
    assert await count(world, "enrolment") == before == 1


async def test_scopes_of_visits_and_appointments(world: World) -> None:
    visits = await begin(world, "service_completed", NEXT_DAY, entry={"scope": "visit", "mode": "never_again"})
    booked = await begin(world, "appointment_booked", NEXT_DAY, entry={"scope": "appointment", "mode": "never_again"})
    first, second = [await world.visit("C1", shanghai(f"2026-{day} 07:00")) for day in ("02-20", "03-02")]
    appointment = await world.appointment("C1", shanghai("2026-03-20 10:00"))
    assert {one["scope_id"] for one in await passages(world, visits)} == {second}
    assert [one["scope_id"] for one in await passages(world, booked)] == [appointment]
    assert (await decisions(world))["C1"] == ["too_late"]  # the visit of before the plan
    assert first != second


async def test_a_moment_at_night_moves_to_the_stores_next_open_morning(world: World, clock: TestClock) -> None:
    await rows(
        world, "insert into store_closure (merchant_id, id, store_id, from_on, to_on) values "
        "(:merchant, new_uuid7(), :store, '2026-03-03', '2026-03-04') returning id", store=world.stores["S1"],
    )  # fmt: skip
    await begin(world, "appointment_missed", {"after": "2h", "inWindow": True})
    for number, at in enumerate(("12:00", "19:00"), 1):
        await clock.set(shanghai(f"2026-03-02 {at}"))
        starts = shanghai(f"2026-03-02 {at}").isoformat()
        await happens(world, "appointment_missed", f"C{number}", f"2026-03-02 {at}", appointmentId=f"N{number}", store="S1", startsAt=starts)  # fmt: skip
    assert await fire_times(world) == [shanghai("2026-03-02 14:00"), shanghai("2026-03-05 09:30")]


async def test_clocks_that_change_in_the_stores_zone(world: World, clock: TestClock) -> None:
    await world.do(lambda unit: create_store(unit, code="B", name="柏林", timezone="Europe/Berlin"))
    await clock.set(shanghai("2026-03-28 12:00"))
    await begin(world, "viewed", {"afterDays": 1, "at": "02:30"}, {"after": "24h"})
    await happens(world, "viewed", "C1", "2026-03-28 12:00", store="B")
    assert await fire_times(world) == [
        shanghai("2026-03-29 09:30"),
        shanghai("2026-03-29 12:00"),
    ]  # 03:30 and 06:00 CEST
    await clock.set(shanghai("2026-10-24 12:00"))
    await happens(world, "viewed", "C2", "2026-10-24 12:00", store="B")
    assert (await fire_times(world))[2:] == [
        shanghai("2026-10-25 08:30"),
        shanghai("2026-10-25 12:00"),
    ]  # the first 02:30


async def test_backfill_takes_in_every_offset_and_is_counted(world: World) -> None:
    """Two hours ago, three days ago, and an appointment made long ago that is still ahead; what would have fired stays out."""
    for days in (1, 3, 5):
        await world.books("visits", VisitIn(customer="C1", store="S1", at=shanghai(NOW) - timedelta(days=days)), historic=True)  # fmt: skip
    await world.visit("C2", shanghai("2026-03-02 07:30"), historic=True)
    offsets: list[dict[str, Any]] = [{"after": "2h"}, {"afterDays": 3, "at": "09:00"}]
    trigger = {"events": ["service_completed"], "offsets": offsets, "firstVisit": False}
    definition = drafted("second_visit", {"trigger": trigger})
    assert await world.do(lambda unit: expected_backfill(unit, definition)) == 4
    await begin(world, "service_completed", *offsets)
    times = [shanghai(f"2026-03-{at}") for at in ("02 09:00", "02 09:30", "04 09:00", "05 09:00")]
    assert await fire_times(world) == times


async def test_backfill_of_reminders_looks_at_the_date_that_is_ahead(world: World) -> None:
    for code, starts in (("C1", "2026-03-20 10:00"), ("C2", "2026-03-02 09:00"), ("C3", "2026-03-03 10:00")):
        await world.appointment(code, shanghai(starts), external_id=code)
    await rows(
        world, "update event set occurred_at = '2025-12-01', historic = true where merchant_id = :merchant and type = 'appointment_booked' returning id"
    )  # fmt: skip
    reminder = {"before": "startsAt", "daysBefore": 1, "at": "15:00"}
    trigger = {"events": ["appointment_booked"], "offsets": [reminder], "firstVisit": False}
    definition = drafted("second_visit", {"trigger": trigger, "entry": {"scope": "appointment"}})
    assert await world.do(lambda unit: expected_backfill(unit, definition)) == 2
    await begin(world, "appointment_booked", reminder, entry={"scope": "appointment", "mode": "never_again"})
    assert await fire_times(world) == [shanghai("2026-03-02 15:00"), shanghai("2026-03-19 15:00")]


async def test_without_backfill_books_of_the_past_start_nothing(world: World, clock: TestClock) -> None:
    await world.visit("C1", shanghai("2026-03-01 12:00"), historic=True)
    plan = await begin(world, "service_completed", {"afterDays": 7, "at": "09:00"}, backfill="none")
    await world.visit("C2", shanghai("2026-03-01 12:00"), historic=True)
    await clock.set(shanghai("2026-03-02 09:00"))
    await world.visit("C3", shanghai("2026-03-02 08:30"))
    assert [one["customer_id"] for one in await passages(world, plan)] == [world.customers["C3"]]


async def test_an_event_too_late_does_not_stand_in_the_way_of_the_next(world: World) -> None:
    await begin(world, "viewed", NEXT_DAY, entry={"mode": "never_again"})
    await send(world, event("viewed", "C1", "2026-02-20 12:00"), event("viewed", "C1", NOW))
    assert await decisions(world) == {"C1": ["too_late"]}
    assert await fire_times(world) == [shanghai("2026-03-03 10:00")]


async def test_the_expected_audience_keeps_the_filters_too(world: World) -> None:
    where = [{"field": "platform", "value": "meituan"}]
    trigger = {"events": ["voucher_redeemed"], "offsets": [NEXT_DAY], "firstVisit": False, "where": where}
    definition = drafted("second_visit", {"trigger": trigger})
    for code, platform in (("C1", "meituan"), ("C2", "douyin"), ("C3", "meituan")):
        await happens(world, "voucher_redeemed", code, "2026-03-01 12:00", platform=platform, deal="x")
    at = shanghai(NOW)
    assert await world.do(lambda unit: expected_in_thirty_days(unit, definition, at)) == 2
    assert await world.do(lambda unit: expected_in_thirty_days(unit, definition, at, enough=1)) == 1


async def test_a_passage_fires_and_makes_its_task(world: World, clock: TestClock) -> None:
    await begin(world, "tried_not_bought", NEXT_DAY)
    await happens(world, "tried_not_bought", "C1", NOW, store="S1", staff="E2")
    await clock.set(shanghai("2026-03-03 10:00"))
    assert (await sweep(world)).passages == 1
    assert await decisions(world) == {"C1": ["task"]}
