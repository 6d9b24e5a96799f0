"""The salon's six files, imported with mappings alone, against a recount in plain Python."""

from collections import Counter, defaultdict
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest

from backend.db.units import Units
from backend.imports.service import ImportReport, ImportRequest, run_import
from tasks.kernel.sealing import MasterKey
from tasks.ledger.service import check_facts
from tests.salon.books import BOOKS, FILES, MAPPINGS, NOBODY, ZONE, day, import_all, needs_books, open_salon, rows

pytestmark = needs_books

SERVICES, GOODS, RECEIPTS, BOOKINGS, CANCELLATIONS, NO_SHOWS = (file for file, _, _ in FILES)


class Salon(NamedTuple):
    """A merchant whose books are in, and what the imports reported."""

    merchant_id: UUID
    reports: dict[str, ImportReport]


@pytest.fixture(scope="module")
async def salon(units: Units, master: MasterKey, tmp_path_factory: pytest.TempPathFactory) -> Salon:
    merchant_id = await open_salon(units)
    return Salon(merchant_id, await import_all(units, master, merchant_id, tmp_path_factory.mktemp("rejects")))


async def ask(units: Units, salon: Salon, statement: str) -> list[tuple[Any, ...]]:
    async with units.glance(salon.merchant_id) as unit:
        return [tuple(row) for row in (await unit.run(statement)).all()]


def cents(*amounts: str) -> int:
    return int((sum(map(Decimal, amounts), Decimal(0)) * 100).to_integral_value(ROUND_HALF_UP))


def named_clients() -> set[str]:
    found = {row["Client"] for row in rows(RECEIPTS)}
    return (found | {row["Code"] for file in (BOOKINGS, CANCELLATIONS, NO_SHOWS) for row in rows(file)}) - NOBODY


async def test_every_row_is_taken(salon: Salon) -> None:
    for (file, _, _), report in zip(FILES, salon.reports.values(), strict=True):
        assert (report.read, report.accepted, report.rejected) == (len(rows(file)), len(rows(file)), 0)
        assert (report.duplicate, report.skipped, report.rejects_path) == (0, {}, None)


async def test_catalogue(units: Units, salon: Salon) -> None:
    found = dict(await ask(units, salon, "select kind, count(*) from product where merchant_id = :merchant group by 1"))
    assert found == {"service": len(rows(SERVICES)), "goods": len(rows(GOODS))}
    names = await ask(units, salon, "select code, name from product where merchant_id = :merchant and kind = 'service'")
    assert sorted(names) == sorted((row["Code"], row["Desc"] or row["Code"]) for row in rows(SERVICES))


async def test_people(units: Units, salon: Salon) -> None:
    ((customers,),) = await ask(units, salon, "select count(*) from customer where merchant_id = :merchant")
    assert customers == len(named_clients())
    ((staff,),) = await ask(units, salon, "select count(*) from staff where merchant_id = :merchant")
    files = (RECEIPTS, BOOKINGS, CANCELLATIONS, NO_SHOWS)
    assert staff == len({row["Staff"] for file in files for row in rows(file)} - {"HOUSE"})


async def test_sales_and_their_money(units: Units, salon: Salon) -> None:
    lines = rows(RECEIPTS)
    ((sales, cash, card, tax, unknown),) = await ask(
        units,
        salon,
        """select count(*), sum(cash_cents), sum(card_cents), sum(tax_cents), count(*) filter (where customer_id is null)
           from sale where merchant_id = :merchant""",
    )
    keys = {(row["Receipt"], row["Client"], row["Date"]) for row in lines}
    assert (sales, unknown) == (len(keys), sum(client in NOBODY for _, client, _ in keys))
    assert (cash, card) == (sum(cents(row["Amount"]) for row in lines), 0)
    assert tax == sum(cents(row["GST"], row["PST"]) for row in lines)
    ((count, refunds, refunded, takes_back, with_product, with_staff),) = await ask(
        units,
        salon,
        """select count(*), count(*) filter (where cash_cents < 0), sum(cash_cents) filter (where cash_cents < 0),
                  count(*) filter (where quantity < 0), count(product_id), count(staff_id)
           from sale_line where merchant_id = :merchant""",
    )
    below = [cents(row["Amount"]) for row in lines if row["Amount"].startswith("-")]
    assert (count, refunds, refunded) == (len(lines), len(below), sum(below))
    assert takes_back == sum(row["Quantity"].startswith("-") for row in lines)
    assert with_product == sum(row["Description"] != "" for row in lines)
    assert with_staff == sum(row["Staff"] != "HOUSE" for row in lines)


async def test_sales_per_day(units: Units, salon: Salon) -> None:
    found = dict(
        await ask(units, salon, "select sold_on, sum(cash_cents) from sale where merchant_id = :merchant group by 1")
    )
    expected: dict[Any, int] = defaultdict(int)
    for row in rows(RECEIPTS):
        expected[day(row["Date"])] += cents(row["Amount"])
    assert found == expected


async def test_visits(units: Units, salon: Salon) -> None:
    listed = {row["Desc"] for row in rows(SERVICES)} - {""}
    expected = {
        (row["Client"], day(row["Date"]))
        for row in rows(RECEIPTS)
        if Decimal(row["Quantity"]) > 0 and row["Description"] in listed and row["Client"] not in NOBODY
    }
    found = await ask(units, salon, "select visited_on, count(*) from visit where merchant_id = :merchant group by 1")
    assert dict(found) == Counter(on for _, on in expected)
    firsts = {client: min(on for other, on in expected if other == client) for client, _ in expected}
    facts = await ask(
        units,
        salon,
        """select first_visit_on, count(*) from customer_facts
           where merchant_id = :merchant and first_visit_on is not null group by 1""",
    )
    assert dict(facts) == Counter(firsts.values())


async def test_appointments_in_their_states(units: Units, salon: Salon) -> None:
    booked, missed, cancelled = rows(BOOKINGS), rows(NO_SHOWS), rows(CANCELLATIONS)
    found = dict(
        await ask(units, salon, "select status, count(*) from appointment where merchant_id = :merchant group by 1")
    )
    assert found == {"booked": len(booked) - len(missed), "missed": len(missed), "cancelled": len(cancelled)}
    times = await ask(
        units,
        salon,
        f"""select to_char(starts_at at time zone '{ZONE}', 'MM/DD/YYYY'),
                   extract(hour from starts_at at time zone '{ZONE}')::int * 60
                   + extract(minute from starts_at at time zone '{ZONE}')::int
            from appointment where merchant_id = :merchant and status in ('booked', 'missed')""",  # a constant
    )
    assert Counter(times) == Counter((row["Date"], int(row["TimeInt"])) for row in booked)
    called_off = await ask(
        units,
        salon,
        f"""select to_char(starts_on, 'MM/DD/YYYY'), to_char(cancelled_at at time zone '{ZONE}', 'MM/DD/YYYY')
            from appointment where merchant_id = :merchant and status = 'cancelled'""",  # a constant
    )
    assert Counter(called_off) == Counter((row["Booking Date"], row["Cancel Date"]) for row in cancelled)


async def test_cancellations_are_not_in_the_bookings() -> None:
    """Why a cancellation is an appointment of its own: the POS takes it out of the bookings, and a booking that looks the same was kept."""
    same = {(row["Code"], row["Service"], row["Staff"], row["Booking Date"]) for row in rows(CANCELLATIONS)}
    again = [row for row in rows(BOOKINGS) if (row["Code"], row["Service"], row["Staff"], row["Date"]) in same]
    came = {(row["Client"], row["Date"]) for row in rows(RECEIPTS)}
    last = max(day(row["Date"]) for row in rows(RECEIPTS))
    past = [row for row in again if day(row["Date"]) <= last]
    assert len(again) < len(same) / 8
    assert sum((row["Code"], row["Date"]) in came for row in past) >= len(past) - 1


async def test_history_begins_with_the_first_receipt(units: Units, salon: Salon) -> None:
    ((begins,),) = await ask(units, salon, "select history_from from merchant where merchant_id = :merchant")
    assert begins == min(day(row["Date"]) for row in rows(RECEIPTS)) == salon.reports["receipts.toml"].history_from


async def test_books_of_the_past_start_nothing(units: Units, salon: Salon) -> None:
    assert await ask(units, salon, "select id from task where merchant_id = :merchant") == []
    assert await ask(units, salon, "select distinct historic from event where merchant_id = :merchant") == [(True,)]
    async with units.glance(salon.merchant_id) as unit:
        assert await check_facts(unit) == []


STATE = """
select 'sale', count(*), sum(hashtext(external_id || cash_cents || tax_cents || sold_at)::bigint) from sale where merchant_id = :merchant
union all select 'line', count(*), sum(hashtext(sale_id || description || quantity)::bigint) from sale_line where merchant_id = :merchant
union all select 'visit', count(*), sum(hashtext(id || '' || visited_at)::bigint) from visit where merchant_id = :merchant
union all select 'appointment', count(*), sum(hashtext(external_id || status || starts_at || precision || coalesce(cancelled_at, booked_at))::bigint)
  from appointment where merchant_id = :merchant
union all select 'event', count(*), sum(hashtext(id || state || type)::bigint) from event where merchant_id = :merchant
union all select 'customer', count(*), sum(hashtext(id || '')::bigint) from customer where merchant_id = :merchant
union all select 'staff', count(*), sum(hashtext(id || '')::bigint) from staff where merchant_id = :merchant
union all select 'product', count(*), sum(hashtext(id || name || kind)::bigint) from product where merchant_id = :merchant
order by 1
"""


async def test_sent_again_in_any_order_nothing_changes(units: Units, master: MasterKey, tmp_path: Path) -> None:
    merchant_id = await open_salon(units)
    # No-shows and cancellations before the bookings that they belong to: the books end the same.
    await import_all(units, master, merchant_id, tmp_path, order=(1, 0, 5, 4, 3, 2))
    again = Salon(merchant_id, {})
    before = await ask(units, again, STATE)
    states = await ask(
        units, again, "select status, precision, count(*) from appointment where merchant_id = :merchant group by 1, 2"
    )
    assert {(status, count) for status, _, count in states} >= {("missed", len(rows(NO_SHOWS)))}
    reports = await import_all(units, master, merchant_id, tmp_path)
    assert await ask(units, again, STATE) == before
    for report in reports.values():
        assert (report.accepted, report.rejected, report.duplicate, report.created) == (0, 0, report.read, {})


async def test_a_dry_run_says_the_same_and_keeps_nothing(units: Units, master: MasterKey, tmp_path: Path) -> None:
    merchant_id = await open_salon(units)
    file, kind, mapping = FILES[3]
    request = ImportRequest(
        merchant_id, kind, BOOKS / file, MAPPINGS / mapping, dry_run=True, rejects_path=tmp_path / "r.csv"
    )
    report = await run_import(units, master, request)
    # Without the service listing every booking names an unknown service.
    assert (report.read, report.accepted, report.rejected) == (len(rows(file)), 0, len(rows(file)))
    assert len((tmp_path / "r.csv").read_text(encoding="utf-8-sig").splitlines()) == len(rows(file)) + 1
    for table in ("customer", "staff", "appointment", "import_run", "import_reject"):
        assert await ask(
            units, Salon(merchant_id, {}), f"select count(*) from {table} where merchant_id = :merchant"
        ) == [(0,)]
