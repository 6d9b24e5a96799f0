"""The queries of assignment, over the working tables of a chunk (`tasks.generation.chunk` makes them; this step fills `bench` and `assignee_id`)."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import msgspec

from tasks.assignment.leaders import MANAGER as MANAGER_OF
from tasks.assignment.leaders import OWNER
from tasks.kernel.connection import Row
from tasks.kernel.unit import Unit
from tasks.plans.states import Link
from tasks.plans.steps import StaffTask

LINKS = """
update chunk c set
    consultant_id = link.consultant_id, technician_id = link.technician_id,
    last_served_id = link.last_served_id, most_served_id = link.most_served_id,
    event_staff_id = link.event_staff_id, booked_staff_id = link.booked_staff_id, named_id = cast(:named as uuid)
from (
    select c.no,
        (select cs.staff_id from customer_staff cs where cs.merchant_id = :merchant and cs.customer_id = c.customer_id
            and cs.role = 'consultant' and cs.to_on is null order by cs.from_on desc, cs.id desc limit 1) as consultant_id,
        (select cs.staff_id from customer_staff cs where cs.merchant_id = :merchant and cs.customer_id = c.customer_id
            and cs.role = 'technician' and cs.to_on is null order by cs.from_on desc, cs.id desc limit 1) as technician_id,
        {last} as last_served_id,
        {most} as most_served_id,
        {event} as event_staff_id,
        {booked} as booked_staff_id
    from chunk c where c.decided is null and c.first_of_customer
) link where link.no = c.no
"""

LAST = """(select v.served_by from visit v where v.merchant_id = :merchant and v.customer_id = c.customer_id and v.served_by is not null
            and v.visited_at <= :at order by v.visited_on desc, v.id desc limit 1)"""

MOST = """(select l.staff_id from sale s join sale_line l on l.merchant_id = s.merchant_id and l.sale_id = s.id and l.staff_id is not null
            where s.merchant_id = :merchant and s.customer_id = c.customer_id and l.quantity > 0 and s.sold_at <= :at
            group by l.staff_id order by sum(case when l.requested then 2 else 1 end) desc, max(s.sold_at) desc, l.staff_id limit 1)"""

EVENT = """(select coalesce(e.staff_id, v.served_by) from event e
            left join visit v on v.merchant_id = :merchant and v.id = e.ledger_id and e.ledger_kind = 'visit'
            where e.merchant_id = :merchant and e.id = c.event_id)"""

BOOKED = """(select a.staff_id from event e join appointment a on a.merchant_id = :merchant and a.id = e.ledger_id
            where e.merchant_id = :merchant and e.id = c.event_id and e.ledger_kind = 'appointment')"""

NOBODY_KNOWN = "cast(null as uuid)"

BENCH = """
with asked as materialized (
    select s.id, s.max_new_weekday, s.max_new_weekend, s.max_open,
        (select count(*) from (select from task t where t.merchant_id = :merchant and t.assignee_id = s.id
            and t.status in ('open', 'in_progress', 'waiting', 'queued') limit s.max_open) o) as load
    from staff s where s.merchant_id = :merchant and s.status = 'active'
      and s.id in (select m.staff_id from membership m where m.merchant_id = :merchant and m.store_id in (select store_id from chunk_day)))
insert into bench (staff_id, store_id, day_on, deals, load, room)
select m.staff_id, m.store_id, d.day_on, m.role = 'employee', s.load,
    case when s.load >= s.max_open then 0 else greatest(0, least(
        case when extract(isodow from d.day_on) >= 6 then s.max_new_weekend else s.max_new_weekday end
            - (select count(*) from task t where t.merchant_id = :merchant and t.assignee_id = m.staff_id and t.opens_on = d.day_on and t.origin = 'plan'),
        s.max_open - s.load, {quota})) end
from membership m
join asked s on s.id = m.staff_id
join (select distinct store_id, day_on from chunk_day) d on d.store_id = m.store_id
left join roster_day r on r.merchant_id = m.merchant_id and r.staff_id = m.staff_id and r.day_on = d.day_on
where m.merchant_id = :merchant
  and coalesce(r.works, true) and (r.store_id is null or r.store_id = m.store_id)
  and not exists (select from staff_leave l where l.merchant_id = m.merchant_id and l.staff_id = m.staff_id and d.day_on between l.from_on and l.to_on)
"""
"""Who may be given how much. Whoever has as much as they may have is not counted any further: a manager may have all that nobody else could take."""

QUOTA = """cast(:most as int) - (select count(*) from decision r join task t on t.merchant_id = :merchant and t.id = r.task_id
            where r.merchant_id = :merchant and r.plan_id = :plan and r.occurrence_id = :occurrence and r.decided = 'task' and t.assignee_id = m.staff_id)"""
"""What is left of a plan's tasks per employee and run."""

FITS = "and :day between coalesce(c.first_on, :day) and coalesce(c.until_on, :day)"
"""Neither before what a closure held back is dealt to, nor after the task's last day."""

TAKE = f"""
with want as (
    select c.no, b.staff_id, b.room, row_number() over (partition by b.staff_id order by c.value_cents desc, c.customer_id) as nth
    from chunk c join bench b on b.day_on = :day and b.staff_id = c.{{column}} and b.store_id = c.store_id and b.room > 0
    where c.decided is null and c.first_of_customer and c.assignee_id is null {FITS}
),
taken as (
    update chunk c set assignee_id = w.staff_id, opens_on = :day from want w where c.no = w.no and w.nth <= w.room returning c.assignee_id
)
select assignee_id, count(*) as taken from taken group by assignee_id
"""

DEAL = f"""
with slot as (
    select b.staff_id, row_number() over (order by b.load + n, b.staff_id) as nth
    from bench b cross join lateral generate_series(1, b.room) n where b.day_on = :day and b.store_id = :store and b.deals
),
want as (
    select c.no, row_number() over (order by c.customer_id) as nth
    from chunk c where c.decided is null and c.first_of_customer and c.assignee_id is null and c.store_id = :store {FITS}
),
taken as (
    update chunk c set assignee_id = s.staff_id, opens_on = :day
    from want w join slot s on s.nth = w.nth where c.no = w.no returning c.assignee_id
)
select assignee_id, count(*) as taken from taken group by assignee_id
"""

WANTING = """
select distinct c.store_id from chunk c where c.decided is null and c.first_of_customer and c.assignee_id is null order by c.store_id
"""

USED = """
update bench b set
    room = greatest(0, b.room - u.taken), load = b.load + u.taken
from unnest(cast(:staff as uuid[]), cast(:taken as int[])) as u(staff_id, taken)
where b.staff_id = u.staff_id and b.day_on = :day
"""

TOTAL = """
update bench b set room = greatest(0, least(b.room, s.max_open - t.total, cast(:most as int) - n.total))
from (select c.assignee_id, count(*) as total from chunk c where c.assignee_id is not null group by c.assignee_id) n
join staff s on s.merchant_id = :merchant and s.id = n.assignee_id
join lateral (select n.total + count(*) as total from (select from task t where t.merchant_id = :merchant and t.assignee_id = n.assignee_id
    and t.status in ('open', 'in_progress', 'waiting', 'queued') limit s.max_open) o) t on true
where b.staff_id = n.assignee_id and b.day_on > :day
"""

COLUMNS = {
    Link.CONSULTANT: "consultant_id",
    Link.TECHNICIAN: "technician_id",
    Link.LAST_SERVED: "last_served_id",
    Link.MOST_SERVED: "most_served_id",
    Link.EVENT_STAFF: "event_staff_id",
    Link.BOOKED_STAFF: "booked_staff_id",
    Link.NAMED: "named_id",
}
"""The chunk's column of each personal link."""


LEAD = f"""
update chunk c set assignee_id = x.staff_id, opens_on = :day
from (select c.no, {{who}} as staff_id from chunk c
      where c.decided is null and c.first_of_customer and c.assignee_id is null {FITS}
        and exists (select from chunk_day d where d.store_id = c.store_id and d.day_on = :day)) x
where x.no = c.no and x.staff_id is not null
"""

LEADERS = {Link.MANAGER: MANAGER_OF, Link.OWNER: OWNER}
"""Links to who leads: theirs is what a plan gives them by name, however much they have to do."""


async def find_links(unit: Unit, chain: Sequence[Link], named: UUID | None, at: object) -> None:
    """Look up who is linked to each undecided customer, for the links the chain asks for."""
    asked = {
        "last": (Link.LAST_SERVED, LAST),
        "most": (Link.MOST_SERVED, MOST),
        "event": (Link.EVENT_STAFF, EVENT),
        "booked": (Link.BOOKED_STAFF, BOOKED),
    }
    columns = {name: sql if link in chain else NOBODY_KNOWN for name, (link, sql) in asked.items()}
    await unit.run(LINKS.format(**columns), at=at, named=named)


async def set_bench(unit: Unit, most: int | None, plan: UUID, occurrence: UUID | None) -> None:
    """Find out who works in the chunk's stores on its days, and how much more each of them may be given; `most` limits a run's tasks per employee."""
    quota = QUOTA if most is not None and occurrence is not None else "cast(:most as int)"
    values = {"plan": plan, "occurrence": occurrence} if most is not None and occurrence is not None else {}
    await unit.run(BENCH.format(quota=quota), most=most, **values)


class Left(msgspec.Struct, frozen=True):
    """Whether there are undecided customers nobody has taken yet, and whether anybody may be given one on the day."""

    people: bool
    room: bool


TURNS = """
select s.id from staff s where s.merchant_id = :merchant and s.status = 'active'
  and s.id in (select m.staff_id from membership m where m.merchant_id = :merchant and m.store_id in (select store_id from chunk_day))
  and (select count(*) from (select from chunk where decided is null and first_of_customer limit :few) c) = :few
order by s.id for no key update of s
"""


async def take_turns(unit: Unit, few: int) -> None:
    """Lock whoever may be given tasks, in id order, unless fewer than `few` are to be given out."""
    await unit.run(TURNS, few=few)


async def take_by_link(unit: Unit, link: Link, day: date) -> None:
    """Give each staff member the undecided customers linked to them, most valuable first, up to their room of the day."""
    if link is Link.LEAST_LOADED:
        await deal(unit, day)
    elif link in LEADERS:
        await unit.run(LEAD.format(who=LEADERS[link]), day=day)
    else:
        await _use(unit, await unit.rows(TAKE.format(column=COLUMNS[link]), day=day), day)


async def deal(unit: Unit, day: date) -> None:
    """Deal what is left to the least loaded, store by store: who works in two of them has one room for both."""
    for row in await unit.rows(WANTING):
        await _use(unit, await unit.rows(DEAL, day=day, store=row["store_id"]), day)


async def _use(unit: Unit, taken: Sequence[Row], day: date) -> None:
    if taken:
        await unit.run(
            USED, staff=[row["assignee_id"] for row in taken], taken=[row["taken"] for row in taken], day=day
        )


async def limit_later_days(unit: Unit, day: date, most: int | None) -> None:
    """What was given today counts against each member's open limit, and the run's own, on the days after."""
    await unit.run(TOTAL, day=day, most=most)


LEFT = """
select exists (select from chunk where decided is null and first_of_customer and assignee_id is null) as people,
       exists (select from bench where day_on = :day and room > 0) as room
"""


async def left(unit: Unit, day: date) -> Left:
    """Return what is left before a day is dealt."""
    (found,) = await unit.structs(Left, LEFT, day=day)
    return found


FIRST_DAY = """(select min(d.day_on) from chunk_day d where d.store_id = c.store_id
        and d.day_on between coalesce(c.first_on, d.day_on) and coalesce(c.until_on, d.day_on))"""
"""The first day on which a candidate's task is of use and the store is open."""

MANAGER = f"""
update chunk c set assignee_id = m.staff_id, opens_on = m.day_on
from (select c.no, {FIRST_DAY} as day_on, {MANAGER_OF} as staff_id
      from chunk c join store st on st.merchant_id = :merchant and st.id = c.store_id and not (st.pool and :pool)
      where c.decided is null and c.first_of_customer and c.assignee_id is null) m
where m.no = c.no and m.staff_id is not null and m.day_on is not null
"""

POOL = f"""
update chunk c set opens_on = {FIRST_DAY} from store st
where st.merchant_id = :merchant and st.id = c.store_id and st.pool and c.decided is null and c.first_of_customer and c.assignee_id is null
"""

CAPPED = f"""
update chunk c set decided = 'capped'
where c.decided is null and c.first_of_customer and c.assignee_id is null and {FIRST_DAY} is not null
"""
"""A plan that limits what one employee gets of a run does not pour the rest on the pool."""

NOBODY = """
update chunk c set decided = 'no_capacity' where c.decided is null and c.first_of_customer and c.assignee_id is null and c.opens_on is null
"""


async def fall_back(unit: Unit, task: StaffTask) -> None:
    """Whoever is left goes to the store's pool, to its manager if the store has none, and to `no_capacity` only when neither is allowed or there."""
    if task.most_per_employee is not None:
        await unit.run(CAPPED)
    if task.manager:
        await unit.run(MANAGER, pool=task.pool)
    if task.pool:
        await unit.run(POOL)
    await unit.run(NOBODY)
