from datetime import UTC, date, datetime, time

import pytest

from backend.imports.moments import parse_minutes, parse_moment, parse_wall
from backend.imports.reasons import CellRefused


@pytest.mark.parametrize(
    ("text", "day", "wall"),
    [
        ("2026-03-01", date(2026, 3, 1), None),
        ("2026-03-01 15:05", date(2026, 3, 1), time(15, 5)),
        ("2026-03-01T15:05:09", date(2026, 3, 1), time(15, 5, 9)),
        ("2026-03-01 15:05:09.123", date(2026, 3, 1), time(15, 5, 9)),
        ("2026/3/1", date(2026, 3, 1), None),
        ("2026.3.1", date(2026, 3, 1), None),
        ("20260301", date(2026, 3, 1), None),
        ("20260301150509", date(2026, 3, 1), time(15, 5, 9)),
        ("2026年3月1日", date(2026, 3, 1), None),
        ("2026年3月1日 下午3:05", date(2026, 3, 1), time(15, 5)),
        ("2026年3月1日下午3点05分", date(2026, 3, 1), time(15, 5)),
        ("2026年3月1日 星期日 上午12:30", date(2026, 3, 1), time(0, 30)),
        ("2026/3/1 中午12:00:00", date(2026, 3, 1), time(12)),
        ("2026-3-1 晚上8点", date(2026, 3, 1), time(20)),
        ("2026/3/1 3:05:00 PM", date(2026, 3, 1), time(15, 5)),
        ("46082", date(2026, 3, 1), None),
        ("46082.75", date(2026, 3, 1), time(18)),
    ],
)
def test_forms_that_nobody_can_misread(text: str, day: date, wall: time | None) -> None:
    moment = parse_moment(text, ())
    assert (moment.day, moment.wall, moment.exact) == (day, wall, None)


def test_own_offset_beats_the_stores_zone() -> None:
    assert parse_moment("2026-03-01T15:05:00+08:00", ()).exact == datetime(2026, 3, 1, 7, 5, tzinfo=UTC)
    assert parse_moment("2026-03-01T15:05:00Z", ()).exact == datetime(2026, 3, 1, 15, 5, tzinfo=UTC)


def test_given_formats_come_first_in_their_order() -> None:
    assert parse_moment("03/04/2026", ("%d/%m/%Y",)).day == date(2026, 4, 3)
    assert parse_moment("03/04/2026", ("%m/%d/%Y", "%d/%m/%Y")).day == date(2026, 3, 4)
    assert parse_moment("25/04/2026", ("%m/%d/%Y", "%d/%m/%Y")).day == date(2026, 4, 25)
    assert parse_moment("03/04/2026 3:05 PM", ("%m/%d/%Y %I:%M %p",)).wall == time(15, 5)


@pytest.mark.parametrize("text", ["03/04/2026", "2026-02-30", "2026-13-01", "yesterday", "1.5", "", "2026-03-01 25:00"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(CellRefused) as caught:
        parse_moment(text, ())
    assert caught.value.code == "not-a-date"


@pytest.mark.parametrize("text", ["0001-01-01", "1899-12-31", "2101-01-01", "9999-12-31"])
def test_years_that_are_typing_errors_are_refused(text: str) -> None:
    with pytest.raises(CellRefused) as caught:
        parse_moment(text, ())
    assert caught.value.code == "date-out-of-range"


@pytest.mark.parametrize(
    ("text", "wall"),
    [("15:05", time(15, 5)), ("3:05:00 PM", time(15, 5)), ("12:00 AM", time(0)), ("下午3点05分", time(15, 5)), ("0.75", time(18)),
     ("1899-12-30T15:05:00", time(15, 5)), ("9点", time(9))],
)  # fmt: skip
def test_times_of_day(text: str, wall: time) -> None:
    assert parse_wall(text) == wall


def test_minutes_of_the_day() -> None:
    assert parse_minutes("950") == time(15, 50)
    for text in ("1440", "-1", "x", "", "９"):
        with pytest.raises(CellRefused):
            parse_minutes(text)
