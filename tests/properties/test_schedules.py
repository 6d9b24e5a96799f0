"""Schedules equal an oracle that walks every civil day and reads instants off the zones' transitions (R12)."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.plans.calendars.festivals import BUILT_IN
from tasks.plans.calendars.firing import fires_at, firings, next_firings
from tasks.plans.calendars.names import ShortMonth, Term, Weekday
from tasks.plans.calendars.yearly import OnDates, OnDay, OnLunarDay, exists
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
    wall_of,
)
from tests.support.oracle_of_days import FESTIVALS, days_by_walking, instant_by_transitions

ZONES = (
    "Asia/Shanghai", "Asia/Kathmandu", "Asia/Beirut", "Africa/Casablanca", "Africa/Cairo", "Europe/London",
    "America/New_York", "America/Havana", "America/Santiago", "Atlantic/Azores", "Australia/Lord_Howe", "Pacific/Chatham",
)  # fmt: skip
"""Half and quarter hours, transitions at midnight, by half an hour, in Ramadan, and in both hemispheres."""
YEARS = 5
OWN: dict[str, OnDay | OnLunarDay | OnDates] = {
    "店庆": OnDay(month=2, day=29),
    "闺蜜节": OnLunarDay(month=8, day=30),
    "快闪": OnDates(dates=(date(2031, 5, 1), date(2024, 2, 29), date(2022, 12, 31), date(2046, 1, 1))),
}

walls = st.builds(time, st.integers(0, 23), st.integers(0, 59))
offsets = st.one_of(st.just(0), st.integers(-60, 60))
months = st.integers(1, 12)
late_days = st.one_of(st.integers(28, 31), st.integers(1, 31))
on_the_wall = {"at": walls, "offset_days": offsets}
year_days = st.tuples(months, late_days).filter(lambda said: exists(*said))

schedules: st.SearchStrategy[Schedule] = st.one_of(
    st.builds(OneOff, at=st.builds(datetime.combine, st.dates(date(2020, 1, 1), date(2050, 12, 31)), walls)),
    st.builds(Daily, **on_the_wall),
    st.builds(Weekly, **on_the_wall, weekdays=st.lists(st.sampled_from(Weekday), min_size=1, unique=True).map(tuple)),
    st.builds(
        Monthly,
        **on_the_wall,
        days=st.lists(late_days, min_size=1, max_size=6, unique=True).map(tuple),
        short_month=st.sampled_from(ShortMonth),
    ),
    st.builds(MonthEnd, **on_the_wall),
    year_days.flatmap(lambda said: st.builds(Yearly, **on_the_wall, month=st.just(said[0]), day=st.just(said[1]))),
    st.builds(SolarTerm, **on_the_wall, term=st.sampled_from(Term)),
    st.builds(Lunar, **on_the_wall, month=months, day=st.one_of(st.integers(29, 30), st.integers(1, 30))),
    st.builds(Festival, **on_the_wall, name=st.sampled_from((*BUILT_IN, *OWN, "没有这个节"))),
)
starts = st.dates(date(2020, 1, 1), date(2046, 1, 1))


def equals_the_oracle(schedule: Schedule, first: date) -> None:
    last = first.replace(year=first.year + YEARS, day=min(first.day, 28)) - timedelta(days=1)
    days = firings(schedule, first, last, OWN)
    assert days == days_by_walking(schedule, first, last, OWN)
    wall = wall_of(schedule)
    for zone in ZONES:
        ours = [int(fires_at(schedule, day, zone).timestamp()) for day in days]
        assert ours == [instant_by_transitions(day, wall, zone) for day in days], zone


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(schedules, starts)
def test_five_years_in_twelve_zones(schedule: Schedule, first: date) -> None:
    equals_the_oracle(schedule, first)


@pytest.mark.faults
@settings(max_examples=20_000, deadline=None, suppress_health_check=[HealthCheck.too_slow], database=None)
@given(schedules, starts)
def test_twenty_thousand_schedules_of_five_years_in_twelve_zones(schedule: Schedule, first: date) -> None:
    equals_the_oracle(schedule, first)


@settings(max_examples=200, deadline=None)
@given(schedules, starts, st.integers(0, 800), st.integers(0, 800))
def test_a_window_is_its_parts_and_the_next_firings_are_its_beginning(
    schedule: Schedule, first: date, length: int, rest: int
) -> None:
    middle, last = first + timedelta(days=length), first + timedelta(days=length + rest)
    whole = firings(schedule, first, last, OWN)
    assert whole == firings(schedule, first, middle, OWN) + firings(schedule, middle + timedelta(days=1), last, OWN)
    assert next_firings(schedule, first, len(whole), OWN) == whole


def test_the_oracle_knows_every_festival() -> None:
    assert set(FESTIVALS) == set(BUILT_IN)
