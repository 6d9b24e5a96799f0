"""Passages of behaviour plans: who enters when events are accepted, and which passages are due."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from uuid import UUID

import msgspec

from tasks.events.happened import Happened
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day, local_instant
from tasks.people.followed import FOLLOWABLE
from tasks.plans.definition import Behaviour, Definition
from tasks.plans.repository import ActivePlan
from tasks.plans.states import Backfill

_MOMENTS = """
select e.id as event_id, e.occurred_at, coalesce(s.timezone, m.timezone) as timezone
from event e left join store s on s.merchant_id = e.merchant_id and s.id = e.store_id join merchant m on m.merchant_id = e.merchant_id
where e.merchant_id = :merchant and e.id = any(cast(:ids as uuid[]))
"""

FIRST_VISIT = """not exists (select from visit before where before.merchant_id = e.merchant_id and before.customer_id = e.customer_id
    and before.visited_on < v.visited_on)"""

_ENTER = """
with moment as (select * from unnest(cast(:ids as uuid[]), cast(:fire_at as timestamptz[]), cast(:fires_on as date[])) as x(event_id, fire_at, fires_on)),
matched as (
    select distinct on (cu.id) e.id as event_id, cu.id as customer_id, e.store_id, e.historic, e.occurred_at, x.fire_at, x.fires_on
    from moment x join event e on e.merchant_id = :merchant and e.id = x.event_id and e.type = any(cast(:types as text[])) and e.state <> 'withdrawn'
    join customer cu on cu.merchant_id = e.merchant_id and cu.id = e.customer_id and {followable}
    left join visit v on v.merchant_id = e.merchant_id and v.id = e.ledger_id and e.ledger_kind = 'visit'
    where {filters}
    order by cu.id, e.occurred_at, e.id
),
timely as (
    select m.*, (m.fire_at > :now or (not m.historic and m.fire_at > :oldest))
        and (m.occurred_at >= :activated or (:backfill and m.fire_at > :now))
        and (not m.historic or :backfill) as fits from matched m
),
entered as (
    insert into enrolment (merchant_id, id, plan_id, version_id, scope_id, entry_key, guard, customer_id, event_id, store_id, fire_at, fires_on, created_at)
    select :merchant, new_uuid7(), :plan, :version, t.customer_id, t.event_id || ':' || :offset_no, 'once', t.customer_id, t.event_id, t.store_id,
        t.fire_at, t.fires_on, :now
    from timely t where t.fits order by t.customer_id
    on conflict do nothing returning scope_id
)
insert into decision (merchant_id, id, plan_id, version_id, scope_id, entry_key, customer_id, decided, decided_at)
select :merchant, new_uuid7(), :plan, :version, t.customer_id, t.event_id || ':' || :offset_no, t.customer_id,
    case when t.fits then 'entry' else 'too_late' end, :now
from timely t where not t.historic and (not t.fits or t.customer_id not in (select scope_id from entered))
  and not exists (select from enrolment was where was.merchant_id = :merchant and was.plan_id = :plan and was.scope_id = t.customer_id
    and was.entry_key = t.event_id || ':' || :offset_no)
on conflict do nothing
"""


class Due(msgspec.Struct, frozen=True):
    """Passages that fire now, of one plan version, zone, local day, step (`ordinal`, counted through every round) and offset, locked by the caller."""

    plan_id: UUID
    version_id: UUID
    timezone: str
    fires_on: object
    ordinal: int
    offset_no: int
    fire_at: datetime
    ids: list[UUID]


async def enter(unit: Unit, plan: ActivePlan, happened: Sequence[Happened]) -> None:
    """Let everybody in whom these events put on the plan, once, in the transaction that accepts the events; set-based per batch."""
    trigger = plan.definition.trigger
    if not isinstance(trigger, Behaviour):
        return
    ids = [event.event_id for event in happened if event.type in trigger.events]
    if not ids:
        return
    moments = await unit.rows(_MOMENTS, ids=ids)
    for number, offset in enumerate(trigger.offsets):
        days = [
            (
                row["event_id"],
                local_day(row["occurred_at"], row["timezone"]) + timedelta(days=offset.after_days or 0),
                row["timezone"],
            )
            for row in moments
        ]
        await unit.run(
            _ENTER.format(followable=FOLLOWABLE, filters=FIRST_VISIT if trigger.first_visit else "true"),
            plan=plan.plan_id, version=plan.version_id, types=list(trigger.events), offset_no=str(number),
            ids=[event for event, _, _ in days], fires_on=[day for _, day, _ in days],
            fire_at=[local_instant(day, offset.at or time(9), zone) for _, day, zone in days],
            oldest=unit.now - timedelta(hours=plan.definition.grace_hours), activated=plan.activated_at,
            backfill=plan.definition.backfill is Backfill.IN_WINDOW,
        )  # fmt: skip


_BACKFILL = """
select e.id as event_id, e.type, e.customer_id, e.occurred_at, e.historic from event e
where e.merchant_id = :merchant and e.type = any(cast(:types as text[])) and e.customer_id is not null and e.state <> 'withdrawn'
  and e.occurred_at >= :from_at and e.occurred_at <= :now order by e.occurred_at, e.id
"""


async def backfill(unit: Unit, plan: ActivePlan) -> None:
    """On activation, take in what happened in the last offset days, if the plan says so; what would have fired already stays out."""
    trigger = plan.definition.trigger
    if not isinstance(trigger, Behaviour) or plan.definition.backfill is not Backfill.IN_WINDOW:
        return
    longest = max(offset.after_days or 0 for offset in trigger.offsets)
    rows = await unit.rows(_BACKFILL, types=list(trigger.events), from_at=unit.now - timedelta(days=longest + 1))
    await enter(unit, plan, [Happened(**row) for row in rows])


_READY = """
select s.customer_id from customer_contact_state s
where s.merchant_id = :merchant and s.customer_id in (
    select w.customer_id from (
        select e.customer_id from enrolment e
        join plan p on p.merchant_id = e.merchant_id and p.id = e.plan_id and p.state = 'active'
        join merchant m on m.merchant_id = e.merchant_id and m.stopped_at is null
        where e.merchant_id = :merchant and e.state = 'waiting' and e.fire_at <= :now
        order by e.fire_at, e.id limit :limit) w)
order by s.customer_id for update skip locked
"""

_DUE = """
with due as (
    select e.id, e.plan_id, e.version_id, e.fires_on, e.fire_at, e.store_id, e.step,
        coalesce(nullif(split_part(e.entry_key, ':', 2), ''), '0')::int as offset_no from enrolment e
    join plan p on p.merchant_id = e.merchant_id and p.id = e.plan_id and p.state = 'active'
    join merchant m on m.merchant_id = e.merchant_id and m.stopped_at is null
    where e.merchant_id = :merchant and e.customer_id = any(cast(:customers as uuid[])) and e.state = 'waiting' and e.fire_at <= :now
    order by e.fire_at, e.id limit :limit for update of e skip locked
)
select d.plan_id, d.version_id, coalesce(s.timezone, m.timezone) as timezone, d.fires_on, d.step as ordinal, d.offset_no,
    max(d.fire_at) as fire_at, array_agg(d.id order by d.id) as ids
from due d join merchant m on m.merchant_id = :merchant left join store s on s.merchant_id = :merchant and s.id = d.store_id
group by d.plan_id, d.version_id, coalesce(s.timezone, m.timezone), d.fires_on, d.step, d.offset_no
order by d.plan_id, d.version_id, d.fires_on, d.step, d.offset_no, 3
"""


async def lock_due(unit: Unit, limit: int) -> list[Due]:
    """Lock passages that are due and whose plan is active; two workers never get the same one.

    The customers' contact states are locked before them, the order in which events that end passages take both; who is busy there is left for the next look.
    """
    free = [row["customer_id"] for row in await unit.rows(_READY, limit=limit)]
    return [Due(**row) for row in await unit.rows(_DUE, limit=limit, customers=free)] if free else []


_EXPECTED = """
select count(*) from event e
left join visit v on v.merchant_id = e.merchant_id and v.id = e.ledger_id and e.ledger_kind = 'visit'
where e.merchant_id = :merchant and e.type = any(cast(:types as text[])) and e.customer_id is not null and e.state <> 'withdrawn'
  and e.occurred_at > cast(:at as timestamptz) - interval '30 days' and e.occurred_at <= :at and {filters}
"""


async def expected_in_thirty_days(unit: Unit, definition: Definition, at: datetime) -> int:
    """Return how many entered, or would have, in the thirty days before: the audience a behaviour plan's hold-out is decided by."""
    trigger = definition.trigger
    if not isinstance(trigger, Behaviour):
        return 0
    sql = _EXPECTED.format(filters=FIRST_VISIT if trigger.first_visit else "true")
    found: int = await unit.scalar(sql, types=list(trigger.events), at=at)
    return found
