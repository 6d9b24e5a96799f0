"""Birthdays against the calendar itself: every day of the window is asked what day it is, solar and lunar."""

from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lunar_python import Solar

from backend.db.units import Units
from tasks.kernel.sealing import MasterKey
from tasks.people.states import BirthdayKind
from tests.support.audience_draft import MANY_EXAMPLES, drafting, only
from tests.support.clock import TestClock, shanghai
from tests.support.world import World, make_world

Birthday = tuple[date | None, BirthdayKind]


@pytest.fixture
async def salon(units: Units, master: MasterKey) -> World:
    return await make_world(units, master)


days = st.sampled_from(
    (
        "2026-02-16",  # 除夕, of a month of 29 days
        "2026-02-17",
        "2026-02-28",  # common year
        "2028-02-28",
        "2028-02-29",
        "2028-03-01",
        "2025-07-25",  # the first of a leap sixth month
        "2025-08-22",  # its last
        "2026-12-31",
        "2027-01-01",
        "2027-02-05",
        "2030-02-02",  # 除夕 of a month of 30 days
        "2033-12-22",  # the leap eleventh month
    )
).map(date.fromisoformat)
near_the_ends = (
    date(1990, 1, 1), date(1990, 1, 2), date(1990, 1, 30), date(1992, 1, 31), date(1988, 2, 29), date(1990, 2, 28), date(1990, 3, 1),
    date(1990, 6, 1), date(1990, 6, 29), date(1990, 6, 30), date(1990, 11, 30), date(1990, 12, 29), date(1990, 12, 30), date(1990, 12, 31),
)  # fmt: skip
born = st.one_of(st.sampled_from(near_the_ends), st.dates(date(1930, 1, 1), date(2020, 12, 31)))


@st.composite
def people(draw: st.DrawFn) -> tuple[date, list[Birthday]]:
    """Today and birthdays, many of them about today."""
    today = draw(days)
    found: list[Birthday] = [(None, BirthdayKind.SOLAR)]
    for _ in range(draw(st.integers(2, 6))):
        kind = draw(st.sampled_from(BirthdayKind))
        ahead = draw(st.none() | st.sampled_from((0, 0, 0, 1, 3, 7)) | st.integers(-3, 40))
        day = (
            draw(born)
            if ahead is None
            else _written(today + timedelta(days=ahead), kind, draw(st.sampled_from((0, 1))))
        )
        if day is not None and not (kind is BirthdayKind.LUNAR and day.day > 30):
            found.append((day, kind))
    return today, found


def _written(day: date, kind: BirthdayKind, later: int) -> date | None:
    """A birthday that falls on the day, or is written as the day after it: one that a short month does not have. A lunar 30 February no date can be."""
    month, number = (day.month, day.day) if kind is BirthdayKind.SOLAR else lunar(day)
    try:
        return date(1988, abs(month), number + later)
    except ValueError:
        return None


@lru_cache(maxsize=4096)
def lunar(day: date) -> tuple[int, int]:
    """Month (below zero: a leap month) and day."""
    found = Solar.fromYmd(day.year, day.month, day.day).getLunar()
    return found.getMonth(), found.getDay()


def falls(one: Birthday, day: date) -> bool:
    """Whether somebody has her birthday on a day."""
    born_on, kind = one
    if born_on is None:
        return False
    tomorrow = day + timedelta(days=1)
    if kind is BirthdayKind.SOLAR:
        clamped = (born_on.month, born_on.day) == (2, 29) and (day.month, day.day) == (2, 28) and tomorrow.month == 3
        return clamped or (born_on.month, born_on.day) == (day.month, day.day)
    month, number = lunar(day)
    last = lunar(tomorrow)[1] == 1
    return month == born_on.month and (number == born_on.day or (last and number == 29 and born_on.day == 30))


def month_day(text: str, day: date) -> tuple[int, int]:
    """29 February is the 28th in a year that has none."""
    month, number = (int(part) for part in text.split("-"))
    common = (date(day.year, 2, 28) + timedelta(days=1)).month == 3
    return (2, 28) if (month, number) == (2, 29) and common else (month, number)


def meant_days(tree: dict[str, Any], today: date) -> list[date]:
    """Every day that the parameters mean, found by walking the calendar."""
    if "inDays" in tree:
        return [today + timedelta(days=tree["inDays"])]
    if "nextDays" in tree:
        return [today + timedelta(days=ahead) for ahead in range(tree["nextDays"] + 1)]
    if "thisMonth" in tree:
        walk = (today + timedelta(days=ahead) for ahead in range(-31, 32))
        return [day for day in walk if (day.year, day.month) == (today.year, today.month)]
    return _range(tree["fromDay"], tree["toDay"], today)


def _range(first: str, last: str, today: date) -> list[date]:
    """Walk to the first end of the range that is not over, and back to its beginning."""
    end = today
    while (end.month, end.day) != month_day(last, end):
        end += timedelta(days=1)
    found = [end]
    while (found[-1].month, found[-1].day) != month_day(first, found[-1]):
        found.append(found[-1] - timedelta(days=1))
    return found


@st.composite
def trees(draw: st.DrawFn) -> dict[str, Any]:
    ahead = st.sampled_from((0, 1, 3, 7, 30, 31))
    spans = st.sampled_from(
        (
            ("12-20", "01-10"),
            ("02-20", "02-28"),
            ("02-20", "02-29"),
            ("02-29", "03-02"),
            ("02-29", "02-29"),
            ("06-01", "06-30"),
        )
    )
    which = draw(st.sampled_from(("nextDays", "inDays", "thisMonth", "range")))
    first, last = draw(spans) if which == "range" else (None, None)
    return (
        {"condition": "birthday"}
        | only(
            thisMonth=which == "thisMonth",
            fromDay=first,
            toDay=last,
            calendar=draw(st.sampled_from((None, None, "solar", "lunar"))),
        )
        | ({which: draw(ahead)} if which in ("nextDays", "inDays") else {})
    )


TODAY_ONLY = [{"condition": "birthday", "nextDays": 0}]
SOLAR, LUNAR = BirthdayKind.SOLAR, BirthdayKind.LUNAR


@MANY_EXAMPLES
@example(drawn=(date(2026, 2, 16), [(date(1990, 12, 30), LUNAR), (date(1990, 12, 29), LUNAR)]), asked=TODAY_ONLY)
@example(drawn=(date(2030, 2, 1), [(date(1990, 12, 30), LUNAR), (date(1990, 12, 29), LUNAR)]), asked=TODAY_ONLY)
@example(drawn=(date(2026, 2, 17), [(date(1990, 1, 1), LUNAR), (date(1990, 1, 1), SOLAR)]), asked=TODAY_ONLY)
@example(drawn=(date(2025, 7, 25), [(date(1990, 6, 1), LUNAR), (date(1990, 7, 1), LUNAR)]), asked=TODAY_ONLY)
@example(drawn=(date(2026, 2, 28), [(date(1988, 2, 29), SOLAR), (date(1988, 2, 28), SOLAR)]), asked=TODAY_ONLY)
@example(drawn=(date(2028, 2, 28), [(date(1988, 2, 29), SOLAR), (date(1988, 2, 28), SOLAR)]), asked=TODAY_ONLY)
@given(drawn=people(), asked=st.lists(trees(), min_size=1, max_size=3))
async def test_a_birthday_falls_where_the_calendar_says(
    salon: World, clock: TestClock, drawn: tuple[date, list[Birthday]], asked: list[dict[str, Any]]
) -> None:
    today, births = drawn
    async with drafting(salon, clock, shanghai(f"{today} 09:00")) as draft:
        said = {f"C{n}": one for n, one in enumerate(births)}
        for code, (day, kind) in said.items():
            await draft.customer(code, birthday_on=day, birthday_kind=kind)
        for tree in asked:
            window = meant_days(tree, today)

            def holds(one: Birthday, tree: dict[str, Any] = tree, window: list[date] = window) -> bool:
                return tree.get("calendar", one[1]) == one[1] and any(falls(one, day) for day in window)

            await draft.agree(tree, said, holds)


@MANY_EXAMPLES
@given(
    births=st.lists(st.tuples(born | st.just(date(1900, 1, 1)), st.sampled_from(BirthdayKind)), min_size=1, max_size=5),
    made_up=st.sets(st.integers(0, 4), max_size=2),
)
async def test_a_birthday_that_a_pos_made_up_is_not_plausible(
    salon: World, clock: TestClock, births: list[Birthday], made_up: set[int]
) -> None:
    births = [(day, kind if day and day.day < 31 else BirthdayKind.SOLAR) for day, kind in births]
    defaults = {births[n][0] for n in made_up if n < len(births)}
    async with drafting(salon, clock, shanghai("2026-03-02 09:00")) as draft:
        said: dict[str, Birthday] = {f"C{n}": one for n, one in enumerate(births)} | {
            "UNKNOWN": (None, BirthdayKind.SOLAR)
        }
        for code, (day, kind) in said.items():
            await draft.customer(code, birthday_on=day, birthday_kind=kind)
        for day in defaults:
            await draft.insert("birthday_default", birthday_on=day)

        def plausible(one: Birthday) -> bool:
            day, kind = one
            if day is None or day in defaults or day == date(1900, 1, 1):
                return False
            return kind is BirthdayKind.LUNAR or (day.month, day.day) != (1, 1)

        await draft.agree({"condition": "birthday_plausible"}, said, plausible)
        await draft.agree({"condition": "birthday_plausible", "plausible": False}, said, lambda one: not plausible(one))
