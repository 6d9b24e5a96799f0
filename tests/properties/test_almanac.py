"""The Chinese calendar: ours equals the frozen almanac, and the almanac equals `sxtwl` wherever that can be installed."""

from collections.abc import Iterator
from datetime import date, timedelta
from importlib.util import find_spec

from tasks.kernel.chinese_calendar import MONTHS, TERMS, lunar_day, new_year, term_days
from tasks.plans.calendars.names import TERM_LABELS, Term
from tasks.plans.lunar import is_new_year
from tests.support.almanac import lunar_days, terms

YEARS = range(2020, 2051)


def days() -> Iterator[date]:
    day = date(YEARS[0], 1, 1)
    while day.year in YEARS:
        yield day
        day += timedelta(days=1)


def test_solar_terms_of_2020_to_2050_equal_the_almanac() -> None:
    known = terms()
    ours = {day: number for year in YEARS for number, day in enumerate(term_days(year))}
    assert ours == {day: number for day, number in known.items() if day.year in YEARS}
    assert len(ours) == len(YEARS) * TERMS
    assert [TERM_LABELS[term][0] for term in Term][::6] == ["小寒", "清明", "小暑", "寒露"]


def test_lunar_dates_of_2020_to_2050_equal_the_almanac() -> None:
    known = lunar_days()
    for day in days():
        month, number, leap, _ = known[day]
        year = day.year if day >= new_year(day.year) else day.year - 1
        assert (lunar_day(year, month, number) == day) is not leap, day
    for year in YEARS:
        for month in MONTHS:
            last = lunar_day(year, month, 30)
            assert known[last][1] == known[last][3], "the thirtieth is the last day of its month"


def test_new_years_eve_and_day_are_the_days_around_the_turn() -> None:
    known = lunar_days()
    first = {day for day in days() if known[day][:3] == (1, 1, False)}
    assert {day for day in days() if is_new_year(day)} == first | {day - timedelta(days=1) for day in first}


if find_spec("sxtwl") is not None:  # it has wheels for one kind of machine; elsewhere the almanac stands for it

    def test_the_almanac_equals_sxtwl() -> None:
        import sxtwl  # noqa: PLC0415  # only there on some machines

        known, numbers = lunar_days(), terms()
        for day in days():
            theirs = sxtwl.fromSolar(day.year, day.month, day.day)
            assert known[day][:3] == (theirs.getLunarMonth(), theirs.getLunarDay(), theirs.isLunarLeap()), day
            # sxtwl counts from 冬至, the almanac from 小寒.
            assert numbers.get(day) == ((theirs.getJieQi() - 1) % TERMS if theirs.hasJieQi() else None), day
