"""Tiers, levels, movements, the overdue ratio and segments, against what the kept rows say in plain Python."""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.db.units import Units
from tasks.insight.states import ChurnLevel, RfmTier
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tests.support.audience_draft import MANY_EXAMPLES, Draft, drafting
from tests.support.clock import TestClock, shanghai
from tests.support.world import World, make_world

TODAY = date(2026, 3, 2)
NTH = 400
"""Open days of the store up to today."""
TIERS = [str(one) for one in RfmTier][:4]
LEVELS = [str(one) for one in ChurnLevel]


@pytest.fixture
async def salon(units: Units, master: MasterKey) -> World:
    return await make_world(units, master)


@dataclass(frozen=True)
class Kept:
    """A kept judgement: what she is, was, and since how many days."""

    now: str | None
    before: str | None
    ago: int


@dataclass(frozen=True)
class Rhythm:
    """Open days since she last came, and the gap as a fraction; no gap: nobody knows it."""

    since: int
    gap: tuple[int, int] | None


@dataclass(frozen=True)
class Person:
    """What is kept of a customer; None: nothing."""

    tier: Kept | None
    level: Kept | None
    rhythm: Rhythm | None


def kept(values: list[str]) -> st.SearchStrategy[Kept]:
    some = st.none() | st.sampled_from(values)
    return st.builds(Kept, now=some, before=some, ago=st.sampled_from((0, 1, 6, 7, 8, 30, 31)))


rhythms = st.builds(
    Rhythm,
    since=st.sampled_from((0, 1, 13, 14, 27, 28, 29, 60, 400)),
    gap=st.none() | st.sampled_from(((14, 1), (28, 2), (29, 2), (1, 3), (100, 7))),
)
persons = st.lists(
    st.builds(Person, tier=kept(TIERS), level=kept(LEVELS), rhythm=st.none() | rhythms), min_size=1, max_size=5
)


async def write(draft: Draft, people: list[Person]) -> dict[str, Person]:
    said = {f"C{n}": one for n, one in enumerate([Person(None, None, None), *people])}
    store = draft.world.stores["S1"]
    await draft.unit.run("delete from store_open_day where merchant_id = :merchant")
    await draft.insert("store_open_day", store_id=store, day_on=TODAY, nth=NTH)
    for code, one in said.items():
        customer = await draft.customer(code)
        if one.tier and one.level:
            since = {
                "rfm_since_on": TODAY - timedelta(days=one.tier.ago) if one.tier.now else None,
                "churn_since_on": TODAY - timedelta(days=one.level.ago) if one.level.now else None,
            }
            names = {"rfm_tier": one.tier.now, "rfm_before": one.tier.before}
            levels = {"churn_level": one.level.now, "churn_before": one.level.before}
            row = {**names, **levels, **since, "computed_on": TODAY}
            await draft.insert("customer_insight", customer_id=customer, **row)
        if one.rhythm:
            gap = one.rhythm.gap or (None, None)
            days = {"days": 3, "first_on": TODAY - timedelta(days=900), "last_on": TODAY - timedelta(days=1)}
            nth = {"last_nth": NTH - one.rhythm.since, "gap_open_days": gap[0], "gap_over": gap[1]}
            await draft.insert(
                "customer_rhythm", customer_id=customer, category="", store_id=store, own=True, **days, **nth
            )
    return said


def moved(one: Kept | None, said: dict[str, Any]) -> bool:
    if one is None or one.now != said["to"] or one.before is None or one.ago > said["withinDays"]:
        return False
    return "from" not in said or one.before == said["from"]


@MANY_EXAMPLES
@given(
    people=persons, tiers=st.lists(st.sampled_from(TIERS), min_size=1, unique=True), days=st.sampled_from((0, 7, 30))
)
async def test_tiers_and_levels(
    salon: World, clock: TestClock, people: list[Person], tiers: list[str], days: int
) -> None:
    async with drafting(salon, clock, shanghai(f"{TODAY} 09:00")) as draft:
        whom = await write(draft, people)
        tree: dict[str, Any] = {"condition": "rfm_tier", "isOneOf": tiers}
        await draft.agree(tree, whom, lambda one: one.tier is not None and one.tier.now in tiers)
        tree = {"condition": "churn_level", "isOneOf": ["at_risk", "lost"], "sinceWithinDays": days}
        await draft.agree(
            tree,
            whom,
            lambda one: one.level is not None and one.level.now in ("at_risk", "lost") and one.level.ago <= days,
        )


moves = st.tuples(st.sampled_from(TIERS), st.none() | st.sampled_from(TIERS), st.sampled_from((0, 7, 30)))


@MANY_EXAMPLES
@given(people=persons, move=moves)
async def test_movements(
    salon: World, clock: TestClock, people: list[Person], move: tuple[str, str | None, int]
) -> None:
    to, was, days = move
    async with drafting(salon, clock, shanghai(f"{TODAY} 09:00")) as draft:
        whom = await write(draft, people)
        said = {"to": to, "withinDays": days} | ({} if was is None else {"from": was})
        await draft.agree({"condition": "rfm_moved", **said}, whom, lambda one: moved(one.tier, said))
        level = {"to": "at_risk", "withinDays": days}
        await draft.agree({"condition": "churn_moved", **level}, whom, lambda one: moved(one.level, level))


SIGNS = {
    "atLeast": lambda ratio, bound: ratio >= bound,
    "atMost": lambda ratio, bound: ratio <= bound,
    "above": lambda ratio, bound: ratio > bound,
    "below": lambda ratio, bound: ratio < bound,
}


@MANY_EXAMPLES
@given(
    people=persons, sign=st.sampled_from(list(SIGNS)), bound=st.sampled_from((0.0, 0.5, 1.0, 2.0, 2.071, 2.072, 3.0))
)
async def test_overdue_ratio(salon: World, clock: TestClock, people: list[Person], sign: str, bound: float) -> None:
    def holds(one: Person) -> bool:
        if one.rhythm is None or one.rhythm.gap is None:
            return False
        ratio = Fraction(one.rhythm.since) / Fraction(*one.rhythm.gap)
        return bool(SIGNS[sign](ratio, Fraction(str(bound))))

    async with drafting(salon, clock, shanghai(f"{TODAY} 09:00")) as draft:
        whom = await write(draft, people)
        await draft.agree({"condition": "overdue_ratio", sign: bound}, whom, holds)


@MANY_EXAMPLES
@given(people=persons)
async def test_a_segment_means_whom_its_tree_means(salon: World, clock: TestClock, people: list[Person]) -> None:
    async with drafting(salon, clock, shanghai(f"{TODAY} 09:00")) as draft:
        whom = await write(draft, people)
        smart = {"condition": "segment", "smart": "at_risk"}
        await draft.agree(smart, whom, lambda one: one.level is not None and one.level.now == "at_risk")
        own, outer = new_id(), new_id()
        trees = {
            own: '{"condition": "rfm_tier", "isOneOf": ["champion"]}',
            outer: f'{{"any": [{{"condition": "segment", "segment": "{own}"}}, {{"condition": "segment", "smart": "at_risk"}}]}}',
        }
        for one, tree in trees.items():
            await draft.unit.run(
                "insert into segment (merchant_id, id, name, tree, created_at, changed_at) "
                "values (:merchant, :id, :name, cast(:tree as jsonb), :now, :now)",
                id=one, name=str(one), tree=tree,
            )  # fmt: skip

        def holds(one: Person) -> bool:
            tier, level = one.tier and one.tier.now, one.level and one.level.now
            return tier == "champion" or level == "at_risk"

        await draft.agree({"condition": "segment", "segment": str(outer)}, whom, holds)
