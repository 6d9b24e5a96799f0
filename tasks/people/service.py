"""What the rest of the product asks of people."""

from collections.abc import Iterable
from datetime import date, time
from typing import NotRequired, TypedDict, Unpack
from uuid import UUID

from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.kernel.zones import zone_of
from tasks.people.customers import upsert_customers
from tasks.people.rules import check_text
from tasks.people.staffing import upsert_staff

__all__ = ["add_closure", "create_store", "set_history_from", "set_password_hash", "upsert_customers", "upsert_staff"]

EVERY_DAY = frozenset(range(7))


class NewStore(TypedDict):
    """What a store is made of; `weekdays` on which it opens (0 = Monday), all of them from `opens` to `closes`, unless said otherwise."""

    code: str
    name: str
    timezone: str
    weekdays: NotRequired[Iterable[int]]
    opens: NotRequired[time]
    closes: NotRequired[time]


async def create_store(unit: Unit, **store: Unpack[NewStore]) -> UUID:
    """Create a store with its opening hours (10:00–21:00) and its place in the change feed; returns its id. Raises `Invalid` for a code that is taken."""
    check_text("code", store["code"], needed=True)
    check_text("name", store["name"], needed=True)
    zone_of(store["timezone"])
    opens, closes = store.get("opens", time(10)), store.get("closes", time(21))
    if closes <= opens:
        raise Invalid("closes", "is not after opening")
    store_id = await unit.scalar(
        """insert into store (merchant_id, id, code, name, timezone) values (:merchant, :id, :code, :name, :timezone)
           on conflict (code, merchant_id) where code <> '' do nothing returning id""",
        id=new_id(),
        code=store["code"],
        name=store["name"],
        timezone=store["timezone"],
    )
    if store_id is None:
        raise Invalid("code", "another store has it")
    await unit.run(
        """insert into store_hours (merchant_id, store_id, weekday, opens, closes)
           select :merchant, :store, weekday, :opens, :closes from unnest(cast(:weekdays as int[])) as u(weekday)""",
        store=store_id,
        weekdays=sorted(set(store.get("weekdays", EVERY_DAY))),
        opens=opens,
        closes=closes,
    )
    await unit.run("insert into store_revision (merchant_id, store_id) values (:merchant, :store)", store=store_id)
    return UUID(str(store_id))


async def add_closure(unit: Unit, store_id: UUID, from_on: date, to_on: date, *, reason: str = "") -> UUID:
    """Close a store from the first to the last day, both included; returns the closure's id. Raises `Invalid` for days in the wrong order."""
    if to_on < from_on:
        raise Invalid("toOn", "is before fromOn")
    closure_id = new_id()
    await unit.run(
        """insert into store_closure (merchant_id, id, store_id, from_on, to_on, reason)
           values (:merchant, :id, :store, :from_on, :to_on, :reason)""",
        id=closure_id,
        store=store_id,
        from_on=from_on,
        to_on=to_on,
        reason=reason,
    )
    return closure_id


async def set_password_hash(unit: Unit, staff_id: UUID, password_hash: str | None) -> None:
    """Store a password's hash, made by whoever knows the algorithm. Raises `NotFound` for no such active staff member."""
    found = await unit.scalar(
        "update staff set password_hash = :hash where merchant_id = :merchant and id = :staff and status = 'active' returning id",
        hash=password_hash,
        staff=staff_id,
    )
    if found is None:
        raise NotFound(what="员工/staff")


async def set_history_from(unit: Unit, day: date) -> None:
    """Say from which day on the books are complete; an earlier day that is stored stays."""
    await unit.run(
        "update merchant set history_from = least(coalesce(history_from, :day), :day) where merchant_id = :merchant",
        day=day,
    )
