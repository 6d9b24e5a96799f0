"""`second_visit` previewed on every day of the salon's books, against a recount from the CSV in plain Python."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from backend.db.units import Units
from tasks.flow.preview import Preview, preview
from tasks.kernel.sealing import MasterKey
from tasks.plans.templates import SECOND_VISIT
from tests.salon.books import NOBODY, day, import_all, needs_books, open_salon, rows

pytestmark = needs_books

DELAY = timedelta(days=7)


@pytest.fixture(scope="module")
async def salon(units: Units, master: MasterKey, tmp_path_factory: pytest.TempPathFactory) -> UUID:
    merchant_id = await open_salon(units)
    await import_all(units, master, merchant_id, tmp_path_factory.mktemp("rejects"))
    return merchant_id


def visits() -> dict[str, set[date]]:
    """Client → days with at least one line of positive quantity whose description is in the service listing."""
    listed = {row["Desc"] for row in rows("Service Listing0.csv")} - {""}
    found: dict[str, set[date]] = defaultdict(set)
    for row in rows("Receipt Transactions0.csv"):
        if Decimal(row["Quantity"]) > 0 and row["Description"] in listed and row["Client"] not in NOBODY:
            found[row["Client"]].add(day(row["Date"]))
    return found


def bookings() -> dict[str, set[date]]:
    """Client → days of appointments that are not cancelled: the POS takes cancelled ones out of its bookings."""
    found: dict[str, set[date]] = defaultdict(set)
    for row in rows("Future Bookings (All Clients)0.csv"):
        found[row["Code"]].add(day(row["Date"]))
    for row in rows("No-Show Report0.csv"):
        found[row["Code"]].add(day(row["Date"]))
    return found


def recount(on: date, seen: dict[str, set[date]], booked: dict[str, set[date]]) -> dict[str, int]:
    """What must come out on one day: at 09:00 that day's own visits have not happened yet."""
    new = [client for client, days in seen.items() if min(days) == on - DELAY]
    back = {client for client in new if any(on - DELAY < other < on for other in seen[client])}
    with_appointment = {client for client in new if client not in back and any(other >= on for other in booked[client])}
    return {"matched": len(new), "exited:visit_count": len(back), "suppressed:appointment": len(with_appointment)}


async def looked(units: Units, salon: UUID, on: date) -> Preview:
    found = await preview(units, salon, SECOND_VISIT, on)
    assert found.matched == found.tasks + found.merged + sum(found.by_reason.values())
    return found


async def test_every_day_of_the_books_agrees_with_the_recount(units: Units, salon: UUID) -> None:
    seen, booked = visits(), bookings()
    first = min(min(days) for days in seen.values())
    last = max(max(days) for days in seen.values()) + DELAY
    wrong = {}
    total = 0
    for number in range((last - first).days + 2):
        on = first + timedelta(days=number)
        found = await looked(units, salon, on)
        got = {"matched": found.matched} | {
            name: found.by_reason.get(name, 0) for name in ("exited:visit_count", "suppressed:appointment")
        }
        total += found.matched
        if got != (expected := recount(on, seen, booked)):
            wrong[on] = (got, expected)
    assert wrong == {}
    assert total == len(seen)


async def test_the_tenth_of_may(units: Units, salon: UUID) -> None:
    found = await looked(units, salon, date(2018, 5, 10))
    assert found.matched == sum(min(days) == date(2018, 5, 3) for days in visits().values()) > 0
    assert set(found.by_reason) <= {"exited:visit_count", "suppressed:appointment", "held_out"}
    assert found.warnings == ["history_from:2018-03-15"]
