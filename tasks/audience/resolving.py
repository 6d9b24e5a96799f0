"""From a tree as an owner wrote it to one that can be compiled: checked, with its segments' trees, and with what it names by name."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final
from uuid import UUID

from tasks.audience.compile import SEGMENT, Predicate, compile_node, compile_reason, segment_key
from tasks.audience.ground import Ground
from tasks.audience.references import by_kind
from tasks.audience.repository import coded_names, names_of, segment_trees
from tasks.audience.smart import SMART, SmartName
from tasks.audience.tree import Group, Leaf, Node, leaves, mentioned, parse
from tasks.kernel.errors import Invalid
from tasks.kernel.unit import Unit

MOST_NESTED: Final = 5
"""Segments within segments."""
MOST_EXPANDED: Final = 250
"""Conditions of a tree with the trees of all its segments in their places."""
NOBODY: Final = Group("any", ())
"""What a segment that is gone stands for."""


@cache
def _smart(name: SmartName) -> Node:
    return parse(SMART[name].tree, name)


async def predicate_of(unit: Unit, tree: dict[str, Any] | None, ground: Ground, *, card: bool) -> Predicate:
    """Compile a tree with the segments it uses as they are now. Raises `Invalid` on a node that does not fit."""
    node = parse(tree)
    return compile_node(node, ground, card=card, segments=await segments_of(unit, node))


async def reason_of(unit: Unit, tree: dict[str, Any] | None, ground: Ground, *, card: bool) -> Predicate:
    """Compile why a tree does not hold, with the segments it uses as they are now. Raises `Invalid` on a node that does not fit."""
    node = parse(tree)
    return compile_reason(node, ground, card=card, segments=await segments_of(unit, node))


async def check_tree(unit: Unit, tree: dict[str, Any] | None, path: str = "audience") -> Node:
    """Return the tree if everything it names is there and its segments are not too many; raises `Invalid` on the leaf."""
    node = parse(tree, path)
    await names_in(unit, node)
    await segments_of(unit, node)
    return node


async def names_in(unit: Unit, node: Node, *beside: Node) -> dict[UUID | str, str]:
    """Return what the things a tree, and others beside it, name are called, and the merchant's codes.

    Raises `Invalid` on the leaf of the tree that names what is not there, or is another merchant's.
    """
    names = await names_everywhere(unit, [node, *beside])
    for one in mentioned(node):
        if one.id not in names:
            raise Invalid(one.path, f"no such {one.kind}")
    return names


async def names_everywhere(unit: Unit, nodes: Sequence[Node]) -> dict[UUID | str, str]:
    """Return what the things these trees name are called, and the merchant's codes; what is gone is left out."""
    names = await coded_names(unit)
    for kind, ids in by_kind(one for node in nodes for one in mentioned(node)).items():
        names |= await names_of(unit, kind, ids)
    return names


async def segments_of(unit: Unit, node: Node) -> dict[str, Node]:
    """Return the trees of every segment a tree uses, directly or through others, by key. Raises `Invalid` when they are nested too deep or too many."""
    known: dict[str, Node] = {}
    wanted = _used(node)
    for _ in range(MOST_NESTED):
        if not wanted:
            break
        known |= await _load(unit, wanted)
        wanted = {key: leaf for tree in list(known.values()) for key, leaf in _used(tree).items() if key not in known}
    if wanted:
        raise Invalid(next(iter(wanted.values())).path, f"segments within segments more than {MOST_NESTED} deep")
    first = next(iter(leaves(node)), None)
    if _expanded(node, known, ()) > MOST_EXPANDED:
        raise Invalid(
            first.path if first else "audience", f"more than {MOST_EXPANDED} conditions with those of its segments"
        )
    return known


def _used(node: Node) -> dict[str, Leaf]:
    return {segment_key(leaf): leaf for leaf in leaves(node) if leaf.condition.name == SEGMENT}


async def _load(unit: Unit, wanted: Mapping[str, Leaf]) -> dict[str, Node]:
    smart = {f"smart:{name}": _smart(name) for name in SMART if f"smart:{name}" in wanted}
    saved = await segment_trees(unit, [UUID(key) for key in wanted if key not in smart])
    return dict.fromkeys(wanted, NOBODY) | smart | {str(one): parse(tree) for one, tree in saved.items()}


def _expanded(node: Node, known: Mapping[str, Node], above: tuple[str, ...]) -> int:
    """Count the leaves with segments in their places; raises `Invalid` where a segment comes back to itself."""
    count = 0
    for leaf in leaves(node):
        key = segment_key(leaf) if leaf.condition.name == SEGMENT else None
        if key in above:
            raise Invalid(leaf.path, "the segment uses itself")
        count += max(_expanded(known[key], known, (*above, key)), 1) if key else 1
        if count > MOST_EXPANDED:
            return count
    return count
