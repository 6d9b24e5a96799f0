"""A condition tree → one SQL predicate, and the reason why it does not hold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from tasks.audience.asking import Asked, Gathered, Row, of_any_card, sql_of
from tasks.audience.binds import Binds
from tasks.audience.ground import Ground
from tasks.audience.tree import Group, Leaf, Node, leaves
from tasks.audience.walking import Wide, elsewhere, table_of

_JOIN = {"all": " and ", "any": " or "}
SEGMENT = "segment"
"""The condition that stands for another tree."""


@dataclass(frozen=True)
class Predicate:
    """A compiled tree.

    Attributes:
        sql: an expression over `cu`, `f` (and `k`, `kf`, `cp` for cards).
        values: its binds.
        gathered: what a sweep's statement begins with; empty otherwise.
    """

    sql: str
    values: dict[str, Any]
    gathered: str = ""


@dataclass
class Compiler:
    """Compiles the nodes of one tree with one set of binds.

    Attributes:
        ground: what the tree is evaluated against.
        binds: the values so far.
        card: the scope is a card, so conditions about a card are about that one.
        segments: the trees of the segments it uses, by key.
        gathered: where a sweep puts what it gathers first; None compiles for one customer at a time.
        aside: the wide table that a sweep does not walk.
    """

    ground: Ground
    binds: Binds
    card: bool = False
    segments: Mapping[str, Node] = field(default_factory=dict)
    gathered: Gathered | None = None
    aside: Wide | None = None

    def sql(self, node: Node, *, joined: bool = True) -> str:
        """Return the node's boolean expression; `joined` as long as only `all` stands above it."""
        if isinstance(node, Leaf):
            return self._leaf(node, joined=joined)
        if not node.nodes:
            return "false" if node.word == "any" else "true"
        if node.word == "not":
            return f"(not {self.sql(node.nodes[0], joined=False)})"
        joined = joined and (node.word == "all" or len(node.nodes) == 1)
        parts = [self.sql(child, joined=joined) for child in node.nodes]
        if node.word == "any" and self.gathered is not None:
            # The planner draws conclusions from an `or` and then asks everything twice; from a `case` it does not.
            return f"(case {' '.join(f'when {part} then true' for part in parts)} else false end)"
        return f"({_JOIN[node.word].join(parts)})"

    def failing(self, node: Node) -> str:
        """The first child of an `all` that fails gives the name; a group that fails as a whole is named by its first leaf."""
        if isinstance(node, Group) and node.word == "all" and node.nodes:
            return "coalesce(" + ", ".join(self.failing(child) for child in node.nodes) + ")"
        first = next(leaves(node), None)
        name = first.condition.name if first else "audience"
        return f"(case when {self.sql(node)} then null else '{name}' end)"

    def asked(self, leaf: Leaf) -> Asked:
        """Return what a leaf asks of the books, in this scope."""
        asked: Asked = leaf.condition.ask(leaf.params, self.binds)
        if leaf.condition.of_card and not self.card and isinstance(asked, Row):
            return of_any_card(asked)
        return asked

    def _leaf(self, leaf: Leaf, *, joined: bool) -> str:
        if leaf.condition.name == SEGMENT:
            node = self.segments.get(segment_key(leaf))
            return self.sql(node, joined=joined) if node is not None else "false"
        asked = self.asked(leaf)
        if self.aside is not None and isinstance(asked, Row) and table_of(asked) is self.aside:
            asked = elsewhere(asked, self.aside)
        return sql_of(asked, self.gathered, joined=joined)

    def tables(self, node: Node) -> Iterator[Wide]:
        """Yield which of the two wide tables each leaf asks, of those that ask one alone; segments' leaves too."""
        for leaf in leaves(node):
            if leaf.condition.name == SEGMENT:
                inner = self.segments.get(segment_key(leaf))
                yield from self.tables(inner) if inner is not None else ()
                continue
            asked = self.asked(leaf)
            table = table_of(asked) if isinstance(asked, Row) else None
            if table is not None:
                yield table


def segment_key(leaf: Leaf) -> str:
    """Return which segment a `segment` leaf stands for: an id, or `smart:<name>`."""
    saved: UUID | None = getattr(leaf.params, "segment", None)
    return str(saved) if saved is not None else f"smart:{getattr(leaf.params, 'smart', '')}"


def compile_node(node: Node, ground: Ground, *, card: bool, segments: Mapping[str, Node] | None = None) -> Predicate:
    """Compile a checked tree for one customer at a time, to a boolean that is never null; a segment that is not among `segments` holds for nobody."""
    compiler = Compiler(ground, ground.binds(), card, segments or {})
    return Predicate(ground.fill(compiler.sql(node)), compiler.binds.values)


def compile_reason(node: Node, ground: Ground, *, card: bool, segments: Mapping[str, Node]) -> Predicate:
    """Compile why a checked tree does not hold, to a text: the name of the first condition that does not, null when the tree holds."""
    compiler = Compiler(ground, ground.binds(), card, segments)
    return Predicate(ground.fill(compiler.failing(node)), compiler.binds.values)


def compile_sweep(node: Node, ground: Ground, segments: Mapping[str, Node], *, customers: bool = False) -> Predicate:
    """Compile a checked tree for everybody at once: the statement begins with `gathered`. Means the same as `compile_node`.

    Only one of the two wide tables is walked: the one that more leaves ask (with `customers`, that of customers); what is asked of the other is gathered.
    """
    gathered = Gathered()
    compiler = Compiler(ground, ground.binds(), segments=segments, gathered=gathered)
    if not ground.past:
        asked = list(Compiler(ground, ground.binds(), segments=segments).tables(node))
        compiler.aside = _not_walked(asked.count(Wide.CUSTOMER), asked.count(Wide.FACTS), customers=customers)
    sql = ground.fill(compiler.sql(node))
    return Predicate(sql, compiler.binds.values, ground.fill(gathered.sql()))


def _not_walked(people: int, facts: int, *, customers: bool) -> Wide | None:
    if facts > people and not customers:
        return Wide.CUSTOMER
    return Wide.FACTS if people or customers else None
