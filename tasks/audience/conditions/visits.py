"""Conditions of visits."""

from tasks.audience.asking import Asked, Row
from tasks.audience.binds import Binds
from tasks.audience.bounds import Counts, When, bounded, when, when_words
from tasks.audience.registry import Condition, register
from tasks.audience.states import Group
from tasks.audience.wording import Seen, Words


def _last_visit(params: When, binds: Binds) -> Asked:
    return Row(when("f.last_visit_on", params, binds), "f.last_visit_on::text")


def _last_visit_words(params: When, words: Words) -> str:
    return when_words(params, words, ("到过店", "came"), ("未到店", "did not come"))


register(
    Condition(
        name="last_visit",
        group=Group.CONSUMPTION,
        params=When,
        zh="最近到店",
        en="Last visit",
        ask=_last_visit,
        words=_last_visit_words,
        example={"notWithinDays": 90},
        seen=Seen.DAY,
    )
)


class VisitCountParams(Counts, frozen=True):
    """How often she came in her life."""


def _visit_count(params: VisitCountParams, binds: Binds) -> Asked:
    return Row(bounded("f.visit_count", params, binds, "int"), "f.visit_count::text")


def _visit_count_words(params: VisitCountParams, words: Words) -> str:
    return words.say("到店次数{}", "number of visits {}", words.bounds(params, suffix=(" 次", "")))


register(
    Condition(
        name="visit_count",
        group=Group.CONSUMPTION,
        params=VisitCountParams,
        zh="到店次数",
        en="Number of visits",
        ask=_visit_count,
        words=_visit_count_words,
        example={"equals": 1},
    )
)
