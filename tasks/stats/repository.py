"""The completion query: a cohort of tasks by the store-local day they opened, counted by one key."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from tasks.callbacks.meanings import POSITIVE, REACHED, TRIED
from tasks.kernel.connection import Row
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.stats.rules import By
from tasks.worklist.buckets import OVERDUE

_PARTS: Final[Mapping[By, str]] = {
    By.EMPLOYEE: "select c.id, c.assignee_id as key from cohort c",
    By.STORE: "select c.id, c.store_id as key from cohort c",
    By.PLAN: (
        "select distinct c.id, r.plan_id as key from cohort c "
        "left join task_reason r on r.merchant_id = :merchant and r.task_id = c.id"
    ),
}
_CREDITED: Final[Mapping[By, str]] = {
    By.EMPLOYEE: "true",
    By.STORE: "true",
    By.PLAN: "k.plan_id is not distinct from p.key",
}

_COMPLETION: Final = """
with cohort as (
    select t.id, t.store_id, t.assignee_id, t.status, t.status = 'done' and t.close_reason = 'skipped' as skipped, {overdue} as overdue,
           t.status not in ('moot', 'cancelled') as assigned
    from task t join store s on s.merchant_id = :merchant and s.id = t.store_id
    where t.merchant_id = :merchant and t.store_id = any(cast(:stores as uuid[])) and t.opens_on between :from_on and :to_on
      and t.origin <> 'test' and (:leads or t.assignee_id = :me)),
tried as (
    select c.id, bool_or(b.outcome = any(cast(:reached as text[]))) as reached, bool_or(b.outcome = any(cast(:positive as text[]))) as positive,
           bool_or(b.outcome = 'booked') as booked
    from cohort c join callback b on b.merchant_id = :merchant and b.task_id = c.id and b.void_at is null and b.outcome = any(cast(:tried as text[]))
    group by c.id),
part as ({part}),
brought as (
    select p.key, p.id, bool_or(k.kind = 'arrived') as arrived, bool_or(k.kind = 'purchased') as paid,
           sum(k.cash_cents) as cash_cents, sum(k.card_cents) as card_cents
    from part p join credit k on k.merchant_id = :merchant and k.task_id = p.id and k.revoked_at is null and {credited} group by p.key, p.id)
select p.key, count(*) filter (where c.assigned) as assigned,
       count(*) filter (where c.assigned and x.id is not null) as attempted,
       count(*) filter (where c.assigned and x.reached) as reached,
       count(*) filter (where c.assigned and x.positive) as positive,
       count(*) filter (where c.assigned and x.booked) as booked,
       count(*) filter (where c.overdue) as overdue,
       count(*) filter (where c.status = 'done' and not c.skipped) as done,
       count(*) filter (where c.skipped) as skipped,
       count(*) filter (where c.status = 'expired') as expired,
       count(*) filter (where c.status = 'moot') as moot,
       count(*) filter (where c.status = 'cancelled') as cancelled,
       count(*) filter (where w.arrived) as arrived, count(*) filter (where w.paid) as paid,
       coalesce(sum(w.cash_cents), 0)::bigint as cash_cents, coalesce(sum(w.card_cents), 0)::bigint as card_cents
from part p join cohort c on c.id = p.id
left join tried x on x.id = p.id
left join brought w on w.id = p.id and w.key is not distinct from p.key
group by p.key order by p.key nulls last
"""


async def read_completion(unit: Unit, scope: StaffScope, days: tuple[date, date], by: By) -> Sequence[Row]:
    """Return the figures by key over the tasks that opened from the first to the last day; employees see their own."""
    statement = _COMPLETION.format(overdue=OVERDUE, part=_PARTS[by], credited=_CREDITED[by])
    return await unit.rows(
        statement, stores=list(scope.store_ids), me=scope.staff_id, leads=scope.leads, from_on=days[0], to_on=days[1], at=unit.now,
        reached=list(REACHED), positive=list(POSITIVE), tried=list(TRIED),
    )  # fmt: skip


async def read_names(unit: Unit, by: By, keys: Sequence[Any]) -> dict[Any, str]:
    """Return the names of plans or stores."""
    table = "plan" if by is By.PLAN else "store"
    rows = await unit.rows(
        f"select id, name from {table} where merchant_id = :merchant and id = any(cast(:ids as uuid[]))",
        ids=list(keys),
    )
    return {row["id"]: row["name"] for row in rows}
