"""Templates speak of kinds of service; a merchant has categories of its own."""

from typing import Any

import msgspec
import pytest

from tasks.plans.definition import Definition
from tasks.plans.templates import TEMPLATES, fitted
from tasks.plans.templates.fitting import fits

CATEGORIES = [
    ("HAIR-01", "烫发"),
    ("HAIR-02", "染发"),
    ("HAIR-03", "剪发"),
    ("LASH", "美睫"),
    ("M1", "美甲"),
    ("S1", "皮肤管理"),
    ("T1", "肩颈按摩"),
]


def branches(plan: Definition) -> list[dict[str, Any]]:
    only_if = plan.steps[0].only_if
    assert only_if is not None
    found: list[dict[str, Any]] = only_if["any"]
    return found


def gaps(plan: Definition) -> dict[str, int]:
    wait = plan.steps[1].wait
    assert wait is not None
    return wait.usual


def test_kinds_become_the_merchants_categories() -> None:
    plan = fitted(TEMPLATES["after_service"], CATEGORIES)
    named = next(one for one in branches(plan) if one["condition"] == "last_service")
    assert named["categories"] == ["HAIR-01", "HAIR-02", "LASH", "S1"]
    known = {code: days for code, days in gaps(plan).items() if code in dict(CATEGORIES)}
    assert known == {"HAIR-01": 90, "HAIR-02": 45, "HAIR-03": 30, "LASH": 14, "M1": 21, "S1": 14, "T1": 14}


def test_a_branch_that_nothing_fits_is_left_out() -> None:
    plan = fitted(TEMPLATES["after_service"], [("X", "其他"), ("CUT", "剪发")])
    assert [one["condition"] for one in branches(plan)] == ["visit_count", "last_ticket"]
    assert gaps(plan)["CUT"] == 30
    assert "X" not in gaps(plan)


@pytest.mark.parametrize("name", sorted(set(TEMPLATES) - {"after_service"}))
def test_the_other_templates_speak_of_no_kinds(name: str) -> None:
    assert fitted(TEMPLATES[name], CATEGORIES) == TEMPLATES[name]


def test_what_an_owner_named_stays() -> None:
    named = {"all": [{"condition": "bought", "withinDays": 90, "categories": ["VIP", "lash"]}]}
    plan = msgspec.structs.replace(TEMPLATES["second_visit"], audience=named)
    assert fitted(plan, CATEGORIES).audience == {
        "all": [{"condition": "bought", "withinDays": 90, "categories": ["VIP", "LASH"]}]
    }
    own = msgspec.structs.replace(plan, audience={"condition": "bought", "withinDays": 90, "categories": ["VIP"]})
    assert fitted(own, CATEGORIES) == own


def test_without_a_category_a_condition_that_everybody_must_keep_stays_and_means_nobody() -> None:
    tree = {"not": {"all": [{"condition": "last_service", "categories": ["skin"]}]}}
    plan = msgspec.structs.replace(TEMPLATES["second_visit"], audience=tree)
    assert fitted(plan, [("X", "其他")]).audience == tree


def test_fitting_twice_changes_nothing_more() -> None:
    once = fitted(TEMPLATES["after_service"], CATEGORIES)
    assert branches(fitted(once, CATEGORIES)) == branches(once)
    assert gaps(fitted(once, CATEGORIES)) == gaps(once)


@pytest.mark.parametrize(
    ("kind", "category"),
    [
        ("lash", ("lash", "")), ("lash", ("eyelash_ext", "Lash extensions")), ("lash", ("JM", "嫁接睫毛")), ("nails", ("N", "Nail art")),
        ("nails", ("A", "手足美甲")), ("colour", ("hair_color", "Color")), ("perm", ("TR", "烫染")), ("massage", ("SPA", "身体")),
        ("facial", ("F", "面部护理")), ("skin", ("laser-1", "Laser")), ("chemical", ("B", "Bleach & tone")), ("cut", ("C", "洗剪吹")),
    ],
)  # fmt: skip
def test_a_category_is_known_by_its_code_or_name(kind: str, category: tuple[str, str]) -> None:
    assert fits(kind, category)


@pytest.mark.parametrize(
    ("kind", "category"),
    [("lash", ("splash", "Splash")), ("cut", ("C", "烫发")), ("colour", ("COLD", "冷敷")), ("skin", ("buckskin", ""))],
)
def test_a_part_of_another_word_is_no_kind(kind: str, category: tuple[str, str]) -> None:
    assert not fits(kind, category)
