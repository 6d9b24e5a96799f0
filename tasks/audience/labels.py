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
    "products": ("项目或商品", "Products"),
    "categories": ("分类", "Categories"),
    "bought": ("买过", "Bought"),
    "held": ("持有", "Held"),
    "segment": ("分群", "Segment"),
    "smart": ("智能分群", "Smart segment"),
}
"""A field of a condition → its label; every field of every condition has one (tests/unit/audience)."""
