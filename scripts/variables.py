"""Every blank a script may have: what it is called, what kind of value fills it, and an example in both languages."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import msgspec

from scripts.amount_words import money, remaining, times
from scripts.day_words import calendar_day, relative_day, relative_moment, suggest_days
from scripts.locales import Locale
from scripts.salutation import nickname_for

__all__ = (
    "NUMERIC",
    "SENSITIVE",
    "VARIABLES",
    "Kind",
    "Value",
    "Values",
    "Variable",
    "calendar_day",
    "money",
    "nickname_for",
    "permitted",
    "relative_day",
    "relative_moment",
    "remaining",
    "samples",
    "suggest_days",
    "times",
)

Value = str | int | None
"""What fills a blank: text ready to be read, a whole number, or nothing."""
Values = Mapping[str, Value]


class Kind(StrEnum):
    """What sort of value a variable holds."""

    TEXT = "text"
    "Words typed by someone: a name, a service, a benefit."
    MONEY = "money"
    "An amount already written out: 860元."
    COUNT = "count"
    "A whole number of uses, visits or a milestone."
    DAYS = "days"
    "A whole number of days."
    DATE = "date"
    "A calendar date written out: 10月18号. True whenever it is read."
    WHEN = "when"
    "A word relative to the day of reading: 明天, 7天前. Computed when the page is rendered, never stored."


NUMERIC: Final = frozenset({Kind.COUNT, Kind.DAYS})
"""Kinds filled by integers; only these can be compared by size."""


class Variable(msgspec.Struct, frozen=True):
    """One blank; `sensitive` ones enter a text only when the merchant switched that on."""

    name: str
    kind: Kind
    zh: str
    en: str
    sample_zh: str | int
    sample_en: str | int
    sensitive: bool = False

    def label(self, locale: Locale) -> str:
        """What the script editor calls it in this language."""
        return self.zh if locale == "zh-CN" else self.en

    def sample(self, locale: Locale) -> str | int:
        """A value for previews in this language; an integer exactly when the kind is numeric."""
        return self.sample_zh if locale == "zh-CN" else self.sample_en


def _registry() -> Iterator[Variable]:
    yield from _people_and_services()
    yield from _amounts()
    yield from _days_and_tags()


def _people_and_services() -> Iterator[Variable]:
    text, days = Kind.TEXT, Kind.DAYS
    yield Variable("nickname", text, "称呼", "What to call the customer", "王姐", "Anna")
    yield Variable("store", text, "门店", "Store", "静安店", "Harbour Street")
    yield Variable("staff", text, "跟进员工", "Employee who follows up", "大王", "Grace")
    yield Variable("staff_served", text, "服务员工", "Employee who serves or served", "小林", "Mia")
    yield Variable("previous_staff", text, "原顾问", "Previous consultant", "阿美", "Chloe")
    yield Variable("manager", text, "店长", "Store manager", "陈静", "Helen")
    yield Variable("service", text, "预约项目", "Service booked", "补水护理", "hydrating facial")
    yield Variable("last_service", text, "上次项目", "Last service", "补水护理", "hydrating facial")
    yield Variable("card_service", text, "卡内项目", "Service on the card", "肩颈按摩", "shoulder massage")
    yield Variable("item", text, "体验或试用的产品", "Item tried or sampled", "保湿面霜", "moisturiser")
    yield Variable("upkeep", text, "到周期该做的事", "What is due, as a verb", "补水", "topping up")
    yield Variable("cycle_days", days, "建议间隔天数", "Days between visits", 28, 28)


def _amounts() -> Iterator[Variable]:
    text, money_, count, days = Kind.TEXT, Kind.MONEY, Kind.COUNT, Kind.DAYS
    yield Variable("days_since", days, "距上次天数", "Days since last visit", 26, 26)
    yield Variable("days_left", days, "到期剩余天数", "Days until expiry", 12, 12)
    yield Variable("refund_days", days, "退款到账天数", "Days until the refund arrives", 7, 7)
    yield Variable("days_together", count, "认识天数", "Days since we met", 365, 365)
    yield Variable("uses_left", count, "剩余次数", "Uses left", 3, 3)
    yield Variable("visits_left", count, "余额约够次数", "Visits the balance covers", 2, 2)
    yield Variable("card_name", text, "卡名", "Card", "补水年卡", "annual facial card")
    yield Variable("balance", money_, "余额", "Balance", "460元", "¥460")
    yield Variable("remaining", text, "卡内剩余", "What is left on the card", "余额860元", "¥860")
    yield Variable("refund_amount", money_, "退款金额", "Amount refunded", "860元", "¥860")
    yield Variable("benefit", text, "优惠", "Benefit", "双倍积分", "double points")
    yield Variable("level", text, "会员等级", "Level", "金卡", "Gold")
    yield Variable("level_benefit", text, "等级权益", "What the level brings", "护理享九折", "10% off treatments")
    yield Variable("term_name", text, "节气或节日", "Season or festival", "立冬", "start of winter")
    yield Variable("term_tip", text, "节气提示", "Season tip", "早晚温差大，皮肤容易干", "the air is getting dry")
    yield Variable("care_tip", text, "护理提示", "Care tip", "保湿和防晒", "moisturising and sun care")


def _days_and_tags() -> Iterator[Variable]:
    text, on, when = Kind.TEXT, Kind.DATE, Kind.WHEN
    yield Variable("expires_on", on, "到期日", "Expiry date", "10月18号", "18 October")
    yield Variable("last_used_on", on, "上次用卡日", "Card last used", "9月16号", "16 September")
    yield Variable("member_day_when", when, "会员日", "Member day", "明天", "tomorrow")
    yield Variable("last_visit_when", when, "上次到店", "Last visit", "7天前", "7 days ago")
    yield Variable("birthday_when", when, "生日", "Birthday", "18号周五", "Friday the 18th")
    yield Variable("anniversary_when", when, "纪念日", "Anniversary", "今天", "today")
    yield Variable("appointment_when", when, "预约时间", "Appointment", "明天下午3点", "tomorrow at 3 pm")
    yield Variable("event_when", when, "事件发生时间", "When it happened", "昨天", "yesterday")
    yield Variable("term_when", when, "节气当天", "Day of the season or festival", "今天", "today")
    yield Variable("suggest_days", when, "建议日期", "Suggested days", "周四或周六", "Thursday or Saturday")
    yield Variable("skin_tag", text, "肤质标签", "Skin tag", "干性敏感肌", "dry, sensitive skin", sensitive=True)
    yield Variable("allergy", text, "过敏史", "Allergies", "对酒精过敏", "allergic to alcohol", sensitive=True)
    yield Variable("pregnancy", text, "孕期", "Pregnancy", "孕期", "expecting", sensitive=True)


VARIABLES: Final[Mapping[str, Variable]] = MappingProxyType({variable.name: variable for variable in _registry()})
"""The registry, in the order the script editor lists it."""

SENSITIVE: Final = frozenset(name for name, variable in VARIABLES.items() if variable.sensitive)
"""Names of variables that tell something about a customer's health."""


def samples(locale: Locale) -> dict[str, Value]:
    """A value for every variable, for previews and tests."""
    return {name: variable.sample(locale) for name, variable in VARIABLES.items()}


def permitted(values: Values, *, sensitive: bool) -> Values:
    """The values that may enter a text: without the sensitive ones unless the merchant switched them on."""
    return values if sensitive else {name: value for name, value in values.items() if name not in SENSITIVE}
