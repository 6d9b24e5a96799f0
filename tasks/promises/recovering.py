"""From a broken promise to the task that asks why: whether there is one, whose it is, and when."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from tasks.assignment.repository import LAST, MOST
from tasks.kernel.unit import Unit
from tasks.kernel.zones import day_bounds, local_day, local_instant
from tasks.people.calendar import NeverOpens, StoreCalendar, add_open_days, open_days
from tasks.people.followed import FOLLOWABLE
from tasks.promises.repository import Due
from tasks.promises.rules import MORNING, RECOVERY_DAYS
from tasks.worklist.making import Wanted, make_task
from tasks.worklist.repository import LIVE_SQL
from tasks.worklist.states import Origin, TaskCause

PRIORITY: Final = 850
"""As urgent as an appointment that was missed (templates.md, no_show_recovery)."""
EXPIRES_IN: Final = 2
"""Store open days after its own until such a task is over."""
SEARCH_DAYS: Final = 4
"""Calendar days in which an employee with days off is waited for, before the task goes to somebody else."""

_WANTED: Final = f"""
select p.id from promise p
join merchant m on m.merchant_id = p.merchant_id and m.stopped_at is null
join store s on s.merchant_id = p.merchant_id and s.id = p.store_id and s.active
join customer cu on cu.merchant_id = p.merchant_id and cu.id = p.customer_id and {FOLLOWABLE}
left join customer_contact_state st on st.merchant_id = p.merchant_id and st.customer_id = p.customer_id
where p.merchant_id = :merchant and p.id = any(cast(:ids as uuid[])) and p.recovery_task_id is null
  and (cast(:now as timestamptz) at time zone s.timezone)::date - coalesce(p.until_on, p.promised_on) <= :recent
  and st.no_contact_at is null and (st.no_phone_at is null or st.no_wechat_at is null) and st.complaint_at is null
  and (st.wrong_number_at is null or exists (select from contact_point c where c.merchant_id = :merchant and c.customer_id = p.customer_id and c.valid))
  and not exists (select from task t where t.merchant_id = :merchant and t.customer_id = p.customer_id and t.status in {LIVE_SQL})
  and not exists (select from appointment a where a.merchant_id = :merchant and a.customer_id = p.customer_id
                  and a.starts_on >= (cast(:now as timestamptz) at time zone s.timezone)::date and a.status in ('booked', 'confirmed'))
  and not exists (select from promise n where n.merchant_id = :merchant and n.customer_id = p.customer_id and n.state = 'open' and n.id <> p.id
                  and (n.made_at, n.id) > (p.made_at, p.id))
  and not exists (select from visit v where v.merchant_id = :merchant and v.customer_id = p.customer_id and v.visited_at > p.made_at)
  and not exists (select from sale b where b.merchant_id = :merchant and b.customer_id = p.customer_id and b.sold_at > p.made_at
                  and b.cash_cents + b.card_cents > 0)
order by p.id
"""
"""Nobody sees to her already, nothing was settled otherwise, and she may be contacted."""

_WHO: Final = f"""
with c as (
    select p.id, p.customer_id, p.store_id, p.staff_id from promise p where p.merchant_id = :merchant and p.id = any(cast(:ids as uuid[]))),
asked as (
    select c.id, c.store_id, c.staff_id, 0 as rank from c
    union all select c.id, c.store_id, cs.staff_id, case cs.role when 'consultant' then 1 else 2 end
        from c join customer_staff cs on cs.merchant_id = :merchant and cs.customer_id = c.customer_id and cs.to_on is null
    union all select c.id, c.store_id, {LAST}, 3 from c
    union all select c.id, c.store_id, {MOST}, 4 from c)
select distinct on (a.id) a.id, a.staff_id, d.day_on
from asked a
join membership m on m.merchant_id = :merchant and m.staff_id = a.staff_id and m.store_id = a.store_id
join staff f on f.merchant_id = :merchant and f.id = a.staff_id and f.status = 'active'
join unnest(cast(:stores as uuid[]), cast(:days as date[])) as d(store_id, day_on) on d.store_id = a.store_id
left join roster_day r on r.merchant_id = :merchant and r.staff_id = a.staff_id and r.day_on = d.day_on
where coalesce(r.works, true) and (r.store_id is null or r.store_id = a.store_id)
  and not exists (select from staff_leave l where l.merchant_id = :merchant and l.staff_id = a.staff_id and d.day_on between l.from_on and l.to_on)
order by a.id, a.rank, d.day_on, a.staff_id
"""
"""The same employee, if she works in the next days; else the chain of personal links. Who is not found here leaves it to pool or manager."""


async def recover(unit: Unit, broken: Sequence[Due], calendars: Mapping[UUID, StoreCalendar]) -> dict[UUID, UUID]:
    """Make a task of each broken promise that nobody sees to; returns task by promise. The caller holds contact states and promises locked."""
    if not broken:
        return {}
    ids = [one.id for one in broken]
    wanted = {row["id"] for row in await unit.rows(_WANTED, ids=ids, recent=RECOVERY_DAYS)}
    found = await _who(unit, sorted(wanted), calendars)
    made: dict[UUID, UUID] = {}
    seen: set[UUID] = set()
    for one in broken:
        if one.id in wanted and one.customer_id not in seen:
            seen.add(one.customer_id)
            made[one.id] = await make_task(unit, _task(unit, one, calendars[one.store_id], found.get(one.id)))
    return made


async def _who(
    unit: Unit, ids: Sequence[UUID], calendars: Mapping[UUID, StoreCalendar]
) -> dict[UUID, tuple[UUID, date]]:
    days = [(store, day) for store, calendar in calendars.items() for day in _days(unit, calendar)]
    if not ids or not days:
        return {}
    rows = await unit.rows(
        _WHO, ids=list(ids), at=unit.now, stores=[store for store, _ in days], days=[day for _, day in days]
    )
    return {row["id"]: (row["staff_id"], row["day_on"]) for row in rows}


def _days(unit: Unit, calendar: StoreCalendar) -> Sequence[date]:
    return open_days(calendar, local_day(unit.now, calendar.timezone), SEARCH_DAYS)


def _task(unit: Unit, one: Due, calendar: StoreCalendar, found: tuple[UUID, date] | None) -> Wanted:
    days = _days(unit, calendar)
    staff, day = found or (None, days[0] if days else local_day(unit.now, calendar.timezone))
    opens_at = max(unit.now, local_instant(day, MORNING, calendar.timezone))
    try:
        last = add_open_days(calendar, day, EXPIRES_IN)
    except NeverOpens:
        last = day + timedelta(days=EXPIRES_IN)
    return Wanted(
        store_id=one.store_id,
        customer_id=one.customer_id,
        origin=Origin.RECOVERY,
        cause=TaskCause.BROKEN_PROMISE,
        assignee_id=staff,
        priority=PRIORITY,
        opens_at=opens_at,
        due_at=day_bounds(day, calendar.timezone)[1],
        expires_at=day_bounds(last, calendar.timezone)[1],
        source_task_id=one.task_id,
    )
