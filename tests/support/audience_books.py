"""What the books say, as plain rows, and a customer's part of them as it stood at an instant: the ground of the oracles of conditions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from tests.support.world import World

Row = Mapping[str, Any]
TABLES: Final = (
    "product", "sale", "sale_line", "sale_line_helper", "visit", "appointment", "card", "card_entry", "event", "event_field", "contact", "callback", "task",
    "task_reason", "promise", "customer_contact_state", "consent",
)  # fmt: skip
FOREVER: Final = datetime(9999, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Books:
    """Every row of a merchant by table; `zones` are the time zones of those who are followed up, by code."""

    rows: Mapping[str, Sequence[Row]]
    ids: Mapping[str, UUID]
    zones: Mapping[str, str]

    @cached_property
    def owned(self) -> Mapping[tuple[str, UUID], Sequence[Row]]:
        found: defaultdict[tuple[str, UUID], list[Row]] = defaultdict(list)
        for table, rows in self.rows.items():
            for row in rows:
                if row.get("customer_id") is not None:
                    found[table, row["customer_id"]].append(row)
        return found

    def hers(self, code: str, now: datetime, on: date | None) -> "Hers":
        """A customer's part; as it stood at the end of a day of hers, if one is named."""
        zone = ZoneInfo(self.zones[code])
        if on is None:
            return Hers(self, self.ids[code], zone, now, now.astimezone(zone).date(), FOREVER)
        end = datetime.combine(on + timedelta(days=1), time(0), zone).astimezone(UTC)
        return Hers(self, self.ids[code], zone, end - timedelta(microseconds=1), on, end - timedelta(microseconds=1))


@dataclass(frozen=True)
class Hers:
    """One customer's rows.

    Attributes:
        at, today: when she is looked at.
        until: up to when things count that happened; for ever, when it is now.
    """

    books: Books
    id: UUID
    zone: ZoneInfo
    at: datetime
    today: date
    until: datetime

    @property
    def past(self) -> bool:
        return self.until != FOREVER

    def rows(self, table: str, instant: str | None = None) -> list[Row]:
        """Her rows of a table that had happened, by the column that says when."""
        found = self.books.owned.get((table, self.id), ())
        return [row for row in found if instant is None or (row[instant] is not None and row[instant] <= self.until)]

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def all(self, table: str) -> Sequence[Row]:
        return self.books.rows[table]


async def read_books(world: World) -> Books:
    """Everything that is stored of a merchant."""
    async with world.units.glance(world.merchant_id) as unit:
        rows = {
            table: [dict(row) for row in await unit.rows(f"select * from {table} where merchant_id = :merchant")]
            for table in TABLES
        }
        people = await unit.rows(
            """select c.id, coalesce(s.timezone, m.timezone) as zone from customer c join merchant m on m.merchant_id = c.merchant_id
               left join store s on s.merchant_id = c.merchant_id and s.id = c.home_store_id
               where c.merchant_id = :merchant and c.status = 'active' and not c.anonymous and not c.internal"""
        )
    codes = {one: code for code, one in world.customers.items()}
    return Books(rows, world.customers, {codes[row["id"]]: row["zone"] for row in people})


def keeps(value: float, bounds: Row) -> bool:
    """A number keeps every bound that is given."""
    return (
        ("equals" not in bounds or value == bounds["equals"])
        and ("atLeast" not in bounds or value >= bounds["atLeast"])
        and ("atMost" not in bounds or value <= bounds["atMost"])
        and ("above" not in bounds or value > bounds["above"])
        and ("below" not in bounds or value < bounds["below"])
    )


def within(day: date, window: Row, today: date) -> bool:
    """A day is in the window; without one every day is."""
    return (
        ("withinDays" not in window or (today - day).days <= window["withinDays"])
        and ("fromOn" not in window or day.isoformat() >= window["fromOn"])
        and ("toOn" not in window or day.isoformat() <= window["toOn"])
    )


def near_or_far(day: date | None, when: Row, today: date) -> bool:
    """A day is as near or far as asked; never is not within any number of days, and nothing else."""
    if day is None:
        return set(when) & {"withinDays", "notWithinDays", "fromOn", "toOn"} == {"notWithinDays"}
    return within(day, when, today) and ("notWithinDays" not in when or (today - day).days > when["notWithinDays"])


def newest(days: Iterable[date]) -> date | None:
    return max(days, default=None)
