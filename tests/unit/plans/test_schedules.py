"""Schedules at the edges of months, years, leap years and clocks, in tables a person can check; and what is refused."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from tasks.flow.manage_plans import drafted
from tasks.kernel.errors import Invalid
from tasks.plans.calendars.firing import fires_at, firings, next_firings
from tasks.plans.calendars.holidays import DayKind, Declared, HolidayKind, book_of
from tasks.plans.calendars.names import ShortMonth, Term, Weekday
from tasks.plans.calendars.rules import check_festival
from tasks.plans.calendars.yearly import FestivalDays, OnDates, OnDay, OnLunarDay
from tasks.plans.definition import decode, encode
from tasks.plans.schedules import (
    Daily,
    Festival,
    Lunar,
    MonthEnd,
    Monthly,
    OneOff,
    Schedule,
    SolarTerm,
    Weekly,
    Yearly,
)
from tasks.plans.states import PlanKind

TEN = time(10)


def monthly(*days: int, short: ShortMonth = ShortMonth.CLAMP, offset: int = 0) -> Monthly:
    return Monthly(at=TEN, days=days, short_month=short, offset_days=offset)


@pytest.mark.parametrize(
    ("schedule", "first", "last", "days"),
    [
        (monthly(31), "2026-01-01", "2026-05-31", "2026-01-31 2026-02-28 2026-03-31 2026-04-30 2026-05-31"),
        (monthly(31, short=ShortMonth.SKIP), "2026-01-01", "2026-05-31", "2026-01-31 2026-03-31 2026-05-31"),
        (monthly(30, 29), "2028-02-01", "2028-03-30", "2028-02-29 2028-03-29 2028-03-30"),
        (monthly(29, short=ShortMonth.SKIP), "2027-01-30", "2027-05-01", "2027-03-29 2027-04-29"),
        (monthly(29, short=ShortMonth.SKIP), "2028-01-30", "2028-03-01", "2028-02-29"),
        (monthly(18, offset=-1), "2026-03-01", "2026-04-30", "2026-03-17 2026-04-17"),
        (monthly(1, offset=-1), "2026-02-01", "2026-03-31", "2026-02-28 2026-03-31"),
        (monthly(31, offset=1), "2026-02-01", "2026-04-01", "2026-02-01 2026-03-01 2026-04-01"),
        (monthly(1, offset=-60), "2026-01-01", "2026-01-31", "2026-01-31"),
        (MonthEnd(at=TEN), "2027-12-30", "2028-03-01", "2027-12-31 2028-01-31 2028-02-29"),
        (MonthEnd(at=TEN, offset_days=1), "2028-02-29", "2028-03-31", "2028-03-01"),
        (Yearly(at=TEN, month=2, day=29), "2026-01-01", "2029-01-01", "2026-02-28 2027-02-28 2028-02-29"),
        (Yearly(at=TEN, month=1, day=1, offset_days=-1), "2026-12-30", "2027-01-02", "2026-12-31"),
        (Yearly(at=TEN, month=12, day=31, offset_days=1), "2026-12-30", "2027-01-02", "2027-01-01"),
        (Weekly(at=TEN, weekdays=(Weekday.THU,)), "2026-12-25", "2027-01-10", "2026-12-31 2027-01-07"),
        (Weekly(at=TEN, weekdays=(Weekday.MON,), offset_days=-1), "2026-03-01", "2026-03-08", "2026-03-01 2026-03-08"),
        (Daily(at=TEN, offset_days=9), "2026-12-31", "2027-01-01", "2026-12-31 2027-01-01"),
        (OneOff(at=datetime(2026, 5, 20, 10)), "2026-05-20", "2026-05-20", "2026-05-20"),  # noqa: DTZ001  # civil: each store's own
        (OneOff(at=datetime(2026, 5, 20, 10)), "2026-05-21", "2027-05-20", ""),  # noqa: DTZ001  # as above
        # 2025 had a leap sixth month: 六月初六 comes once. The twelfth month of 2025 had 29 days.
        (Lunar(at=TEN, month=6, day=6), "2025-01-01", "2025-12-31", "2025-06-30"),
        (Lunar(at=TEN, month=12, day=30), "2026-01-01", "2027-03-01", "2026-02-16 2027-02-05"),
        (SolarTerm(at=TEN, term=Term.LI_CHUN, offset_days=3), "2025-02-01", "2026-02-28", "2025-02-06 2026-02-07"),
        (Festival(at=TEN, name="new_years_eve"), "2025-01-01", "2027-12-31", "2025-01-28 2026-02-16 2027-02-05"),
        (Festival(at=TEN, name="mothers_day"), "2025-01-01", "2027-12-31", "2025-05-11 2026-05-10 2027-05-09"),
        (Festival(at=TEN, name="mid_autumn"), "2025-01-01", "2027-12-31", "2025-10-06 2026-09-25 2027-09-15"),
        (Festival(at=TEN, name="tomb_sweeping"), "2025-01-01", "2027-12-31", "2025-04-04 2026-04-05 2027-04-05"),
        (Festival(at=TEN, name="店庆", offset_days=-2), "2026-01-01", "2028-12-31", "2026-02-26 2027-02-26 2028-02-27"),
        (Festival(at=TEN, name="没有"), "2026-01-01", "2028-12-31", ""),
    ],
)  # fmt: skip
def test_the_days_of_a_window(schedule: Schedule, first: str, last: str, days: str) -> None:
    own = {"店庆": OnDay(month=2, day=29)}
    found = firings(schedule, date.fromisoformat(first), date.fromisoformat(last), own)
    assert [day.isoformat() for day in found] == days.split()


def test_a_day_lost_in_a_short_month_comes_back_in_the_next() -> None:
    found = next_firings(monthly(31), date(2026, 1, 31), 4)
    assert [day.day for day in found] == [31, 28, 31, 30]


def test_next_firings_end_where_the_calendar_does() -> None:
    own = {"快闪": OnDates(dates=(date(2030, 1, 1), date(2026, 6, 1), date(2030, 1, 1)))}
    assert next_firings(Festival(at=TEN, name="快闪"), date(2026, 6, 1), 12, own) == [
        date(2026, 6, 1),
        date(2030, 1, 1),
    ]
    assert next_firings(Festival(at=TEN, name="快闪"), date(2030, 1, 2), 12, own) == []
    assert len(next_firings(Yearly(at=TEN, month=2, day=29), date(2026, 1, 1), 100)) == 100


@pytest.mark.parametrize(
    ("wall", "day", "zone", "utc"),
    [
        ("02:30", "2026-03-08", "America/New_York", "2026-03-08 07:30"),  # gap 02–03: 03:30 EDT
        ("02:00", "2026-03-08", "America/New_York", "2026-03-08 07:00"),  # 03:00 EDT, the end of the gap
        ("01:30", "2026-11-01", "America/New_York", "2026-11-01 05:30"),  # fold: the first, EDT
        ("02:00", "2026-11-01", "America/New_York", "2026-11-01 07:00"),  # after the fold, EST
        ("00:30", "2026-03-08", "America/Havana", "2026-03-08 05:30"),  # a gap at midnight
        ("02:15", "2026-10-04", "Australia/Lord_Howe", "2026-10-03 15:45"),  # a gap of half an hour
        ("23:59", "2026-12-31", "Asia/Shanghai", "2026-12-31 15:59"),
        ("00:00", "2027-01-01", "Pacific/Chatham", "2026-12-31 10:15"),
    ],
)
def test_the_instant_of_a_wall_time(wall: str, day: str, zone: str, utc: str) -> None:
    at = fires_at(Daily(at=time.fromisoformat(wall)), date.fromisoformat(day), zone)
    assert at == datetime.fromisoformat(utc).replace(tzinfo=UTC)


def draft(**trigger: Any) -> dict[str, Any]:
    return {"trigger": trigger, "purpose": "care", "holdOut": 0, "audience": None}


@pytest.mark.parametrize(
    ("trigger", "field"),
    [
        ({"kind": "one_off", "at": "2026-05-20"}, "trigger.at"),
        ({"kind": "one_off", "at": "2026-05-20T10:00:00Z"}, "trigger.at"),
        ({"kind": "one_off", "at": "2026-05-20T10:00:30"}, "trigger.at"),
        ({"kind": "one_off", "at": "9999-12-31T23:59"}, "trigger.at"),
        ({"kind": "one_off", "at": "2026-05-20T10:00", "offsetDays": 1}, "trigger"),
        ({"kind": "daily", "at": "10:00:30"}, "trigger.at"),
        ({"kind": "daily", "at": "10:00+08:00"}, "trigger.at"),
        ({"kind": "daily", "at": "25:00"}, "trigger.at"),
        ({"kind": "daily", "at": "10:00", "offsetDays": 61}, "trigger.offsetDays"),
        ({"kind": "weekly", "at": "10:00", "weekdays": []}, "trigger.weekdays"),
        ({"kind": "weekly", "at": "10:00", "weekdays": ["tue", "someday"]}, "trigger.weekdays[1]"),
        ({"kind": "weekly", "at": "10:00", "weekdays": ["tue", "mon", "tue"]}, "trigger.weekdays[2]"),
        ({"kind": "monthly", "at": "10:00", "days": [0]}, "trigger.days[0]"),
        ({"kind": "monthly", "at": "10:00", "days": [18, 32]}, "trigger.days[1]"),
        ({"kind": "monthly", "at": "10:00", "days": [18, 18]}, "trigger.days[1]"),
        ({"kind": "monthly", "at": "10:00", "days": [18], "shortMonth": "roll"}, "trigger.shortMonth"),
        ({"kind": "yearly", "at": "10:00", "month": 13, "day": 1}, "trigger.month"),
        ({"kind": "yearly", "at": "10:00", "month": 4, "day": 31}, "trigger.day"),
        ({"kind": "yearly", "at": "10:00", "month": 2, "day": 30}, "trigger.day"),
        ({"kind": "lunar", "at": "10:00", "month": 8, "day": 31}, "trigger.day"),
        ({"kind": "solar_term", "at": "10:00", "term": "spring"}, "trigger.term"),
        ({"kind": "festival", "at": "10:00", "name": ""}, "trigger.name"),
        ({"kind": "hourly", "at": "10:00"}, "trigger.kind"),
        ({"kind": "weekly", "at": "10:00"}, "trigger"),
    ],
)
def test_a_schedule_that_cannot_be_kept_names_its_field(trigger: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        drafted("second_visit", draft(**trigger))
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("trigger", "kind"),
    [
        ({"kind": "one_off", "at": "2026-05-20T10:00"}, PlanKind.ONE_OFF),
        ({"kind": "one_off", "at": "2026-05-20 10:00"}, PlanKind.ONE_OFF),
        ({"kind": "weekly", "at": "10:00", "weekdays": ["tue"]}, PlanKind.RECURRING),
        ({"kind": "monthly", "at": "10:00", "days": [31], "shortMonth": "skip"}, PlanKind.RECURRING),
        ({"kind": "month_end", "at": "10:00", "offsetDays": -60}, PlanKind.RECURRING),
        ({"kind": "yearly", "at": "10:00", "month": 2, "day": 29}, PlanKind.RECURRING),
        ({"kind": "solar_term", "at": "10:00", "term": "dong_zhi"}, PlanKind.RECURRING),
        ({"kind": "lunar", "at": "10:00", "month": 7, "day": 7}, PlanKind.RECURRING),
        ({"kind": "festival", "at": "10:00", "name": "店庆"}, PlanKind.RECURRING),
    ],
)
def test_every_kind_is_written_and_read(trigger: dict[str, Any], kind: PlanKind) -> None:
    definition = drafted("second_visit", draft(**trigger))
    assert definition.kind is kind
    assert decode(encode(definition)) == definition


def test_a_daily_definition_of_before_is_still_read() -> None:
    stored = encode(drafted("card_balance_low")) | {"trigger": {"kind": "daily", "at": "10:00:00"}}
    assert decode(stored).trigger == Daily(at=TEN)


def test_a_trigger_of_the_same_kind_is_laid_over_the_template() -> None:
    assert drafted("card_balance_low", {"trigger": {"at": "11:30"}}).trigger == Daily(at=time(11, 30))


@pytest.mark.parametrize(
    ("name", "days", "field"),
    [
        ("店 庆 ", OnDay(month=3, day=1), "name"),
        ("七夕", OnLunarDay(month=7, day=7), "name"),
        ("qixi", OnLunarDay(month=7, day=7), "name"),
        ("店庆", OnDay(month=6, day=31), "days.day"),
        ("快闪", OnDates(dates=(date(2026, 1, 1), date(2026, 1, 1))), "days.dates[1]"),
        ("快闪", OnDates(dates=(date(1999, 1, 1),)), "days.dates[0]"),
    ],
)
def test_a_festival_that_cannot_be_kept_names_its_field(name: str, days: FestivalDays, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_festival(name, days)
    assert refused.value.field == field


def test_a_day_is_unknown_until_its_year_is_entered() -> None:
    book = book_of(
        [
            Declared(date(2026, 10, 1), HolidayKind.HOLIDAY, "国庆节"),
            Declared(date(2026, 10, 10), HolidayKind.WORKDAY, "国庆节"),
        ]
    )
    asked = (date(2026, 10, 1), date(2026, 10, 10), date(2026, 10, 11), date(2027, 10, 1))
    assert [book.holiday_of(day) for day in asked] == [
        DayKind.HOLIDAY,
        DayKind.WORKDAY,
        DayKind.ORDINARY,
        DayKind.UNKNOWN,
    ]
