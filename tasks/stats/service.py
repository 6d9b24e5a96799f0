"""What became of the tasks of some days."""

from datetime import date, timedelta
from typing import Final
from uuid import UUID

import msgspec

from tasks.kernel.errors import Invalid
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.people.persons import open_staff
from tasks.stats.repository import read_completion, read_names
from tasks.stats.rules import By, rate

MAX_DAYS: Final = timedelta(days=400)


class CompletionRow(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The tasks of one employee, plan or store that opened in the days asked for; `key` None is the pool, or tasks without a plan.

    `assigned` is the denominator: every task but `moot` and `cancelled`; `attempted`, `reached`, `positive` and `booked` count its tasks, by what was
    logged and not corrected away. `skipped` ones are counted apart: they are neither attempted nor `done`. `arrived`, `paid` and the money (分; cash earned
    and card value consumed apart) are what is credited and not taken back, whatever became of the task. `overdue` is now.
    """

    key: UUID | None
    name: str | None
    assigned: int
    attempted: int
    reached: int
    positive: int
    booked: int
    arrived: int
    paid: int
    cash_cents: int
    card_cents: int
    overdue: int
    done: int
    skipped: int
    expired: int
    moot: int
    cancelled: int
    completion_rate: float | None


async def completion(unit: Unit, scope: StaffScope, from_on: date, to_on: date, by: By | str) -> list[CompletionRow]:
    """Return one row per employee, plan or store, in the order of names; days are store-local, first and last included. Employees see their own tasks."""
    if to_on < from_on or to_on - from_on > MAX_DAYS:
        raise Invalid("to", "not before from, at most 400 days after it")
    kind = _by(by)
    rows = await read_completion(unit, scope, (from_on, to_on), kind)
    names = await _names(unit, kind, [row["key"] for row in rows if row["key"]])
    found = [_row({**row}, names) for row in rows]
    return sorted(found, key=lambda row: (row.name is None, row.name or "", str(row.key)))


def _by(by: By | str) -> By:
    try:
        return By(by)
    except ValueError as fault:
        raise Invalid("by", "employee, plan or store") from fault


def _row(row: dict[str, object], names: dict[UUID, str]) -> CompletionRow:
    key = row.pop("key")
    counts: dict[str, int] = {name: int(str(value)) for name, value in row.items()}
    name = names.get(key) if isinstance(key, UUID) else None
    done = rate(counts["done"], counts["assigned"])
    return CompletionRow(**counts, key=key if isinstance(key, UUID) else None, name=name, completion_rate=done)


async def _names(unit: Unit, by: By, keys: list[UUID]) -> dict[UUID, str]:
    if by is By.EMPLOYEE:
        return {staff_id: person.name for staff_id, person in (await open_staff(unit, keys)).items()}
    return await read_names(unit, by, keys)
