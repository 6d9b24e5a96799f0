"""Days away: those in a closure of her store do not count, each once however many closures hold it."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.db.units import Units
from tasks.kernel.sealing import MasterKey
from tests.support.audience_draft import MANY_EXAMPLES, Draft, bounds, drafting, keeps
from tests.support.clock import TestClock, shanghai
from tests.support.world import World, make_world

TODAY = date(2026, 3, 2)
Closure = tuple[int, int]
"""First and last day, as days before today."""


@pytest.fixture
async def salon(units: Units, master: MasterKey) -> World:
    return await make_world(units, master, stores=2)


@dataclass(frozen=True)
class Person:
    """When she last came (None: never), and whether her rhythm is kept of a category alone."""

    ago: int | None
    store: str = "S1"
    category: str = ""


def away(one: Person, closures: dict[str, list[Closure]]) -> int | None:
    """Walk every day since."""
    if one.ago is None or one.category or one.ago < 0:
        return None
    shut = {ago for first, last in closures[one.store] for ago in range(last, first + 1)}
    return sum(ago not in shut for ago in range(one.ago))


async def write(draft: Draft, people: list[Person], closures: dict[str, list[Closure]]) -> dict[str, Person]:
    said = {f"C{n}": one for n, one in enumerate([Person(None), *people])}
    for code, shut in closures.items():
        for begun, over in shut:
            closure = {"from_on": TODAY - timedelta(days=begun), "to_on": TODAY - timedelta(days=over)}
            await draft.unit.run(
                "insert into store_closure (merchant_id, id, store_id, from_on, to_on, reason) "
                "values (:merchant, new_uuid7(), :store, :from_on, :to_on, '')",
                store=draft.world.stores[code], **closure,
            )  # fmt: skip
    for code, one in said.items():
        customer = await draft.customer(code)
        if one.ago is not None:
            last = TODAY - timedelta(days=one.ago)
            row: dict[str, Any] = {"days": 3, "first_on": last - timedelta(days=90), "last_on": last, "last_nth": 1}
            store = draft.world.stores[one.store]
            await draft.insert(
                "customer_rhythm", customer_id=customer, category=one.category, store_id=store, own=True, **row
            )
    return said


persons = st.builds(
    Person,
    ago=st.sampled_from((-1, 0, 1, 2, 44, 45, 46, 60, 365, 366)),
    store=st.sampled_from(("S1", "S2")),
    category=st.sampled_from(("", "", "", "lash")),
)
closures = st.lists(
    st.tuples(st.sampled_from((70, 50, 46, 45, 10, 1, 0)), st.sampled_from((0, 1, 5, 8, 40))).map(
        lambda pair: (max(pair), min(pair))
    ),
    max_size=3,
)


@MANY_EXAMPLES
@given(
    people=st.lists(persons, min_size=1, max_size=6),
    shut=closures,
    said=bounds(st.sampled_from((0, 1, 37, 38, 44, 45, 365))),
)
@example(people=[Person(53), Person(52)], shut=[(20, 13)], said={"atLeast": 45, "atMost": 365})
@example(people=[Person(45), Person(45, "S2")], shut=[(3, -4)], said={"atLeast": 42})
async def test_days_away(
    salon: World, clock: TestClock, people: list[Person], shut: list[Closure], said: dict[str, int]
) -> None:
    closed: dict[str, list[Closure]] = {"S1": shut, "S2": []}
    async with drafting(salon, clock, shanghai(f"{TODAY} 09:00")) as draft:
        whom = await write(draft, people, closed)

        def holds(one: Person) -> bool:
            days = away(one, closed)
            return days is not None and keeps(days, said)

        await draft.agree({"condition": "days_away", **said}, whom, holds)
