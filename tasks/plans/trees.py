"""The condition trees of a definition, wherever they stand; pure."""

from collections.abc import Iterator
from typing import Any

from tasks.plans.definition import Behaviour, Definition

Tree = dict[str, Any]


def trees_of(definition: Definition) -> Iterator[tuple[str, Tree]]:
    """Yield every condition tree of a definition with its path."""
    trees: list[tuple[str, Tree | None]] = [("audience", definition.audience)]
    if isinstance(definition.trigger, Behaviour):
        trees += [(f"trigger.offsets[{n}].onlyIf", one.only_if) for n, one in enumerate(definition.trigger.offsets)]
    for n, step in enumerate(definition.steps):
        trees.append((f"steps[{n}].onlyIf", step.only_if))
        trees.append((f"steps[{n}].act.escalate.when", step.act.escalate.when if step.act.escalate else None))
    return ((path, tree) for path, tree in trees if tree)
