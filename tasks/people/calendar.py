"""When a store is open, day by day: pure counting over what one query loads."""

from collections.abc import Iterable, Mapping
from datetime import date, time, timedelta
from uuid import UUID

import msgspec

from tasks.kernel.unit import Unit

LONGEST_SEARCH = 3660
"""A store that does not open within ten years of a day is one that never opens."""


class NeverOpens(ValueError):
    """The store has no open day to count to."""


class StoreCalendar(msgspec.Struct, frozen=True):
    """A store's zone, hours per weekday (0 = Monday; absent = closed) and closures, first and last day included."""

    store_id: UUID
    timezone: str
    hours: Mapping[int, tuple[time, time]]
    closures: tuple[tuple[date, date], ...] = ()


def is_open(calendar: StoreCalendar, day: date) -> bool:
    """True when the store opens on the day."""
    return day.weekday() in calendar.hours and not any(first <= day <= last for first, last in calendar.closures)


def opening(calendar: StoreCalendar, day: date) -> tuple[time, time] | None:
    """Return the wall times at which the store opens and closes on the day, or None when it is closed."""
    return calendar.hours[day.weekday()] if is_open(calendar, day) else None


def next_open_day(calendar: StoreCalendar, day: date) -> date:
    """Return the day itself if the store is open, else the next open one. Raises `NeverOpens`."""
    for _ in range(LONGEST_SEARCH):
        if is_open(calendar, day):
            return day
        closed_until = max((last for first, last in calendar.closures if first <= day <= last), default=day)
        day = closed_until + timedelta(days=1)
    raise NeverOpens(str(calendar.store_id))


def add_open_days(calendar: StoreCalendar, day: date, n: int) -> date:
    """Return the n-th open day after `day`; 0 gives the first open day from `day` on. Raises `NeverOpens`."""
    if n < 0:
        raise ValueError("open days are counted forward")
    if n == 0:
        return next_open_day(calendar, day)
    for _ in range(n):
        day = next_open_day(calendar, day + timedelta(days=1))
    return day


def open_days(calendar: StoreCalendar, first: date, days: int) -> tuple[date, ...]:
    """Return the open ones of `days` calendar days from `first` on."""
    return tuple(day for day in (first + timedelta(days=n) for n in range(days)) if is_open(calendar, day))


def open_days_between(calendar: StoreCalendar, after: date, until: date) -> int:
    """Return how many open days lie after the one day, up to and including the other; 0 when `until` is not later."""
    return len(open_days(calendar, after + timedelta(days=1), (until - after).days))


async def load_calendars(
    unit: Unit, store_ids: Iterable[UUID] | None = None, from_on: date | None = None, days: int = LONGEST_SEARCH
) -> dict[UUID, StoreCalendar]:
    """Return the calendars of these stores (None: all), with closures that touch `days` days from `from_on` on (None: every closure)."""
    wanted = None if store_ids is None else sorted(set(store_ids))
    stores = await unit.rows(
        """select id, timezone from store
           where merchant_id = :merchant and (cast(:wanted as uuid[]) is null or id = any(cast(:wanted as uuid[])))""",
        wanted=wanted,
    )
    ids = [row["id"] for row in stores]
    hours: dict[UUID, dict[int, tuple[time, time]]] = {one: {} for one in ids}
    for row in await unit.rows(
        """select store_id, weekday, opens, closes from store_hours
           where merchant_id = :merchant and store_id = any(cast(:ids as uuid[])) order by weekday""",
        ids=ids,
    ):
        hours[row["store_id"]][row["weekday"]] = (row["opens"], row["closes"])
    closures: dict[UUID, list[tuple[date, date]]] = {one: [] for one in ids}
    for row in await unit.rows(
        """select store_id, from_on, to_on from store_closure
           where merchant_id = :merchant and store_id = any(cast(:ids as uuid[]))
             and (cast(:first as date) is null or (to_on >= cast(:first as date) and from_on < cast(:last as date))) order by from_on""",
        ids=ids,
        first=from_on,
        last=from_on + timedelta(days=days) if from_on else None,
    ):
        closures[row["store_id"]].append((row["from_on"], row["to_on"]))
    return {
        row["id"]: StoreCalendar(row["id"], row["timezone"], hours[row["id"]], tuple(closures[row["id"]]))
        for row in stores
    }
