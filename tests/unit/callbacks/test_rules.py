from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.callbacks.fields import (
    BookedFields,
    CallbackRequestedFields,
    Fields,
    NoFields,
    RefusedContactFields,
    parse,
)
from tasks.callbacks.rules import Attempt, Place, believed, next_attempt, next_open_day
from tasks.kernel.errors import Invalid
from tasks.kernel.zones import local_day, zone_of
from tasks.worklist.windows import ContactWindow
from tests.support.clock import shanghai

ZONE = "Asia/Shanghai"
MONDAYS_OFF = Place(ZONE, ContactWindow(), lambda day: day.weekday() != 0)
"""A store that is closed on Mondays."""


@pytest.mark.parametrize(
    ("called", "number", "calls", "again"),
    [
        ("2026-03-03 10:00", 1, 1, "2026-03-03 14:00"),
        ("2026-03-03 16:30", 1, 1, "2026-03-03 20:30"),
        ("2026-03-03 16:31", 1, 1, "2026-03-04 09:30"),
        ("2026-03-03 10:00", 1, 2, "2026-03-04 14:00"),
        ("2026-03-03 14:00", 2, 2, "2026-03-04 09:30"),
        ("2026-03-03 11:00", 2, 2, "2026-03-04 14:00"),
        ("2026-03-08 18:00", 1, 1, "2026-03-10 09:30"),
        ("2026-03-09 10:00", 1, 1, "2026-03-10 14:00"),
        ("2026-03-03 10:00", 3, 1, None),
    ],
)
def test_when_nobody_answered(called: str, number: int, calls: int, again: str | None) -> None:
    found = next_attempt(Attempt(shanghai(called), number, calls), MONDAYS_OFF)
    assert found == (shanghai(again) if again else None)


@given(
    at=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001  # the zone is given below
    number=st.integers(1, 2),
    calls=st.integers(1, 5),
    closed=st.sets(st.integers(0, 6), max_size=6),
)
def test_the_next_call_is_later_inside_the_window_on_an_open_day_and_never_the_third_of_a_day(
    at: datetime, number: int, calls: int, closed: set[int]
) -> None:
    place = Place(ZONE, ContactWindow(), lambda day: day.weekday() not in closed)
    called = at.replace(tzinfo=zone_of(ZONE))
    again = next_attempt(Attempt(called, number, calls), place)
    assert again is not None
    assert again > called
    assert place.window.holds(again, ZONE)
    assert place.is_open(local_day(again, ZONE))
    if local_day(again, ZONE) == local_day(called, ZONE):
        assert (number, calls) == (1, 1)
        assert again - called == timedelta(hours=4)
    elif number == 2:
        assert (called.time() < time(12)) != (again.astimezone(zone_of(ZONE)).time() < time(12)), "the other half-day"


def test_a_store_that_never_opens_is_tried_the_next_day() -> None:
    assert next_open_day(date(2026, 3, 3), lambda _: False) == date(2026, 3, 4)


def test_a_window_without_an_afternoon_opens_when_it_opens() -> None:
    early = Place(ZONE, ContactWindow([(time(9), time(13))] * 7), lambda _: True)
    assert next_attempt(Attempt(shanghai("2026-03-03 10:00"), 2, 2), early) == shanghai("2026-03-04 09:00")


@pytest.mark.parametrize(
    ("said", "kept", "suspect"),
    [
        ("12:00", "12:00", False),
        ("18:04", "18:00", False),
        ("23:00", "18:00", True),
        ("08:57", "09:00", False),
        ("03:00", "09:00", True),
    ],
)
def test_a_clock_that_cannot_be_right_is_not_believed(said: str, kept: str, suspect: bool) -> None:  # noqa: FBT001  # a parameter of the table
    made, now = shanghai("2026-03-03 09:00"), shanghai("2026-03-03 18:00")
    assert believed(shanghai(f"2026-03-03 {said}"), made, now) == (shanghai(f"2026-03-03 {kept}"), suspect)


AT = shanghai("2026-03-03 12:00")


@pytest.mark.parametrize(
    ("shape", "raw", "field"),
    [
        (BookedFields, {}, "fields.startsAt"),
        (BookedFields, {"startsOn": "2026-03-05"}, "fields.halfDay"),
        (BookedFields, {"halfDay": "morning"}, "fields.startsAt"),
        (BookedFields, {"startsOn": "2026-03-02", "halfDay": "morning"}, "fields.startsOn"),
        (BookedFields, {"startsAt": "2026-03-05T15:00:00+08:00", "halfDay": "morning"}, "fields.startsAt"),
        (BookedFields, {"startsAt": "2026-03-05T15:00:00"}, "fields.startsAt"),
        (BookedFields, {"startsAt": "2026-03-02T15:00:00+08:00"}, "fields.startsAt"),
        (BookedFields, {"startsAt": "2027-03-02T15:00:00+08:00"}, "fields.startsAt"),
        (BookedFields, {"startsAt": 3}, "fields.startsAt"),
        (CallbackRequestedFields, {}, "fields.callbackAt"),
        (CallbackRequestedFields, {"callbackAt": "2026-03-03T12:00:00+08:00"}, "fields.callbackAt"),
        (RefusedContactFields, {}, "fields.scope"),
        (RefusedContactFields, {"scope": "pigeon"}, "fields.scope"),
        (NoFields, {"mood": "bad"}, "fields.mood"),
    ],
)
def test_a_field_that_is_missing_or_wrong_is_named(shape: type[Fields], raw: dict[str, object], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse(shape, raw).check(AT, ZONE)
    assert refused.value.field == field


def test_half_days_stand_for_an_instant() -> None:
    fields = parse(BookedFields, {"startsOn": "2026-03-05", "halfDay": "afternoon"})
    assert isinstance(fields, BookedFields)
    fields.check(AT, ZONE)
    assert fields.instant(ZONE) == shanghai("2026-03-05 14:00")
    exact = parse(BookedFields, {"startsAt": "2026-03-03T11:00:00+08:00"})
    assert isinstance(exact, BookedFields)
    exact.check(AT, ZONE)
    assert exact.instant(ZONE) == shanghai("2026-03-03 11:00")
