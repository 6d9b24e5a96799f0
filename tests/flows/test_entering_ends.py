"""What ends or moves a passage before it fires: an event under `unless`, an appointment that moves or is called off, an event that no longer stands."""

from datetime import date
from typing import Any

import pytest

from backend.db.units import Units
from tasks.flow.manage_plans import drafted
from tasks.flow.preview import preview
from tasks.kernel.sealing import MasterKey
from tasks.ledger.inputs import CardIn, EntryIn
from tasks.ledger.states import EntryKind
from tests.support.clock import TestClock, shanghai
from tests.support.entering import begin, event, fire_times, happens, passages, send
from tests.support.plans import count, decisions, sweep
from tests.support.world import World, make_world

NEXT_DAY = {"afterDays": 1, "at": "10:00"}
DAY_BEFORE = {"before": "startsAt", "daysBefore": 1, "at": "15:00"}
REMINDS: dict[str, Any] = {
    "entry": {"scope": "appointment", "mode": "never_again"},
    "suppress": {"appointment": False},
}


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    return await make_world(units, master, customers=3)


async def look(world: World, clock: TestClock, when: str) -> int:
    """The worker looks at that moment; returns how many passages it decided."""
    await clock.set(shanghai(when))
    return (await sweep(world)).passages


async def test_what_happens_within_the_span_ends_what_waits(world: World, clock: TestClock) -> None:
    await begin(world, "order_placed", {"after": "2h"}, trigger={"unless": {"event": "paid", "within": "1h"}})
    await send(world, *(event("order_placed", code, "2026-03-02 08:00") for code in ("C1", "C2", "C3")))
    await clock.set(shanghai("2026-03-02 09:30"))
    await happens(world, "paid", "C1", "2026-03-02 09:00")
    await happens(world, "paid", "C2", "2026-03-02 09:01")
    assert await decisions(world) == {"C1": ["exited:paid"]}
    await look(world, clock, "2026-03-02 10:00")
    assert await decisions(world) == {"C1": ["exited:paid"], "C2": ["task"], "C3": ["task"]}


async def test_what_came_to_pass_before_we_heard_of_the_entering_event_counts(world: World, clock: TestClock) -> None:
    """Events out of order: paid is known first. It is seen when the passage fires."""
    await begin(world, "order_placed", {"after": "2h"}, trigger={"unless": {"event": "paid", "within": "1h"}})
    await happens(world, "paid", "C1", "2026-03-02 08:05")
    await happens(world, "order_placed", "C1", "2026-03-02 08:04")
    await happens(world, "order_placed", "C2", "2026-03-02 08:06")
    await happens(world, "paid", "C2", "2026-03-02 08:05")
    await look(world, clock, "2026-03-02 10:10")
    assert await decisions(world) == {"C1": ["exited:paid"], "C2": ["task"]}


async def test_a_purchase_of_the_same_visit_counts_under_unless(world: World, clock: TestClock) -> None:
    await begin(world, "tried_not_bought", NEXT_DAY, trigger={"unless": {"event": "purchase", "within": "1d"}})
    await happens(world, "tried_not_bought", "C1", "2026-03-02 08:00", store="S1")
    await happens(world, "tried_not_bought", "C2", "2026-03-02 08:00", store="S1")
    await clock.set(shanghai("2026-03-02 12:00"))
    await world.sale("C1", shanghai("2026-03-02 08:30"), service="OIL")
    await world.card("C2", shanghai("2026-03-02 09:00"))  # paid for without a receipt: a purchase as well
    assert await decisions(world) == {"C1": ["exited:purchase"], "C2": ["exited:purchase"]}


async def test_under_unless_a_card_plan_looks_at_its_own_card(world: World, clock: TestClock) -> None:
    cards = [await world.card("C1", shanghai("2026-01-10 12:00")) for _ in range(2)]
    await begin(
        world, "card_used", NEXT_DAY, entry={"scope": "card", "mode": "each_time"}, trigger={"unless": {"event": "card_topped_up", "within": "1d"}}
    )  # fmt: skip
    for card in cards:
        await world.card_entry(card, "consume", shanghai("2026-03-02 08:00"), principal=-100)
    await world.card_entry(cards[1], "top_up", shanghai("2026-03-02 08:00"), principal=100)
    assert await decisions(world) == {"C1": ["exited:card_topped_up"]}
    await look(world, clock, "2026-03-03 10:00")
    assert await decisions(world) == {"C1": ["exited:card_topped_up", "task"]}


async def test_a_preview_judges_unless_as_of_its_day(world: World, clock: TestClock) -> None:
    trigger = {"events": ["order_placed"], "offsets": [NEXT_DAY], "firstVisit": False, "unless": {"event": "paid", "within": "3d"}}  # fmt: skip
    definition = drafted("second_visit", {"trigger": trigger, "audience": None, "exitOn": [], "holdOut": 0, "entry": {"mode": "each_time"}})  # fmt: skip
    for code, paid in (("C1", "2026-02-20 18:00"), ("C2", "2026-02-22 12:00"), ("C3", None)):
        await happens(world, "order_placed", code, "2026-02-20 12:00")
        if paid:
            await happens(world, "paid", code, paid)
    seen = await preview(world.units, world.merchant_id, definition, date(2026, 2, 21))
    assert (seen.matched, seen.tasks, seen.by_reason) == (3, 2, {"exited:paid": 1})


async def test_a_reminder_comes_before_the_appointment(world: World, clock: TestClock) -> None:
    await begin(world, "appointment_booked", DAY_BEFORE, {"before": "startsAt", "by": "2h"}, **REMINDS)
    await world.appointment("C1", shanghai("2026-03-10 16:00"))
    assert await fire_times(world) == [shanghai("2026-03-09 15:00"), shanghai("2026-03-10 14:00")]
    assert await look(world, clock, "2026-03-09 15:00") == 1
    assert await decisions(world) == {"C1": ["task"]}


async def test_a_reminder_that_lies_before_the_booking_is_too_late(world: World) -> None:
    await begin(world, "appointment_booked", {"before": "startsAt", "by": "2h"}, **REMINDS)
    await world.appointment("C1", shanghai("2026-03-02 09:30"))
    assert await decisions(world) == {"C1": ["too_late"]}
    assert await passages(world) == []


async def test_an_appointment_that_is_put_off_is_reminded_of_at_its_new_time(world: World, clock: TestClock) -> None:
    await begin(world, "appointment_booked", DAY_BEFORE, **REMINDS)
    await world.appointment("C1", shanghai("2026-03-10 16:00"), external_id="A")
    await clock.set(shanghai("2026-03-09 12:00"))
    await world.appointment("C1", shanghai("2026-03-12 11:00"), external_id="A")
    assert await fire_times(world) == [shanghai("2026-03-11 15:00")]
    assert await look(world, clock, "2026-03-09 15:00") == 0
    assert await look(world, clock, "2026-03-11 15:00") == 1
    assert await decisions(world) == {"C1": ["task"]}
    (one,) = await passages(world)
    assert (one["fires_on"], one["anchor_on"]) == (date(2026, 3, 11), date(2026, 3, 11))


async def test_an_appointment_that_comes_forward_is_reminded_of_earlier(world: World, clock: TestClock) -> None:
    await begin(world, "appointment_booked", DAY_BEFORE, **REMINDS)
    for code in ("C1", "C2"):
        await world.appointment(code, shanghai("2026-03-20 16:00"), external_id=code)
    await clock.set(shanghai("2026-03-09 18:00"))
    await world.appointment("C1", shanghai("2026-03-12 11:00"), external_id="C1")
    await world.appointment(
        "C2", shanghai("2026-03-10 11:00"), external_id="C2"
    )  # its reminder was due three hours ago
    assert await look(world, clock, "2026-03-09 18:01") == 1
    assert await decisions(world) == {"C2": ["task"]}
    assert await look(world, clock, "2026-03-11 15:00") == 1


def entry(code: str, kind: EntryKind, when: str, **said: Any) -> EntryIn:
    return EntryIn(external_id=code, kind=kind, at=shanghai(when), store="S1", **said)


async def test_a_date_that_moved_unheard_is_held_against_the_books_when_it_is_due(
    world: World, clock: TestClock
) -> None:
    """A card whose expiry moves sends no event: the reminder finds out by itself."""
    opened = entry("o", EntryKind.OPEN, "2026-03-02 08:00", expires_on=date(2026, 3, 20), principal_cents=100)
    week_before = {"before": "expiresOn", "daysBefore": 7, "at": "10:00"}
    await begin(world, "purchase", week_before, entry={"scope": "card", "mode": "each_time"})
    card = CardIn(
        external_id="K", product="VALUE", customer="C1", store="S1", opened_on=date(2026, 3, 2), entries=(opened,)
    )
    await world.books("cards", card)
    assert await fire_times(world) == [shanghai("2026-03-13 10:00")]
    longer = entry("x", EntryKind.EXTEND, "2026-03-05 08:00", expires_on=date(2026, 4, 20))
    await clock.set(shanghai("2026-03-05 12:00"))
    await world.books("cards", CardIn(external_id="K", entries=(longer,)))
    await look(world, clock, "2026-03-13 10:00")
    assert await decisions(world) == {}
    assert await fire_times(world) == [shanghai("2026-04-13 10:00")]
    await look(world, clock, "2026-04-13 10:00")
    assert await decisions(world) == {"C1": ["task"]}


async def test_a_day_that_the_event_itself_names(world: World) -> None:
    await begin(world, "points_changed", {"before": "expiresOn", "by": "24h"})
    await happens(world, "points_changed", "C1", "2026-03-02 08:00", points=5, expiresOn="2026-03-20")
    await happens(world, "points_changed", "C2", "2026-03-02 08:00", points=5)
    assert await fire_times(world) == [shanghai("2026-03-19 00:00")]
    assert await decisions(world) == {}


async def test_a_cancelled_appointment_is_not_reminded_of(world: World, clock: TestClock) -> None:
    """C1's is cancelled by an event, C2's in the books; C3's is cancelled, and she is told so by a plan that waits for just that."""
    await begin(world, "appointment_booked", DAY_BEFORE, **REMINDS)
    sorry = await begin(world, "appointment_cancelled", NEXT_DAY)
    for code in ("C1", "C2"):
        await world.appointment(code, shanghai("2026-03-10 16:00"), external_id=code)
    await clock.set(shanghai("2026-03-05 12:00"))
    await happens(world, "appointment_cancelled", "C1", "2026-03-05 12:00", appointmentId="C1")
    await world.appointment("C2", shanghai("2026-03-10 16:00"), external_id="C2", status="cancelled")
    assert await decisions(world) == {code: ["exited:appointment_cancelled"] for code in ("C1", "C2")}
    await look(world, clock, "2026-03-09 15:00")
    assert await count(world, "task") == len(await passages(world, sorry)) == 2


async def test_a_reminder_of_what_is_over_is_too_late(world: World, clock: TestClock) -> None:
    """The worker was down over the appointment: nobody is reminded of yesterday."""
    await begin(world, "appointment_booked", DAY_BEFORE, **REMINDS)
    await world.appointment("C1", shanghai("2026-03-10 16:00"))
    await look(world, clock, "2026-03-10 16:00")
    assert await decisions(world) == {"C1": ["too_late"]}
    assert [one["state"] for one in await passages(world)] == ["exited"]


async def test_an_appointment_that_was_kept_early_is_not_reminded_of(world: World, clock: TestClock) -> None:
    await begin(world, "appointment_booked", DAY_BEFORE, **REMINDS)
    await world.appointment("C1", shanghai("2026-03-10 16:00"), external_id="A")
    await clock.set(shanghai("2026-03-05 12:00"))
    await world.appointment("C1", shanghai("2026-03-10 16:00"), external_id="A", status="arrived")
    await look(world, clock, "2026-03-09 15:00")
    assert await decisions(world) == {"C1": ["exited:arrived"]}


async def test_an_event_that_was_taken_back_starts_nothing_after_all(world: World, clock: TestClock) -> None:
    await begin(world, "purchase", NEXT_DAY)
    for code in ("C1", "C2"):
        await world.sale(code, shanghai("2026-03-02 08:00"), service=None, external_id=code)
    await world.sale("C1", shanghai("2026-03-02 08:00"), service=None, external_id="C1", cash=0)
    await world.sale("C3", shanghai("2026-03-02 08:00"), service=None, external_id="C2")
    await look(world, clock, "2026-03-03 10:00")
    assert await decisions(world) == {"C1": ["exited:withdrawn"], "C2": ["exited:withdrawn"], "C3": ["task"]}
