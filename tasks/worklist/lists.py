"""The query behind the lists: one statement gives a page and how many every list holds."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.kernel.connection import Row
from tasks.kernel.errors import NotFound
from tasks.kernel.paging import MAX_LIMIT, decode_cursor, encode_cursor
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.worklist.buckets import BUCKETS, LIVE, ORDER_KEYS, OVERDUE, TODAY, Bucket
from tasks.worklist.views import TaskQuery

Keys = tuple[int, int, int, int, int, int, str]
"""The order keys of the last row shown."""

_MINE: Final = (
    f"t.assignee_id = :me and t.store_id = any(cast(:stores as uuid[])) and {LIVE}",
    f"t.assignee_id is null and t.store_id = any(cast(:stores as uuid[])) and {LIVE}",
    "t.assignee_id = :me and t.store_id = any(cast(:stores as uuid[])) and t.closed_at > cast(:at as timestamptz) - interval '26 hours' and t.status = 'done'",
)
"""An employee's tasks: held, in the pool, done lately (a local day is at most 25 hours long). One index each."""

_STORES: Final = (
    f"t.store_id = any(cast(:stores as uuid[])) and {LIVE}",
    "t.store_id = any(cast(:stores as uuid[])) and t.closed_at > cast(:at as timestamptz) - interval '26 hours' and t.status = 'done'",
)
"""What a manager or owner sees: the tasks of the stores."""

_COLUMNS: Final = """
t.id, t.store_id, t.customer_id, t.assignee_id, t.origin, t.status, t.opens_at, t.contact_from, t.due_at, t.expires_at, t.wait_until,
t.wait_kind, t.urged_at, t.attempts, t.priority, t.value_cents, t.closed_at, t.close_reason, t.claimed_until, t.reserved_by, t.reserved_until
"""

_RANK: Final = "(x.state = 'live') desc, x.priority desc, x.created_at, x.id"
"""The primary reason first: the one that still stands, of the highest priority, then the earliest."""

ABOUT: Final = f"""
left join lateral (
    select r.plans, r.template, r.plan, v.source, v.level, f.first_visit_on, f.last_visit_on, k.name as card_name, cf.balance_cents,
           cf.uses_left, cf.expires_on,
           exists (select from contact_point cp where cp.merchant_id = :merchant and cp.customer_id = p.customer_id
                   and cp.kind in ('phone', 'virtual') and cp.valid) as has_phone,
           v.sealed as her_seal, v.salt as her_salt, v.gender as her_gender, h.sealed as holder_seal, h.salt as holder_salt
    from customer v
    left join customer_facts f on f.merchant_id = :merchant and f.customer_id = v.id
    left join lateral (
        select array_agg(pl.name order by {_RANK}) as plans, (array_agg(pl.template order by {_RANK}))[1] as template,
               (array_agg(pl.name order by {_RANK}))[1] as plan, (array_agg(x.card_id order by {_RANK}))[1] as card_id
        from task_reason x join plan pl on pl.merchant_id = :merchant and pl.id = x.plan_id
        where x.merchant_id = :merchant and x.task_id = p.id) r on true
    left join staff h on h.merchant_id = :merchant and h.id = p.assignee_id
    left join card ca on ca.merchant_id = :merchant and ca.id = r.card_id
    left join card_product k on k.merchant_id = :merchant and k.id = ca.card_product_id
    left join card_facts cf on cf.merchant_id = :merchant and cf.card_id = r.card_id
    where v.merchant_id = :merchant and v.id = p.customer_id) w on true
"""
"""What a row says beside the task `p`: the plans behind it, and what the books say of the customer and the card."""

_PAGE: Final = """
with reach as materialized ({reach}),
     judged as (select t.*, {today} as today, {overdue} as overdue, {flags}, {keys}
                from reach t join store s on s.merchant_id = :merchant and s.id = t.store_id),
     counted as (select {counts} from judged),
     page as (select * from judged where in_{bucket} {after} order by {order} limit :limit)
select c.*, p.*, w.* from counted c
left join page p on true
{about}order by {order}
"""


class Listed(msgspec.Struct, frozen=True):
    """A page as rows, the counts, and the cursor of the next page."""

    rows: Sequence[Row]
    counts: dict[str, int]
    next_cursor: str | None


async def read_page(unit: Unit, scope: StaffScope, query: TaskQuery) -> Listed:
    """Return one page of a list. A cursor keeps the instant of the first page, so that time passing shuffles nothing between pages."""
    at, keys = _from_cursor(query.cursor) if query.cursor else (unit.now, None)
    limit = max(1, min(query.limit, MAX_LIMIT))
    stores = stores_of(scope, query.store_id)
    binds: dict[str, Any] = {"me": scope.staff_id, "stores": stores, "at": at, "limit": limit + 1}
    if keys:
        binds |= {f"after_{name}": value for (name, _), value in zip(ORDER_KEYS, keys, strict=True)}
    rows = await unit.rows(page_statement(query.bucket, leads=scope.leads, paged=keys is not None), **binds)
    return listed_of(rows, at, limit)


def listed_of(rows: Sequence[Row], at: datetime, limit: int) -> Listed:
    """Return what the statement found: it is asked for one row more than the page holds, and answers with the counts alone when there is none."""
    counts = {bucket.value: int(rows[0][f"n_{bucket}"]) for bucket in Bucket}
    shown = [row for row in rows if row["id"] is not None]
    more = len(shown) > limit
    return Listed(shown[:limit], counts, _to_cursor(at, shown[limit - 1]) if more else None)


_ROWS: Final = f"""
select p.*, {TODAY.replace("s.", "p.")} as today, {OVERDUE.replace("t.", "p.")} as overdue, w.*
from (select t.*, s.timezone from task t join store s on s.merchant_id = :merchant and s.id = t.store_id
      where t.merchant_id = :merchant and t.id = :task) p
{ABOUT}
"""


async def read_listed(unit: Unit, task_id: UUID) -> Row:
    """Return one task that the caller is known to see, as a list has it."""
    return (await unit.rows(_ROWS, task=task_id, at=unit.now))[0]


def stores_of(scope: StaffScope, store_id: UUID | None) -> list[UUID]:
    """Return the stores to look in: the caller's, or the one that was asked for; raises `NotFound` when that is not theirs."""
    if store_id is None:
        return list(scope.store_ids)
    if store_id not in scope.store_ids:
        raise NotFound(what="门店/store")
    return [store_id]


@lru_cache(maxsize=64)
def page_statement(bucket: Bucket, *, leads: bool, paged: bool) -> str:
    """Return the SQL of a page, binds by name."""
    names = [name for name, _ in ORDER_KEYS]
    after = [f"cast(:after_{name} as {'uuid' if name == 'id' else 'bigint'})" for name in names]
    return _PAGE.format(
        reach=" union all ".join(
            f"select {_COLUMNS} from task t where t.merchant_id = :merchant and {part}"
            for part in (_STORES if leads else _MINE)
        ),
        today=TODAY,
        overdue=OVERDUE,
        flags=", ".join(f"coalesce({condition}, false) as in_{name}" for name, condition in BUCKETS.items()),
        keys=", ".join(f"{sql} as {name}" for name, sql in ORDER_KEYS if name != "id"),
        counts=", ".join(f"count(*) filter (where in_{name}) as n_{name}" for name in BUCKETS),
        bucket=bucket.value,
        after=f"and ({', '.join(names)}) > ({', '.join(after)})" if paged else "",
        order=", ".join(names),
        about=ABOUT,
    )


def _to_cursor(at: datetime, row: Row) -> str:
    return encode_cursor(
        [at.isoformat(), *(str(row[name]) if name == "id" else int(row[name]) for name, _ in ORDER_KEYS)]
    )


def _from_cursor(cursor: str) -> tuple[datetime, Keys]:
    at, *keys = decode_cursor(cursor, tuple[datetime, int, int, int, int, int, int, str])
    return at, tuple(keys)  # type: ignore[return-value]  # the decoder checked the shape
