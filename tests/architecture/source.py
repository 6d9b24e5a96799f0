"""The repository as the rules see it: files, syntax trees and the strings that are not documentation."""

import ast
import subprocess
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("tasks", "scripts", "backend")

Rule = Callable[[ast.Module], Iterable[str]]


@cache
def tracked() -> tuple[str, ...]:
    """Every file that is or would be committed and still exists, relative to the root."""
    command = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return tuple(sorted(name for name in set(listed.split("\0")) if name and (ROOT / name).is_file()))


def python_files(*tops: str) -> list[str]:
    """Python files below the given folders."""
    return [name for name in tracked() if name.endswith(".py") and name.startswith(tuple(f"{top}/" for top in tops))]


@cache
def tree(name: str) -> ast.Module:
    """The syntax tree of a tracked file."""
    return ast.parse((ROOT / name).read_text(encoding="utf-8"), name)


def broken(rule: Rule, names: Iterable[str], allowed: Iterable[str] = ()) -> list[str]:
    """What breaks the rule, as `file: what`; files under an `allowed` prefix are not asked."""
    excused = tuple(allowed)
    return [f"{name}: {what}" for name in names if not name.startswith(excused) for what in rule(tree(name))]


def caught(rule: Rule, source: str) -> bool:
    """The negative control: does the rule see it?"""
    return bool(list(rule(ast.parse(source))))


def functions(module: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method."""
    return (node for node in ast.walk(module) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def classes(module: ast.Module) -> Iterator[ast.ClassDef]:
    """Every class."""
    return (node for node in ast.walk(module) if isinstance(node, ast.ClassDef))


def calls(module: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """Every call with its dotted name; `?` stands for what is not a name, as in `?.commit`."""
    return ((dotted(node.func), node) for node in ast.walk(module) if isinstance(node, ast.Call))


def dotted(node: ast.expr) -> str:
    """`a.b.c` of an expression."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return "?"


def texts(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and text of every string that is not a docstring or a phrase."""
    documentation = {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}
    for node in ast.walk(module):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documentation:
            yield node.lineno, node.value


def imports(module: ast.Module) -> Iterator[tuple[int, str, str]]:
    """Line, module and name of every import; the name is empty for `import module`."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name, "") for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, node.module or "", alias.name) for alias in node.names)


def phrase_after(body: list[ast.stmt], index: int) -> bool:
    """True when a string literal follows the statement on its own line."""
    following = body[index + 1] if index + 1 < len(body) else None
    return isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant) and bool(following.value.value)
