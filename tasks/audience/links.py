"""What a tree leads to: through segments to their trees, through tags to their rules. None may lead back to where it began."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import msgspec

from tasks.audience.references import Mention, Named
from tasks.audience.repository import segment_trees
from tasks.audience.resolving import MOST_NESTED
from tasks.audience.segment_rows import rules_of
from tasks.audience.tree import Group, Leaf, Node, mentioned, parse
from tasks.kernel.errors import Invalid
from tasks.kernel.unit import Unit

Thing = tuple[Named, UUID]
"""A segment or a tag."""
_FOLLOWED: Final = (Named.SEGMENT, Named.TAG)


def canonical(node: Node) -> dict[str, Any]:
    """Return the tree as it is stored: ids in one form, so that what names a thing can be found; `{}` for everybody."""
    if isinstance(node, Leaf):
        return {"condition": node.condition.name, **msgspec.to_builtins(node.params)}
    if isinstance(node, Group) and not node.nodes:
        return {}
    return {node.word: canonical(node.nodes[0]) if node.word == "not" else [canonical(one) for one in node.nodes]}


def uses(node: Node) -> list[UUID]:
    """Return the saved segments a tree names, each once and in order."""
    return sorted({one.id for one in mentioned(node) if one.kind is Named.SEGMENT})


@dataclass
class _Walk:
    """Goes outward from a tree, a step of segments and tags at a time; keeps by which leaf of the tree each was first reached, and how deep."""

    met: dict[Thing, str] = field(default_factory=dict)
    deep: dict[Thing, int] = field(default_factory=dict)

    def step(self, found: Sequence[tuple[Mention, str, int]]) -> dict[Thing, str]:
        """Return what is new, with the leaf that leads there."""
        new: dict[Thing, str] = {}
        for one, leaf, depth in found:
            thing = (one.kind, one.id)
            if one.kind in _FOLLOWED and thing not in self.met:
                self.met[thing] = new[thing] = leaf
                self.deep[thing] = depth + 1 if one.kind is Named.SEGMENT else 0
        return new


async def refuse_circle(unit: Unit, node: Node, own: Thing) -> None:
    """Raise `Invalid` on the leaf by which a tree leads back to the segment or tag whose tree it is to be, or to segments nested too deep."""
    walk = _Walk()
    new = walk.step([(one, one.path, 0) for one in mentioned(node)])
    while new:
        for thing, leaf in new.items():
            if thing == own:
                raise Invalid(leaf, f"leads back to this {own[0]}")
            if walk.deep[thing] > MOST_NESTED:
                raise Invalid(leaf, f"segments within segments more than {MOST_NESTED} deep")
        trees = await _trees(unit, list(new))
        new = walk.step(
            [(one, new[thing], walk.deep[thing]) for thing, tree in trees.items() for one in mentioned(parse(tree))]
        )


async def _trees(unit: Unit, things: Sequence[Thing]) -> Mapping[Thing, dict[str, Any]]:
    segments = await segment_trees(unit, [one for kind, one in things if kind is Named.SEGMENT])
    rules = await rules_of(unit, [one for kind, one in things if kind is Named.TAG])
    found: dict[Thing, dict[str, Any]] = {(Named.SEGMENT, one): tree for one, tree in segments.items()}
    return found | {(Named.TAG, one): rule for one, rule in rules.items()}
