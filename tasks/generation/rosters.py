"""Due days by the roster of who got the task: a rest day or leave of theirs counts as little as a day on which the store is closed (engine.md, "When")."""

from datetime import date, datetime, timedelta
from typing import Final

from tasks.generation.job import Job
from tasks.kernel.unit import Unit
from tasks.kernel.zones import day_bounds
from tasks.people.calendar import LONGEST_SEARCH, StoreCalendar, is_open, load_calendars

AHEAD: Final = 90
"""Days of rosters and leave that are looked at; due days lie within."""

_AWAY: Final = """
with given as (select distinct c.assignee_id as staff_id, c.store_id, c.opens_on from chunk c where c.decided = 'task' and c.assignee_id is not null)
select g.staff_id, g.store_id, g.opens_on, array_agg(d.day_on) as away from given g
cross join lateral (
    select r.day_on from roster_day r where r.merchant_id = :merchant and r.staff_id = g.staff_id and not r.works
      and r.day_on > g.opens_on and r.day_on <= g.opens_on + cast(:ahead as int)
    union
    select cast(x as date) from staff_leave l
    cross join lateral generate_series(greatest(l.from_on, g.opens_on + 1), least(l.to_on, g.opens_on + cast(:ahead as int)), interval '1 day') x
    where l.merchant_id = :merchant and l.staff_id = g.staff_id and l.to_on > g.opens_on and l.from_on <= g.opens_on + cast(:ahead as int)) d
group by g.staff_id, g.store_id, g.opens_on order by g.opens_on, g.store_id, g.staff_id
"""

_MOVE: Final = """
update chunk c set due_at = u.due_at
from unnest(cast(:staff as uuid[]), cast(:stores as uuid[]), cast(:days as date[]), cast(:due as timestamptz[])) as u(staff_id, store_id, opens_on, due_at)
where c.decided = 'task' and c.assignee_id = u.staff_id and c.store_id = u.store_id and c.opens_on = u.opens_on
"""


async def count_working_days(unit: Unit, job: Job) -> None:
    """Move the due instants of new tasks whose assignee is away on some of the days they would be counted by."""
    if job.act.due_hours is not None or job.act.due_in == 0:
        return
    rows = await unit.rows(_AWAY, ahead=AHEAD)
    if not rows:
        return
    calendars = await load_calendars(unit, {row["store_id"] for row in rows}, job.moment.today, AHEAD)
    due = [_due(calendars[row["store_id"]], row["opens_on"], set(row["away"]), job.act.due_in) for row in rows]
    await unit.run(
        _MOVE,
        due=due,
        staff=[row["staff_id"] for row in rows],
        stores=[row["store_id"] for row in rows],
        days=[row["opens_on"] for row in rows],
    )


def _due(calendar: StoreCalendar, opens_on: date, away: set[date], working_days: int) -> datetime:
    """Return the end of the n-th day after a day on which the store is open and the assignee works."""
    day, left = opens_on, working_days
    for _ in range(LONGEST_SEARCH):
        day += timedelta(days=1)
        left -= is_open(calendar, day) and day not in away
        if left == 0:
            break
    return day_bounds(day, calendar.timezone)[1]
