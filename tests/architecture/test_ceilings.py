"""Nothing grows past what a reader holds in mind: files, functions, arguments; and no room is a drawer for anything."""

import ast
from collections.abc import Iterator
from pathlib import PurePath

import pytest

from tests.architecture.source import ROOMS, ROOT, broken, caught, functions, python_files

FILE_LINES = 400
TEST_LINES = 600
FUNCTION_LINES = 40
ARGUMENTS = 5
DRAWERS = {"common", "helper", "helpers", "manager", "managers", "misc", "shared", "stuff", "util", "utils"}
NAMED_AFTER_PEOPLE = {"backend/http/manager"}  # the surface of a store's manager, who is a person
LONGER_FUNCTIONS: dict[str, str] = {}  # file: reason
MORE_ARGUMENTS = {"backend/cli/commands/": "a command's options are its arguments"}  # file: reason


def long_functions(module: ast.Module) -> Iterator[str]:
    for function in functions(module):
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        if lines > FUNCTION_LINES:
            yield f"{function.name} has {lines} lines"


def many_arguments(module: ast.Module) -> Iterator[str]:
    for function in functions(module):
        every = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        names = [argument.arg for argument in every if argument.arg not in {"self", "cls"}]
        if len(names) > ARGUMENTS:
            yield f"{function.name} takes {len(names)} arguments"


def is_drawer(name: str) -> bool:
    path = PurePath(name)
    return any(
        part.stem.lower() in DRAWERS and str(part.with_suffix("")) not in NAMED_AFTER_PEOPLE
        for part in (path, *path.parents)
    )


def too_long(name: str, lines: int) -> bool:
    return lines > (TEST_LINES if name.startswith("tests/") else FILE_LINES)


def test_no_file_is_too_long() -> None:
    counted = {
        name: len((ROOT / name).read_text(encoding="utf-8").splitlines()) for name in python_files(*ROOMS, "tests")
    }
    assert {name: lines for name, lines in counted.items() if too_long(name, lines)} == {}


def test_no_function_is_too_long() -> None:
    assert broken(long_functions, python_files(*ROOMS, "tests"), LONGER_FUNCTIONS) == []


def test_no_function_takes_too_many_arguments() -> None:
    assert broken(many_arguments, python_files(*ROOMS, "tests"), MORE_ARGUMENTS) == []


def test_no_module_is_a_drawer() -> None:
    assert [name for name in python_files(*ROOMS, "tests") if is_drawer(name)] == []


@pytest.mark.parametrize("exception", [*LONGER_FUNCTIONS.items(), *MORE_ARGUMENTS.items(), ("README.md", "a control")])
def test_every_exception_exists_and_has_a_reason(exception: tuple[str, str]) -> None:
    name, reason = exception
    assert (ROOT / name).exists() or name == "README.md"
    assert reason


def test_the_rules_catch_what_they_are_for() -> None:
    assert caught(long_functions, "def f():\n" + "    x = 1\n" * FUNCTION_LINES)
    assert not caught(long_functions, "def f():\n" + "    x = 1\n" * (FUNCTION_LINES - 1))
    assert caught(many_arguments, "class A:\n    async def f(self, a, b, /, c, d, *, e, g): ...")
    assert not caught(many_arguments, "class A:\n    def f(self, a, b, c, d, *, e): ...")
    assert is_drawer("tasks/utils.py")
    assert is_drawer("backend/common/x.py")
    assert is_drawer("tasks/plans/manager.py")
    assert not is_drawer("backend/http/manager/routes.py")
    assert too_long("tasks/x.py", FILE_LINES + 1)
    assert not too_long("tests/x.py", FILE_LINES + 1)
    assert too_long("tests/x.py", TEST_LINES + 1)
