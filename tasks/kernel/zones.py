"""Store-local days and instants: the only place that turns one into the other."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from tasks.kernel.errors import Invalid


@lru_cache(maxsize=512)
def zone_of(name: str) -> ZoneInfo:
    """Return the IANA zone; raises `Invalid` on `timezone` when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
        raise Invalid("timezone", f"unknown time zone {name[:64]!r}") from fault


def local_day(at: datetime, zone: str) -> date:
    """Return the calendar day of an instant in the zone; raises `Invalid` for one at the end of the calendar."""
    try:
        return at.astimezone(zone_of(zone)).date()
    except OverflowError as fault:
        raise Invalid("at", "beyond the calendar") from fault


def local_instant(day: date, wall: time, zone: str) -> datetime:
    """Return the UTC instant of a wall time on a local day.

    In a DST gap the wall time moves forward by the gap (02:30 → 03:30); a wall time that happens twice is its first one (engine.md, "When").
    """
    tz = zone_of(zone)
    naive = datetime.combine(day, wall.replace(fold=0))
    aware = naive.replace(tzinfo=tz)
    utc = aware.astimezone(UTC)
    if utc.astimezone(tz).replace(tzinfo=None) != naive:
        # PEP 495: in a gap, fold=0 applies the offset before the transition, which is the move forward asked for.
        utc = (naive - aware.utcoffset()).replace(tzinfo=UTC)  # type: ignore[operator]  # a ZoneInfo always has an offset
    return utc


def day_start(day: date, zone: str) -> datetime:
    """Return the first instant of a local day."""
    return local_instant(day, time(0), zone)


def day_bounds(day: date, zone: str) -> tuple[datetime, datetime]:
    """Return `[start, end)` of a local day as instants; a day can have 23 or 25 hours."""
    return day_start(day, zone), day_start(day + timedelta(days=1), zone)
