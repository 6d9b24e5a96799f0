"""A merchant as it stood on a past day, laid over the real one in a glance: what the engine writes stays in it, and time is moved by hand.

The books (visits, sales, cards' entries, appointments) are read where they are, as of the moment. Laid over are the tables that a run writes, and those that
say what was then: which tasks of other plans were out, who had refused, whom somebody had contacted. The plan's own doings since the first day are left out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.events.happened import Happened
from tasks.flow.overlay import copy_over, lay_over
from tasks.kernel.unit import Unit
from tasks.ledger.as_of import CARD_FACTS_AS_OF, CUSTOMER_FACTS_AS_OF
from tasks.plans.advancing import finish_step
from tasks.plans.definition import Definition, encode
from tasks.worklist.repository import LIVE_SQL, close_reasons
from tasks.worklist.states import CloseReason

MOST_CUSTOMERS: Final = 20_000
"""Above so many, a stable sample of them is looked at."""
MOST_INSTANTS: Final = 2_000
"""Events that are judged one by one; more are judged hour by hour."""
_BUCKETS: Final = 10_000
_OVERLAID: Final = (
    "merchant", "customer", "customer_contact_state", "contact", "card", "task", "task_reason", "task_history", "decision", "enrolment", "plan",
    "plan_version",
)  # fmt: skip
_NOW: Final = "(select n.at from virtual_now n)"
_TODAY: Final = "(select n.today from virtual_now n)"

_CHOSEN: Final = "('x' || left(md5(x.id::text), 7))::bit(28)::int % :buckets < :share"
"""A stable share of the customers: the same ones each time."""
_STATES: Final = ("no_contact_at", "no_phone_at", "no_wechat_at", "wrong_number_at", "complaint_at")
_OURS: Final = "not exists (select from task_then o where o.id = t.id)"
"""A task that is nobody else's."""
_OF_OURS: Final = "exists (select from public.task_reason r where r.merchant_id = :merchant and r.task_id = {task} and r.plan_id = :plan)"


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """What is run over the past: which version of which plan, and the first and last instant."""

    plan_id: UUID
    version_id: UUID
    definition: Definition
    begin: datetime
    end: datetime

    @property
    def values(self) -> dict[str, Any]:
        """The binds of the statements here."""
        return {"plan": self.plan_id, "version": self.version_id, "begin": self.begin, "end": self.end}


class Crowd(msgspec.Struct, frozen=True):
    """How many customers the merchant has, and how many of them are looked at."""

    customers: int
    taken: int

    @property
    def scale(self) -> float:
        """By how much what is counted among those looked at is too small."""
        return self.customers / self.taken if self.taken else 1.0


async def open_books(unit: Unit, run: Run, most: int = MOST_CUSTOMERS) -> Crowd:
    """Lay the merchant of the first instant over the real one, with about `most` of the customers if there are more."""
    everybody = await unit.scalar("select count(*) from customer where merchant_id = :merchant")
    share = _BUCKETS if everybody <= most else max(1, _BUCKETS * most // everybody)
    await lay_over(unit, *_OVERLAID)
    await _look_then(unit, run)
    await copy_over(unit, "merchant", "true")
    await unit.run("update merchant set stopped_at = null where merchant_id = :merchant")
    taken = await copy_over(unit, "customer", _CHOSEN, buckets=_BUCKETS, share=share)
    mine = "exists (select from customer c where c.merchant_id = :merchant and c.id = x.customer_id)"
    await copy_over(unit, "card", mine)
    await copy_over(
        unit,
        "contact",
        f"{mine} and not (x.contacted_at >= :begin and {_OF_OURS.format(task='x.task_id')})",
        **run.values,
    )
    await _copy_tasks(unit, run, mine)
    await copy_over(unit, "enrolment", f"x.plan_id = :plan and x.created_at < :begin and {mine}", **run.values)
    await _copy_states(unit, run, mine)
    await _put_plan(unit, run)
    return Crowd(everybody, taken)


_COLUMNS: Final = """
select attname as name from pg_attribute where attrelid = cast('public.' || cast(:name as text) as regclass) and attnum > 0 and not attisdropped
order by attnum
"""
_STATUS: Final = f"""case when status = 'cancelled' and cancelled_at > {_NOW} or status in ('arrived', 'missed') and starts_at > {_NOW}
    then 'booked' else status end"""
"""What an appointment was then."""


async def _look_then(unit: Unit, run: Run) -> None:
    """Facts and appointments as they were at the virtual now. Imported events start no plan; here they stand for those that would have come one by one."""
    await unit.run("create temporary table virtual_now (at timestamptz not null, today date not null)")
    await unit.run("insert into virtual_now values (cast(:begin as timestamptz), 'epoch')", **run.values)
    await _set_now(replace(unit, now=run.begin))
    await _view(unit, "event", {"historic": "false"}, "true")
    await _view(unit, "appointment", {"status": _STATUS}, f"booked_at is null or booked_at <= {_NOW}")
    people = CUSTOMER_FACTS_AS_OF.replace(":at", _NOW).replace(":today", _TODAY)
    await unit.run(
        f"create temporary view customer_facts as select cu.merchant_id, cu.id as customer_id, f.* from customer cu cross join lateral ({people}) f"
    )
    cards = CARD_FACTS_AS_OF.replace(":at", _NOW).replace(":today", _TODAY).replace("c.merchant_id = :merchant", "true")
    await unit.run(f"create temporary view card_facts as {cards}")


async def _view(unit: Unit, name: str, otherwise: Mapping[str, str], where: str) -> None:
    """Lay a view over a table: some columns are something else, and rows that do not keep `where` are not there."""
    rows = await unit.rows(_COLUMNS, name=name)
    columns = ", ".join(f"{otherwise.get(row['name'], row['name'])} as {row['name']}" for row in rows)
    await unit.run(f"create temporary view {name} as select {columns} from public.{name} where {where}")


async def _copy_tasks(unit: Unit, run: Run, mine: str) -> None:
    """Tasks of others that were out at some time of the period wait beside the table until their own time, and so do their ends."""
    await unit.run("create temporary table task_then (like public.task, primary key (id))")
    await unit.run(
        f"insert into task_then select x.* from public.task x where x.merchant_id = :merchant and {mine} and x.created_at <= :end "
        f"and (x.closed_at is null or x.closed_at >= :begin) and not (x.created_at >= :begin and {_OF_OURS.format(task='x.id')})",
        **run.values,
    )
    await unit.run(
        "create temporary table task_end as select id, status, closed_at, close_reason from task_then where closed_at is not null"
    )
    await unit.run("create unique index on task_end (id)")
    # How a task stood between its first day and its last is not known: it was out.
    await unit.run(
        "update task_then set status = 'open', closed_at = null, close_reason = null where closed_at is not null"
    )
    await unit.run("analyze task_then")
    await copy_over(
        unit, "task_reason", "x.plan_id <> :plan and x.task_id in (select t.id from task_then t)", **run.values
    )
    await _tasks_begin(unit, None, run.begin)


async def _copy_states(unit: Unit, run: Run, mine: str) -> None:
    """Refusals that came later were not there yet; `move_on` lets them come. A complaint that is settled has left no trace."""
    await copy_over(unit, "customer_contact_state", mine)
    later = " or ".join(f"{name} > :begin" for name in _STATES)
    await unit.run("create temporary table state_then (like public.customer_contact_state)")
    await unit.run(f"insert into state_then select * from customer_contact_state where {later}", **run.values)
    await _states_begin(unit, run.begin)


async def _put_plan(unit: Unit, run: Run) -> None:
    definition = run.definition
    await unit.run(
        "insert into plan (merchant_id, id, name, template, state, version_id, activated_at, created_at) "
        "values (:merchant, :plan, :name, :template, 'active', :version, :begin, :begin)",
        name=definition.name, template=definition.template, **run.values,
    )  # fmt: skip
    await unit.run(
        "insert into plan_version (merchant_id, id, plan_id, number, purpose, definition, created_at) "
        "values (:merchant, :version, :plan, 1, :purpose, cast(:definition as jsonb), :begin)",
        purpose=definition.purpose, definition=msgspec.json.encode(encode(definition)).decode(), **run.values,
    )  # fmt: skip


async def move_on(unit: Unit, since: datetime) -> None:
    """Let what happened between `since` and the unit's now happen: tasks of other plans come and go, refusals arrive."""
    await _set_now(unit)
    await _tasks_end(unit, since)
    await _tasks_begin(unit, since, unit.now)
    if await unit.scalar("select exists (select from state_then)"):
        await _states_begin(unit, unit.now)


async def _set_now(unit: Unit) -> None:
    await unit.run(
        "update virtual_now set at = :now, today = (cast(:now as timestamptz) at time zone m.timezone)::date "
        "from public.merchant m where m.merchant_id = :merchant"
    )


async def _tasks_begin(unit: Unit, since: datetime | None, at: datetime) -> None:
    """Where the run has made a task for the customer, theirs would have joined it."""
    await unit.run(
        "insert into task select t.* from task_then t left join task_end o on o.id = t.id "
        "where (cast(:since as timestamptz) is null or t.created_at > cast(:since as timestamptz)) and t.created_at <= :at "
        "and (o.closed_at is null or o.closed_at > :at) on conflict do nothing",
        since=since, at=at,
    )  # fmt: skip


async def _tasks_end(unit: Unit, since: datetime) -> None:
    rows = await unit.rows(
        "update task t set status = o.status, closed_at = o.closed_at, close_reason = o.close_reason from task_end o "
        "where t.id = o.id and o.closed_at > :since and o.closed_at <= :now and t.closed_at is null returning t.id",
        since=since,
    )
    if rows:
        closed = await close_reasons(unit, [row["id"] for row in rows], CloseReason.CALLBACK, None)
        await finish_step(unit, [one.enrolment_id for one in closed])


async def _states_begin(unit: Unit, at: datetime) -> None:
    sets = ", ".join(f"{name} = case when o.{name} <= :at then o.{name} end" for name in _STATES)
    await unit.run(
        f"update customer_contact_state s set {sets} from state_then o where s.merchant_id = :merchant and s.customer_id = o.customer_id",
        at=at,
    )


_HAPPENED: Final = """
select e.id as event_id, e.type, e.customer_id, e.occurred_at, e.store_id, e.staff_id, e.ledger_kind, e.ledger_id, false as historic
from event e join customer c on c.merchant_id = e.merchant_id and c.id = e.customer_id
where e.merchant_id = :merchant and e.type = any(cast(:types as text[])) and e.state not in ('withdrawn', 'unmatched')
  and e.occurred_at > :since and e.occurred_at <= :until order by e.occurred_at, e.id
"""


async def happened_between(unit: Unit, types: Sequence[str], since: datetime, until: datetime) -> list[Happened]:
    """Return the events of some types after the one instant, up to and including the other, in order."""
    return await unit.structs(Happened, _HAPPENED, types=list(types), since=since, until=until)


_INSTANTS: Final = """
select distinct {instant} as at from event e join customer c on c.merchant_id = e.merchant_id and c.id = e.customer_id
where e.merchant_id = :merchant and e.type = any(cast(:types as text[])) and e.occurred_at >= :begin and e.occurred_at <= :end order by 1 limit :most
"""


async def instants_with(unit: Unit, types: Sequence[str], run: Run) -> tuple[list[datetime], timedelta]:
    """Return when events of some types happened, in order, and how much time is taken together: nothing; of too many, the ends of hours, and an hour."""
    exact = await unit.rows(
        _INSTANTS.format(instant="e.occurred_at"), types=list(types), most=MOST_INSTANTS + 1, **run.values
    )
    if len(exact) <= MOST_INSTANTS:
        return [row["at"] for row in exact], timedelta(0)
    hours = "date_trunc('hour', e.occurred_at) + interval '1 hour'"
    rows = await unit.rows(_INSTANTS.format(instant=hours), types=list(types), most=None, **run.values)
    return [row["at"] for row in rows], timedelta(hours=1)


_WORKED: Final = f"""
with worked as (
    update task t set status = 'done', close_reason = 'callback', closed_at = t.contact_from
    where t.merchant_id = :merchant and t.status in {LIVE_SQL} and t.contact_from <= :now
      and {_OURS}
    returning t.id, t.customer_id, t.assignee_id, t.contact_from, t.store_id
),
contacted as (
    insert into contact (merchant_id, id, customer_id, task_id, staff_id, channel, human, marketing, reached, contacted_at, contacted_on)
    select :merchant, w.id, w.customer_id, w.id, w.assignee_id, 'wechat', true, :marketing, true, w.contact_from,
        (w.contact_from at time zone s.timezone)::date
    from worked w join store s on s.merchant_id = :merchant and s.id = w.store_id
)
select id from worked
"""


async def work(unit: Unit, *, marketing: bool) -> None:
    """Let staff do their tasks: each customer is written to and reached once, when the task may be contacted from."""
    rows = await unit.rows(_WORKED, marketing=marketing)
    if rows:
        closed = await close_reasons(unit, [row["id"] for row in rows], CloseReason.CALLBACK, None)
        await finish_step(unit, [one.enrolment_id for one in closed])


async def next_instant(unit: Unit) -> datetime | None:
    """Return when a passage fires, or a task of the run may be contacted, next after the unit's now; None when nothing waits."""
    found: datetime | None = await unit.scalar(
        "select least((select min(fire_at) from enrolment where merchant_id = :merchant and state = 'waiting' and fire_at > :now), "
        f"(select min(contact_from) from task t where t.merchant_id = :merchant and t.status in {LIVE_SQL} and t.contact_from > :now "
        f"and {_OURS}))"
    )
    return found
