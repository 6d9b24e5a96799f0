"""The change feed: which tasks changed in which store, numbered so that no reader ever misses one.

The numbers come from the store's revision row, raised by the last statement of the writing transaction with the rows locked in id order (architecture.md:
last → p95 24 ms; first → deadlocks). Whoever reads up to revision N has everything that committed with a number ≤ N, because a store's writers
queue on its row.
"""

from collections.abc import Iterable
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.kernel.unit import Unit
from tasks.worklist.buckets import LIVE

POOL: Final = UUID(int=0)
"""Who no longer has a task that somebody took from the pool: every member of the store showed it, and everybody else must let it go."""


class StoresChanged(msgspec.Struct, frozen=True):
    """After-commit value: tasks of these stores changed; whoever waits for that may look."""

    store_ids: tuple[UUID, ...]


_BUMP = """
with source(store_id, task_id, left_staff_id) as ({sources}),
     changed as (select distinct on (store_id, task_id) store_id, task_id, left_staff_id
                 from source order by store_id, task_id, left_staff_id nulls last),
     stores as (select distinct store_id from changed),
     locked as (select r.store_id from store_revision r join stores s on s.store_id = r.store_id
                where r.merchant_id = :merchant order by r.store_id for update of r),
     raised as (update store_revision r set rev = r.rev + 1 from locked l
                where r.merchant_id = :merchant and r.store_id = l.store_id returning r.store_id, r.rev),
     written as (insert into task_change (merchant_id, store_id, rev, task_id, left_staff_id, changed_at)
                 select :merchant, c.store_id, b.rev, c.task_id, c.left_staff_id, :now from changed c join raised b on b.store_id = c.store_id)
select store_id from raised order by store_id
"""


_KEEP = """
create temporary table if not exists feed_change (store_id uuid not null, task_id uuid not null, left_staff_id uuid) on commit delete rows
"""
_KEPT = "select store_id, task_id, left_staff_id from feed_change"
_NAMED = """
select * from unnest(cast(:feed_stores as uuid[]), cast(:feed_tasks as uuid[]), cast(:feed_left as uuid[])) as u(store_id, task_id, left_staff_id)
"""
_CUSTOMERS = f"""
select t.store_id, t.id, cast(null as uuid) from task t
where t.merchant_id = :merchant and t.customer_id = any(cast(:feed_customers as uuid[])) and {LIVE}
"""
_APPOINTMENTS = f"""
select t.store_id, t.id, cast(null as uuid) from appointment a join task t on t.merchant_id = :merchant and t.customer_id = a.customer_id
where a.merchant_id = :merchant and a.id = any(cast(:feed_appointments as uuid[])) and {LIVE}
"""


class Feed:
    """Collects what changed in this transaction and publishes it as the transaction's last statement."""

    def __init__(self) -> None:
        self._changes: dict[tuple[UUID, UUID], UUID | None] = {}
        self._customers: set[UUID] = set()
        self._appointments: set[UUID] = set()
        self._sources: list[str] = []
        self._values: dict[str, Any] = {}
        self._kept = False

    def changed(self, store_id: UUID, task_id: UUID, left_staff_id: UUID | None = None) -> None:
        """A task changed; `left_staff_id` is who no longer has it, `POOL` when it was in the pool."""
        # Moved twice in one transaction, it left who had it before: nobody ever saw it with the one in between.
        self._changes[store_id, task_id] = self._changes.get((store_id, task_id)) or left_staff_id

    def customers_changed(self, customer_ids: Iterable[UUID]) -> None:
        """Something that a task shows of these customers changed: their live tasks did, whoever holds them."""
        self._customers.update(customer_ids)

    def appointments_changed(self, appointment_ids: Iterable[UUID]) -> None:
        """These appointments were recorded anew: what the live tasks of their customers say of them changed."""
        self._appointments.update(appointment_ids)

    def changed_rows(self, select: str, **values: Any) -> None:
        """Many tasks changed: `select` yields (store_id, task_id, left_staff_id) when the transaction closes; its binds must be named apart."""
        self._sources.append(select)
        self._values.update(values)

    async def changed_now(self, unit: Unit, select: str, **values: Any) -> None:
        """Many tasks changed: `select` yields (store_id, task_id, left_staff_id) and is read at once, from rows that may be gone when the transaction closes.

        Within a savepoint that is rolled back it was never said.
        """
        await unit.run(_KEEP)
        await unit.run(f"insert into feed_change (store_id, task_id, left_staff_id) {select}", **values)
        self._kept = True

    async def close(self, unit: Unit) -> None:
        """Lock the stores in id order, raise their revisions once, write one change row per task, and hand over `StoresChanged`."""
        if self._kept:
            # A savepoint that was rolled back may have taken the table with it.
            await unit.run(_KEEP)
        sources, values = self._collected()
        if sources:
            rows = await unit.rows(_BUMP.format(sources=" union all ".join(sources)), **values)
            if rows:
                unit.after_commit(StoresChanged(tuple(row["store_id"] for row in rows)))

    def _collected(self) -> tuple[list[str], dict[str, Any]]:
        sources, values = list(self._sources), dict(self._values)
        if self._kept:
            sources.append(_KEPT)
        if self._customers:
            sources.append(_CUSTOMERS)
            values["feed_customers"] = sorted(self._customers)
        if self._appointments:
            sources.append(_APPOINTMENTS)
            values["feed_appointments"] = sorted(self._appointments)
        if self._changes:
            sources.append(_NAMED)
            stores, tasks = zip(*self._changes, strict=True)
            values |= {
                "feed_stores": list(stores),
                "feed_tasks": list(tasks),
                "feed_left": list(self._changes.values()),
            }
        return sources, values


def feed(unit: Unit) -> Feed:
    """Return the feed of this unit of work."""
    return unit.closer("feed", Feed)
