"""From a judged and assigned chunk to rows: enrolments, tasks, reasons, decisions; the change feed hears of them last."""

from datetime import timedelta
from typing import Any

from tasks.generation.candidates import Moment
from tasks.generation.job import Job
from tasks.kernel.errors import FlowError
from tasks.kernel.ids import series
from tasks.kernel.unit import Unit
from tasks.plans.advancing import finish_step, has_next
from tasks.plans.steps import StaffTask
from tasks.worklist.feed import feed


class EntryRaced(FlowError):
    """Another transaction let the same scope in between this chunk's look and its write; the chunk is done again and sees it."""

    code = "entry-raced"
    status = 409
    zh = "同一客户正被另一进程处理"
    en = "Another run is at the same customer"


DECIDE = """
update chunk c set decided = 'task', task_id = {task} where c.decided is null and c.first_of_customer
"""

JOIN = """
update chunk c set task_id = f.task_id from chunk f
where c.decided = 'merged' and c.task_id is null and f.customer_id = c.customer_id and f.first_of_customer and f.decided = 'task'
"""

NAME = """
update chunk c set enrolment_id = {enrolment} where enrolment_id is null and (decided in ('task', 'merged', 'held_out', 'deferred') or goes_on)
"""

GOES_ON = """
update chunk set goes_on = true where passed_over or (enrolment_id is not null and decided in ('suppressed', 'capped', 'no_capacity'))
"""
"""A passage with more steps outlives one that made no task. Who was never in has none, unless a step of the plan was passed over for her."""

ENROL = """
insert into enrolment (merchant_id, id, plan_id, version_id, scope_id, entry_key, guard, customer_id, card_id, event_id, occurrence_id, store_id,
    state, step, fire_at, fires_on, exit_reason, created_at, closed_at, anchor_on)
select :merchant, c.enrolment_id, :plan, :version, c.scope_id, c.entry_key, c.guard, c.customer_id, c.card_id, c.event_id, :occurrence, c.store_id,
    case c.decided when 'held_out' then 'exited' when 'deferred' then 'waiting' else 'active' end, c.step,
    case c.decided when 'deferred' then cast(:tomorrow as timestamptz) else cast(:fires_at as timestamptz) end, :today,
    case c.decided when 'held_out' then 'held_out' end, :now, case c.decided when 'held_out' then cast(:now as timestamptz) end, :today
from chunk c where c.decided in ('task', 'merged', 'held_out', 'deferred') or c.goes_on order by c.enrolment_id
on conflict do nothing
"""

MOVE_ON = """
update enrolment e set
    state = case when c.goes_on then 'active' else case c.decided when 'task' then 'active' when 'merged' then 'active' when 'deferred' then 'waiting'
        when 'failed' then 'failed' else 'exited' end end,
    fire_at = case c.decided when 'deferred' then cast(:tomorrow as timestamptz) else e.fire_at end,
    exit_reason = case when c.decided not in ('task', 'merged', 'deferred') and not c.goes_on then coalesce(c.reason, c.decided) end,
    closed_at = case when c.decided not in ('task', 'merged', 'deferred') and not c.goes_on then cast(:now as timestamptz) end
from chunk c where e.merchant_id = :merchant and e.id = c.enrolment_id
"""

TASKS = """
insert into task (merchant_id, id, store_id, customer_id, assignee_id, origin, status, priority, value_cents,
    opens_at, opens_on, contact_from, due_at, expires_at, created_at)
select :merchant, c.task_id, c.store_id, c.customer_id, c.assignee_id, 'plan', case when d.opens_at <= :at then 'open' else 'queued' end,
    :priority, c.value_cents, d.opens_at, d.day_on, d.contact_from, least({due_at}, {expires_at}), {expires_at}, :now
from chunk c join chunk_day d on d.store_id = c.store_id and d.day_on = c.opens_on {store}
where c.decided = 'task' order by c.customer_id
"""

STORE = "join store st on st.merchant_id = :merchant and st.id = c.store_id"

DUE = {
    None: "coalesce(c.due_at, d.due_at)",
    False: "least(coalesce(c.due_at, d.due_at), c.until_at)",
    True: "coalesce(least((c.until_on + cast(:wall as time)) at time zone st.timezone, c.until_at), c.due_at, d.due_at)",
}
"""When a task is late: after its open days, or its assignee's working days, within its last day, or at a wall time of that day."""

REASONS = """
insert into task_reason (merchant_id, id, task_id, plan_id, version_id, enrolment_id, step, priority, card_id, event_id, created_at)
select :merchant, {reason}, c.task_id, :plan, :version, c.enrolment_id, c.step, :priority, c.card_id, c.event_id, :now
from chunk c where c.decided in ('task', 'merged') order by c.customer_id
"""

RAISE = """
update task t set priority = greatest(t.priority, :priority),
    due_at = least(t.due_at, greatest(m.due_at, cast(t.opens_on + 1 as timestamp) at time zone st.timezone))
from (select c.task_id, min(least(d.due_at, c.until_at)) as due_at from chunk c
      join chunk_day d on d.store_id = c.store_id and d.day_no = (select min(x.day_no) from chunk_day x where x.store_id = c.store_id)
      where c.decided = 'merged' and c.task_id not in (select f.task_id from chunk f where f.decided = 'task')
      group by c.task_id) m, store st
where t.merchant_id = :merchant and t.id = m.task_id and st.merchant_id = :merchant and st.id = t.store_id
"""

DECISIONS = """
insert into decision (merchant_id, id, plan_id, version_id, occurrence_id, enrolment_id, scope_id, entry_key, step, customer_id,
    decided, reason, task_id, decided_at)
select :merchant, {decision}, :plan, :version, :occurrence, c.enrolment_id, c.scope_id, c.entry_key, c.step, c.customer_id,
    c.decided, c.reason, c.task_id, :now
from chunk c order by c.customer_id
on conflict (scope_id, plan_id, entry_key, step, merchant_id) do update
    set decided = excluded.decided, reason = excluded.reason, task_id = excluded.task_id, decided_at = excluded.decided_at
    where decision.decided = 'deferred'
"""

TOUCHED = "select t.store_id, t.id, cast(null as uuid) from chunk c join task t on t.merchant_id = :merchant and t.id = c.task_id"


async def name_tasks(unit: Unit, *, shared: bool) -> None:
    """Whoever is still undecided and has a place gets a task; the further candidates of the same customer, where customers are `shared`, join it."""
    ids = series("task", "c.no")
    await unit.run(DECIDE.format(task=ids.sql), **ids.values)
    if shared:
        await unit.run(JOIN)


async def write(unit: Unit, job: Job, *, entered: bool, merged: bool) -> None:
    """Write what was decided: of passages that `entered` before, or of scopes that enter now; `merged` when tasks got further reasons.

    Raises `EntryRaced` when another transaction was first.
    """
    act, moment = job.act, job.moment
    values = {"plan": job.plan_id, "version": job.version_id, "occurrence": job.occurrence_id, "priority": act.priority}
    tomorrow = moment.at + timedelta(days=1)
    more = has_next(job.definition, job.ordinal)
    if more:
        await unit.run(GOES_ON)
    if entered:
        await unit.run(MOVE_ON, tomorrow=tomorrow)
    else:
        await _enrol(unit, moment, values | {"tomorrow": tomorrow})
    await unit.run(_tasks(act), at=moment.at, wall=act.due_at, **values)
    reasons, decided = series("reason", "c.no"), series("decision", "c.no")
    await unit.run(REASONS.format(reason=reasons.sql), **reasons.values, **values)
    if merged:
        await unit.run(RAISE, **values)
    await unit.run(DECISIONS.format(decision=decided.sql), **decided.values, **values)
    if more:
        rows = await unit.rows("select enrolment_id from chunk where goes_on order by enrolment_id")
        await finish_step(unit, [row["enrolment_id"] for row in rows])
    await feed(unit).changed_now(unit, TOUCHED)


async def _enrol(unit: Unit, moment: Moment, values: dict[str, Any]) -> None:
    ids = series("enrolment", "c.no")
    named = await unit.run(NAME.format(enrolment=ids.sql), **ids.values)
    made = await unit.run(ENROL, fires_at=moment.fires_at, today=moment.today, **values)
    if made.rowcount != named.rowcount:
        raise EntryRaced


def _tasks(act: StaffTask) -> str:
    """Return the statement that makes the tasks; who has no last day is asked for none."""
    if act.last_day is None:
        return TASKS.format(due_at=DUE[None], expires_at="d.expires_at", store="")
    return TASKS.format(due_at=DUE[act.due_at is not None], expires_at="least(d.expires_at, c.until_at)", store=STORE)
