"""Counts and sums of events mean what a plain reading of the inbox says, whether the ledger wrote an event or somebody sent it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from backend.db.units import Units
from tasks.events.service import accept
from tasks.kernel.sealing import MasterKey
from tasks.kernel.verdicts import ItemVerdict, Taken
from tasks.ledger.inputs import AppointmentIn, CardIn, EntryIn, LineIn, SaleIn, VisitIn
from tasks.ledger.states import AppointmentStatus, EntryKind
from tests.properties.audience.test_consumption import salon
from tests.support.audience_books import Books, read_books
from tests.support.audience_consumption import event_count, event_sum
from tests.support.audience_trees import ZONES, Drawn, ago, bounds, check, instant, joined, maybe, nows, windows
from tests.support.clock import TestClock
from tests.support.clouds import cloud
from tests.support.world import World

ORACLES: Final = {"event_count": event_count, "event_sum": event_sum}
SENT: Final = ("tried_not_bought", "custom.tasting", "order_placed")
TYPES: Final = (
    *SENT, *SENT, "purchase", "refunded", "service_completed", "card_used", "card_topped_up", "card_closed", "appointment_booked",
    "appointment_cancelled", "appointment_missed",
)  # fmt: skip
_TEXTS: Final = (
    ("shade", "red"),
    ("shade", "blue"),
    ("shade", "2026-01-31"),
    ("product", "red"),
    ("service", "red"),
    ("channel", "blue"),
)
_NUMBERS: Final = (
    ("score", 0), ("score", 1_000), ("score", 1_500), ("score", -1_000), ("vip", 1_000), ("vip", 0), ("amountCents", 1_500), ("amountCents", 1_000),
)  # fmt: skip
_DAYS: Final = (("until", date(2026, 1, 31)), ("until", date(2028, 2, 29)))
FIELDS: Final[tuple[tuple[str, str, Any], ...]] = (
    *((name, "text_value", value) for name, value in _TEXTS),
    *((name, "number_milli", value) for name, value in _NUMBERS),
    *((name, "day_value", value) for name, value in _DAYS),
)
"""Name, column and value."""
VALUES: Final = ("red", "2026-01-31", "2028-02-29", 0, 1, 1.5, -1, True, False)

Record = tuple[str | None, str, str, tuple[int, time], int]
"""Of whom, in which store, what, how long ago, and a choice."""
KINDS: Final = ("sent", "sent", "sale", "visit", "card", "appointment")
records = st.lists(
    st.tuples(
        st.sampled_from(("A", "B", "C", None)),
        st.sampled_from(("S1", "S2")),
        st.sampled_from(KINDS),
        ago,
        st.integers(0, 11),
    ),
    min_size=6,
    max_size=14,
)
fields = st.lists(st.tuples(st.integers(0, 20), st.sampled_from(FIELDS)), min_size=4, max_size=14)


@dataclass(frozen=True)
class Story:
    """When it is now, what happened, and which fields the events got (event number, field)."""

    now: datetime
    records: Sequence[Record]
    fields: Sequence[tuple[int, tuple[str, str, Any]]]


async def write(world: World, story: Story) -> None:
    """Tell the books and the inbox, a record at a time; receipts are corrected, cards change hands."""
    for number, (customer, store, kind, when, choice) in enumerate(story.records):
        at = instant(story.now, ZONES[store], *when)
        if kind == "sale":
            line = LineIn(product="CUT", cash_cents=(5_000, -5_000, 0)[choice % 3])
            code = f"R{number % 3}"
            await world.books(
                "sales",
                SaleIn(external_id=code, store=store, at=at, customer=customer, lines=(line,)),
                historic=choice > 8,
            )
        elif kind == "sent":
            verdicts = await _send(world, _sent(customer, store, at, choice))
            assert verdicts[0].status is not Taken.REJECTED
        elif customer is not None:
            await world.books(*_booked(kind, customer, store, at, (number, choice)))
    await _give_fields(world, story)


async def _send(world: World, item: dict[str, Any]) -> list[ItemVerdict]:
    recorded = await world.do(lambda unit: accept(unit, [item]))
    return recorded.verdicts


def _sent(customer: str | None, store: str, at: datetime, choice: int) -> dict[str, Any]:
    """An event of somebody, or of somebody who is not known yet."""
    data: dict[str, Any] = {"customer": customer or "STRANGER", "store": store}
    return cloud(SENT[choice % 3], at, source="test", event_id=f"{at.isoformat()}{customer}{choice}", **data)


def _booked(kind: str, customer: str, store: str, at: datetime, told: tuple[int, int]) -> tuple[str, Any]:
    number, choice = told
    if kind == "visit":
        return "visits", VisitIn(customer=customer, store=store, at=at, staff="E1", service="CUT")
    if kind == "appointment":
        status = tuple(AppointmentStatus)[choice % 5]
        cancelled = at if status is AppointmentStatus.CANCELLED else None
        item = AppointmentIn(
            external_id=f"A{number % 4}",
            store=store,
            starts_at=at,
            customer=customer,
            status=status,
            booked_at=at,
            cancelled_at=cancelled,
        )
        return "appointments", item
    entry_kind = (EntryKind.TOP_UP, EntryKind.CONSUME, EntryKind.CONSUME, EntryKind.CLOSE)[choice % 4]
    entry = EntryIn(
        external_id=f"E{number}",
        kind=entry_kind,
        at=at,
        principal_cents=100 if entry_kind is EntryKind.TOP_UP else -10,
        store=store,
    )
    return "cards", CardIn(
        external_id=f"K{number % 2}",
        product="VALUE",
        customer=customer,
        store=store,
        opened_on=date(2020, 1, 1),
        entries=(entry,),
    )


async def _give_fields(world: World, story: Story) -> None:
    async with world.units.open(world.merchant_id) as unit:
        events = [
            row["id"] for row in await unit.rows("select id from event where merchant_id = :merchant order by id")
        ]
        for number, (name, column, value) in story.fields if events else ():
            await unit.run(
                f"insert into event_field (merchant_id, event_id, name, {column}) values (:merchant, :event, :name, :value) on conflict do nothing",
                event=events[number % len(events)], name=name, value=value,
            )  # fmt: skip


ASKED: Final = {
    "custom.tasting": ("shade", "score", "vip", "until", "nothing"), "tried_not_bought": ("product", "channel"), "order_placed": ("amountCents", "product"),
    "service_completed": ("service",), "appointment_booked": ("service",),
}  # fmt: skip
"""Event type → fields that filters name."""


def _filters(event: str) -> Drawn:
    ordered = st.sampled_from([one for one in VALUES if not isinstance(one, bool) and one != "red"])
    same = st.tuples(st.sampled_from(("equals", "not_equals")), st.sampled_from(VALUES))
    compared = st.tuples(st.sampled_from(("at_least", "at_most", "above", "below")), ordered)
    one = st.tuples(st.sampled_from(ASKED[event]), st.one_of(same, compared)).map(
        lambda said: {"field": said[0], "op": said[1][0], "value": said[1][1]}
    )
    return st.lists(one, max_size=2).map(lambda some: {"filters": some})


def _of(event: str) -> Drawn:
    known = st.just({"event": event})
    return joined(known, maybe(_filters(event))) if event in ASKED else known


def conditions(now: datetime) -> dict[str, Drawn]:
    """Parameters of both conditions."""
    summed = st.sampled_from((("custom.tasting", "score"), ("order_placed", "amountCents"))).flatmap(
        lambda two: joined(_of(two[0]), st.just({"field": two[1]}))
    )
    return {
        "event_count": joined(st.sampled_from(TYPES).flatmap(_of), windows(now), bounds(0, 1, 2)),
        "event_sum": joined(summed, windows(now), bounds(-1, 0, 1, 1.5, 2.5, 0.001)),
    }


@settings(
    max_examples=10,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data(), story=st.builds(Story, nows, records, fields))
async def test_conditions_of_events_mean_what_the_inbox_says(
    units: Units, master: MasterKey, clock: TestClock, data: st.DataObject, story: Story
) -> None:
    await clock.set(story.now)
    world = await salon(units, master)
    await write(world, story)
    books: Books = await read_books(world)
    past = st.sampled_from((None, None, None, 0, 1, 30, 365))
    asked = conditions(story.now)
    trees = [
        ({"condition": name} | data.draw(params), data.draw(past)) for name, params in asked.items() for _ in range(30)
    ]
    await check(world, books, ORACLES, trees, story.now)
