"""Every reason that code gives for an invalid value can be read in Chinese."""

import ast
from collections.abc import Iterator

import pytest

from backend.http.problems.reasons import in_chinese
from tests.architecture.source import calls, python_files, tree

SPOKEN = ("tasks", "backend/http", "backend/auth")
"""What answers over HTTP; the terminal and mapping files speak English."""


def phrase(node: ast.expr) -> str | None:
    """A literal phrase, with a number wherever something is put in."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
    return None


def phrases() -> Iterator[str]:
    for name in python_files("tasks", "backend"):
        if not name.startswith(SPOKEN):
            continue
        for called, node in calls(tree(name)):
            told = node.args[1:2] if called == "Invalid" else node.args[:1] if _is_parameter(called, name) else []
            yield from filter(None, (phrase(one) for one in told))


def _is_parameter(called: str, name: str) -> bool:
    """Parameters of conditions refuse with a ValueError, which the decoder turns into the field's fault."""
    return called == "ValueError" and name.startswith(("tasks/audience/conditions/", "tasks/audience/bounds"))


@pytest.mark.parametrize("said", sorted(set(phrases())))
def test_a_reason_has_a_chinese_phrase(said: str) -> None:
    assert in_chinese(said), f"write it down in backend/http/problems/reasons.py: {said}"
