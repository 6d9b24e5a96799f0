"""Windows of days that many conditions count in: the last so many days, or from one day to another."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from tasks.audience.binds import Binds
from tasks.audience.bounds import Days, check_range, dates
from tasks.audience.registry import Params
from tasks.audience.wording import Words

_WIDEST_ZONE: Final = timedelta(hours=14)
"""No zone is further from UTC."""


class Window(Params, frozen=True):
    """The last so many days, today included, or from one day to another, both included."""

    within_days: Days | None = None
    from_on: date | None = None
    to_on: date | None = None

    def __post_init__(self) -> None:
        """Refuse what says nothing, and what says it twice."""
        check_window(self)


def check_window(params: Any, *, needed: bool = True) -> None:
    """Refuse a window that is none, and two windows in one."""
    ranged = params.from_on is not None or params.to_on is not None
    if needed and params.within_days is None and not ranged:
        raise ValueError("needs one of: withinDays, fromOn, toOn")
    if params.within_days is not None and ranged:
        raise ValueError("needs either withinDays or fromOn and toOn")
    check_range(params.from_on, params.to_on)


def has_window(params: Any) -> bool:
    """True when the parameters name a window."""
    return any(part is not None for part in (params.within_days, params.from_on, params.to_on))


def in_window(day: str, params: Any, binds: Binds) -> str:
    """Return the SQL that `day`, a date that is never null, is in the window; an index on it can serve."""
    start = dates(binds).start
    return _between(day, params, binds, (start, start))


def at_in_window(at: str, params: Any, binds: Binds) -> str:
    """Return the SQL that `at`, an instant that is never null, is in the window of days of the customer's zone; an index on it can serve."""
    return _between(at, params, binds, (binds.start_of, binds.start_of))


def about_window(at: str, params: Any, binds: Binds) -> str:
    """Return the SQL that `at`, the instant of a day in the window, has for certain: what an index on instants can serve where the day has none."""

    def moved(by: timedelta) -> Callable[[date], str]:
        return lambda day: binds.add(datetime.combine(day, time(0), UTC) + by, "timestamptz")

    return _between(at, params, binds, (moved(-_WIDEST_ZONE), moved(_WIDEST_ZONE)))


def _between(value: str, params: Any, binds: Binds, edges: tuple[Callable[[date], str], Callable[[date], str]]) -> str:
    """Return the SQL that `value` lies from where the first day begins, by one edge, to before where the day after the last begins, by the other."""
    start, end = edges
    first = binds.day - timedelta(days=params.within_days) if params.within_days is not None else params.from_on
    parts = []
    if first is not None:
        parts.append(f"{value} >= {start(first)}")
    if params.to_on is not None:
        parts.append(f"{value} < {end(params.to_on + timedelta(days=1))}")
    return "(" + (" and ".join(parts) or "true") + ")"


def day_of(at: str, binds: Binds) -> str:
    """Return the SQL of the day of an instant in the customer's zone, as text."""
    return f"({at} at time zone {binds.add(binds.zone, 'text')})::date::text"


def window_words(params: Any, words: Words) -> str:
    """Return the window in words: 近 90 天."""
    if params.within_days is not None:
        return words.say("近 {} 天", "in the last {} days", params.within_days)
    if params.from_on is None and params.to_on is None:
        return words.say("累计", "in all")
    if params.to_on is None:
        return words.say("自 {} 起", "since {}", words.day(params.from_on))
    if params.from_on is None:
        return words.say("截至 {} ", "up to {}", words.day(params.to_on))
    return words.say("{} 至 {} ", "from {} to {}", words.day(params.from_on), words.day(params.to_on))
