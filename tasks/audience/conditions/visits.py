"""Conditions of visits."""

from tasks.audience.asking import Asked, Row, Some
from tasks.audience.binds import Binds
from tasks.audience.bounds import Count, Counts, When, bounded, check_bounds, dates, holds_at_zero, when, when_words
from tasks.audience.registry import Condition, register
from tasks.audience.states import Group
from tasks.audience.windows import Window, check_window, in_window, window_words
from tasks.audience.wording import Seen, Words


def _last_visit(params: When, binds: Binds) -> Asked:
    return Row(when("f.last_visit_on", params, dates(binds)), "f.last_visit_on::text")


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


def _first_visit(params: When, binds: Binds) -> Asked:
    return Row(when("f.first_visit_on", params, dates(binds)), "f.first_visit_on::text")


def _first_visit_words(params: When, words: Words) -> str:
    return when_words(
        params, words, ("首次到店", "came for the first time"), ("没有首次到店", "did not come for the first time")
    )


register(
    Condition(
        name="first_visit",
        group=Group.CONSUMPTION,
        params=When,
        zh="首次到店",
        en="First visit",
        ask=_first_visit,
        words=_first_visit_words,
        example={"withinDays": 30},
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


class VisitsInPeriodParams(Window, frozen=True):
    """How often she came in a window of days; a store and a day are one visit, and none is 0."""

    equals: Count | None = None
    at_least: Count | None = None
    at_most: Count | None = None
    above: Count | None = None
    below: Count | None = None

    def __post_init__(self) -> None:
        """Refuse a window or bounds that say nothing."""
        check_window(self)
        check_bounds(self)


def _visits_in_period(params: VisitsInPeriodParams, binds: Binds) -> Asked:
    return Some(
        source="visit v",
        who="v.customer_id",
        merchant="v.merchant_id",
        where=f"{in_window('v.visited_on', params, binds)} and v.visited_at <= {{until}}",
        holds=bounded("count(*)", params, binds),
        empty=holds_at_zero(params),
    )


def _visits_in_period_words(params: VisitsInPeriodParams, words: Words) -> str:
    bounds = words.bounds(params, suffix=(" 次", ""))
    return words.say("{}到店次数{}", "number of visits {} {}", window_words(params, words), bounds)


register(
    Condition(
        name="visits_in_period",
        group=Group.CONSUMPTION,
        params=VisitsInPeriodParams,
        zh="一段时间内的到店次数",
        en="Visits in a period",
        ask=_visits_in_period,
        words=_visits_in_period_words,
        example={"withinDays": 90, "atLeast": 3},
    )
)
