"""Declared attributes, against plain Python."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.db.units import Units
from tasks.kernel.sealing import MasterKey
from tasks.people.states import AttributeKind
from tasks.people.trait_inputs import AttributeIn
from tests.support.audience_draft import MANY_EXAMPLES, bounds, drafting, keeps, near, only
from tests.support.clock import TestClock, shanghai
from tests.support.world import World, make_world

TODAY = date(2028, 2, 29)
TEXTS = ("干性", "油性", "Dry", "{}")
Value = str | int | float | bool | None


@pytest.fixture
async def salon(units: Units, master: MasterKey) -> World:
    return await make_world(units, master)


days = st.sampled_from((-366, -31, -30, -1, 0, 1, 366)).map(lambda ahead: str(TODAY + timedelta(days=ahead)))
numbers = st.sampled_from((-1.5, 0, 0.001, 0.1, 1, 1.0, 2.999, 3))
flags = st.booleans()
VALUES: dict[AttributeKind, st.SearchStrategy[Any]] = {
    AttributeKind.TEXT: st.sampled_from(TEXTS),
    AttributeKind.NUMBER: numbers,
    AttributeKind.FLAG: flags,
    AttributeKind.DAY: days,
}
texts = st.lists(st.sampled_from(TEXTS), max_size=2)
OPERANDS: dict[AttributeKind, st.SearchStrategy[dict[str, Any]]] = {
    AttributeKind.TEXT: st.builds(lambda one_of, none: only(isOneOf=one_of, isNoneOf=none), texts, texts).filter(bool),
    AttributeKind.NUMBER: bounds(numbers),
    AttributeKind.FLAG: flags.map(lambda flag: {"flag": flag}),
    AttributeKind.DAY: st.fixed_dictionaries(
        {},
        optional={
            "withinDays": st.sampled_from((0, 30, 366)),
            "notWithinDays": st.sampled_from((0, 29, 30)),
            "fromOn": days,
            "toOn": days,
        },
    ).filter(bool),
}


def stored_kind(kind: AttributeKind) -> str:
    """A flag is stored as a number."""
    return "number" if kind is AttributeKind.FLAG else kind


def meets(value: Value, operand: dict[str, Any], kind: AttributeKind) -> bool:
    """Whether a value of the operand's own kind is as asked."""
    if kind is AttributeKind.TEXT:
        return value in operand.get("isOneOf", [value]) and value not in operand.get("isNoneOf", [])
    if kind is AttributeKind.DAY:
        return near(date.fromisoformat(str(value)), operand, TODAY)
    exact = Decimal(int(value)) if isinstance(value, bool) else Decimal(str(value))
    if kind is AttributeKind.FLAG:
        return exact == int(operand["flag"])
    return keeps(exact, {name: Decimal(str(bound)) for name, bound in operand.items()})


@st.composite
def cases(draw: st.DrawFn) -> tuple[AttributeKind, list[Value], AttributeKind, dict[str, Any], bool]:
    """The attribute's kind, her values (none for the first), and an operand: mostly of that kind."""
    kind = draw(st.sampled_from(AttributeKind))
    values = [None, *draw(st.lists(st.none() | VALUES[kind], min_size=1, max_size=5))]
    asked = draw(st.just(kind) | st.just(kind) | st.sampled_from(AttributeKind))
    alone = draw(st.integers(0, 5)) == 0
    missing = alone or draw(st.booleans())
    return kind, values, asked, {} if alone else draw(OPERANDS[asked]), missing


SAID: list[Value] = [None, "干性", "油性", "Dry"]
TEXT, NUMBER = AttributeKind.TEXT, AttributeKind.NUMBER


@MANY_EXAMPLES
@example(case=(TEXT, SAID, TEXT, {"isNoneOf": ["干性", "油性"]}, False))
@example(case=(TEXT, SAID, TEXT, {"isOneOf": ["干性", "油性"], "isNoneOf": ["油性"]}, True))
@example(case=(NUMBER, [None, 0.1, 0.101, -1.5], NUMBER, {"above": 0.1}, False))
@given(case=cases())
async def test_an_attribute_is_as_its_typed_operand_asks(
    salon: World, clock: TestClock, case: tuple[AttributeKind, list[Value], AttributeKind, dict[str, Any], bool]
) -> None:
    kind, values, asked, operand, missing = case
    async with drafting(salon, clock, shanghai(f"{TODAY} 09:00")) as draft:
        await draft.books(
            "attributes",
            AttributeIn(code="skin", name="肤质", kind=kind),
            AttributeIn(code="other", name="其他", kind=kind),
        )
        whom = {f"C{n}": value for n, value in enumerate(values)}
        for code, value in whom.items():
            # What another attribute says is no answer to this one.
            await draft.customer(code, attributes={"skin": value, "other": values[-1]})
        tree = {"condition": "attribute", "attribute": str((await draft.ids("attribute"))["skin"]), **operand}

        def holds(value: Value) -> bool:
            if value is None or (operand and stored_kind(kind) != stored_kind(asked)):
                return missing
            return bool(operand) and meets(value, operand, asked)

        await draft.agree(tree | only(missing=missing), whom, holds)
