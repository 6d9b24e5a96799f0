"""The queries of the moot guard, each one statement for a whole batch of events."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.events.happened import Happened
from tasks.kernel.unit import Unit
from tasks.moot.rules import LATE_BOOKS_HOURS, OF_ONE_CARD
from tasks.worklist.history import Told, tell
from tasks.worklist.repository import LIVE_SQL


class Touched(msgspec.Struct, frozen=True):
    """A passage of a customer something happened to; `task_id` and `reason_id` when a task of it is out."""

    enrolment_id: UUID
    version_id: UUID
    type: str
    task_id: UUID | None
    reason_id: UUID | None


_TOUCHED: Final = """
with news as (
    select u.*, coalesce(s.timezone, m.timezone) as zone, ce.card_id
    from unnest(cast(:events as uuid[]), cast(:types as text[]), cast(:customers as uuid[]), cast(:at as timestamptz[]),
                cast(:stores as uuid[]), cast(:ledgers as uuid[])) as u(event_id, type, customer_id, occurred_at, store_id, ledger_id)
    join merchant m on m.merchant_id = :merchant
    left join store s on s.merchant_id = :merchant and s.id = u.store_id
    left join card_entry ce on ce.merchant_id = :merchant and ce.id = u.ledger_id and u.type = any(cast(:card_types as text[]))
)
select distinct on (e.id, r.id) e.id as enrolment_id, e.version_id, n.type, r.task_id, r.id as reason_id
from news n
join enrolment e on e.merchant_id = :merchant and e.customer_id = n.customer_id and e.state in ('waiting', 'active')
join plan_version v on v.merchant_id = :merchant and v.id = e.version_id
left join task_reason r on r.merchant_id = :merchant and r.enrolment_id = e.id and r.state = 'live'
left join event cause on cause.merchant_id = :merchant and cause.id = e.event_id
where (e.state = 'waiting' or r.id is not null)
  and n.occurred_at > coalesce(cause.occurred_at, least(e.created_at, e.fire_at) - make_interval(hours => :late_hours))
  and n.event_id is distinct from e.event_id
  and (n.ledger_id is null or n.ledger_id is distinct from cause.ledger_id)
  and (cause.id is null or (n.store_id is not null and cause.store_id is not null and n.store_id <> cause.store_id)
       or (n.occurred_at at time zone n.zone)::date <> (cause.occurred_at at time zone n.zone)::date)
  and (e.card_id is null or n.card_id is null or n.card_id = e.card_id)
  and v.definition -> 'exitOn' ? (cast(:exits as jsonb) ->> n.type)
order by e.id, r.id, n.occurred_at, n.event_id
"""
"""Everything the events end: first event first. The same visit or order as the entering event is the same ledger row, or the same store and day."""


async def read_touched(unit: Unit, happened: Sequence[Happened], exits: dict[str, str]) -> list[Touched]:
    """Return the live passages that these events end, by the `exit_on` of the version they run on."""
    return await unit.structs(
        Touched, _TOUCHED, exits=msgspec.json.encode(exits).decode(), card_types=sorted(OF_ONE_CARD), late_hours=LATE_BOOKS_HOURS,
        events=[event.event_id for event in happened], types=[event.type for event in happened],
        customers=[event.customer_id for event in happened], at=[event.occurred_at for event in happened],
        stores=[event.store_id for event in happened], ledgers=[event.ledger_id for event in happened],
    )  # fmt: skip


async def lock_tasks(unit: Unit, task_ids: Sequence[UUID]) -> None:
    """Lock the tasks in id order."""
    await unit.run(
        "select id from task where merchant_id = :merchant and id = any(cast(:ids as uuid[])) order by id for update",
        ids=list(task_ids),
    )


async def close_reasons_as(unit: Unit, reasons: Sequence[tuple[UUID, str]]) -> None:
    """Close live reasons, each with its own close reason."""
    await unit.run(
        "update task_reason r set state = 'closed', close_reason = u.why, closed_at = :now "
        "from unnest(cast(:ids as uuid[]), cast(:whys as text[])) as u(id, why) "
        "where r.merchant_id = :merchant and r.id = u.id and r.state = 'live'",
        ids=[reason for reason, _ in reasons], whys=[why for _, why in reasons],
    )  # fmt: skip


_EMPTIED: Final = f"""
with found as (
    select t.id, t.status, u.why from task t
    join unnest(cast(:ids as uuid[]), cast(:whys as text[])) as u(id, why) on u.id = t.id
    where t.merchant_id = :merchant and t.status in {LIVE_SQL}
      and not exists (select from task_reason r where r.merchant_id = :merchant and r.task_id = t.id and r.state = 'live'))
update task t set status = 'moot', close_reason = f.why, closed_at = :now, wait_until = null, wait_kind = null
from found f where t.merchant_id = :merchant and t.id = f.id
returning t.id
"""
_STORES: Final = (
    "select id, store_id, status from task where merchant_id = :merchant and id = any(cast(:ids as uuid[])) order by id"
)


async def close_emptied(unit: Unit, tasks: dict[UUID, str]) -> list[UUID]:
    """Close the tasks whose last reason is gone, tell of every one that changed, and return the closed ones in id order."""
    before: Sequence[Any] = await unit.rows(_STORES, ids=list(tasks))
    closed = {row["id"] for row in await unit.rows(_EMPTIED, ids=list(tasks), whys=list(tasks.values()))}
    await tell(
        unit,
        [
            Told(
                task_id=row["id"],
                store_id=row["store_id"],
                action="moot" if row["id"] in closed else "reason_closed",
                from_status=row["status"],
                to_status="moot" if row["id"] in closed else row["status"],
                detail={"reason": tasks[row["id"]]},
            )
            for row in before
        ],
    )
    return sorted(closed)


async def decide_exited(unit: Unit, passages: Sequence[tuple[UUID, str]]) -> None:
    """Say of passages that end before they fired why there is no task: the decision a run would have written."""
    await unit.run(
        "insert into decision (merchant_id, id, plan_id, version_id, enrolment_id, scope_id, entry_key, step, customer_id, decided, reason, decided_at) "
        "select :merchant, new_uuid7(), e.plan_id, e.version_id, e.id, e.scope_id, e.entry_key, e.step, e.customer_id, 'exited', u.why, :now "
        "from unnest(cast(:ids as uuid[]), cast(:whys as text[])) as u(id, why) "
        "join enrolment e on e.merchant_id = :merchant and e.id = u.id and e.state = 'waiting' on conflict do nothing",
        ids=[passage for passage, _ in passages], whys=[why for _, why in passages],
    )  # fmt: skip
