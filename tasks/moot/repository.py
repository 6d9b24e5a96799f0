"""What events end: the one predicate of the moot guard, over events that just came and over those that are stored; one statement for a whole batch."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.events.happened import Happened
from tasks.kernel.unit import Unit
from tasks.moot.rules import (
    ABOUT_APPOINTMENT,
    CANCELLED,
    EXITS,
    LATE_BOOKS_HOURS,
    OF_ONE_CARD,
    PLEDGED,
    WATCHED,
    close_reason,
)
from tasks.worklist.repository import LIVE_SQL


class Touched(msgspec.Struct, frozen=True):
    """What an event of a type ends, and when it happened: a passage (`task_id` and `reason_id` when a task of it is out), or a task of no plan."""

    customer_id: UUID
    enrolment_id: UUID | None
    task_id: UUID | None
    reason_id: UUID | None
    type: str
    at: datetime

    @property
    def why(self) -> str:
        """What the event is to the plan, which is also why its task closed."""
        return close_reason(self.type).value


_MEANT: Final = f"""
select w.customer_id, min(w.since) as since from (
    select e.customer_id, coalesce((select c.occurred_at from event c where c.merchant_id = :merchant and c.id = e.event_id),
            least(e.created_at, e.fire_at) - make_interval(hours => :late_hours)) as since
    from enrolment e where e.merchant_id = :merchant and e.customer_id = any(cast(:customers as uuid[])) and e.state in ('waiting', 'active')
    union all
    select t.customer_id, (select min(p.made_at) from promise p where p.merchant_id = :merchant and p.recovery_task_id = t.id) as since
    from task t where t.merchant_id = :merchant and t.customer_id = any(cast(:customers as uuid[])) and t.cause = 'broken_promise' and t.status in {LIVE_SQL}) w
where w.since is not null group by w.customer_id
"""
"""Which customers have anything an event could end, and since when one would: of a file of years of books that leaves next to nothing to look at."""

_HAPPENED: Final = """
select u.*, cast(null as timestamptz) as received_at
from unnest(cast(:events as uuid[]), cast(:types as text[]), cast(:customers as uuid[]), cast(:at as timestamptz[]),
            cast(:stores as uuid[]), cast(:ledgers as uuid[])) as u(event_id, type, customer_id, occurred_at, store_id, ledger_id)
"""

_STORED: Final = """
select e.id as event_id, e.type, e.customer_id, e.occurred_at, e.store_id, e.ledger_id, e.received_at
from (select t.customer_id, min(least(t.created_at - make_interval(hours => :late_hours), (
          select min(p.made_at) from promise p where p.merchant_id = :merchant and p.recovery_task_id = t.id))) as since
      from task t where t.merchant_id = :merchant and t.id = any(cast(:tasks as uuid[])) group by t.customer_id) w
cross join lateral (
    select x.* from event x where x.merchant_id = :merchant and x.customer_id = w.customer_id and x.ledger_id is null
        and x.type = any(cast(:watched as text[])) and x.occurred_at > w.since
    union all
    select x.* from (
        select v.id from visit v where v.merchant_id = :merchant and v.customer_id = w.customer_id and v.visited_at > w.since
        union all
        select b.id from sale b where b.merchant_id = :merchant and b.customer_id = w.customer_id and b.sold_at > w.since
        union all
        select a.id from appointment a where a.merchant_id = :merchant and a.customer_id = w.customer_id
        union all
        select c.id from card k cross join lateral (
            select ce.id from card_entry ce where ce.merchant_id = :merchant and ce.card_id = k.id and ce.occurred_at > w.since offset 0) c
        where k.merchant_id = :merchant and k.customer_id = w.customer_id) booked
    cross join lateral (select x.* from event x
        where x.merchant_id = :merchant and x.ledger_id is not null and x.ledger_id = booked.id offset 0) x
    offset 0) e
where e.type = any(cast(:watched as text[])) and e.state <> 'withdrawn' and e.customer_id = w.customer_id
"""
"""What is in the books of the customers of some tasks since those were made, or since the promise they are about; generation looked at the rest."""

# `offset 0` keeps the planner to this order: from the news, by key, to each next row. Left free it joins by what it knows of the tables, and of young ones
# it knows nothing: a database's one merchant was taken for one in two hundred, and everything paired with everything (tests/benchmarks/test_moot_plans.py).
_PASSAGES: Final = """
with happened as materialized ({news}),
news as materialized (
    select u.*, coalesce((select s.timezone from store s where s.merchant_id = :merchant and s.id = u.store_id),
            (select m.timezone from merchant m where m.merchant_id = :merchant)) as zone,
        case when u.type = any(cast(:card_types as text[])) then
            (select ce.card_id from card_entry ce where ce.merchant_id = :merchant and ce.id = u.ledger_id) end as card_id
    from happened u
)
select distinct on (e.id, r.id) e.customer_id, e.id as enrolment_id, r.task_id, r.id as reason_id, n.type, n.occurred_at as at
from news n
cross join lateral (select e.* from enrolment e
    where e.merchant_id = :merchant and e.customer_id = n.customer_id and e.state in ('waiting', 'active') offset 0) e
cross join lateral (select v.definition -> 'exitOn' as exit_on from plan_version v where v.merchant_id = :merchant and v.id = e.version_id offset 0) v
left join lateral (select r.* from task_reason r
    where r.merchant_id = :merchant and r.enrolment_id = e.id and r.step >= 0 and r.state = 'live' offset 0) r on true
left join lateral (select c.* from event c where c.merchant_id = :merchant and c.id = e.event_id offset 0) cause on true
where (e.state = 'waiting' or r.id is not null) {only}
  and n.event_id is distinct from e.event_id and (n.received_at is null or n.received_at > r.created_at)
  and case when n.type = :cancelled then n.ledger_id = cause.ledger_id and cause.type = any(cast(:about as text[])) else
    n.occurred_at > coalesce(cause.occurred_at, least(e.created_at, e.fire_at) - make_interval(hours => :late_hours))
    and (n.ledger_id is null or n.ledger_id is distinct from cause.ledger_id)
    and (cause.id is null or (n.store_id is not null and cause.store_id is not null and n.store_id <> cause.store_id)
         or (n.occurred_at at time zone n.zone)::date <> (cause.occurred_at at time zone n.zone)::date)
    and (e.card_id is null or n.card_id is null or n.card_id = e.card_id)
    and v.exit_on ? (cast(:exits as jsonb) ->> n.type) end
order by e.id, r.id, n.occurred_at, n.event_id
"""
"""Everything the events end: first event first. The same visit or order as the entering event is the same ledger row, or the same store and day.

What was in the books when a task was made was looked at then: a stored event counts when it came later.
"""

_PLEDGES: Final = f"""
with happened as materialized ({{news}})
select distinct on (t.id) t.customer_id, cast(null as uuid) as enrolment_id, t.id as task_id, cast(null as uuid) as reason_id, n.type, n.occurred_at as at
from happened n
cross join lateral (select t.* from task t
    where t.merchant_id = :merchant and t.customer_id = n.customer_id and t.cause = 'broken_promise' and t.status in {LIVE_SQL} offset 0) t
cross join lateral (select p.made_at from promise p where p.merchant_id = :merchant and p.recovery_task_id = t.id offset 0) p
where n.type = any(cast(:pledged as text[])) and n.occurred_at > p.made_at {{only}}
order by t.id, n.occurred_at, n.event_id
"""
"""Tasks about a broken promise, and what has happened since it was made."""

_EXIT_NAMES: Final = msgspec.json.encode({kind: exit_on.value for kind, exit_on in EXITS.items()}).decode()
_RULES: Final[dict[str, Any]] = {
    "exits": _EXIT_NAMES,
    "card_types": sorted(OF_ONE_CARD),
    "late_hours": LATE_BOOKS_HOURS,
    "cancelled": CANCELLED,
    "about": list(ABOUT_APPOINTMENT),
    "pledged": list(PLEDGED),
}


async def read_touched(unit: Unit, happened: Sequence[Happened]) -> list[Touched]:
    """Return what these events end: live passages by the `exit_on` of the version they run on, and tasks about a broken promise."""
    customers = sorted({event.customer_id for event in happened})
    rows = await unit.rows(_MEANT, customers=customers, late_hours=LATE_BOOKS_HOURS)
    since: dict[UUID, datetime] = {row["customer_id"]: row["since"] for row in rows}
    meant = [one for one in happened if one.customer_id in since and _may_end(one, since[one.customer_id])]
    return await _touched(unit, meant) if meant else []


def _may_end(event: Happened, since: datetime) -> bool:
    """A cancellation ends what is about its appointment, whenever that was; everything else what began before it."""
    return event.type == CANCELLED or event.occurred_at > since


async def _touched(unit: Unit, happened: Sequence[Happened]) -> list[Touched]:
    events = {
        "events": [event.event_id for event in happened],
        "types": [event.type for event in happened],
        "customers": [event.customer_id for event in happened],
        "at": [event.occurred_at for event in happened],
        "stores": [event.store_id for event in happened],
        "ledgers": [event.ledger_id for event in happened],
    }
    return await _read(unit, _HAPPENED, ("", ""), events)


async def read_stale(unit: Unit, task_ids: Sequence[UUID]) -> list[Touched]:
    """Return what the events that are stored end of these tasks."""
    only = ("and r.task_id = any(cast(:tasks as uuid[]))", "and t.id = any(cast(:tasks as uuid[]))")
    return await _read(unit, _STORED, only, {"tasks": list(task_ids), "watched": sorted(WATCHED)})


async def _read(unit: Unit, news: str, only: tuple[str, str], values: dict[str, Any]) -> list[Touched]:
    found = await unit.structs(Touched, _PASSAGES.format(news=news, only=only[0]), **values, **_RULES)
    return found + await unit.structs(Touched, _PLEDGES.format(news=news, only=only[1]), **values, **_RULES)
