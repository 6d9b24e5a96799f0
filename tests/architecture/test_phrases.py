"""Every room, enum member and setting says what it is, in words beside it."""

import ast
from collections.abc import Iterator
from pathlib import PurePath

import pytest

from tests.architecture.source import ROOMS, broken, caught, classes, dotted, phrase_after, python_files, tree

ENUMS = {"Enum", "StrEnum", "IntEnum", "Flag", "IntFlag"}


def silent_members(module: ast.Module) -> Iterator[str]:
    for found in classes(module):
        if not {dotted(base).split(".")[-1] for base in found.bases} & ENUMS:
            continue
        for index, statement in enumerate(found.body):
            if isinstance(statement, ast.Assign) and not phrase_after(found.body, index):
                yield f"{found.name}.{ast.unparse(statement.targets[0])} has no phrase below it"


def silent_settings(module: ast.Module) -> Iterator[str]:
    for found in classes(module):
        if found.name != "Settings":
            continue
        for index, statement in enumerate(found.body):
            if isinstance(statement, ast.AnnAssign) and not phrase_after(found.body, index):
                yield f"{ast.unparse(statement.target)} has no phrase below it"


def silent_module(module: ast.Module) -> Iterator[str]:
    if not (ast.get_docstring(module) or "").strip():
        yield "does not say what it promises"


def test_every_enum_member_has_a_phrase() -> None:
    assert broken(silent_members, python_files(*ROOMS)) == []


def test_every_setting_has_a_phrase() -> None:
    assert broken(silent_settings, ["backend/settings.py"]) == []


def test_every_module_says_what_it_promises() -> None:
    assert broken(silent_module, python_files(*ROOMS)) == []


def test_every_folder_of_code_is_a_package() -> None:
    names = set(python_files(*ROOMS))
    folders = {str(PurePath(name).parent) for name in names}
    assert sorted(folder for folder in folders if f"{folder}/__init__.py" not in names) == []


def test_the_settings_are_found() -> None:
    assert [found.name for found in classes(tree("backend/settings.py")) if found.name == "Settings"] == ["Settings"]


@pytest.mark.parametrize(
    ("rule", "source"),
    [
        (silent_members, "class A(StrEnum):\n    X = 'x'\n    'the first'\n    Y = 'y'"),
        (silent_members, "class A(enum.Enum):\n    X = 'x'\n    Y = 'y'\n    'the second'"),
        (silent_settings, "class Settings(msgspec.Struct):\n    port: int = 1"),
        (silent_module, "x = 1"),
    ],
)
def test_the_rules_catch_what_they_are_for(rule: object, source: str) -> None:
    assert callable(rule)
    assert caught(rule, source)
