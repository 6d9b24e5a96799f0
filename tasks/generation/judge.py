"""What stands between a candidate and a task beside entry rule, exits and suppressions: store, hold-out, merge, cap.

Only working tables are written.
"""

from tasks.generation.candidates import Moment
from tasks.kernel.unit import Unit
from tasks.plans.states import Route
from tasks.plans.steps import StaffTask

DEFER_DAYS = 3
"""A task that waits longer takes no merges."""
HOLD_OUT_BUCKETS = 100
"""Hold-out percent is a share of these."""

LOCK = """
select s.customer_id from customer_contact_state s
where s.merchant_id = :merchant and s.customer_id = any(array(select customer_id from chunk)) order by s.customer_id for update
"""

ROUTE = """
update chunk c set store_id = coalesce({order}, cu.home_store_id,
    (select v.store_id from visit v where v.merchant_id = :merchant and v.customer_id = c.customer_id order by v.visited_on desc, v.id desc limit 1),
    c.event_store_id,
    (select st.id from store st where st.merchant_id = :merchant and st.active order by st.id limit 1))
from customer cu where cu.merchant_id = :merchant and cu.id = c.customer_id
"""

STAFF_STORE = """(select m.store_id from customer_staff cs join membership m on m.merchant_id = :merchant and m.staff_id = cs.staff_id
        join staff s on s.merchant_id = :merchant and s.id = cs.staff_id and s.status = 'active'
        where cs.merchant_id = :merchant and cs.customer_id = c.customer_id and cs.to_on is null
        order by (cs.role = 'consultant') desc, m.store_id = cu.home_store_id desc, cs.from_on desc, cs.id desc, m.store_id limit 1)"""

FIRST = {
    Route.EVENT_STORE: "c.event_store_id",
    Route.HOME_STORE: "cu.home_store_id",
    Route.STAFF_STORE: f"coalesce({STAFF_STORE}, c.event_store_id)",
}
"""The store that is asked first, per route. A member of several stores works where the customer is at home, if that is one of them;
who has nobody is seen to where it happened, or where the card was sold."""

BUCKET = (
    "('x' || left(md5(c.customer_id::text || ':' || cast(cast(:plan as uuid) as text)), 7))::bit(28)::int % :buckets"
)
"""A customer's place in a plan, the same for ever: a stable hash of both."""

HOLD_OUT = f"update chunk c set decided = 'held_out' where c.decided is null and {BUCKET} < :percent"

ONE_EACH = """
update chunk c set first_of_customer = false
from (select no, row_number() over (partition by customer_id order by value_cents desc, scope_id) as nth from chunk where decided is null) n
where n.no = c.no and n.nth > 1
"""

MERGE = """
update chunk c set
    decided = case when t.own or t.away then 'deferred' else 'merged' end,
    reason = case when t.own then 'other_task' when t.away then 'waiting' end,
    task_id = case when not t.own and not t.away then t.id end
from (select distinct on (t.customer_id) t.customer_id, t.id, t.origin <> 'plan' as own,
          coalesce(t.wait_until > cast(:at as timestamptz) + make_interval(days => :defer_days), false) as away
      from task t where t.merchant_id = :merchant and t.status in ('queued', 'open', 'in_progress', 'waiting')
        and t.customer_id in (select customer_id from chunk where decided is null) and t.created_at <= :until
      order by t.customer_id, (t.origin = 'plan') desc, t.id) t
where t.customer_id = c.customer_id and c.decided is null
"""

LIVE_TASKS = """
select t.id from task t where t.merchant_id = :merchant and t.customer_id in (select customer_id from chunk where decided is null)
    and t.status in ('queued', 'open', 'in_progress', 'waiting') order by t.id for update
"""

CAPPED = """
update chunk c set decided = 'capped'
from (select no, row_number() over (order by value_cents desc, customer_id) as nth from chunk where decided is null and first_of_customer) n
where n.no = c.no and n.nth > :room
"""

FOLLOWERS = """
update chunk c set decided = case when f.decided is null then 'merged' else f.decided end, reason = f.reason
from chunk f where f.customer_id = c.customer_id and f.first_of_customer and not c.first_of_customer and c.decided is null
    and (f.decided is null or f.decided in ('capped', 'no_capacity'))
"""


async def lock(unit: Unit) -> None:
    """Lock the candidates' contact states and live tasks in id order, before caps, gaps and refusals are read (engine.md)."""
    await unit.run(LOCK)


async def route(unit: Unit, act: StaffTask) -> None:
    """Choose the store that gets each candidate's task."""
    await unit.run(ROUTE.format(order=FIRST[act.route]))


async def hold_out(unit: Unit, plan: object, percent: int) -> None:
    """A stable share of the customers gets no task, so that the plan's effect can be measured."""
    if percent:
        await unit.run(HOLD_OUT, plan=plan, percent=percent, buckets=HOLD_OUT_BUCKETS)


async def merge(unit: Unit, moment: Moment, *, writing: bool) -> bool:
    """Join the task a customer already has, or wait for it; of several candidates of one customer, one makes the task and the others join it.

    Returns whether there are such others.
    """
    if writing:
        await unit.run(LIVE_TASKS)
    await unit.run(MERGE, defer_days=DEFER_DAYS, **moment.values)
    return (await unit.run(ONE_EACH)).rowcount > 0


async def cap(unit: Unit, room: int | None) -> None:
    """What a run may still make is dealt to the most valuable first; the rest is capped."""
    if room is not None:
        await unit.run(CAPPED, room=max(0, room))


async def followers(unit: Unit) -> None:
    """The further candidates of one customer follow what was decided for the first."""
    await unit.run(FOLLOWERS)
