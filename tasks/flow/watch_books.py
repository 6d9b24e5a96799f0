"""What no index of open rows shows: stores from which no books come, and plans that made nothing or far too much. Looked at every half hour, and kept."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from statistics import median_low
from typing import Final
from uuid import UUID

import msgspec

from tasks.flow.invariants import Broken, keep
from tasks.flow.units import OpensUnits
from tasks.kernel.unit import Unit
from tasks.kernel.zones import local_day
from tasks.people.calendar import StoreCalendar, is_open, load_calendars
from tasks.people.lookups import merchant_zone

EVERY: Final = timedelta(minutes=30)
FRESH: Final = timedelta(hours=36)
"""A store's newest visit or sale is not older than this on an open day; closed days in between do not count."""
MOST_CLOSED: Final = 60
"""A store that has been closed for so many days is not asked for books."""
BEFORE: Final = timedelta(days=14)
"""A store is missed when it had books in so many days before it fell silent, and from then on until they come again."""
RUNS: Final = 14
"""Runs, or days, that tell what is usual; with fewer than `LEAST_RUNS` nothing is."""
LEAST_RUNS: Final = 5
LEAST_USUAL: Final = 3
"""A plan that usually makes fewer tasks may make none for once."""
FLOOD: Final = 10
"""So many times the usual is too much."""
STORE_STALE, PLAN_IDLE, PLAN_FLOOD = NAMES = ("store_stale", "plan_idle", "plan_flood")

WATCH_DUE: Final = """select m.merchant_id from merchant m where not exists (
  select from self_check c where c.merchant_id = m.merchant_id and c.name = 'store_stale' and c.checked_at > {now} - interval '30 minutes')"""
"""Merchants whose books and plans have not been looked at for half an hour."""


async def watch_books(units: OpensUnits, merchant_id: UUID) -> list[Broken]:
    """Look at the stores and plans of a merchant and keep the result; safe to do anywhere, at any time, twice at once."""
    async with units.open(merchant_id) as unit:
        found = await look_at_books(unit)
        await keep(unit, found, NAMES, local_day(unit.now, await merchant_zone(unit)))
    return found


async def look_at_books(unit: Unit) -> list[Broken]:
    """Return stores without fresh books, and plans whose last run or day made none of, or ten times, what is usual."""
    stale = await stale_stores(unit)
    made = [*await _made_by_runs(unit), *await _made_by_days(unit)]
    idle = sorted({one.plan_id for one in made if one.idle})
    flood = sorted({one.plan_id for one in made if one.flooding})
    named = ((STORE_STALE, stale), (PLAN_IDLE, idle), (PLAN_FLOOD, flood))
    return [Broken(name, len(ids), tuple(ids)) for name, ids in named if ids]


_SILENT = """
select s.id from unnest(cast(:stores as uuid[]), cast(:since as timestamptz[]), cast(:since_on as date[])) as s(id, since, since_on)
where not exists (select from visit v where v.merchant_id = :merchant and v.store_id = s.id and v.visited_on >= s.since_on and v.visited_at >= s.since)
  and not exists (select from sale x where x.merchant_id = :merchant and x.store_id = s.id and x.sold_on >= s.since_on and x.sold_at >= s.since)
  and (exists (select from visit v where v.merchant_id = :merchant and v.store_id = s.id
      and v.visited_on between s.since_on - cast(:before as int) and s.since_on)
    or exists (select from sale x where x.merchant_id = :merchant and x.store_id = s.id
      and x.sold_on between s.since_on - cast(:before as int) and s.since_on)
    or exists (select from self_check c where c.merchant_id = :merchant and c.name = 'store_stale'
      and s.id::text in (select jsonb_array_elements_text(c.ids))))
order by s.id
"""


async def stale_stores(unit: Unit) -> list[UUID]:
    """Return the stores that are open today, had books, and have had none for 36 hours, closed days not counted."""
    rows = await unit.rows("select id, timezone from store where merchant_id = :merchant and active order by id")
    first = unit.now.date() - timedelta(days=MOST_CLOSED + 2)
    calendars = await load_calendars(unit, [row["id"] for row in rows], first, MOST_CLOSED + 4)
    asked = {store: since for store, one in calendars.items() if (since := expected_since(one, unit.now)) is not None}
    found = await unit.rows(
        _SILENT, before=BEFORE.days, stores=list(asked), since=list(asked.values()),
        since_on=[local_day(since, calendars[store].timezone) for store, since in asked.items()],
    )  # fmt: skip
    return [row["id"] for row in found]


def expected_since(calendar: StoreCalendar, now: datetime) -> datetime | None:
    """Return the instant after which an open store must have had a visit or a sale; None while it is closed, today or for long."""
    today = local_day(now, calendar.timezone)
    closed = 0
    while closed <= MOST_CLOSED and not is_open(calendar, today - timedelta(days=closed + 1)):
        closed += 1
    if closed > MOST_CLOSED or not is_open(calendar, today):
        return None
    return now - FRESH - timedelta(days=closed)


class Made(msgspec.Struct, frozen=True):
    """How many tasks a plan made last, and in the runs or days before, newest first."""

    plan_id: UUID
    last: int
    before: Sequence[int]

    @property
    def usual(self) -> int | None:
        """The middle of what it made before; None when that is too little to tell."""
        return median_low(self.before) if len(self.before) >= LEAST_RUNS else None

    @property
    def idle(self) -> bool:
        """Made nothing, and usually makes some."""
        return self.usual is not None and self.last == 0 and self.usual >= LEAST_USUAL

    @property
    def flooding(self) -> bool:
        """Made ten times what is usual, or more."""
        return self.usual is not None and self.last >= FLOOD * max(self.usual, 1)


_RUNS = """
select o.plan_id, o.timezone, o.made from plan p
join lateral (
    select x.* from occurrence x where x.merchant_id = :merchant and x.plan_id = p.id and x.timezone <> '' and x.fires_on > :from_on
      and x.state = 'done' and x.made is not null and x.version_id = p.version_id
) o on true
where p.merchant_id = :merchant and p.state = 'active' order by o.plan_id, o.timezone, o.fires_on desc
"""
"""Runs of the version in force only: a plan that was changed has no usual yet."""
LOOK_BACK: Final = timedelta(days=60)


async def _made_by_runs(unit: Unit) -> list[Made]:
    rows = await unit.rows(_RUNS, from_on=unit.now.date() - LOOK_BACK)
    by_plan: dict[tuple[UUID, str], list[int]] = {}
    for row in rows:
        by_plan.setdefault((row["plan_id"], row["timezone"]), []).append(row["made"])
    return [Made(plan, last, before[:RUNS]) for (plan, _), (last, *before) in by_plan.items()]


_DAYS = """
select p.id as plan_id, (p.activated_at at time zone :zone)::date as active_on, d.day_on, d.made from plan p
left join lateral (
    select (x.decided_at at time zone :zone)::date as day_on, count(*) as made from decision x
    where x.merchant_id = :merchant and x.plan_id = p.id and x.decided_at >= cast(:first as date)::timestamp at time zone :zone
      and x.decided_at < cast(:today as date)::timestamp at time zone :zone and x.decided = 'task' group by 1
) d on true
where p.merchant_id = :merchant and p.state = 'active' and not exists (
    select from occurrence o where o.merchant_id = :merchant and o.plan_id = p.id and o.timezone <> '') order by p.id
"""


async def _made_by_days(unit: Unit) -> list[Made]:
    """Plans that events make fire have no runs: yesterday stands against the days before it."""
    zone = await merchant_zone(unit)
    today = local_day(unit.now, zone)
    rows = await unit.rows(_DAYS, zone=zone, today=today, first=today - timedelta(days=RUNS + 1))
    counted: dict[UUID, dict[date, int]] = {}
    active: dict[UUID, date] = {}
    for row in rows:
        active[row["plan_id"]] = row["active_on"]
        counted.setdefault(row["plan_id"], {})[row["day_on"]] = row["made"]
    return [
        Made(plan, days.get(today - timedelta(days=1), 0), tuple(_earlier(days, today, active[plan])))
        for plan, days in counted.items()
    ]


def _earlier(days: dict[date, int], today: date, active_on: date) -> Iterator[int]:
    """Yield what was made on each whole day before yesterday on which the plan was active."""
    for back in range(2, RUNS + 2):
        day = today - timedelta(days=back)
        if day > active_on:
            yield days.get(day, 0)
