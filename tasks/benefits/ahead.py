"""The days of a benefit as ranges of time, written ahead: pure windows, and the rows that follow them."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Final, NamedTuple
from uuid import UUID

from tasks.benefits.days import DatesDays, days_from, days_within, last_of, schedule
from tasks.benefits.shapes import BenefitIn
from tasks.kernel.unit import Unit
from tasks.kernel.zones import day_start, local_day, local_instant
from tasks.plans.calendars.firing import NONE, Festivals
from tasks.plans.calendars.repository import festivals_for

AHEAD: Final = timedelta(days=400)
"""Days are written this far ahead: a year, and whoever looks once a month finds nothing missing."""
KEPT: Final = timedelta(days=400)
"""Days that are over are kept as long, so that tills may report late and owners may ask."""
LONGEST: Final = timedelta(days=2)
"""No local day is longer, whatever its zone does."""
DAY: Final = timedelta(days=1)


class Window(NamedTuple):
    """One local day in one zone, from the first instant until before the last."""

    timezone: str
    day_on: date
    from_at: datetime
    to_at: datetime


def windows(said: BenefitIn, zone: str, days: Sequence[date]) -> Iterator[Window]:
    """Yield when it is given on these local days of a zone; nothing on a day whose hours a change of clocks swallowed."""
    before: datetime | None = None
    for day in days:
        from_at = local_instant(day, said.opens, zone)
        to_at = local_instant(day, said.closes, zone) if said.closes else day_start(day + DAY, zone)
        # Where a zone skips a whole day, its hours are those of the next.
        if to_at > from_at and from_at != before:
            yield Window(zone, day, from_at, to_at)
            before = from_at


def given_days(said: BenefitIn, first: date, last: date, festivals: Festivals = NONE) -> list[date]:
    """Return its local days within the window and its own first and last day, both included."""
    return days_within(said.days, max(first, said.from_on or first), min(last, said.to_on or last), festivals)


def coming_days(said: BenefitIn, today: date, limit: int, festivals: Festivals = NONE) -> list[date]:
    """Return its next local days from `today` on, at most `limit`."""
    return list(islice(days_from(said.days, max(today, said.from_on or today), said.to_on, festivals), limit))


def is_over(said: BenefitIn, now: datetime, zones: Sequence[str]) -> bool:
    """True when no day of it can come in any zone."""
    last = last_of(said.days, said.to_on)
    return last is not None and all(local_day(now, zone) > last for zone in zones)


async def own_festivals(unit: Unit, said: BenefitIn) -> Festivals:
    """Return the merchant's own festival that its days are by, if they are."""
    return NONE if isinstance(said.days, DatesDays) else await festivals_for(unit, schedule(said.days))


_WANTED: Final = """
unnest(cast(:zones as text[]), cast(:days as date[]), cast(:froms as timestamptz[]), cast(:tos as timestamptz[])) as w(timezone, day_on, from_at, to_at)
"""
_UNWANTED: Final = f"""
d.merchant_id = :merchant and d.benefit_id = :id and not exists (select from {_WANTED} where w.timezone = d.timezone and w.from_at = d.from_at)
"""
_DROP: Final = f"delete from benefit_day d where d.from_at >= :now and {_UNWANTED}"
_CUT: Final = f"update benefit_day d set to_at = :now where d.from_at < :now and d.to_at > :now and {_UNWANTED}"
_WRITE: Final = f"""
insert into benefit_day as d (merchant_id, timezone, from_at, benefit_id, day_on, to_at)
select :merchant, w.timezone, w.from_at, :id, w.day_on, w.to_at from {_WANTED}
on conflict (merchant_id, timezone, from_at, benefit_id) do update set day_on = excluded.day_on, to_at = excluded.to_at
where (d.day_on, d.to_at) is distinct from (excluded.day_on, excluded.to_at)
"""


async def write_days(unit: Unit, benefit_id: UUID, said: BenefitIn, zones: Sequence[str]) -> int:
    """Write the days of a benefit that the caller has locked, `AHEAD` from now on; those to come that are its days no more go, the running one ends now.

    Writing them again changes nothing. Returns how many rows were written or moved.
    """
    festivals = await own_festivals(unit, said)
    found = [
        window
        for zone in zones
        for window in windows(said, zone, given_days(said, *_span(unit.now, zone), festivals))
        if window.to_at > unit.now
    ]
    return await _make(unit, benefit_id, found)


async def take_days(unit: Unit, benefit_id: UUID) -> None:
    """Take away what is to come of a benefit that the caller has locked, from this instant on."""
    await _make(unit, benefit_id, [])


async def forget_days(unit: Unit) -> int:
    """Delete days that were over long ago; returns how many."""
    return (
        await unit.run(
            "delete from benefit_day where merchant_id = :merchant and from_at < :before", before=unit.now - KEPT
        )
    ).rowcount


def _span(now: datetime, zone: str) -> tuple[date, date]:
    today = local_day(now, zone)
    return today - DAY, today + AHEAD


async def _make(unit: Unit, benefit_id: UUID, found: Sequence[Window]) -> int:
    wanted = {
        "id": benefit_id,
        "zones": [one.timezone for one in found],
        "days": [one.day_on for one in found],
        "froms": [one.from_at for one in found],
        "tos": [one.to_at for one in found],
    }
    await unit.run(_DROP, **wanted)
    await unit.run(_CUT, **wanted)
    written = (await unit.run(_WRITE, **wanted)).rowcount
    await unit.run("update benefit set written_at = :now where merchant_id = :merchant and id = :id", id=benefit_id)
    return written
