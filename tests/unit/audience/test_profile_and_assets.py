"""What product.md's table asks of the profile and asset conditions: there, in words of both languages, and for every kind of parameter."""

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
import pytest

from tasks.audience.binds import Binds
from tasks.audience.catalog import catalogue
from tasks.audience.conditions.birthdays import BirthdayParams, days_of
from tasks.audience.registry import CONDITIONS
from tasks.audience.states import Group
from tasks.audience.tree import Leaf, parse
from tasks.audience.wording import Words
from tasks.kernel.errors import Invalid

ONE, TWO = UUID("01930000-0000-7000-8000-000000000001"), UUID("01930000-0000-7000-8000-000000000002")
NAMES: dict[UUID | str, str] = {ONE: "甲{}", TWO: "乙"}
PROFILE = {
    "gender", "birthday", "birthday_plausible", "source", "customer_since", "level", "tags", "home_store", "region", "consultant", "technician", "friend",
    "attribute",
}  # fmt: skip
ASSETS = {
    "card_balance", "card_expiry", "card_days_left", "card_uses_left", "card_held", "card_frozen", "card_used", "promo_card", "points", "points_expiring",
}  # fmt: skip
MINE = sorted(PROFILE | ASSETS)

SENTENCES: list[tuple[dict[str, Any], str, str]] = [
    ({"condition": "gender", "isOneOf": ["female", "unknown"]}, "性别为女或未知", "gender is female or unknown"),
    ({"condition": "birthday", "nextDays": 0}, "今天生日", "birthday is today"),
    ({"condition": "birthday", "inDays": 0, "calendar": "lunar"}, "今天农历生日", "birthday (lunar) is today"),
    ({"condition": "birthday", "nextDays": 7}, "今天起 7 天内生日", "birthday is in the next 7 days"),
    ({"condition": "birthday", "inDays": 3}, "3 天后生日", "birthday is in 3 days"),
    ({"condition": "birthday", "thisMonth": True, "calendar": "solar"}, "公历生日在本月", "birthday (solar) is this month"),
    ({"condition": "birthday", "fromDay": "12-20", "toDay": "01-10"}, "生日在 12-20 至 01-10", "birthday is between 12-20 and 01-10"),
    ({"condition": "birthday_plausible"}, "生日可信（已填且非系统默认值）", "birthday is known and plausible"),
    ({"condition": "birthday_plausible", "plausible": False}, "生日未填或为系统默认值", "birthday is unknown or a made-up default"),
    ({"condition": "source", "isOneOf": ["点评", "{0}"], "missing": True}, "来源为点评或{0}或来源未知", "came from 点评 or {0} or source is unknown"),
    ({"condition": "level", "missing": True}, "没有会员等级", "has no level"),
    ({"condition": "region", "isOneOf": ["东区"], "missing": True}, "归属门店在东区或归属门店没有区域", "home store is in 东区 or home store has no region"),
    ({"condition": "home_store", "stores": [str(TWO)], "missing": True}, "归属门店为乙或没有归属门店", "home store is 乙 or has no home store"),
    ({"condition": "customer_since", "withinDays": 30}, "近 30 天成为客户", "became a customer in the last 30 days"),
    (
        {"condition": "customer_since", "notWithinDays": 30},
        "成为客户超过 30 天（含日期未知）",
        "has been a customer for more than 30 days, or since nobody knows when",
    ),
    ({"condition": "customer_since", "fromOn": "2026-01-01"}, "2026-01-01 至 … 成为客户", "became a customer from 2026-01-01 to …"),
    (
        {"condition": "tags", "anyOf": [str(ONE), str(TWO)], "allOf": [str(ONE), str(TWO)], "noneOf": [str(TWO)]},
        "有标签甲{}或乙且同时有标签甲{}、乙且没有标签乙",
        "tagged 甲{} or 乙 and tagged 甲{} and 乙 and not tagged 乙",
    ),
    ({"condition": "consultant", "staff": [str(ONE), str(TWO)]}, "专属顾问为甲{}或乙", "consultant is 甲{} or 乙"),
    ({"condition": "technician", "empty": True, "category": "{1}"}, "没有{1}的专属技师", "has no technician for {1}"),
    ({"condition": "friend"}, "已加微信或企业微信好友", "is somebody's WeChat or WeCom friend"),
    ({"condition": "friend", "nobody": True, "channel": "wecom"}, "没有任何企业微信好友", "is nobody's WeCom friend"),
    ({"condition": "friend", "staff": [str(TWO)], "channel": "wechat"}, "是乙的微信好友", "is a WeChat friend of 乙"),
    (
        {"condition": "attribute", "attribute": str(ONE), "isOneOf": ["干性"], "isNoneOf": ["油性"], "missing": True},
        "甲{}为干性且甲{}不是油性或甲{}没有填写",
        "甲{} is 干性 and 甲{} is not 油性 or 甲{} is not set",
    ),
    ({"condition": "attribute", "attribute": str(TWO), "above": 1.5, "atMost": 100}, "乙不高于 100且高于 1.5", "乙 at most 100 and above 1.5"),
    ({"condition": "attribute", "attribute": str(TWO), "flag": False}, "乙为否", "乙 is no"),
    ({"condition": "attribute", "attribute": str(TWO), "withinDays": 3}, "乙近 3 天内", "乙 was in the last 3 days"),
    (
        {"condition": "card_balance", "below": 50_000, "products": [str(TWO)], "total": True, "frozenToo": True, "expiredToo": True},
        "“乙”的充值卡余额合计低于 500 元（含停卡、过期卡）",
        "of “乙”: stored-value balance in total below ¥500 (with frozen and expired cards)",
    ),
    ({"condition": "card_uses_left", "equals": 1}, "次卡剩余次数为 1 次", "uses left on a card is 1"),
    ({"condition": "card_uses_left", "atLeast": 1, "total": True}, "次卡剩余次数合计不低于 1 次", "uses left on cards in total at least 1"),
    (
        {"condition": "card_expiry", "toOn": "2026-03-31", "frozenToo": True},
        "卡在 … 至 2026-03-31 到期（含停卡）",
        "card expires from … to 2026-03-31 (with frozen cards)",
    ),
    ({"condition": "card_days_left", "atMost": 30}, "卡剩余有效期不高于 30 天", "card's time left at most 30 days"),
    ({"condition": "card_held"}, "持有有效卡", "holds a card"),
    ({"condition": "card_held", "held": False, "products": [str(ONE)]}, "未持有“甲{}”", "holds no card of “甲{}”"),
    ({"condition": "card_held", "products": [str(TWO)]}, "持有“乙”", "holds a card of “乙”"),
    ({"condition": "card_held", "held": False}, "没有有效卡", "holds no card"),
    ({"condition": "card_frozen"}, "卡已停用", "the card is frozen"),
    ({"condition": "card_frozen", "frozen": False}, "卡未停用", "the card is not frozen"),
    ({"condition": "card_used", "withinDays": 30, "products": [str(TWO)]}, "“乙”的近 30 天用过卡", "of “乙”: used the card in the last 30 days"),
    ({"condition": "promo_card", "held": True}, "持有活动卡", "holds a promotional card"),
    ({"condition": "promo_card", "held": False}, "未持有活动卡", "holds no promotional card"),
    ({"condition": "points", "atLeast": 1000}, "积分不低于 1000", "points at least 1000"),
    ({"condition": "points_expiring", "withinDays": 30, "atLeast": 5}, "30 天内有不少于 5 积分到期", "at least 5 points expire within 30 days"),
]  # fmt: skip


def leaf(tree: dict[str, Any]) -> Leaf:
    found = parse(tree)
    assert isinstance(found, Leaf)
    return found


def test_the_table_of_the_product_is_there() -> None:
    assert {name for name, one in CONDITIONS.items() if one.group is Group.PROFILE} == PROFILE
    assert {name for name, one in CONDITIONS.items() if one.group is Group.ASSETS} == ASSETS


@pytest.mark.parametrize("name", MINE)
def test_a_condition_has_labels_a_schema_and_an_example(name: str) -> None:
    one = CONDITIONS[name]
    assert one.zh
    assert one.en
    assert msgspec.json.schema(one.params)["$defs"][one.params.__name__]["properties"]
    asked = leaf({"condition": name, **one.example})
    assert one.ask(asked.params, Binds(date(2026, 3, 2)))


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_every_field_of_a_form_has_a_title(locale: str) -> None:
    shown = {one.name: one for one in catalogue(locale).items if one.name in MINE}
    assert sorted(shown) == MINE
    for one in shown.values():
        assert all(part["title"] for name, part in one.schema["properties"].items() if name != "condition"), one.name


@pytest.mark.parametrize(("tree", "zh", "en"), SENTENCES)
def test_a_condition_reads_as_people_say_it(tree: dict[str, Any], zh: str, en: str) -> None:
    asked = leaf(tree)
    assert asked.condition.words(asked.params, Words("zh-CN", NAMES)) == zh
    assert asked.condition.words(asked.params, Words("en", NAMES)) == en


def test_every_parameter_is_in_a_sentence() -> None:
    said = {(tree["condition"], name) for tree, _, _ in SENTENCES for name in tree if name != "condition"}
    bounds = {"equals", "atLeast", "atMost", "above", "below"}
    days = {"withinDays", "notWithinDays", "fromOn", "toOn"}
    for name in MINE:
        fields = {one.encode_name for one in msgspec.structs.fields(CONDITIONS[name].params)}
        shared = (
            bounds,
            days,
            {"products", "total", "frozenToo", "expiredToo"},
            {"isOneOf", "missing"},
            {"staff", "empty", "category"},
        )
        assert {(name, field) for field in fields if not any(field in group for group in shared)} <= said, name
        assert all(any(field in group for _, field in said) for group in shared for field in fields & group)


@pytest.mark.parametrize(
    ("tree", "why"),
    [
        ({"condition": "birthday"}, "exactly one of"),
        ({"condition": "birthday", "nextDays": 3, "thisMonth": True}, "exactly one of"),
        ({"condition": "birthday", "fromDay": "01-01"}, "need each other"),
        ({"condition": "birthday", "fromDay": "02-30", "toDay": "03-01"}, "not a day of any year"),
        ({"condition": "birthday", "fromDay": "13-01", "toDay": "03-01"}, "matching regex"),
        ({"condition": "birthday", "nextDays": 367}, "<= 366"),
        ({"condition": "source"}, "isOneOf, missing"),
        ({"condition": "home_store"}, "stores, missing"),
        ({"condition": "tags"}, "anyOf, allOf, noneOf"),
        ({"condition": "consultant"}, "exactly one of"),
        ({"condition": "technician", "staff": [str(ONE)], "empty": True}, "exactly one of"),
        ({"condition": "friend", "staff": [str(ONE)], "nobody": True}, "at most one of"),
        ({"condition": "attribute", "attribute": str(ONE)}, "needs a text"),
        ({"condition": "attribute", "attribute": str(ONE), "flag": True, "above": 1}, "operands of one kind"),
        ({"condition": "attribute", "attribute": str(ONE), "above": 0.0001}, "three decimals"),
        ({"condition": "attribute", "attribute": str(ONE), "above": 1e300}, "<= 1000000000000"),
        ({"condition": "attribute", "attribute": str(ONE), "above": float("nan")}, "float"),
        ({"condition": "attribute", "attribute": str(ONE), "above": 3, "below": 2}, "no number keeps"),
        (
            {"condition": "attribute", "attribute": str(ONE), "fromOn": "2026-03-02", "toOn": "2026-03-01"},
            "before fromOn",
        ),
        ({"condition": "card_balance"}, "needs one of"),
        ({"condition": "card_expiry"}, "fromOn, toOn"),
        ({"condition": "card_expiry", "fromOn": "0001-01-01"}, "not between"),
        ({"condition": "card_days_left", "atLeast": 5, "atMost": 4}, "no number keeps"),
        ({"condition": "points"}, "needs one of"),
        ({"condition": "points_expiring", "withinDays": 30, "atLeast": 0}, ">= 1"),
        ({"condition": "card_held", "products": [str(ONE)] * 51}, "length <= 50"),
    ],
)
def test_what_says_nothing_or_too_much_is_refused(tree: dict[str, Any], why: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse({"all": [tree]})
    assert why in str(refused.value.facts["why"])
    assert str(refused.value.field).startswith("audience.all[0]")


@pytest.mark.parametrize(
    ("said", "today", "first", "last"),
    [
        ({"from_day": "12-20", "to_day": "01-10"}, "2026-01-10", "2025-12-20", "2026-01-10"),
        ({"from_day": "12-20", "to_day": "01-10"}, "2026-01-11", "2026-12-20", "2027-01-10"),
        ({"from_day": "03-01", "to_day": "03-01"}, "2026-03-02", "2027-03-01", "2027-03-01"),
        ({"from_day": "02-29", "to_day": "02-29"}, "2026-03-02", "2027-02-28", "2027-02-28"),
        ({"from_day": "02-29", "to_day": "02-29"}, "2028-02-01", "2028-02-29", "2028-02-29"),
        ({"this_month": True}, "2028-02-29", "2028-02-01", "2028-02-29"),
        ({"next_days": 366}, "9999-12-30", "9999-12-30", "9999-12-31"),
        ({"in_days": 1}, "2026-12-31", "2027-01-01", "2027-01-01"),
        ({"from_day": "01-01", "to_day": "01-02"}, "9999-12-31", "9999-12-31", "9999-12-31"),
    ],
)  # fmt: skip
def test_a_range_of_days_is_the_one_that_runs_or_comes_next(
    said: dict[str, Any], today: str, first: str, last: str
) -> None:
    found = days_of(BirthdayParams(**said), date.fromisoformat(today))
    assert found == (date.fromisoformat(first), date.fromisoformat(last))
