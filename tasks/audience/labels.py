"""What forms write beside the fields of conditions, zh-CN and en."""

from typing import Final

from tasks.audience.states import Group

GROUPS: Final[dict[Group, tuple[str, str]]] = {
    Group.PROFILE: ("基本属性", "Profile"),
    Group.CONSUMPTION: ("消费行为", "Consumption"),
    Group.ASSETS: ("资产", "Assets"),
    Group.CONTACT: ("触达", "Contact"),
    Group.VALUE: ("价值", "Value"),
}
"""A group's name."""

FIELDS: Final[dict[str, tuple[str, str]]] = {
    "equals": ("等于", "Exactly"),
    "atLeast": ("不低于", "At least"),
    "atMost": ("不高于", "At most"),
    "above": ("高于", "Above"),
    "below": ("低于", "Below"),
    "withinDays": ("近几天内", "Within days"),
    "notWithinDays": ("近几天内没有", "Not within days"),
    "fromOn": ("从", "From"),
    "toOn": ("到", "To"),
    "isOneOf": ("是其中之一", "Is one of"),
    "products": ("项目、商品或卡项", "Products or cards"),
    "categories": ("分类", "Categories"),
    "bought": ("买过", "Bought"),
    "held": ("持有", "Held"),
    "segment": ("分群", "Segment"),
    "smart": ("智能分群", "Smart segment"),
    "nextDays": ("今天起几天内", "In the next days"),
    "inDays": ("几天后", "In days exactly"),
    "thisMonth": ("本月", "This month"),
    "fromDay": ("从（月-日）", "From (month-day)"),
    "toDay": ("到（月-日）", "To (month-day)"),
    "calendar": ("历法", "Calendar"),
    "plausible": ("可信", "Plausible"),
    "missing": ("没有填写", "Not set"),
    "stores": ("门店", "Stores"),
    "staff": ("员工", "Staff"),
    "empty": ("没有", "Nobody"),
    "category": ("分类", "Category"),
    "nobody": ("没有加任何人", "Nobody's friend"),
    "channel": ("渠道", "Channel"),
    "anyOf": ("有其中任意一个", "Any of"),
    "allOf": ("同时拥有", "All of"),
    "noneOf": ("都没有", "None of"),
    "attribute": ("属性", "Attribute"),
    "isNoneOf": ("不是其中任何一个", "Is none of"),
    "flag": ("是否", "Yes or no"),
    "total": ("合计", "In total"),
    "frozen": ("停用", "Frozen"),
    "frozenToo": ("含停卡", "Frozen cards too"),
    "expiredToo": ("含过期卡", "Expired cards too"),
}
"""A field of a condition → its label; every field of every condition has one (tests/unit/audience)."""
