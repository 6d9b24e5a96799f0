"""Until when a promise can be kept, and from when somebody may be contacted. 2 March 2026 is a Monday."""

from datetime import date, time
from uuid import UUID

import pytest

from tasks.people.calendar import StoreCalendar
from tasks.promises.rules import KeptRate
from tasks.promises.terms import Term, term_of
from tasks.worklist.making import contact_from
from tasks.worklist.windows import ContactWindow
from tests.support.clock import shanghai

STORE = UUID(int=1)
ZONE = "Asia/Shanghai"
DAYS = {weekday: (time(10), time(21)) for weekday in range(7)}
PLAIN = StoreCalendar(STORE, ZONE, DAYS)
NO_SUNDAYS = StoreCalendar(STORE, ZONE, {day: hours for day, hours in DAYS.items() if day != 6})
EARLY = StoreCalendar(STORE, ZONE, {weekday: (time(7, 30), time(19)) for weekday in range(7)})
NEW_YEAR = StoreCalendar(STORE, ZONE, DAYS, ((date(2026, 3, 5), date(2026, 3, 8)),))
NEVER = StoreCalendar(STORE, ZONE, {})


@pytest.mark.parametrize(
    ("calendar", "promised", "until", "settled"),
    [
        (PLAIN, "2026-03-05", "2026-03-05", "2026-03-06 09:00"),
        (EARLY, "2026-03-05", "2026-03-05", "2026-03-06 07:30"),
        (NO_SUNDAYS, "2026-03-07", "2026-03-07", "2026-03-09 09:00"),
        (NO_SUNDAYS, "2026-03-08", "2026-03-09", "2026-03-10 09:00"),
        (NEW_YEAR, "2026-03-04", "2026-03-04", "2026-03-09 09:00"),
        (NEW_YEAR, "2026-03-06", "2026-03-09", "2026-03-10 09:00"),
        (NEVER, "2026-03-05", "2026-03-05", "2026-03-06 09:00"),
    ],
)
def test_closed_days_stop_the_clock_of_a_promise(
    calendar: StoreCalendar, promised: str, until: str, settled: str
) -> None:
    term = term_of(calendar, date.fromisoformat(promised))
    assert term == Term(date.fromisoformat(until), shanghai(settled))


@pytest.mark.parametrize(
    ("calendar", "opens", "expected"),
    [
        (PLAIN, "2026-03-04 08:00", "2026-03-04 09:30"),
        (PLAIN, "2026-03-04 15:00", "2026-03-04 15:00"),
        (PLAIN, "2026-03-04 22:00", "2026-03-05 09:30"),
        (NEW_YEAR, "2026-03-04 22:00", "2026-03-09 09:30"),
        (NEW_YEAR, "2026-03-06 15:00", "2026-03-09 09:30"),
        (NEVER, "2026-03-04 15:00", "2026-03-04 15:00"),
        (NEVER, "2026-03-04 22:00", "2026-03-05 09:30"),
    ],
)
def test_she_may_be_contacted_in_the_window_of_an_open_day(calendar: StoreCalendar, opens: str, expected: str) -> None:
    assert contact_from(calendar, ContactWindow(), shanghai(opens)) == shanghai(expected)


def test_the_kept_rate_is_rounded_down() -> None:
    assert [KeptRate(kept, 3).percent for kept in range(4)] == [0, 33, 66, 100]
