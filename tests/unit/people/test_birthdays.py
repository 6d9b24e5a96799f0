"""On which days birthdays fall, solar and lunar."""

from datetime import date, timedelta

import pytest
from lunar_python import Solar

from tasks.kernel.chinese_calendar import lunar_months
from tasks.people.birthdays import falling


@pytest.mark.parametrize(
    ("day", "solar", "lunar"),
    [
        (date(2026, 2, 28), (228, 229), (112,)),  # a common year
        (date(2028, 2, 28), (228,), (204,)),
        (date(2028, 2, 29), (229,), (205,)),
        (date(2026, 2, 16), (216,), (1229, 1230)),  # 除夕, of a month of 29 days
        (date(2026, 2, 17), (217,), (101,)),
        (date(2030, 2, 2), (202,), (1230,)),  # 除夕 of a month of 30 days
        (date(2025, 7, 24), (724,), (630,)),
        (date(2025, 7, 25), (725,), ()),  # a leap sixth month repeats nobody's birthday
        (date(2025, 8, 22), (822,), ()),
        (date(2025, 8, 23), (823,), (701,)),
        (date(1, 1, 1), (101,), ()),
        (date(9999, 12, 31), (1231,), (1202,)),
    ],
)
def test_the_birthdays_of_a_day(day: date, solar: tuple[int, ...], lunar: tuple[int, ...]) -> None:
    found = falling(day, day)
    assert (found.solar, found.lunar) == (solar, lunar)


def test_every_birthday_falls_once_within_the_days_of_a_year() -> None:
    for first in (date(2025, 3, 1), date(2027, 3, 1)):
        days = [first + timedelta(days=n) for n in range(365 + (first.year == 2027))]
        solar = [md for day in days for md in falling(day, day).solar]
        assert (len(solar), len(set(solar))) == (366, 366)
    # From 正月初一 to 除夕.
    lunar = [
        md
        for n in range(384)
        for md in falling(date(2025, 1, 29) + timedelta(days=n), date(2025, 1, 29) + timedelta(days=n)).lunar
    ]
    assert lunar == [month * 100 + day for month in range(1, 13) for day in range(1, 31)]


def test_a_run_of_days_has_the_birthdays_of_each() -> None:
    first = date(2033, 11, 20)
    days = [first + timedelta(days=n) for n in range(60)]
    whole = falling(days[0], days[-1])
    assert set(whole.solar) == {md for day in days for md in falling(day, day).solar}
    assert set(whole.lunar) == {md for day in days for md in falling(day, day).lunar}


def test_every_lunar_year_has_twelve_months_that_begin_where_the_calendar_says() -> None:
    for year in range(1901, 2100, 7):
        months = lunar_months(year)
        assert [month.number for month in months] == list(range(1, 13))
        for month in months:
            there = Solar.fromYmd(month.first.year, month.first.month, month.first.day).getLunar()
            assert (there.getYear(), there.getMonth(), there.getDay()) == (year, month.number, 1)
    assert lunar_months(0) == ()
