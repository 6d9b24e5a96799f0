"""Condition trees to count: of every condition in the catalogue, in every shape an owner builds, the same ones every time."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, Final
from uuid import UUID

from tasks.audience.references import Named, Reference
from tasks.audience.registry import CONDITIONS, Condition
from tasks.kernel.unit import Unit

LEAVES: Final = 5
"""Conditions in each tree (issue: "any 5-leaf tree")."""
DAYS: Final = (7, 30, 60, 90, 180, 365)
"""What a window of days is drawn from."""
_KINDS: Final = (Named.STAFF, Named.STORE, Named.PRODUCT, Named.CARD_PRODUCT, Named.TAG)
"""What the bench's salon has to be named; conditions about other things keep their example."""

Known = Mapping[Named, Sequence[UUID]]
"""Ids that trees may name, by what they are."""


async def known_things(unit: Unit) -> Known:
    """Return what the salon has that trees can name."""
    found = {}
    for kind in _KINDS:
        rows = await unit.rows(f"select id from {kind} where merchant_id = :merchant order by id limit 40")
        found[kind] = [row["id"] for row in rows]
    return found


def dealt(number: int, known: Known) -> dict[str, Any]:
    """Return tree number so-and-so: five leaves of different conditions, whose turn comes round so that all are asked equally often."""
    dice = Random(number)  # noqa: S311  # the same trees every time, not a secret
    names = [name for name in CONDITIONS if name != "segment" and _nameable(CONDITIONS[name], known)]
    first = number * LEAVES % len(names)
    ordered = (names[first:] + names[:first])[:LEAVES]
    leaves = [_leaf(CONDITIONS[name], known, dice) for name in ordered]
    dice.shuffle(leaves)
    return SHAPES[number % len(SHAPES)](leaves)


SHAPES: Final = (
    lambda leaves: {"all": leaves},
    lambda leaves: {"all": [*leaves[:3], {"any": leaves[3:]}]},
    lambda leaves: {"any": leaves},
    lambda leaves: {"all": [*leaves[:4], {"not": leaves[4]}]},
    lambda leaves: {"any": [{"all": leaves[:3]}, {"all": leaves[3:]}]},
    lambda leaves: {"all": [*leaves[:2], {"not": {"any": leaves[2:]}}]},
)
"""How five leaves can stand together."""


def _nameable(condition: Condition, known: Known) -> bool:
    return all(reference.kind in known for reference in condition.references if reference.written in condition.example)


def _leaf(condition: Condition, known: Known, dice: Random) -> dict[str, Any]:
    """The condition's own example, with other days and with things that are there."""
    leaf: dict[str, Any] = {"condition": condition.name, **condition.example}
    for name, value in leaf.items():
        if name.lower().endswith("days") and isinstance(value, int):
            leaf[name] = dice.choice(DAYS)
    for reference in condition.references:
        if reference.kind in known and reference.written in leaf:
            leaf[reference.written] = _named(reference, leaf[reference.written], known, dice)
    return leaf


def _named(reference: Reference, example: Any, known: Known, dice: Random) -> Any:
    drawn = [str(one) for one in dice.sample(list(known[reference.kind]), k=min(2, len(known[reference.kind])))]
    return drawn if isinstance(example, list | tuple) else drawn[0]
