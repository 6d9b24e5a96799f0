"""docs/audiences.md knows every condition there is, and no other."""

import re

import tasks.audience.tree  # noqa: F401  # fills the registry
from tasks.audience.registry import CONDITIONS
from tests.architecture.source import ROOT


def test_every_condition_has_a_row() -> None:
    page = (ROOT / "docs" / "audiences.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([a-z_]+)`", page, re.MULTILINE)) == set(CONDITIONS)
