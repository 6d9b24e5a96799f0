"""Changes are forgotten when no cursor can ask for them any more."""

from datetime import timedelta
from typing import Final

from tasks.kernel.unit import Unit
from tasks.sync.cursors import LASTS

KEPT: Final = LASTS + timedelta(days=1)
"""A day longer than the oldest cursor, so that nobody is reading what is being forgotten."""

_PRUNE: Final = """
with oldest as (select s.store_id, c.rev, c.task_id from store_revision s
                cross join lateral (select c.rev, c.task_id, c.changed_at from task_change c
                                    where c.merchant_id = :merchant and c.store_id = s.store_id and c.rev <= s.rev order by c.rev, c.task_id limit :batch) c
                where s.merchant_id = :merchant and coalesce(c.changed_at, '-infinity') < :before),
     floors as (select store_id, max(rev) as rev from oldest group by store_id),
     gone as (delete from task_change c using oldest o
              where c.merchant_id = :merchant and c.store_id = o.store_id and c.rev = o.rev and c.task_id = o.task_id returning c.rev),
     raised as (update store_revision r set floor_rev = greatest(r.floor_rev, f.rev) from floors f
                where r.merchant_id = :merchant and r.store_id = f.store_id)
select count(*) from gone
"""


async def prune(unit: Unit, batch: int) -> int:
    """Forget changes older than a cursor can be, at most `batch` of each store, and raise the floors; returns how many. Safe to run twice at once.

    A change beyond its store's revision is a defect that the nightly look finds: it stays.
    """
    forgotten = await unit.scalar(_PRUNE, before=unit.now - KEPT, batch=batch)
    return int(forgotten)
