"""When passages fire: wall times through changes of the clocks, exact lengths of time, dates counted back from, contact windows and closures."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import pytest

from tasks.kernel.zones import local_day
from tasks.people.calendar import StoreCalendar
from tasks.plans.moments import Cause, Firing, counted_from, firing_of, is_over, reach
from tasks.plans.triggers import Offset
from tasks.worklist.windows import ContactWindow
from tests.support.clock import shanghai

BERLIN = "Europe/Berlin"
SHANGHAI = "Asia/Shanghai"
WINDOW = ContactWindow()
NINE_TO_NINE = {day: (time(10), time(21)) for day in range(7)}


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def fires(offset: Offset, at: datetime, zone: str = SHANGHAI, **cause: Any) -> Firing:
    found = firing_of(offset, 0, Cause(at, zone, **cause), WINDOW)
    assert found is not None
    return found


def store(*, closed: tuple[tuple[date, date], ...] = (), weekdays: tuple[int, ...] = tuple(range(7))) -> StoreCalendar:
    return StoreCalendar(UUID(int=1), SHANGHAI, {day: NINE_TO_NINE[day] for day in weekdays}, closed)


@pytest.mark.parametrize(
    ("offset", "at", "expected"),
    [
        (
            Offset(after_days=1, at=time(2, 30)),
            "2026-03-28 12:00",
            "2026-03-29 01:30",
        ),  # 02:30 is in the gap: 03:30 CEST
        (Offset(after_days=1, at=time(2, 30)), "2026-10-24 12:00", "2026-10-25 00:30"),  # 02:30 twice: the first, CEST
        (Offset(after_days=2, at=time(9)), "2026-03-28 12:00", "2026-03-30 07:00"),
        (Offset(after="24h"), "2026-03-28 12:00", "2026-03-29 12:00"),
        (Offset(after="2d"), "2026-10-24 12:00", "2026-10-26 12:00"),
        (Offset(after="30m"), "2026-10-25 00:45", "2026-10-25 01:15"),
        (Offset(after_days=0, at=time(23)), "2026-06-30 22:30", "2026-07-01 21:00"),  # the day of the store, not of UTC
    ],
)
def test_days_keep_the_wall_time_and_lengths_are_exact(offset: Offset, at: str, expected: str) -> None:
    assert fires(offset, utc(at), BERLIN).at == utc(expected)


def test_months_end_where_a_month_is_short() -> None:
    offset = Offset(after_months=1, at=time(10))
    assert fires(offset, shanghai("2026-01-31 15:00")).at == shanghai("2026-02-28 10:00")
    assert fires(offset, shanghai("2026-02-28 15:00")).on == date(2026, 3, 28)


def test_at_once_is_the_event_itself() -> None:
    assert fires(Offset(), shanghai("2026-03-02 23:30")) == Firing(shanghai("2026-03-02 23:30"), date(2026, 3, 2))


def test_before_an_appointment_by_days_and_by_hours() -> None:
    booked, starts = shanghai("2026-03-02 12:00"), shanghai("2026-03-10 00:30")
    day_before = fires(Offset(before="startsAt", days_before=1, at=time(15)), booked, dates=[starts])
    assert (day_before.at, day_before.in_time) == (shanghai("2026-03-09 15:00"), True)
    assert fires(Offset(before="startsAt", by="2h"), booked, dates=[starts]).at == shanghai("2026-03-09 22:30")
    by_a_day = Offset(before="startsAt", by="24h")
    assert fires(by_a_day, utc("2026-03-01 12:00"), BERLIN, dates=[utc("2026-03-29 12:00")]).at == utc(
        "2026-03-28 12:00"
    )


def test_a_day_has_its_first_instant() -> None:
    offset = Offset(before="expiresOn", by="12h")
    assert fires(offset, shanghai("2026-03-02 12:00"), dates=[date(2026, 3, 20)]).at == shanghai("2026-03-19 12:00")


def test_a_reminder_before_its_event_is_not_in_time() -> None:
    offset = Offset(before="startsAt", days_before=1, at=time(15))
    assert not fires(offset, shanghai("2026-03-02 16:00"), dates=[shanghai("2026-03-03 10:00")]).in_time
    assert fires(offset, shanghai("2026-03-02 15:00"), dates=[shanghai("2026-03-03 10:00")]).in_time


def test_without_its_date_it_never_fires() -> None:
    assert (
        firing_of(Offset(before="until", by="2h"), 0, Cause(utc("2026-03-02 12:00"), SHANGHAI, [None]), WINDOW) is None
    )
    assert firing_of(Offset(before="until", by="2h"), 0, Cause(utc("2026-03-02 12:00"), SHANGHAI), WINDOW) is None


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("2026-03-02 10:00", "2026-03-02 12:00"),  # a Monday at noon
        ("2026-03-02 05:00", "2026-03-02 09:30"),
        ("2026-03-02 07:30", "2026-03-02 09:30"),
        ("2026-03-02 18:30", "2026-03-02 20:30"),
        ("2026-03-02 18:31", "2026-03-03 09:30"),
        ("2026-03-02 23:00", "2026-03-03 09:30"),
        ("2026-03-07 18:45", "2026-03-07 20:45"),  # Saturday: until nine
    ],
)
def test_a_moment_outside_the_window_moves_to_where_it_opens(event: str, expected: str) -> None:
    offset = Offset(after="2h", in_window=True)
    assert fires(offset, shanghai(event), calendar=store()).at == shanghai(expected)
    assert fires(offset, shanghai(event)).at == shanghai(expected)


def test_a_closed_day_is_passed_over() -> None:
    offset = Offset(after="2h", in_window=True)
    closed = store(closed=((date(2026, 3, 3), date(2026, 3, 9)),), weekdays=(0, 1, 3, 4, 5, 6))
    assert fires(offset, shanghai("2026-03-02 20:00"), calendar=closed).at == shanghai("2026-03-10 09:30")
    assert fires(offset, shanghai("2026-03-04 12:00"), calendar=closed).on == date(2026, 3, 10)
    never = store(weekdays=())
    assert fires(offset, shanghai("2026-03-02 20:00"), calendar=never).at == shanghai("2026-03-02 22:00")


def test_a_reminder_is_not_moved_past_what_it_reminds_of() -> None:
    offset = Offset(before="startsAt", by="1h", in_window=True)
    booked = shanghai("2026-03-02 12:00")
    assert fires(offset, booked, dates=[shanghai("2026-03-05 11:00")]).at == shanghai("2026-03-05 10:00")
    assert fires(offset, booked, dates=[shanghai("2026-03-05 10:00")]).at == shanghai("2026-03-05 09:30")
    assert fires(offset, booked, dates=[shanghai("2026-03-05 09:00")]).at == shanghai("2026-03-05 08:00")


def test_a_date_is_over_when_it_has_come() -> None:
    starts = shanghai("2026-03-05 11:00")
    assert is_over(starts, starts, SHANGHAI)
    assert not is_over(starts, starts - timedelta(seconds=1), SHANGHAI)
    assert not is_over(date(2026, 3, 5), shanghai("2026-03-05 23:59"), SHANGHAI)
    assert is_over(date(2026, 3, 5), shanghai("2026-03-06 00:00"), SHANGHAI)


OFFSETS = [
    Offset(),
    Offset(after="2h"),
    Offset(after="3d", in_window=True),
    Offset(after_days=0, at=time(10)),
    Offset(after_days=7, at=time(9)),
    Offset(after_days=2, at=time(23, 30), in_window=True),
    Offset(after_months=1, at=time(10)),
    Offset(after_months=1, after_days=3, at=time(10)),
]


@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("zone", [SHANGHAI, BERLIN])
def test_the_window_of_a_day_holds_every_event_that_fires_on_it(offset: Offset, zone: str) -> None:
    calendar = StoreCalendar(UUID(int=1), zone, NINE_TO_NINE, ((date(2026, 3, 25), date(2026, 4, 2)),))
    for hours in range(0, 24 * 120, 5):
        at = utc("2026-01-01 00:30") + timedelta(hours=hours)
        firing = fires(offset, at, zone, calendar=calendar)
        first, last = counted_from(offset, firing.on, zone)
        assert first <= at < last
        assert firing.at - at <= reach(offset) + timedelta(days=1)
        assert firing.on == local_day(firing.at, zone)


@pytest.mark.parametrize("offset", [
    Offset(before="startsAt", days_before=1, at=time(15)), Offset(before="startsAt", by="2h"),
    Offset(before="startsAt", by="26h", in_window=True),
])  # fmt: skip
@pytest.mark.parametrize("zone", [SHANGHAI, BERLIN])
def test_the_window_of_a_day_holds_every_date_counted_back_from(offset: Offset, zone: str) -> None:
    calendar = StoreCalendar(UUID(int=1), zone, NINE_TO_NINE, ((date(2026, 3, 25), date(2026, 4, 2)),))
    for hours in range(0, 24 * 120, 5):
        starts = utc("2026-01-01 00:30") + timedelta(hours=hours)
        for anchor in (starts, local_day(starts, zone)):
            firing = fires(offset, utc("2025-12-01 00:00"), zone, dates=[anchor], calendar=calendar)
            first, last = counted_from(offset, firing.on, zone)
            at = anchor if isinstance(anchor, datetime) else utc(f"{anchor} 12:00")
            assert first <= at < last
