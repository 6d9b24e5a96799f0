"""The change feed: which tasks changed in which store, numbered so that no reader ever misses one.

The numbers come from the store's revision row, raised by the last statement of the writing transaction with the rows locked in id order (architecture.md:
last → p95 24 ms; first → deadlocks). Whoever reads up to revision N has everything that committed with a number ≤ N, because a store's writers
queue on its row.
"""

from typing import Any
from uuid import UUID

from tasks.kernel.unit import Unit

_BUMP = """
with source(store_id, task_id, left_staff_id) as ({sources}),
     changed as (select distinct on (store_id, task_id) store_id, task_id, left_staff_id
                 from source order by store_id, task_id, left_staff_id nulls last),
     stores as (select distinct store_id from changed),
     locked as (select r.store_id from store_revision r join stores s on s.store_id = r.store_id
                where r.merchant_id = :merchant order by r.store_id for update of r),
     raised as (update store_revision r set rev = r.rev + 1 from locked l
                where r.merchant_id = :merchant and r.store_id = l.store_id returning r.store_id, r.rev)
insert into task_change (merchant_id, store_id, rev, task_id, left_staff_id)
select :merchant, c.store_id, b.rev, c.task_id, c.left_staff_id from changed c join raised b on b.store_id = c.store_id
"""


_KEEP = """
create temporary table if not exists feed_change (store_id uuid not null, task_id uuid not null, left_staff_id uuid) on commit delete rows
"""
_KEPT = "select store_id, task_id, left_staff_id from feed_change"


class Feed:
    """Collects what changed in this transaction and publishes it as the transaction's last statement."""

    def __init__(self) -> None:
        self._changes: list[tuple[UUID, UUID, UUID | None]] = []
        self._sources: list[str] = []
        self._values: dict[str, Any] = {}
        self._kept = False

    def changed(self, store_id: UUID, task_id: UUID, left_staff_id: UUID | None = None) -> None:
        """A task changed; `left_staff_id` is who no longer has it."""
        self._changes.append((store_id, task_id, left_staff_id))

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
        """Lock the stores in id order, raise their revisions once and write one change row per task."""
        sources = list(self._sources)
        values = dict(self._values)
        if self._kept:
            # A savepoint that was rolled back may have taken the table with it.
            await unit.run(_KEEP)
            sources.append(_KEPT)
        if self._changes:
            sources.append(
                "select * from unnest(cast(:feed_stores as uuid[]), cast(:feed_tasks as uuid[]), cast(:feed_left as uuid[])) "
                "as u(store_id, task_id, left_staff_id)"
            )
            stores, tasks, left = zip(*self._changes, strict=True)
            values |= {"feed_stores": list(stores), "feed_tasks": list(tasks), "feed_left": list(left)}
        if sources:
            await unit.run(_BUMP.format(sources=" union all ".join(sources)), **values)


def feed(unit: Unit) -> Feed:
    """Return the feed of this unit of work."""
    return unit.closer("feed", Feed)
