"""Late, twice and out of order gives the same books as on time."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.db.units import Units
from tasks.kernel.sealing import MasterKey
from tasks.ledger import bulk
from tasks.ledger import service as ledger
from tasks.ledger.inputs import CardIn, EntryIn, LineIn, SaleIn, VisitIn
from tasks.ledger.states import EntryKind
from tests.support.clock import shanghai
from tests.support.world import World, make_world

START = shanghai("2026-01-30 20:00")
CUSTOMERS = ("C1", "C2", "C3")
Record = tuple[str, Any]

hours = st.integers(0, 24 * 4)
customers = st.sampled_from((*CUSTOMERS, None))
lines = st.lists(
    st.builds(
        LineIn,
        product=st.sampled_from(("CUT", "LASH", "OIL", None)),
        quantity=st.sampled_from((Decimal(1), Decimal(2), Decimal(-1))),
        cash_cents=st.sampled_from((0, 100, 5_000, -5_000)),
        card_cents=st.sampled_from((0, 700)),
        staff=st.sampled_from(((), ("E1",), ("E2", "E1"))),
    ),
    max_size=3,
).map(tuple)


def at(hour: int) -> datetime:
    return START + timedelta(hours=hour)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Record], list[Record]]:
    """What was first said of some receipts, and what is true."""
    heads = draw(st.lists(st.tuples(hours, customers, lines, st.booleans()), max_size=8))
    drafts: list[Record] = []
    truth: list[Record] = []
    for n, (hour, customer, said, corrected) in enumerate(heads):
        if corrected:
            before = draw(st.tuples(hours, customers, lines))
            drafts.append(("sales", _sale(n, *before)))
        truth.append(("sales", _sale(n, hour, customer, said)))
    visits = draw(
        st.lists(st.tuples(hours, st.sampled_from(CUSTOMERS), st.sampled_from((None, "E1", "E2"))), max_size=4)
    )
    truth += [("visits", VisitIn(customer=who, store="S1", at=at(hour), staff=staff)) for hour, who, staff in visits]
    entries = draw(st.lists(st.tuples(st.integers(0, 2), hours, st.sampled_from(list(_ENTRIES))), max_size=8))
    truth += [("cards", _entry(n, *one)) for n, one in enumerate(entries)]
    return drafts, truth


def _sale(n: int, hour: int, customer: str | None, said: tuple[LineIn, ...]) -> SaleIn:
    return SaleIn(external_id=f"R{n}", store="S1", at=at(hour), customer=customer, lines=said)


_ENTRIES: dict[EntryKind, dict[str, Any]] = {
    EntryKind.TOP_UP: {"principal_cents": 1_000, "gift_cents": 100},
    EntryKind.CONSUME: {"principal_cents": -300, "uses": -1},
    EntryKind.ADJUST: {"uses": 5},
    EntryKind.FREEZE: {"frozen": True},
    EntryKind.EXTEND: {"expires_on": START.date()},
    EntryKind.CLOSE: {"principal_cents": -700},
}


def _entry(n: int, card: int, hour: int, kind: EntryKind) -> CardIn:
    values = dict(_ENTRIES[kind])
    if kind is EntryKind.FREEZE:
        values["frozen"] = n % 2 == 0
    if kind is EntryKind.EXTEND:
        values["expires_on"] = START.date() + timedelta(days=n)
    entry = EntryIn(external_id=f"e{n}", kind=kind, at=at(hour), **values)
    return CardIn(
        external_id=f"K{card}", product="VALUE", customer=CUSTOMERS[card], opened_on=START.date(), entries=(entry,)
    )


async def feed(world: World, records: Sequence[Record], rng: random.Random) -> None:
    """Send the records in batches of random sizes, each of one kind."""
    rest = list(records)
    while rest:
        size = rng.randint(1, 5)
        batch, rest = rest[:size], rest[size:]
        for kind in ("sales", "visits", "cards"):
            if items := [item for one, item in batch if one == kind]:
                await world.books(kind, *items)


async def books(world: World) -> dict[str, Any]:
    """Everything that follows from the records, in the outside's names."""
    names = {one: code for code, one in world.customers.items()}
    async with world.units.open(world.merchant_id) as unit:
        assert await ledger.check_facts(unit) == []
        facts = await unit.rows("select * from customer_facts where merchant_id = :merchant")
        cards = await unit.rows(
            """select c.external_id, f.status, f.principal_cents, f.gift_cents, f.uses_left, f.expires_on, f.frozen, f.last_used_at, f.last_topped_up_at
               from card_facts f join card c on c.merchant_id = f.merchant_id and c.id = f.card_id where f.merchant_id = :merchant"""
        )
        events = await unit.rows(
            "select type, customer_id, occurred_at from event where merchant_id = :merchant and state = 'accepted' "
            "and source <> 'huifang:insight'"  # movements follow from the order in which books come in
        )
        visits = await unit.rows(
            "select customer_id, visited_on, visited_at, served_by, product_id from visit where merchant_id = :merchant"
        )
        staff = {one: code for code, one in world.staff.items()}
        codes = await unit.rows("select id, code from product where merchant_id = :merchant")
        products = {row["id"]: row["code"] for row in codes}
    hidden = {"merchant_id", "customer_id"}
    return {
        "facts": {names[row["customer_id"]]: {k: v for k, v in row.items() if k not in hidden} for row in facts},
        "cards": sorted(map(str, (tuple(row.values()) for row in cards))),
        "events": sorted((row["type"], names[row["customer_id"]], row["occurred_at"]) for row in events),
        "visits": sorted(
            (
                names[row["customer_id"]],
                row["visited_at"],
                str(staff.get(row["served_by"])),
                str(products.get(row["product_id"])),
            )
            for row in visits
        ),
    }


async def fresh_world(units: Units, master: MasterKey) -> World:
    world = await make_world(units, master)
    for code in CUSTOMERS:
        await world.customer(code, phone="")
    return world


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories(), seed=st.integers(0, 2**32))
async def test_any_order_gives_the_same_books(
    units: Units, master: MasterKey, history: tuple[list[Record], list[Record]], seed: int
) -> None:
    drafts, truth = history
    rng = random.Random(seed)  # noqa: S311  # a shuffle
    on_time, late = await fresh_world(units, master), await fresh_world(units, master)
    await feed(on_time, sorted(truth, key=lambda one: _instant(one[1])), rng)
    shuffled = truth + rng.sample(truth, len(truth) // 2)
    rng.shuffle(shuffled)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "MANY", 1 if seed % 2 else bulk.MANY)  # every other history goes in by COPY
        await feed(late, [*drafts, *shuffled], rng)
    expected = await books(on_time)
    found = await books(late)
    # Two staff with the same number and amount of lines: the smaller id decides, and ids differ between two merchants.
    assert _certain(found) == _certain(expected)
    async with units.open(late.merchant_id) as unit:
        await unit.run("update customer_facts set visit_count = visit_count + 1 where merchant_id = :merchant")
        await ledger.rebuild_facts(unit)
    assert await books(late) == found


def _many(rng: random.Random, count: int) -> list[SaleIn]:
    staff = (("E1",), ("E1",), ())
    kinds = ("CUT", "LASH", "OIL", None)

    def line() -> LineIn:
        cents = rng.choice((0, 100, 5_000, -5_000))
        quantity = Decimal(rng.choice((1, 2, -1)))
        return LineIn(product=rng.choice(kinds), quantity=quantity, cash_cents=cents, staff=rng.choice(staff))

    return [
        _sale(
            n, rng.randint(0, 24 * 90), rng.choice((*CUSTOMERS, None)), tuple(line() for _ in range(rng.randint(0, 3)))
        )
        for n in range(count)
    ]


async def test_a_batch_that_goes_in_by_copy_gives_the_same_rows_and_facts_as_small_ones(
    units: Units, master: MasterKey
) -> None:
    rng = random.Random(7)  # noqa: S311  # the same receipts every time
    first, rest = bulk.MANY // 3, bulk.MANY + 200
    before, after = _many(rng, first), _many(rng, first + rest)
    small, large = await fresh_world(units, master), await fresh_world(units, master)
    for world in (small, large):
        await world.books("sales", *before)
    # Everything sent before is sent again otherwise, and more than a COPY's worth is new.
    for at in range(0, len(after), 50):
        await small.books("sales", *after[at : at + 50])
    await large.books("sales", *after)
    assert await books(large) == await books(small)
    assert await rows_written(large) == await rows_written(small)
    await large.books("sales", *after)
    assert await rows_written(large) == await rows_written(small)


async def rows_written(world: World) -> list[tuple[Any, ...]]:
    """Receipts and lines as they are stored, without ids."""
    async with world.units.open(world.merchant_id) as unit:
        found = await unit.rows(
            """select s.external_id, s.sold_at, s.sold_on, s.cash_cents, s.card_cents, s.tax_cents, l.line_no, p.code, l.description, l.quantity,
                      l.cash_cents as line_cash, l.requested, l.staff_id is null as nobody,
                      (select array_agg(e.type || e.state order by e.type) from event e
                       where e.merchant_id = s.merchant_id and e.ledger_id = s.id) as events
               from sale s left join sale_line l on l.merchant_id = s.merchant_id and l.sale_id = s.id
               left join product p on p.merchant_id = l.merchant_id and p.id = l.product_id
               where s.merchant_id = :merchant order by s.external_id, l.line_no"""
        )
    return [tuple(row.values()) for row in found]


def _certain(said: dict[str, Any]) -> dict[str, Any]:
    return said | {"visits": [visit[:2] for visit in said["visits"]]}


def _instant(item: Any) -> datetime:
    found = item.entries[0].at if isinstance(item, CardIn) else item.at
    assert isinstance(found, datetime)
    return found
