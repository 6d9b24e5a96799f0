"""Generated salons, plans and weeks, for the engine and its reference to live through."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from hypothesis import strategies as st

from tasks.plans.calendars.names import Weekday
from tasks.plans.definition import Behaviour, Daily, Definition, Entry, Offset, StaffTask, Step, Suppress
from tasks.plans.schedules import Weekly
from tasks.plans.states import Backfill, EntryMode, ExitOn, Link, Measure, Purpose, Route, Scope
from tasks.plans.steps import Wait
from tasks.plans.triggers import Repeat, Unless
from tests.support.clock import SHANGHAI

BEGIN = datetime(2026, 3, 2, 8, tzinfo=SHANGHAI)
"""A Monday far from the new year."""
SWEEPS = (time(10, 30), time(18))
SLOTS = (time(8, 45), time(12, 30), time(19))
BALANCES = (49_999, 50_000, 50_001, 80_000, 20_000)


@dataclass(frozen=True)
class Person:
    """One customer as she is when the story begins; days are counted back from it."""

    store: int
    away: int
    """In which store she is served and her cards are; `store` is her home."""
    phone: int
    kind: str
    visits: tuple[int, ...]
    booked: int | None
    contacts: tuple[tuple[int, bool, bool], ...]
    cards: tuple[tuple[int, int | None], ...]
    """Balance and days until it expires."""


@dataclass(frozen=True)
class Act:
    """What somebody does on a day of the story: `who` and `much` choose by remainder."""

    day: int
    slot: int
    kind: str
    who: int
    much: int


@dataclass(frozen=True)
class Story:
    stores: int
    people: tuple[Person, ...]
    staff: tuple[tuple[int, int, int], ...]
    plans: tuple[Definition, ...]
    acts: tuple[Act, ...]
    days: int


people = st.builds(
    Person,
    store=st.integers(0, 1),
    away=st.integers(0, 1),
    phone=st.integers(0, 8),
    kind=st.sampled_from(["plain"] * 14 + ["refused", "internal", "anonymous", "complained"]),
    visits=st.lists(st.sampled_from([1, 2, 3, 5, 7, 9, 30, 60]), max_size=3, unique=True).map(tuple),
    booked=st.sampled_from([None, None, None, None, None, None, -3, 0, 2, 9]),
    contacts=st.one_of(
        st.just(()),
        st.just(()),
        st.lists(st.tuples(st.sampled_from([1, 5, 6, 7, 20, 29, 170]), st.booleans(), st.booleans()), max_size=5).map(tuple),
        st.lists(st.tuples(st.integers(15, 178), st.booleans(), st.just(False)), min_size=4, max_size=6).map(tuple),
    ),
    cards=st.lists(st.tuples(st.sampled_from(BALANCES), st.sampled_from([None, 3, 10, 31, 33, 200])), max_size=2).map(tuple),
)  # fmt: skip

leaves: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(lambda sign, n: {"condition": "visit_count", sign: n}, st.sampled_from(["atLeast", "atMost"]), st.integers(1, 3)),
    st.builds(lambda sign, n: {"condition": "last_visit", sign: n}, st.sampled_from(["withinDays", "notWithinDays"]), st.integers(1, 30)),
    st.builds(lambda sign, n: {"condition": "card_balance", sign: n}, st.sampled_from(["atLeast", "atMost"]), st.sampled_from(BALANCES)),
)  # fmt: skip
trees = st.one_of(
    st.none(),
    st.none(),
    leaves.map(lambda leaf: {"all": [leaf]}),
    st.lists(leaves, min_size=2, max_size=2).map(lambda two: {"all": two}),
    st.lists(leaves, min_size=2, max_size=2).map(lambda two: {"any": two}),
)
walls = st.sampled_from([time(9), time(10), time(11, 30), time(14)])
plain = st.one_of(
    st.sampled_from([EntryMode.NEVER_AGAIN, EntryMode.AFTER_EXIT, EntryMode.EACH_TIME]).map(lambda mode: {"mode": mode}),
    st.integers(1, 6).map(lambda days: {"mode": EntryMode.COOLDOWN, "days": days}),
    st.tuples(st.integers(2, 7), st.integers(1, 2)).map(lambda two: {"mode": EntryMode.AT_MOST, "days": two[0], "times": two[1]}),
)  # fmt: skip
offsets = st.one_of(
    st.just(Offset()),
    st.sampled_from(["30m", "2h", "20h", "3d"]).map(lambda said: Offset(after=said)),
    st.tuples(st.integers(0, 4), walls).map(lambda two: Offset(after_days=two[0], at=two[1])),
)
waits = st.one_of(
    st.tuples(st.integers(0, 4), st.one_of(st.none(), walls)).map(lambda two: Wait(days=two[0], at=two[1])),
    st.sampled_from(["4h", "30h", "71h"]).map(lambda said: Wait(after=said)),
)
acts = st.builds(
    StaffTask, scene=st.just("second_visit"), chain=st.just((Link.LEAST_LOADED,)), route=st.sampled_from([Route.EVENT_STORE, Route.HOME_STORE]),
    expires_in=st.integers(0, 4), spread_days=st.integers(0, 3), priority=st.integers(1, 900), pool=st.sampled_from([True, True, False]), manager=st.booleans(),
)  # fmt: skip


@st.composite
def behaviours(draw: Any) -> dict[str, Any]:
    scope = draw(st.sampled_from([Scope.CUSTOMER, Scope.CUSTOMER, Scope.CARD, Scope.VISIT]))
    events = {Scope.CARD: ["card_used"], Scope.VISIT: ["service_completed"]}.get(
        scope, draw(st.lists(st.sampled_from(["service_completed", "tried_not_bought", "card_used"]), min_size=1, max_size=2, unique=True))
    )  # fmt: skip
    entry = draw(st.one_of(plain, plain, st.just({"mode": EntryMode.RESTART})))
    repeat = draw(st.one_of(st.none(), st.none(), st.builds(
        Repeat, every=st.integers(1, 4), unit=st.just("days"), times=st.integers(2, 3))))  # fmt: skip
    trigger = Behaviour(
        events=tuple(events), offsets=tuple(draw(st.lists(offsets, min_size=1, max_size=2, unique=True))), repeat=repeat,
        first_visit=events == ["service_completed"] and draw(st.booleans()),
        unless=draw(st.one_of(st.none(), st.none(), st.builds(
            Unless, event=st.sampled_from(["service_completed", "tried_not_bought", "card_used"]), within=st.sampled_from(["3h", "2d", "9d"])))),
    )  # fmt: skip
    return {"trigger": trigger, "entry": Entry(scope=scope, **entry), "audience": draw(trees)}


@st.composite
def calendars(draw: Any) -> dict[str, Any]:
    wall = draw(walls)
    days = st.lists(st.sampled_from(Weekday), min_size=1, max_size=4, unique=True).map(tuple)
    trigger = draw(st.one_of(st.just(Daily(at=wall)), st.builds(Weekly, at=st.just(wall), weekdays=days)))
    crossing = draw(st.sampled_from([None, None, Measure.BALANCE, Measure.DAYS_LEFT]))
    if crossing is None:
        scope = draw(st.sampled_from([Scope.CUSTOMER, Scope.CARD]))
        return {"trigger": trigger, "entry": Entry(scope=scope, **draw(plain)), "audience": draw(trees)}
    among = st.sampled_from([20_000, 50_000] if crossing is Measure.BALANCE else [2, 9, 30])
    bounds = tuple(draw(st.lists(among, min_size=1, max_size=2, unique=True)))
    entry = Entry(scope=Scope.CARD, mode=EntryMode.ONCE_PER_CROSSING, measure=crossing, bounds=bounds)
    low = (
        {"all": [{"condition": "card_balance", "atMost": max(bounds)}]} if crossing is Measure.BALANCE else draw(trees)
    )
    return {"trigger": trigger, "entry": entry, "audience": low}


@st.composite
def plans(draw: Any) -> Definition:
    said = draw(st.one_of(behaviours(), calendars()))
    step = Step(act=draw(acts), only_if=draw(st.one_of(st.none(), st.none(), trees)))
    further = st.builds(Step, act=acts, wait=waits, only_if=st.one_of(st.none(), st.none(), trees))
    switches = st.sampled_from([True, True, True, False])
    return Definition(
        name="计划", template="second_visit", purpose=draw(st.sampled_from(Purpose)), steps=(step, *draw(st.lists(further, max_size=2))),
        suppress=draw(st.builds(Suppress, complaint=switches, appointment=switches, contacted_today=switches, phone_today=switches,
                                marketing_gap=switches, tier_cap=switches, no_answer=switches)),
        exit_on=tuple(draw(st.one_of(st.just([]), st.lists(st.sampled_from([ExitOn.ARRIVED, ExitOn.BOOKED, ExitOn.TOPPED_UP]), max_size=2, unique=True)))),
        max_tasks_per_run=draw(st.sampled_from([None, None, None, 1, 3])),
        backfill=draw(st.sampled_from(Backfill)), hold_out=0, **said,
    )  # fmt: skip


EVENTS = [*["visit"] * 3, *["tried"] * 3, *["use"] * 3, "top_up", "late_visit"]
KINDS = [*EVENTS, "book", "refuse", "complain", "contact", *["snooze"] * 3, *["work"] * 4]


@st.composite
def stories(draw: Any, days: int) -> Story:
    doings = st.builds(
        Act,
        day=st.integers(0, days - 1),
        slot=st.integers(0, 2),
        kind=st.sampled_from(KINDS),
        who=st.integers(0, 30),
        much=st.integers(0, 30),
    )
    return Story(
        stores=draw(st.integers(1, 2)),
        people=tuple(draw(st.lists(people, min_size=4, max_size=9))),
        staff=tuple(draw(st.lists(st.tuples(st.sampled_from([1, 3, 40]), st.sampled_from([1, 2, 15]), st.sampled_from([0, 1, 5])), min_size=2, max_size=3))),
        plans=tuple(draw(st.lists(plans(), min_size=2, max_size=3))),
        acts=tuple(sorted(draw(st.lists(doings, min_size=3 * days // 2, max_size=4 * days)), key=lambda act: (act.day, act.slot))),
        days=days,
    )  # fmt: skip


def on(day: int, wall: time) -> datetime:
    """The instant of a wall time on a day of the story."""
    return datetime.combine(BEGIN.date() + timedelta(days=day), wall, tzinfo=SHANGHAI)


def day_before(ago: int) -> date:
    return BEGIN.date() - timedelta(days=ago)
