"""What I did today, what came of my work lately, and for how long I have kept at it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.callbacks.meanings import POSITIVE, REACHED, TRIED
from tasks.kernel.scope import Role, StaffScope
from tasks.kernel.unit import Unit
from tasks.kernel.zones import day_bounds, day_start, local_day
from tasks.people.calendar import StoreCalendar, is_open, load_calendars
from tasks.stats.rules import By, rate
from tasks.stats.service import CompletionRow, completion
from tasks.worklist.service import TaskQuery, list_tasks

__all__ = ["MySummary", "my_summary"]

LOOKED_BACK: Final = 30
"""Days of the own conversion, today included."""
LONGEST_STREAK: Final = 366
_STRETCH: Final = 31
"""Days that are read at once while the streak is followed back."""


class Shown(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The shape of every part: camelCase outside."""


class TodayView(Shown, frozen=True):
    """The day so far: how many tasks every list holds, how many were closed, and the tasks one contacted somebody for, by what came of it."""

    counts: Mapping[str, int]
    done: int
    attempted: int
    reached: int
    positive: int
    booked: int


class ConversionView(Shown, frozen=True):
    """The own tasks that opened in these days and what they brought so far; money in 分, cash earned and card value consumed apart.

    Rates are of the tasks that were attempted, null when there are none: reached, booked, arrived and paid.
    """

    from_on: date
    to_on: date
    assigned: int
    attempted: int
    reached: int
    positive: int
    booked: int
    arrived: int
    paid: int
    cash_cents: int
    card_cents: int
    reached_rate: float | None
    booked_rate: float | None
    arrived_rate: float | None
    paid_rate: float | None


class StreakView(Shown, frozen=True):
    """Own working days in a row on which one logged a contact while there was something to do.

    Days on which no own store is open, days off, leave, and days without a task neither count nor break it; today breaks nothing before it is over.
    """

    days: int
    today: bool


class MySummary(Shown, frozen=True):
    """The caller's own numbers on the store-local day `onDay`."""

    on_day: date
    today: TodayView
    conversion: ConversionView
    streak: StreakView


async def my_summary(unit: Unit, scope: StaffScope) -> MySummary:
    """Return the caller's own numbers; those who lead see their own work too, not the store's."""
    own = msgspec.structs.replace(scope, role=Role.EMPLOYEE)
    calendars = await load_calendars(
        unit, scope.store_ids, local_day(unit.now, "UTC") - timedelta(days=LONGEST_STREAK), 2 * LONGEST_STREAK
    )
    zone = await _zone(unit, scope, calendars)
    today = local_day(unit.now, zone)
    return MySummary(
        on_day=today,
        today=await _today(unit, own, today, zone),
        conversion=await _conversion(unit, own, today),
        streak=await _streak(unit, own, (today, zone), calendars),
    )


async def _zone(unit: Unit, scope: StaffScope, calendars: Mapping[UUID, StoreCalendar]) -> str:
    """Return the zone of the first of the own stores; of nobody's store, the merchant's."""
    first = next((calendars[one].timezone for one in sorted(scope.store_ids) if one in calendars), None)
    return first or str(await unit.scalar("select timezone from merchant where merchant_id = :merchant"))


_TODAY: Final = """
select count(distinct b.task_id) filter (where b.outcome = any(cast(:tried as text[]))) as attempted,
       count(distinct b.task_id) filter (where b.outcome = any(cast(:reached as text[]))) as reached,
       count(distinct b.task_id) filter (where b.outcome = any(cast(:positive as text[]))) as positive,
       count(distinct b.task_id) filter (where b.outcome = 'booked') as booked,
       (select count(*) from task t where t.merchant_id = :merchant and t.assignee_id = :me and t.status = 'done' and t.closed_at is not null
          and t.closed_at >= :first and t.closed_at < :after and t.close_reason is distinct from 'skipped') as done
from callback b
where b.merchant_id = :merchant and b.staff_id = :me and b.occurred_at >= :first and b.occurred_at < :after and b.void_at is null
"""


async def _today(unit: Unit, own: StaffScope, today: date, zone: str) -> TodayView:
    page = await list_tasks(unit, own, TaskQuery(limit=1))
    first, after = day_bounds(today, zone)
    row: Any = await unit.row(
        _TODAY,
        me=own.staff_id,
        first=first,
        after=after,
        tried=list(TRIED),
        reached=list(REACHED),
        positive=list(POSITIVE),
    )
    return TodayView(counts=page.counts, **row)


async def _conversion(unit: Unit, own: StaffScope, today: date) -> ConversionView:
    first = today - timedelta(days=LOOKED_BACK - 1)
    rows = await completion(unit, own, first, today, By.EMPLOYEE)
    mine: CompletionRow | None = next((row for row in rows if row.key == own.staff_id), None)
    names = ("assigned", "attempted", "reached", "positive", "booked", "arrived", "paid", "cash_cents", "card_cents")
    counted: dict[str, int] = {name: getattr(mine, name) if mine else 0 for name in names}
    rates: dict[str, Any] = {
        f"{name}_rate": rate(counted[name], counted["attempted"]) for name in ("reached", "booked", "arrived", "paid")
    }
    return ConversionView(from_on=first, to_on=today, **counted, **rates)


_LOGGED: Final = """
select distinct (b.occurred_at at time zone :zone)::date as day from callback b
where b.merchant_id = :merchant and b.staff_id = :me and b.occurred_at >= :first and b.occurred_at < :after and b.void_at is null
  and b.outcome = any(cast(:tried as text[]))
"""
_TO_DO: Final = """
select distinct d::date as day
from task t cross join lateral generate_series(
    greatest(t.opens_on, cast(:first_on as date)),
    least(case when t.status = 'waiting' then t.opens_on else coalesce((t.closed_at at time zone :zone)::date, cast(:last_on as date)) end,
          cast(:last_on as date)),
    interval '1 day') as d
where t.merchant_id = :merchant and t.assignee_id = :me and t.opens_on <= cast(:last_on as date) and t.opens_on > cast(:first_on as date) - 60
  and t.status not in ('moot', 'cancelled') and (t.closed_at is null or t.closed_at >= :first)
"""
_OFF: Final = """
select r.day_on, r.works, r.store_id from roster_day r
where r.merchant_id = :merchant and r.staff_id = :me and r.day_on between :first_on and :last_on
"""
_LEAVE: Final = """
select l.from_on, l.to_on from staff_leave l
where l.merchant_id = :merchant and l.staff_id = :me and l.to_on >= :first_on and l.from_on <= :last_on
"""


async def _streak(
    unit: Unit, own: StaffScope, here: tuple[date, str], calendars: Mapping[UUID, StoreCalendar]
) -> StreakView:
    """Follow the days back, a stretch at a time, to the first one that breaks the row."""
    today, zone = here
    kept, last, logged_today = 0, today, False
    while (today - last).days < LONGEST_STREAK:
        first = last - timedelta(days=_STRETCH - 1)
        stretch = await _Stretch.read(unit, own, (first, last), zone)
        logged_today = logged_today or today in stretch.logged
        for day in (last - timedelta(days=n) for n in range(_STRETCH)):
            if day in stretch.logged:
                kept += 1
            elif day != today and day in stretch.to_do and stretch.works(day, calendars.values()):
                return StreakView(days=kept, today=logged_today)
        if not stretch.logged and not stretch.to_do:
            break
        last = first - timedelta(days=1)
    return StreakView(days=kept, today=logged_today)


class _Stretch(msgspec.Struct, frozen=True):
    """Some days: on which one logged a contact, on which there was something to do, and what the roster says of them."""

    logged: frozenset[date]
    to_do: frozenset[date]
    roster: Mapping[date, tuple[bool, UUID | None]]
    leave: Sequence[tuple[date, date]]

    @classmethod
    async def read(cls, unit: Unit, own: StaffScope, days: tuple[date, date], zone: str) -> "_Stretch":
        """Read the days from the first to the last one."""
        binds = {"me": own.staff_id, "first_on": days[0], "last_on": days[1], "zone": zone}
        binds |= {"first": day_start(days[0], zone), "after": day_bounds(days[1], zone)[1], "tried": list(TRIED)}
        return cls(
            frozenset(row["day"] for row in await unit.rows(_LOGGED, **binds)),
            frozenset(row["day"] for row in await unit.rows(_TO_DO, **binds)),
            {row["day_on"]: (row["works"], row["store_id"]) for row in await unit.rows(_OFF, **binds)},
            [(row["from_on"], row["to_on"]) for row in await unit.rows(_LEAVE, **binds)],
        )

    def works(self, day: date, calendars: Iterable[StoreCalendar]) -> bool:
        """Say whether it was a working day of one's own: no day off, no leave, and a store open to work in."""
        works, store_id = self.roster.get(day, (True, None))
        if not works or any(first <= day <= last for first, last in self.leave):
            return False
        return any(is_open(one, day) for one in calendars if store_id in {None, one.store_id})
