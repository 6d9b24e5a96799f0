"""The festivals every merchant has: their codes, names and rules. A merchant's own ones stand beside them, under the names the merchant gave."""

from collections.abc import Mapping

import msgspec

from tasks.plans.calendars.names import Term, Weekday
from tasks.plans.calendars.yearly import OnDay, OnLunarDay, OnNewYearsEve, OnTerm, OnWeekday, YearlyRule


class BuiltIn(msgspec.Struct, frozen=True):
    """A festival everybody knows."""

    zh: str
    en: str
    rule: YearlyRule


BUILT_IN: Mapping[str, BuiltIn] = {
    "new_year": BuiltIn("元旦", "New Year's Day", OnDay(month=1, day=1)),
    "laba": BuiltIn("腊八节", "Laba Festival", OnLunarDay(month=12, day=8)),
    "little_new_year": BuiltIn("小年", "Little New Year", OnLunarDay(month=12, day=23)),
    "new_years_eve": BuiltIn("除夕", "Chinese New Year's Eve", OnNewYearsEve()),
    "spring_festival": BuiltIn("春节", "Spring Festival", OnLunarDay(month=1, day=1)),
    "lantern": BuiltIn("元宵节", "Lantern Festival", OnLunarDay(month=1, day=15)),
    "valentines": BuiltIn("情人节", "Valentine's Day", OnDay(month=2, day=14)),
    "dragon_head": BuiltIn("龙抬头", "Dragon Head-Raising Day", OnLunarDay(month=2, day=2)),
    "womens_day": BuiltIn("妇女节", "Women's Day", OnDay(month=3, day=8)),
    "white_day": BuiltIn("白色情人节", "White Day", OnDay(month=3, day=14)),
    "tomb_sweeping": BuiltIn("清明节", "Tomb-Sweeping Day", OnTerm(Term.QING_MING)),
    "labour_day": BuiltIn("劳动节", "Labour Day", OnDay(month=5, day=1)),
    "youth_day": BuiltIn("青年节", "Youth Day", OnDay(month=5, day=4)),
    "mothers_day": BuiltIn("母亲节", "Mother's Day", OnWeekday(5, Weekday.SUN, 2)),
    "love_520": BuiltIn("520", "520 (I Love You Day)", OnDay(month=5, day=20)),
    "childrens_day": BuiltIn("儿童节", "Children's Day", OnDay(month=6, day=1)),
    "dragon_boat": BuiltIn("端午节", "Dragon Boat Festival", OnLunarDay(month=5, day=5)),
    "shopping_618": BuiltIn("618", "618 Shopping Day", OnDay(month=6, day=18)),
    "fathers_day": BuiltIn("父亲节", "Father's Day", OnWeekday(6, Weekday.SUN, 3)),
    "qixi": BuiltIn("七夕", "Qixi (Double Seventh)", OnLunarDay(month=7, day=7)),
    "teachers_day": BuiltIn("教师节", "Teachers' Day", OnDay(month=9, day=10)),
    "mid_autumn": BuiltIn("中秋节", "Mid-Autumn Festival", OnLunarDay(month=8, day=15)),
    "national_day": BuiltIn("国庆节", "National Day", OnDay(month=10, day=1)),
    "double_ninth": BuiltIn("重阳节", "Double Ninth Festival", OnLunarDay(month=9, day=9)),
    "double_11": BuiltIn("双11", "Double 11", OnDay(month=11, day=11)),
    "thanksgiving": BuiltIn("感恩节", "Thanksgiving", OnWeekday(11, Weekday.THU, 4)),
    "double_12": BuiltIn("双12", "Double 12", OnDay(month=12, day=12)),
    "winter_solstice": BuiltIn("冬至", "Winter Solstice", OnTerm(Term.DONG_ZHI)),
    "christmas_eve": BuiltIn("平安夜", "Christmas Eve", OnDay(month=12, day=24)),
    "christmas": BuiltIn("圣诞节", "Christmas", OnDay(month=12, day=25)),
}
"""By code, in the order of the year."""


def rule_of(name: str, own: Mapping[str, YearlyRule]) -> YearlyRule | None:
    """Return when a festival is: a built-in one by its code, else the merchant's own of that name; None when there is none."""
    return BUILT_IN[name].rule if name in BUILT_IN else own.get(name)
