from typing import Any

import pytest

from tasks.flow.manage_plans import drafted
from tasks.kernel.errors import Invalid, NotFound
from tasks.plans.definition import decode, encode
from tasks.plans.templates import TEMPLATES


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_a_template_is_a_plan_as_it_stands(name: str) -> None:
    definition = drafted(name)
    assert decode(encode(definition)) == definition


@pytest.mark.parametrize(
    ("template", "changes", "field"),
    [
        ("second_visit", {"name": "  "}, "name"),
        ("second_visit", {"name": "长" * 81}, "name"),
        ("second_visit", {"entry": {"mode": "cooldown"}}, "entry.days"),
        ("second_visit", {"entry": {"scope": "card"}}, "entry.scope"),
        ("second_visit", {"entry": {"bounds": [5]}}, "entry.bounds"),
        ("card_balance_low", {"entry": {"bounds": []}}, "entry.bounds"),
        ("second_visit", {"trigger": {"events": ["no_such_event"]}}, "trigger.events[0]"),
        ("second_visit", {"trigger": {"events": ["purchase"]}}, "trigger.firstVisit"),
        ("second_visit", {"purpose": "care"}, "holdOut"),
        ("second_visit", {"task": {"priority": 1000}}, "steps[0].act.priority"),
        ("second_visit", {"task": {"colour": "red"}}, "steps[0].act"),
        ("second_visit", {"holdOut": 51}, "holdOut"),
        ("second_visit", {"audience": {"all": [{"condition": "shoe_size"}]}}, "audience.all[0].condition"),
        ("second_visit", {"audience": {"all": [{"condition": "visit_count", "equals": -1}]}}, "audience.all[0].equals"),
        (
            "second_visit",
            {"audience": {"all": [{"condition": "card_balance", "above": 5, "below": 3}]}},
            "audience.all[0]",
        ),
        ("second_visit", {"audience": {"some": []}}, "audience"),
        ("second_visit", {"audience": {"all": []}}, "audience.all"),
        ("second_visit", {"audience": {"any": "x"}}, "audience.any"),
        ("second_visit", {"audience": {"not": 3}}, "audience.not"),
    ],
)
def test_a_change_that_does_not_fit_names_its_field(template: str, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        drafted(template, changes)
    assert refused.value.field == field


def test_there_is_no_such_template() -> None:
    with pytest.raises(NotFound):
        drafted("nope")


def test_a_tree_may_be_four_deep_and_fifty_wide_and_no_more() -> None:
    leaf: dict[str, Any] = {"condition": "visit_count", "atLeast": 1, "atMost": 9}
    deep = {"all": [{"any": [{"not": {"all": [leaf]}}]}]}
    assert drafted("second_visit", {"audience": deep}).audience == deep
    with pytest.raises(Invalid, match=r"all\[0\]\.any\[0\]\.not\.all\[0\]"):
        drafted("second_visit", {"audience": {"all": [{"any": [{"not": {"all": [{"not": leaf}]}}]}]}})
    with pytest.raises(Invalid, match="50"):
        drafted("second_visit", {"audience": {"all": [leaf] * 51}})
    with pytest.raises(Invalid, match="50"):
        drafted("second_visit", {"audience": {"all": [{"any": [leaf] * 26}, {"any": [leaf] * 25}]}})
