"""A condition tree → one SQL predicate, and the reason why it does not hold."""

from dataclasses import dataclass
from typing import Any

import tasks.audience.conditions  # noqa: F401  # fills the registry
from tasks.audience.binds import Binds
from tasks.audience.tree import Group, Leaf, Node, leaves, parse
from tasks.kernel.errors import Invalid

_JOIN = {"all": " and ", "any": " or "}


@dataclass(frozen=True)
class Predicate:
    """A compiled tree.

    Attributes:
        sql: a boolean expression over `cu`, `f` (and `k`, `kf`, `cp` for cards).
        failing: an SQL text expression: the name of the first condition that does not hold, null when the tree holds.
        values: the binds of both.
    """

    sql: str
    failing: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Ground:
    """What a predicate is evaluated against: now, or the books as they stood at an instant.

    Attributes:
        today: SQL of the store-local day.
        at: SQL of the instant.
        facts: relation with the columns of `customer_facts`.
        card_facts: relation with the columns of `card_facts`.
    """

    today: str = "cast(:today as date)"
    at: str = ":at"
    facts: str = "customer_facts"
    card_facts: str = "card_facts"

    def fill(self, sql: str) -> str:
        """Return the SQL with the ground's own expressions in place."""
        return sql.format(today=self.today, at=self.at, card_facts=self.card_facts)


def compile_tree(tree: dict[str, Any] | None, ground: Ground, *, card: bool) -> Predicate:
    """Compile a tree; raises `Invalid` on a node that does not fit, or on a card condition outside a plan about cards."""
    node = parse(tree)
    for leaf in leaves(node):
        if leaf.condition.of_card and not card:
            raise Invalid(leaf.path, "is about one card; the plan is not")
    binds = Binds()
    sql = ground.fill(_sql(node, binds))
    failing = ground.fill(_failing(node, binds))
    return Predicate(sql, failing, binds.values)


def _sql(node: Node, binds: Binds) -> str:
    if isinstance(node, Leaf):
        return f"({node.condition.sql(node.params, binds)})"
    if not node.nodes:
        return "true"
    if node.word == "not":
        return f"(not {_sql(node.nodes[0], binds)})"
    return "(" + _JOIN[node.word].join(_sql(child, binds) for child in node.nodes) + ")"


def _failing(node: Node, binds: Binds) -> str:
    """The first child of an `all` that fails gives the name; a group that fails as a whole is named by its word and first leaf."""
    if isinstance(node, Group) and node.word == "all" and node.nodes:
        return "coalesce(" + ", ".join(_failing(child, binds) for child in node.nodes) + ")"
    first = next(leaves(node), None)
    name = first.condition.name if first else "audience"
    return f"(case when {_sql(node, binds)} then null else '{name}' end)"
