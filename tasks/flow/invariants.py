"""What must hold of a merchant's rows whatever happened: looked at once a night, in many short transactions, and reported by id.

Rows that grow without end are looked at back to the night before last only. A look writes nothing but its result.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

import msgspec
import structlog

from tasks.flow.units import OpensUnits
from tasks.kernel.unit import Unit
from tasks.ledger.service import check_facts
from tasks.worklist.states import LIVE

LIVE_SQL: Final = "({})".format(", ".join(f"'{status}'" for status in LIVE))
BACK: Final = timedelta(days=2)
SLICE: Final = 5_000
"""Customers whose facts are counted in one transaction."""
MOST: Final = 100
"""Ids that are kept of each check."""
NIGHT: Final = "night"
"""The row that says when all of them were looked at last."""

INVARIANTS: Final[dict[str, str]] = {
    "task_of_nobody": f"""select t.id from task t join store s on s.merchant_id = :merchant and s.id = t.store_id
        left join staff e on e.merchant_id = :merchant and e.id = t.assignee_id
        where t.merchant_id = :merchant and t.status in {LIVE_SQL}
          and case when t.assignee_id is null then not s.pool else e.status is distinct from 'active' end""",
    "task_without_reason": f"""select t.id from task t where t.merchant_id = :merchant and t.status in {LIVE_SQL} and t.origin = 'plan'
        and not exists (select from task_reason r where r.merchant_id = :merchant and r.task_id = t.id and r.state = 'live')""",
    "task_of_refuser": f"""select t.id from customer_contact_state s join task t on t.merchant_id = :merchant and t.customer_id = s.customer_id
        where s.merchant_id = :merchant and s.no_contact_at < cast(:now as timestamptz) - interval '1 minute' and t.status in {LIVE_SQL}""",
    "decision_without_task": """select d.id from plan p join decision d on d.merchant_id = :merchant and d.plan_id = p.id and d.decided_at >= :since
        where p.merchant_id = :merchant and d.decided in ('task', 'merged') and not exists (select from task_reason r
          where r.merchant_id = :merchant and r.enrolment_id = d.enrolment_id and r.step = d.step and r.step >= 0 and r.task_id = d.task_id)""",
    "reason_without_decision": """select r.id from plan p join task_reason r on r.merchant_id = :merchant and r.plan_id = p.id and r.created_at >= :since
        join enrolment e on e.merchant_id = :merchant and e.id = r.enrolment_id
        where p.merchant_id = :merchant and not exists (select from decision d where d.merchant_id = :merchant and d.scope_id = e.scope_id
          and d.plan_id = r.plan_id and d.enrolment_id = r.enrolment_id and d.step = r.step)""",
    "passage_without_task": """select e.id from enrolment e where e.merchant_id = :merchant and e.state = 'active'
        and not exists (select from task_reason r where r.merchant_id = :merchant and r.enrolment_id = e.id and r.step >= 0 and r.state = 'live')""",
    "run_miscounted": """select o.id from plan p
        join occurrence o on o.merchant_id = :merchant and o.plan_id = p.id and o.timezone <> '' and o.fires_on >= :since_on
        where p.merchant_id = :merchant and o.state = 'done' and o.made is not null and o.made <> (
          select count(*) from decision d where d.merchant_id = :merchant and d.plan_id = o.plan_id and d.decided_at between o.started_at and o.finished_at
            and d.occurrence_id = o.id and d.decided = 'task')""",
    "run_without_lease": "select o.id from occurrence o where o.merchant_id = :merchant and o.state = 'running' and o.lease_until is null",
    "change_beyond_revision": """select s.id from store s where s.merchant_id = :merchant and coalesce(
          (select max(c.rev) from task_change c where c.merchant_id = :merchant and c.store_id = s.id), 0)
        > coalesce((select v.rev from store_revision v where v.merchant_id = :merchant and v.store_id = s.id), 0)""",
}
"""Name → ids of the rows that break it.

- task_of_nobody: an open task has neither an active employee nor a pool to be claimed from;
- task_without_reason: an open task of plans has no live reason; task_of_refuser: it is of a customer who refused all contact more than a minute ago;
- decision_without_task: `task` or `merged` was decided and no reason stands in that task; reason_without_decision: the other way round;
- passage_without_task: a passage says that a step's task is out, and none is; run_miscounted: `made` is not how many tasks a run decided;
- run_without_lease; change_beyond_revision: a phone would be told of a change that its store has not reached.
"""
FACTS: Final = "facts_differ"
"""Customers and cards whose facts are not what their ledger rows add up to."""

NIGHT_DUE: Final = """select m.merchant_id from merchant m where not exists (
  select from self_check c where c.merchant_id = m.merchant_id and c.name = 'night'
    and (c.checked_on >= ({now} at time zone m.timezone - interval '3 hours')::date or c.checked_at > {now} - interval '30 minutes'))"""
"""Merchants whose night, from three in the morning of their own zone, has not been looked at; one whose look died is taken up again after half an hour."""
_TONIGHT: Final = "(cast(:now as timestamptz) at time zone m.timezone - interval '3 hours')::date"

log = structlog.get_logger()


class Broken(msgspec.Struct, frozen=True, rename="camel"):
    """An invariant that does not hold: for how many rows, and which (at most a hundred)."""

    name: str
    found: int
    ids: Sequence[UUID]


async def look_tonight(units: OpensUnits, merchant_id: UUID) -> list[Broken] | None:
    """Look at everything once a night and keep the result; None when tonight's is done, or somebody is at it."""
    async with units.open(merchant_id) as unit:
        night = await _begin(unit)
    if night is None:
        return None
    broken = await check_invariants(units, merchant_id)
    async with units.open(merchant_id) as unit:
        await keep(unit, broken, (*INVARIANTS, FACTS), night)
        await _keep_one(unit, Broken(NIGHT, 0, ()), night)
    for one in broken:
        log.error("invariant.look.broken", name=one.name, found=one.found, first=str(one.ids[0]))
    return broken


async def check_invariants(units: OpensUnits, merchant_id: UUID) -> list[Broken]:
    """Return what does not hold, looking only; nothing when all is well."""
    found = []
    for name in INVARIANTS:
        async with units.glance(merchant_id) as unit:
            found.append(await _look(unit, name))
    found.append(await _facts(units, merchant_id))
    return [one for one in found if one.found]


_BEGIN = f"""
insert into self_check as c (merchant_id, name, checked_at, checked_on, found, ids)
select :merchant, '{NIGHT}', :now, {_TONIGHT} - 1, 0, '[]' from merchant m where m.merchant_id = :merchant
on conflict (merchant_id, name) do update set checked_at = excluded.checked_at
where c.checked_on <= excluded.checked_on and c.checked_at <= excluded.checked_at - interval '30 minutes'
returning (select {_TONIGHT} from merchant m where m.merchant_id = :merchant) as night
"""


async def _begin(unit: Unit) -> date | None:
    """Tonight, when it has not been looked at and nobody is at it; compare-and-set."""
    night: date | None = await unit.scalar(_BEGIN)
    return night


async def _look(unit: Unit, name: str) -> Broken:
    (row,) = await unit.rows(
        f"with wrong as ({INVARIANTS[name]}) select (select count(*) from wrong) as found, array(select id from wrong order by id limit :most) as ids",
        most=MOST, since=unit.now - BACK, since_on=(unit.now - BACK).date(),
    )  # fmt: skip
    return Broken(name, row["found"], row["ids"])


async def _facts(units: OpensUnits, merchant_id: UUID) -> Broken:
    """Slice by slice: the books of an hour ago cannot be half-written in any of them."""
    wrong: list[UUID] = []
    after: UUID | None = None
    while True:
        async with units.glance(merchant_id) as unit:
            part = await unit.rows(
                "select id from customer where merchant_id = :merchant and (cast(:after as uuid) is null or id > cast(:after as uuid)) "
                "order by id limit :slice",
                after=after, slice=SLICE,
            )  # fmt: skip
            wrong += await check_facts(unit, [row["id"] for row in part])
        if len(part) < SLICE:
            return Broken(FACTS, len(wrong), tuple(wrong[:MOST]))
        after = part[-1]["id"]


async def keep(unit: Unit, found: Sequence[Broken], names: Sequence[str], day: date) -> None:
    """Write the results of these checks over the last ones; a name that found nothing is well."""
    by_name = {one.name: one for one in found}
    for name in names:
        await _keep_one(unit, by_name.get(name, Broken(name, 0, ())), day)


_KEEP = """
insert into self_check (merchant_id, name, checked_at, checked_on, found, ids) values (:merchant, :name, :now, :day, :found, cast(:ids as jsonb))
on conflict (merchant_id, name) do update set checked_at = :now, checked_on = :day, found = :found, ids = cast(:ids as jsonb)
"""


async def _keep_one(unit: Unit, one: Broken, day: date) -> None:
    await unit.run(_KEEP, name=one.name, found=one.found, ids=msgspec.json.encode(list(one.ids)).decode(), day=day)
