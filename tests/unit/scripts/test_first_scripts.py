"""The first scripts of templates.md (`first_scripts.txt`) are in the library word for word; only a milestone's day is computed, as every such word."""

import re
from pathlib import Path

import pytest

from scripts.catalog import SCENES, shipped
from scripts.variables import samples

LINES = (Path(__file__).parent / "first_scripts.txt").read_text(encoding="utf-8").splitlines()
FIRST = [tuple(line.split("\t")) for line in LINES]


@pytest.mark.parametrize(("scene", "text"), FIRST)
def test_the_first_scripts_are_there(scene: str, text: str) -> None:
    assert text in {each.script.source for each in shipped().variants(scene, "zh-CN")}


def test_every_scene_has_one() -> None:
    assert {scene for scene, _ in FIRST} == set(SCENES)
    assert len(FIRST) == 28


@pytest.mark.parametrize("scene", SCENES)
def test_the_english_ones_are_english(scene: str) -> None:
    for each in shipped().variants(scene, "en"):
        assert not re.search("[一-鿿]", each.script.render(samples("en")))
