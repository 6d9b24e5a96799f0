"""The conditions of a script: a variable, `not`, `and`, `or`, and a variable compared with a constant."""

import operator
from collections.abc import Callable, Mapping
from typing import Any, Final

from jinja2 import nodes

from scripts.faults import FaultCode, ScriptFault
from scripts.grammar import MAX_DEPTH, MAX_NAME
from scripts.program import Known, Test
from scripts.variables import NUMERIC, VARIABLES

ORDERINGS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "lt": operator.lt,
    "lteq": operator.le,
    "gt": operator.gt,
    "gteq": operator.ge,
}
See = Callable[[nodes.Node], None]
"""Told of every node met, so that the whole script is counted in one place."""


def compile_test(node: nodes.Node, see: See, depth: int = 0) -> Test:
    """The condition as a function of the known values; missing values and 0 are false, and equal to nothing."""
    see(node)
    if depth > MAX_DEPTH:
        raise ScriptFault(FaultCode.TOO_DEEP, node.lineno, type(node).__name__)
    match node:
        case nodes.Name():
            return _presence(variable(node))
        case nodes.Not():
            inner = compile_test(node.node, see, depth + 1)
            return lambda known: not inner(known)
        case nodes.And():
            return _both(_operands(node, nodes.And, see, depth))
        case nodes.Or():
            return _either(_operands(node, nodes.Or, see, depth))
        case nodes.Compare(expr=nodes.Name() as name, ops=[nodes.Operand(expr=nodes.Const() as constant) as operand]):
            see(operand)
            return _comparison(variable(name), operand.op, constant)
        case _:
            raise refusal(node)


def variable(node: nodes.Name) -> str:
    """The name, when it is a variable of the registry."""
    if node.name not in VARIABLES:
        raise ScriptFault(FaultCode.UNKNOWN_VARIABLE, node.lineno, node.name)
    return node.name


def refusal(node: nodes.Node) -> ScriptFault:
    """The fact that scripts have no such construct."""
    return ScriptFault(FaultCode.FORBIDDEN, node.lineno, type(node).__name__[:MAX_NAME])


def _operands(node: nodes.BinExpr, kind: type[nodes.BinExpr], see: See, depth: int) -> tuple[Test, ...]:
    """`a and b and c` is one level, though it is parsed as two."""
    rest: nodes.Expr = node
    last_first: list[nodes.Expr] = []
    while type(rest) is kind:
        last_first.append(rest.right)
        rest = rest.left
    return tuple(compile_test(part, see, depth + 1) for part in (rest, *reversed(last_first)))


def _presence(name: str) -> Test:
    return lambda known: bool(known[name])


def _both(tests: tuple[Test, ...]) -> Test:
    return lambda known: all(test(known) for test in tests)


def _either(tests: tuple[Test, ...]) -> Test:
    return lambda known: any(test(known) for test in tests)


def _comparison(name: str, op: str, constant: nodes.Const) -> Test:
    """Numbers compare with numbers, texts only for being equal."""
    wanted: Any = constant.value
    numeric = VARIABLES[name].kind in NUMERIC
    if type(wanted) is not (int if numeric else str):
        raise ScriptFault(FaultCode.BAD_COMPARISON, constant.lineno, name)
    if op in ("eq", "ne"):
        equal = op == "eq"
        return lambda known: (_read(known, name, numeric=numeric) == wanted) is equal
    if not numeric or op not in ORDERINGS:
        raise ScriptFault(FaultCode.BAD_COMPARISON, constant.lineno, name)
    return _ordering(name, ORDERINGS[op], wanted)


def _ordering(name: str, compare: Callable[[Any, Any], bool], wanted: Any) -> Test:
    def holds(known: Known) -> bool:
        value = _read(known, name, numeric=True)
        return isinstance(value, int) and compare(value, wanted)

    return holds


def _read(known: Known, name: str, *, numeric: bool) -> str | int:
    """The value; digits given as text count as the number they write."""
    value = known[name]
    if numeric and isinstance(value, str) and value.isascii() and value.isdigit():
        return int(value)
    return value
