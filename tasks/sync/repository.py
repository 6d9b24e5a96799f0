"""The queries of a sync: the revisions, what changed between two vectors of them, everything there is, and the rows themselves."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.kernel.connection import Row
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.worklist.buckets import LIVE, TODAY
from tasks.worklist.feed import POOL
from tasks.worklist.lists import ABOUT

KEPT_CLOSED: Final = timedelta(hours=26)
"""How long a phone shows an employee's own closed task: a local day has at most 25 hours (worklist.lists has the same)."""


class Revision(msgspec.Struct, frozen=True):
    """A store's last committed change, and up to where changes are forgotten."""

    store_id: UUID
    rev: int
    floor_rev: int


async def read_revisions(unit: Unit, store_ids: Sequence[UUID]) -> dict[UUID, Revision]:
    """Return the revisions of stores. Read before the tasks, they are never ahead of them."""
    rows = await unit.structs(
        Revision,
        "select store_id, rev, floor_rev from store_revision where merchant_id = :merchant and store_id = any(cast(:stores as uuid[]))",
        stores=list(store_ids),
    )
    return {row.store_id: row for row in rows}


_OWN_CLOSED: Final = "t.assignee_id = :me and t.closed_at > :recent"
_SHOWN: Final = f"""(t.store_id = any(cast(:stores as uuid[]))
    and (({LIVE} and (:leads or t.assignee_id is null or t.assignee_id = :me)) or ({_OWN_CLOSED})))"""
"""What a phone shows: one's own live tasks, the pool's, one's own that closed within a day; those who lead the stores see every live task."""

_CHANGED: Final = f"""
with reach as (select * from unnest(cast(:stores as uuid[]), cast(:since as bigint[]), cast(:upto as bigint[])) as u(store_id, since, upto)
               where u.since < u.upto),
     touched as (select c.task_id, (array_agg(c.store_id))[1] as store_id, bool_or(c.left_staff_id in (:me, :pool)) as had
                 from reach r join task_change c on c.merchant_id = :merchant and c.store_id = r.store_id and c.rev > r.since and c.rev <= r.upto
                 where cast(:after as uuid) is null or c.task_id > :after
                 group by c.task_id)
select x.task_id as id, x.store_id, t.id is not null as there, t.closed_at is not null as closed, coalesce({_SHOWN}, false) as shown
from touched x left join task t on t.merchant_id = :merchant and t.id = x.task_id
where :leads or t.id is null or t.assignee_id is null or t.assignee_id = :me or x.had
order by x.task_id limit :limit
"""
"""A task that is not shown, was never in the pool meanwhile and never the caller's, concerns nobody but who holds it: colleagues do not hear of it."""


class Change(msgspec.Struct, frozen=True):
    """A task that changed, `shown` or to be let go of."""

    id: UUID
    store_id: UUID
    there: bool
    closed: bool
    shown: bool


class Span(msgspec.Struct, frozen=True):
    """From which vector to which, and past which task."""

    since: Sequence[int]
    upto: Sequence[int]
    after: UUID | None = None


async def read_changes(unit: Unit, scope: StaffScope, span: Span, limit: int) -> list[Change]:
    """Return what changed for the caller within the span, each task once, in id order, at most `limit`."""
    return await unit.structs(
        Change, _CHANGED, since=list(span.since), upto=list(span.upto), after=span.after, limit=limit, **_caller(unit, scope)
    )  # fmt: skip


_EVERYTHING: Final = {
    False: f"""
select x.id from (
    select t.id from task t where t.merchant_id = :merchant and t.assignee_id = :me and t.store_id = any(cast(:stores as uuid[])) and {LIVE}
    union all
    select t.id from task t where t.merchant_id = :merchant and t.assignee_id is null and t.store_id = any(cast(:stores as uuid[])) and {LIVE}
    union all
    select t.id from task t where t.merchant_id = :merchant and t.store_id = any(cast(:stores as uuid[])) and {_OWN_CLOSED}
) x where cast(:after as uuid) is null or x.id > :after order by x.id limit :limit
""",
    True: f"""
select x.id from (
    (select n.id from unnest(cast(:stores as uuid[])) as s(id)
     cross join lateral (select t.id from task t where t.merchant_id = :merchant and t.store_id = s.id and {LIVE}
                         and t.id > coalesce(cast(:after as uuid), '00000000-0000-0000-0000-000000000000') order by t.id limit :limit) n)
    union all
    select t.id from task t where t.merchant_id = :merchant and t.store_id = any(cast(:stores as uuid[])) and {_OWN_CLOSED}
) x where cast(:after as uuid) is null or x.id > :after order by x.id limit :limit
""",
}
"""Everything the caller shows, by whether they lead: an index each; a leader's page reads a page of each store, however much the stores hold."""


async def read_everything(unit: Unit, scope: StaffScope, after: UUID | None, limit: int) -> list[UUID]:
    """Return the tasks the caller shows past `after`, in id order, at most `limit`."""
    rows = await unit.rows(_EVERYTHING[scope.leads], after=after, limit=limit, **_caller(unit, scope))
    return [row["id"] for row in rows]


def _caller(unit: Unit, scope: StaffScope) -> dict[str, Any]:
    recent: datetime = unit.now - KEPT_CLOSED
    return {
        "me": scope.staff_id,
        "stores": sorted(scope.store_ids),
        "leads": scope.leads,
        "recent": recent,
        "pool": POOL,
    }


_ROWS: Final = f"""
select p.*, {TODAY.replace("s.", "p.")} as today, false as overdue, w.*
from (select t.*, s.timezone from task t join store s on s.merchant_id = :merchant and s.id = t.store_id
      where t.merchant_id = :merchant and t.id = any(cast(:ids as uuid[])) and t.store_id = any(cast(:stores as uuid[]))) p
{ABOUT}
order by p.id
"""


async def read_rows(unit: Unit, scope: StaffScope, ids: Sequence[UUID]) -> Sequence[Row]:
    """Return the tasks with what a row of theirs shows, as `tasks.worklist.rows.task_row` takes it, in id order."""
    return await unit.rows(_ROWS, ids=list(ids), stores=list(scope.store_ids), at=unit.now)
