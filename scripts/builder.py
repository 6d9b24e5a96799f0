"""From Jinja's syntax tree to our program: an allow-list, so that what is not named here is refused."""

from collections.abc import Callable
from typing import Final

from jinja2 import nodes

from scripts.conditions import compile_test, refusal, variable
from scripts.faults import FaultCode, ScriptFault
from scripts.program import FILTERS, Block, Choice, Filled, Program, Test, filled

MAX_NODES: Final = 400
"""Most nodes of a script's tree."""

Derived = dict[str, tuple[str, tuple[Callable[[str], str], ...]]]


def build(body: list[nodes.Node]) -> Program:
    """The program of a source that consists of text, variables, filters and conditions only; ScriptFault otherwise."""
    builder = _Builder()
    steps, needs = builder.block(body)
    derived = tuple((key, name, filters) for key, (name, filters) in builder.derived.items())
    return Program(steps, tuple(sorted(builder.uses)), needs, derived)


class _Builder:
    """One walk over one tree."""

    def __init__(self) -> None:
        self.nodes = 0
        self.uses: set[str] = set()
        self.derived: Derived = {}

    def see(self, node: nodes.Node) -> None:
        """Count a node, and remember the variable it names."""
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise ScriptFault(FaultCode.TOO_MANY_NODES, node.lineno, f"> {MAX_NODES}")
        match node:
            case nodes.Name(name=name) | nodes.Compare(expr=nodes.Name(name=name)):
                self.uses.add(name)

    def block(self, body: list[nodes.Node]) -> tuple[Block, frozenset[str]]:
        """The steps of a body, and the variables every way through it prints."""
        steps: list[str | Filled | Choice] = []
        pieces: list[str | tuple[str, str]] = []
        needs: set[str] = set()
        for node in body:
            self.see(node)
            if isinstance(node, nodes.Output):
                printed = [self.piece(part) for part in node.nodes]
                pieces += printed
                needs.update(piece[1] for piece in printed if not isinstance(piece, str))
            elif isinstance(node, nodes.If):
                steps += [filled(pieces)] if pieces else []
                pieces = []
                choice, always = self.choice(node)
                steps.append(choice)
                needs |= always
            else:
                raise refusal(node)
        steps += [filled(pieces)] if pieces else []
        return tuple(steps), frozenset(needs)

    def piece(self, node: nodes.Expr) -> str | tuple[str, str]:
        """A text, or the key under which a printed value is known and the variable it comes from."""
        self.see(node)
        if isinstance(node, nodes.TemplateData):
            return node.data
        filters: list[str] = []
        inner: nodes.Expr | None = node
        while isinstance(inner, nodes.Filter):
            filters.append(self.filter(inner))
            inner = inner.node
        if not isinstance(inner, nodes.Name):
            raise refusal(node)
        name = variable(inner)
        self.uses.add(name)
        return self.derive(name, tuple(reversed(filters))), name

    def filter(self, node: nodes.Filter) -> str:
        """The name of a filter without arguments."""
        self.see(node)
        if node.args or node.kwargs or node.dyn_args or node.dyn_kwargs:
            raise refusal(node)
        if node.name not in FILTERS:
            raise ScriptFault(FaultCode.UNKNOWN_FILTER, node.lineno, node.name)
        return node.name

    def derive(self, name: str, filters: tuple[str, ...]) -> str:
        """The key of a variable seen through filters; its own name when there is none."""
        if not filters:
            return name
        key = "|".join((name, *filters))
        self.derived[key] = (name, tuple(FILTERS[each] for each in filters))
        return key

    def choice(self, node: nodes.If) -> tuple[Choice, frozenset[str]]:
        """The arms of an `if`; what is always printed is what each arm prints, when there is an `else`."""
        arms: list[tuple[Test, Block]] = []
        ifs: list[nodes.If] = [node, *node.elif_]
        needed: list[frozenset[str]] = []
        for arm in ifs:
            test = compile_test(arm.test, self.see)
            body, needs = self.block(arm.body)
            arms.append((test, body))
            needed.append(needs)
        body, needs = self.block(node.else_)
        arms.append((lambda _: True, body))
        return Choice(tuple(arms)), needs.intersection(*needed)
