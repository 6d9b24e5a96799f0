"""The queries of the credit, each one statement for a whole batch of events."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.attribution.rules import WINDOWS
from tasks.events.happened import Happened
from tasks.kernel.unit import Unit


class Pick(msgspec.Struct, frozen=True):
    """An event, the contact it is owed to, and the reason that gets it."""

    kind: str
    evidence_id: UUID | None
    occurred_at: datetime
    contact_id: UUID
    task_id: UUID
    staff_id: UUID
    reason_id: UUID | None


_PICK: Final = """
select w.kind, n.ledger_id as evidence_id, n.occurred_at, c.id as contact_id, c.task_id, c.staff_id, r.id as reason_id
from unnest(cast(:types as text[]), cast(:customers as uuid[]), cast(:at as timestamptz[]), cast(:ledgers as uuid[]))
     as n(type, customer_id, occurred_at, ledger_id)
join unnest(cast(:known as text[]), cast(:kinds as text[]), cast(:days as int[])) as w(type, kind, days) on w.type = n.type
join lateral (
    select c.id, c.task_id, c.staff_id, c.contacted_at from contact c
    where c.merchant_id = :merchant and c.customer_id = n.customer_id and c.human and c.task_id is not null and c.staff_id is not null
      and c.contacted_at <= n.occurred_at and c.contacted_at > n.occurred_at - make_interval(days => w.days)
    order by c.contacted_at desc, c.id desc limit 1) c on true
left join lateral (
    select r.id from task_reason r join plan_version v on v.merchant_id = :merchant and v.id = r.version_id
    where r.merchant_id = :merchant and r.task_id = c.task_id
    order by exists (select from jsonb_array_elements(v.definition -> 'goals') g
                     where g ->> 'kind' = w.kind and c.contacted_at + make_interval(days => (g ->> 'days')::int) >= n.occurred_at) desc,
             r.priority desc, r.created_at, r.id limit 1) r on true
order by n.occurred_at, n.ledger_id
"""


async def pick(unit: Unit, happened: Sequence[Happened]) -> list[Pick]:
    """Return what each event is owed to: the last human contact in its window; of that task's reasons the one whose goal it meets, else the first."""
    return await unit.structs(
        Pick, _PICK, types=[event.type for event in happened], customers=[event.customer_id for event in happened],
        at=[event.occurred_at for event in happened], ledgers=[event.ledger_id for event in happened],
        known=list(WINDOWS), kinds=[kind.value for kind, _ in WINDOWS.values()], days=[days for _, days in WINDOWS.values()],
    )  # fmt: skip


_CREDIT: Final = """
insert into credit (merchant_id, id, kind, evidence_id, task_id, reason_id, plan_id, staff_id, store_id, customer_id, contact_id, variant,
                    cash_cents, card_cents, credited_at, credited_on)
select :merchant, new_uuid7(), u.kind, u.evidence_id, u.task_id, u.reason_id, r.plan_id, u.staff_id, t.store_id, t.customer_id, u.contact_id,
       (select y.variant from script_copy y where y.merchant_id = :merchant and y.task_id = u.task_id and y.copied_at <= u.occurred_at
        order by y.copied_at desc, y.id desc limit 1),
       coalesce(b.cash_cents, 0), coalesce(b.card_cents, 0), u.occurred_at, (u.occurred_at at time zone s.timezone)::date
from unnest(cast(:kinds as text[]), cast(:evidence as uuid[]), cast(:at as timestamptz[]), cast(:contacts as uuid[]), cast(:tasks as uuid[]),
            cast(:staff as uuid[]), cast(:reasons as uuid[])) as u(kind, evidence_id, occurred_at, contact_id, task_id, staff_id, reason_id)
join task t on t.merchant_id = :merchant and t.id = u.task_id
join store s on s.merchant_id = :merchant and s.id = t.store_id
left join task_reason r on r.merchant_id = :merchant and r.id = u.reason_id
left join sale b on b.merchant_id = :merchant and b.id = u.evidence_id and u.kind = 'purchased'
order by u.evidence_id, u.kind
on conflict (evidence_id, kind, merchant_id) do nothing
returning evidence_id, kind
"""


async def insert_credits(unit: Unit, picks: Sequence[Pick]) -> set[tuple[UUID, str]]:
    """Write the credits; evidence that has been credited before stays with whom it was. Returns what is new."""
    rows = await unit.rows(
        _CREDIT, kinds=[one.kind for one in picks], evidence=[one.evidence_id for one in picks], at=[one.occurred_at for one in picks],
        contacts=[one.contact_id for one in picks], tasks=[one.task_id for one in picks], staff=[one.staff_id for one in picks],
        reasons=[one.reason_id for one in picks],
    )  # fmt: skip
    return {(row["evidence_id"], row["kind"]) for row in rows}


_MEET: Final = """
with met as (
    select distinct on (r.id) r.id, u.kind, u.occurred_at
    from unnest(cast(:tasks as uuid[]), cast(:contacts as uuid[]), cast(:kinds as text[]), cast(:at as timestamptz[]))
         as u(task_id, contact_id, kind, occurred_at)
    join contact c on c.merchant_id = :merchant and c.id = u.contact_id
    join task_reason r on r.merchant_id = :merchant and r.task_id = u.task_id
    join plan_version v on v.merchant_id = :merchant and v.id = r.version_id
    where exists (select from jsonb_array_elements(v.definition -> 'goals') g
                  where g ->> 'kind' = u.kind and c.contacted_at + make_interval(days => (g ->> 'days')::int) >= u.occurred_at)
    order by r.id, u.occurred_at)
update task_reason r set result = m.kind, result_at = m.occurred_at from met m
where r.merchant_id = :merchant and r.id = m.id returning r.enrolment_id
"""


async def meet_goals(unit: Unit, picks: Sequence[Pick]) -> list[UUID]:
    """Write the result to every reason of the tasks whose plan wanted just this, in time; returns their passages."""
    rows = await unit.rows(
        _MEET, tasks=[one.task_id for one in picks], contacts=[one.contact_id for one in picks],
        kinds=[one.kind for one in picks], at=[one.occurred_at for one in picks],
    )  # fmt: skip
    return [row["enrolment_id"] for row in rows]


async def revoke_bookings(unit: Unit, happened: Sequence[Happened]) -> int:
    """Take back the credit of appointments that were called off or missed; returns how many."""
    done = await unit.run(
        "update credit k set revoked_at = :now, revoke_reason = u.why from unnest(cast(:evidence as uuid[]), cast(:whys as text[])) as u(id, why) "
        "where k.merchant_id = :merchant and k.evidence_id = u.id and k.kind = 'booked' and k.revoked_at is null",
        evidence=[event.ledger_id for event in happened], whys=[event.type for event in happened],
    )  # fmt: skip
    return done.rowcount


_REFUND: Final = """
with refund as (
    select n.customer_id, n.occurred_at, n.ledger_id,
           case when b.id is null then null else greatest(- b.cash_cents, 0) end as cash,
           case when b.id is null then null else greatest(- b.card_cents, 0) end as card
    from unnest(cast(:customers as uuid[]), cast(:at as timestamptz[]), cast(:ledgers as uuid[])) as n(customer_id, occurred_at, ledger_id)
    left join sale b on b.merchant_id = :merchant and b.id = n.ledger_id),
meant as (
    select k.id, sum(coalesce(r.cash, k.cash_cents)) as cash, sum(coalesce(r.card, k.card_cents)) as card
    from refund r
    join lateral (
        select k.id, k.cash_cents, k.card_cents from task t join credit k on k.merchant_id = :merchant and k.task_id = t.id
        where t.merchant_id = :merchant and t.customer_id = r.customer_id and k.kind = 'purchased' and k.revoked_at is null
          and (k.credited_at <= r.occurred_at or k.evidence_id = r.ledger_id)
        order by (k.evidence_id = r.ledger_id) desc nulls last, k.credited_at desc, k.id desc limit 1) k on true
    group by k.id)
update credit k set cash_cents = greatest(k.cash_cents - m.cash, 0), card_cents = greatest(k.card_cents - m.card, 0),
       revoked_at = case when k.cash_cents <= m.cash and k.card_cents <= m.card then cast(:now as timestamptz) end,
       revoke_reason = case when k.cash_cents <= m.cash and k.card_cents <= m.card then 'refunded' end
from meant m where k.merchant_id = :merchant and k.id = m.id
"""


async def take_refunds(unit: Unit, happened: Sequence[Happened]) -> int:
    """Take refunded money off the customer's last credited purchase before it, and the credit back when nothing is left; returns how many changed."""
    values: dict[str, Any] = {
        "customers": [event.customer_id for event in happened],
        "at": [event.occurred_at for event in happened],
        "ledgers": [event.ledger_id for event in happened],
    }
    return (await unit.run(_REFUND, **values)).rowcount
