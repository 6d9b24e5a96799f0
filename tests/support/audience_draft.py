"""Books written and asked in one unit that is rolled back: as many examples as wanted in one world, and none sees another's."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from hypothesis import HealthCheck, assume, settings
from hypothesis import strategies as st

from tasks.audience.tree import parse
from tasks.flow.record_books import record_books
from tasks.kernel.errors import Invalid
from tasks.kernel.ids import new_id
from tasks.kernel.unit import Unit
from tasks.kernel.verdicts import Taken
from tasks.people.inputs import CustomerIn
from tests.support.audience import meant_in
from tests.support.clock import TestClock
from tests.support.world import World

P = TypeVar("P")
MANY_EXAMPLES: Final = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
SIGNS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "equals": lambda value, bound: value == bound,
    "atLeast": lambda value, bound: value >= bound,
    "atMost": lambda value, bound: value <= bound,
    "above": lambda value, bound: value > bound,
    "below": lambda value, bound: value < bound,
}


@dataclass
class Draft:
    """A unit with a world that has no customers yet."""

    unit: Unit
    world: World

    async def books(self, kind: str, *items: object) -> list[UUID | None]:
        verdicts = await record_books(self.unit, kind, items)
        assert [one for one in verdicts if one.status is Taken.REJECTED] == []
        return [one.id for one in verdicts]

    async def customer(self, code: str, **fields: Any) -> UUID:
        (found,) = await self.books("customers", CustomerIn(external_id=code, **fields))
        assert found is not None
        self.world.customers[code] = found
        return found

    async def insert(self, table: str, **values: Any) -> None:
        """One row, for what no service writes yet."""
        names = ", ".join(values)
        await self.unit.run(
            f"insert into {table} (merchant_id, {names}) values (:merchant, {', '.join(f':{name}' for name in values)})",
            **values,
        )

    async def ids(self, table: str) -> dict[str, UUID]:
        """Ids of a catalogue by code."""
        return {row["code"]: row["id"] for row in await self.unit.rows(f"select code, id from {table}")}

    async def agree(
        self, tree: Mapping[str, Any], people: Mapping[str, P], holds: Callable[[P], bool], on: date | None = None
    ) -> None:
        """The tree means those of the people of whom `holds` is true, and its negation the others; what no form can say is another example."""
        try:
            parse(dict(tree))
        except Invalid:
            assume(False)
        found = await meant_in(self.unit, self.world, tree, on)
        expected = {code for code, one in people.items() if holds(one)}
        assert found == expected, tree
        assert await meant_in(self.unit, self.world, {"not": dict(tree)}, on) == set(people) - expected, tree


@asynccontextmanager
async def drafting(world: World, clock: TestClock, at: datetime) -> AsyncIterator[Draft]:
    """Open a draft at an instant."""
    await clock.set(at)
    async with world.units.glance(world.merchant_id) as unit:
        yield Draft(unit, replace(world, customers={}))


@st.composite
def bounds(draw: st.DrawFn, values: st.SearchStrategy[Any], *, needed: bool = True) -> dict[str, Any]:
    """One or two bounds, as trees write them."""
    names = draw(st.lists(st.sampled_from(list(SIGNS)), min_size=int(needed), max_size=2, unique=True))
    return {name: draw(values) for name in names}


def keeps(value: Any, said: Mapping[str, Any]) -> bool:
    """Whether a number keeps the bounds."""
    return all(sign(value, said[name]) for name, sign in SIGNS.items() if name in said)


def near(day: date | None, said: Mapping[str, Any], today: date) -> bool:
    """Whether a day is as withinDays, notWithinDays, fromOn and toOn say; a day to come is not within the last ones."""
    ago = None if day is None or day > today else (today - day).days
    parts: dict[str, Callable[[Any], bool]] = {
        "withinDays": lambda bound: ago is not None and ago <= bound,
        "notWithinDays": lambda bound: ago is None or ago > bound,
        "fromOn": lambda bound: day is not None and day >= date.fromisoformat(bound),
        "toOn": lambda bound: day is not None and day <= date.fromisoformat(bound),
    }
    return all(part(said[name]) for name, part in parts.items() if name in said)


def only(**said: Any) -> dict[str, Any]:
    """What is said, without Nones, empty lists and flags that are off."""
    return {name: value for name, value in said.items() if value is not None and value is not False and value != []}


def fresh() -> UUID:
    """An id."""
    return new_id()
