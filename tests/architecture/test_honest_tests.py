"""Tests wait for signals, run everywhere, and every exception from a tool says why."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.architecture.source import ROOMS, ROOT, broken, calls, caught, python_files

ABSENT_DATA = "../shared"
EXCUSE = re.compile(
    r"#\s*(?:noqa: [A-Z0-9, ]*[A-Z0-9]|type:\s*ignore\[[^\]]*\]|pragma:\s*no \w+)\s*(?P<reason>(?:#|-|—)\s*\S.*)?$"
)
BARE_EXCUSE = re.compile(r"#\s*(?:noqa(?!:)|type:\s*ignore(?!\[))")


def sleeps(module: ast.Module) -> Iterator[str]:
    for name, call in calls(module):
        yields_only = len(call.args) == 1 and isinstance(call.args[0], ast.Constant) and call.args[0].value == 0
        if name.split(".")[-1] == "sleep" and not yields_only:
            yield f"line {call.lineno}: {name}()"


def skips(module: ast.Module) -> Iterator[str]:
    for name, call in calls(module):
        if name.split(".")[-1] in {"skip", "skipif", "xfail", "importorskip"} and ABSENT_DATA not in ast.unparse(call):
            yield f"line {call.lineno}: {name}()"
    for node in ast.walk(module):
        if isinstance(node, ast.Attribute) and ast.unparse(node).endswith(("mark.skip", "mark.xfail")):
            yield f"line {node.lineno}: {ast.unparse(node)}"


def unexplained(source: str) -> Iterator[int]:
    """Lines that silence a tool without a reason beside it."""
    for number, line in enumerate(source.splitlines(), 1):
        found = EXCUSE.search(line)
        if BARE_EXCUSE.search(line) or (found and not found["reason"]):
            yield number


def test_no_test_sleeps() -> None:
    assert broken(sleeps, python_files("tests")) == []


def test_no_test_is_skipped_but_for_absent_data() -> None:
    assert broken(skips, python_files("tests")) == []


def test_every_silenced_tool_has_a_reason() -> None:
    names = [name for name in python_files(*ROOMS, "tests") if name != "tests/architecture/test_honest_tests.py"]
    found = {name: list(unexplained((ROOT / name).read_text(encoding="utf-8"))) for name in names}
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_every_rule_switched_off_has_a_reason() -> None:
    lines = (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if re.match(r'\s+"[A-Z]+[0-9]*",', line)]
    assert len(rules) > 10
    assert [line for line in rules if "#" not in line] == []


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (sleeps, "await loop.sleep(0.1)"),
        (sleeps, "sleep(1)"),
        (skips, "skip('slow')"),
        (skips, "@mark.skipif(True, reason='flaky')\ndef test(): ..."),
        (skips, "@mark.skip\ndef test(): ..."),
    ],
)
def test_the_rules_catch_what_they_are_for(rule: object, source: str) -> None:
    assert callable(rule)
    assert caught(rule, source)


def test_what_is_meant_passes() -> None:
    assert not caught(sleeps, "await loop.sleep(0)")
    assert not caught(skips, f"skip('no {ABSENT_DATA}/data here')")
    assert list(
        unexplained("x = 1  # noqa: S101\ny = 2  # noqa: S101  # a reason\nz  # noqa\na  # noqa: S101 - a reason")
    ) == [1, 3]
    assert list(unexplained("x = 1  # type: ignore[arg-type]\ny = 2  # type: ignore[arg-type]  # a reason")) == [1]
