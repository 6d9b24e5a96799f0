"""Condition trees: `{"all": [...]}`, `{"any": [...]}`, `{"not": ...}` and leaves `{"condition": name, ...parameters}`.

At most 4 levels of all / any / not and 50 leaves (product.md); the check walks no deeper than that, so a hostile tree costs nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec

import tasks.audience.conditions  # noqa: F401  # fills the registry
from tasks.audience.references import Mention, mentions
from tasks.audience.registry import CONDITIONS, Condition
from tasks.kernel.errors import Invalid

MAX_DEPTH = 4
"""Levels of all / any / not above a leaf."""
MAX_LEAVES = 50
"""Conditions in one tree."""


@dataclass(frozen=True)
class Leaf:
    """One condition with its parameters, and where it stands in the tree."""

    path: str
    condition: Condition
    params: msgspec.Struct


@dataclass(frozen=True)
class Group:
    """all, any or not over further nodes."""

    word: str
    nodes: tuple["Node", ...]


Node = Leaf | Group


def parse(tree: dict[str, Any] | None, path: str = "audience") -> Node:
    """Return the checked tree; None and `{}` mean everybody. Raises `Invalid` naming the node."""
    if not tree:
        return Group("all", ())
    node = _node(tree, path, 0)
    if sum(1 for _ in leaves(node)) > MAX_LEAVES:
        raise Invalid(path, f"more than {MAX_LEAVES} conditions")
    return node


def leaves(node: Node) -> Iterator[Leaf]:
    """Yield the leaves in order."""
    if isinstance(node, Leaf):
        yield node
        return
    for child in node.nodes:
        yield from leaves(child)


def mentioned(node: Node) -> Iterator[Mention]:
    """Yield what the tree's leaves name, each with its path."""
    for leaf in leaves(node):
        yield from mentions(leaf.condition.references, leaf.params, leaf.path)


def _node(raw: object, path: str, depth: int) -> Node:
    if not isinstance(raw, dict):
        raise Invalid(path, "not a condition")
    if "condition" in raw:
        return _leaf(raw, path)
    if depth >= MAX_DEPTH:
        raise Invalid(path, f"deeper than {MAX_DEPTH} levels")
    if len(raw) != 1 or (word := next(iter(raw))) not in ("all", "any", "not"):
        raise Invalid(path, "needs exactly one of: all, any, not, condition")
    inner = raw[word]
    if word == "not":
        return Group(word, (_node(inner, f"{path}.not", depth + 1),))
    if not isinstance(inner, list | tuple) or not inner:
        raise Invalid(f"{path}.{word}", "needs a list of conditions")
    if len(inner) > MAX_LEAVES:
        raise Invalid(f"{path}.{word}", f"more than {MAX_LEAVES} conditions")
    return Group(word, tuple(_node(child, f"{path}.{word}[{number}]", depth + 1) for number, child in enumerate(inner)))


def _leaf(raw: dict[str, Any], path: str) -> Leaf:
    name = raw["condition"]
    condition = CONDITIONS.get(name) if isinstance(name, str) else None
    if condition is None:
        raise Invalid(f"{path}.condition", "no such condition")
    try:
        params = msgspec.convert({key: value for key, value in raw.items() if key != "condition"}, condition.params)
    except msgspec.ValidationError as fault:
        why, _, where = str(fault).partition(" - at `")
        raise Invalid(path + where.rstrip("`").removeprefix("$"), why) from fault
    return Leaf(path, condition, params)
