"""Conditions of consumption and contact as owners and forms meet them: words, schema, example, and what is refused."""

import re
from datetime import date
from typing import Any, Final
from uuid import UUID

import msgspec
import pytest

from tasks.audience.binds import Binds
from tasks.audience.compile import compile_node
from tasks.audience.conditions.contacts import CHANNELS
from tasks.audience.conditions.happenings import EVENTS, place_of
from tasks.audience.conditions.outcomes import OUTCOMES, OutcomeCode
from tasks.audience.ground import Ground
from tasks.audience.registry import CONDITIONS
from tasks.audience.states import Group
from tasks.audience.tree import parse
from tasks.audience.wording import Words
from tasks.callbacks.tables import Outcome
from tasks.events.payloads import TYPES
from tasks.kernel.errors import Invalid
from tasks.ledger.rules import APPOINTMENT_EVENTS
from tasks.worklist.states import Channel
from tests.support.audience_consumption import CARD_EVENTS, CONSUMPTION
from tests.support.audience_contacts import CONTACT

NAMES: Final = (*CONSUMPTION, *CONTACT, "days_away", "event_count", "event_sum")
STAFF: Final = UUID("01930000-0000-7000-8000-000000000001")


@pytest.mark.parametrize("name", NAMES)
def test_a_condition_has_words_a_schema_and_an_example_that_fits(name: str) -> None:
    condition = CONDITIONS[name]
    assert condition.group is (Group.CONTACT if name in CONTACT else Group.CONSUMPTION)
    node: Any = parse({"condition": name, **condition.example})
    chinese, english = condition.words(node.params, Words("zh-CN")), condition.words(node.params, Words("en"))
    assert len({chinese, english, ""}) == 3
    assert not re.search(r"[{}]|None", chinese + english)
    assert not re.search("[一-鿿]", english)
    assert condition.label("en") != condition.label("zh-CN")
    assert msgspec.json.schema(condition.params)["$defs"]
    assert compile_node(node, Ground(date(2028, 2, 29), zone="Asia/Shanghai"), card=False).sql


@pytest.mark.parametrize(
    ("tree", "chinese", "english"),
    [
        (
            {"condition": "visits_in_period", "withinDays": 90, "atLeast": 3},
            "近 90 天到店次数不低于 3 次",
            "number of visits in the last 90 days at least 3",
        ),
        (
            {"condition": "spend", "basis": "consumed", "above": 0},
            "累计卡消耗高于 0 元",
            "card value consumed in all above ¥0",
        ),
        (
            {"condition": "bought", "fromOn": "2026-01-01", "bought": False},
            "自 2026-01-01 起没买过任何商品",
            "did not buy anything since 2026-01-01",
        ),
        (
            {"condition": "last_contacted", "notWithinDays": 30, "channels": ["phone", "wechat"]},
            "近 30 天没有通过电话或微信联系过",
            "not contacted by way of phone or WeChat in the last 30 days",
        ),
        (
            {"condition": "last_outcome", "isOneOf": ["no_answer"], "withinDays": 7},
            "近 7 天最近一次回访结果为未接",
            "last callback's outcome in the last 7 days is no answer",
        ),
        ({"condition": "future_appointment", "withinDays": 3}, "3 天内有预约", "has an appointment within 3 days"),
        (
            {"condition": "unconfirmed_appointment", "withinDays": 1},
            "1 天内有未确认的预约",
            "has an appointment within 1 days that is not confirmed",
        ),
        (
            {"condition": "event_count", "event": "complaint", "atLeast": 2},
            "累计投诉次数不低于 2 次",
            "number of complaint in all at least 2",
        ),
        (
            {"condition": "last_service", "categories": ["lash", "skin"]},
            "上次到店做了lash或skin",
            "had lash or skin on the last visit",
        ),
        (
            {"condition": "last_ticket", "atLeast": 30_000},
            "上次到店消费不低于 300 元",
            "ticket of the last visit at least ¥300",
        ),
        (
            {"condition": "milestone", "days": [100, 365], "yearly": True},
            "今天是首次消费满 100 天或满 365 天或周年（第二年起）",
            "today is 100 days after the first purchase or 365 days after the first purchase or an anniversary of the first purchase from the second on",
        ),
        (
            {"condition": "milestone", "since": "first_visit", "yearly": True},
            "今天是首次到店周年（第二年起）",
            "today is an anniversary of the first visit from the second on",
        ),
        (
            {"condition": "days_away", "atLeast": 45, "atMost": 365},
            "距上次到店不低于 45 天且不高于 365 天（不计闭店）",
            "days since the last visit at least 45 and at most 365 (closures not counted)",
        ),
        (
            {"condition": "contact_allowed", "purpose": "marketing", "channel": "wechat", "automatic": True},
            "允许自动微信营销联系",
            "may be contacted automatically by WeChat for marketing",
        ),
        (
            {
                "condition": "event_count",
                "event": "custom.tasting",
                "withinDays": 30,
                "atLeast": 1,
                "filters": [{"field": "score", "op": "at_least", "value": 4.5}],
            },
            "近 30 天“tasting”（score 不低于 4.5）次数不低于 1 次",
            "number of “tasting” (score at least 4.5) in the last 30 days at least 1",
        ),
    ],
)
def test_sentences_are_what_an_owner_would_say(tree: dict[str, Any], chinese: str, english: str) -> None:
    node: Any = parse(tree)
    assert node.condition.words(node.params, Words("zh-CN")) == chinese
    assert node.condition.words(node.params, Words("en")) == english


def test_a_name_with_braces_is_only_a_name() -> None:
    node: Any = parse({"condition": "last_contacted", "withinDays": 3, "staff": [str(STAFF)]})
    assert node.condition.words(node.params, Words("zh-CN", {STAFF: "{0}王"})) == "近 3 天由{0}王联系过"


@pytest.mark.parametrize(
    ("tree", "why"),
    [
        ({"condition": "spend", "withinDays": 30}, "needs one of: equals, atLeast, atMost, above, below"),
        ({"condition": "spend", "above": 5, "below": 6}, "no number keeps all of the bounds"),
        ({"condition": "visits_in_period", "atLeast": 1}, "needs one of: withinDays, fromOn, toOn"),
        ({"condition": "visits_in_period", "atLeast": 1, "withinDays": 3, "toOn": "2026-01-01"}, "needs either withinDays or fromOn and toOn"),
        ({"condition": "bought", "fromOn": "2026-01-02", "toOn": "2026-01-01"}, "toOn is before fromOn"),
        ({"condition": "first_purchase", "fromOn": "0001-01-01"}, "fromOn is not between 1900-01-01 and 2199-12-31"),
        ({"condition": "last_purchase", "toOn": "9999-12-31"}, "toOn is not between 1900-01-01 and 2199-12-31"),
        ({"condition": "reply_rate", "withinDays": 9, "above": 50, "below": 50}, "no number keeps all of the bounds"),
        ({"condition": "last_service"}, "needs one of: products, categories"),
        ({"condition": "milestone"}, "needs one of: days, yearly"),
        ({"condition": "event_count", "event": "paid", "atLeast": 1, "withinDays": 3, "fromOn": "2026-01-01"}, "needs either withinDays or fromOn and toOn"),
        ({"condition": "event_count", "event": "custom.Nonsense!", "withinDays": 3, "atLeast": 1}, "event is no known event type"),
        ({"condition": "event_sum", "event": "custom.a", "field": "x", "withinDays": 3, "atLeast": 0.0001}, "a number has at most three decimals"),
        ({"condition": "event_sum", "event": "order_placed", "field": "product", "withinDays": 3, "atLeast": 1}, "the field is not a number"),
        ({"condition": "event_sum", "event": "order_placed", "field": "phone", "withinDays": 3, "atLeast": 1}, "the event has no such field"),
    ],
)  # fmt: skip
def test_what_says_nothing_or_means_nobody_is_refused(tree: dict[str, Any], why: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse({"all": [tree]})
    assert refused.value.field is not None
    assert refused.value.field.startswith("audience.all[0]")
    assert refused.value.facts["why"] == why


def test_a_share_may_lie_between_two_whole_ones() -> None:
    assert parse({"condition": "reply_rate", "withinDays": 9, "above": 66, "below": 67})


@pytest.mark.parametrize(
    ("said", "op", "why"),
    [
        ("red", "above", "above compares a number or a day"),
        (True, "at_least", "at_least compares a number or a day"),
        (0.0001, "equals", "a number has at most three decimals"),
    ],
)
def test_a_filter_that_cannot_be_compared_is_refused_where_it_stands(said: object, op: str, why: str) -> None:
    filters = [{"field": "score", "value": 1}, {"field": "score", "op": op, "value": said}]
    with pytest.raises(Invalid) as refused:
        parse({"condition": "event_count", "event": "custom.a", "withinDays": 3, "atLeast": 1, "filters": filters})
    assert (refused.value.field, refused.value.facts["why"]) == ("audience.filters[1]", why)


def test_every_event_type_outcome_and_channel_has_words() -> None:
    assert set(EVENTS) == set(TYPES)
    assert set(OUTCOMES) == set(OutcomeCode)
    assert set(CHANNELS) == set(Channel)
    assert {one.value for one in Outcome} == {one.value for one in OutcomeCode}


def test_events_that_the_ledger_writes_are_found_by_their_ledger_rows() -> None:
    written = {"purchase", "refunded", "service_completed", *CARD_EVENTS, *APPOINTMENT_EVENTS.values()}
    assert {name for name in TYPES if place_of(name).where == "e.ledger_id is not null"} == written


def test_a_day_begins_when_it_begins_in_the_customers_zone() -> None:
    binds = Binds(date(2026, 3, 8), zone="America/New_York")
    binds.start_of_days_ago(0)
    binds.start_of(date(2026, 3, 9))
    first, second = binds.values.values()
    assert (second - first).total_seconds() == 23 * 3600  # the clocks go forward
