"""The smart segments (智能分群) that ship ready; each is a tree like any other."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final


class SmartName(StrEnum):
    """The smart segments of product.md."""

    NEW = "new"
    """新客: until the second visit."""
    REGULAR = "regular"
    """常客: three visits or more, the last within 60 days."""
    HIGH_SPENDER = "high_spender"
    """高消费: spends much, by the merchant's own rule (RFM, money)."""
    SLEEPING_60 = "sleeping_60"
    """沉睡 60 天: came before, and not in the last 60 days."""
    SLEEPING_90 = "sleeping_90"
    """沉睡 90 天."""
    SLEEPING_180 = "sleeping_180"
    """沉睡 180 天."""
    AT_RISK = "at_risk"
    """流失风险: well past her own rhythm."""
    ONE_USE_LEFT = "one_use_left"
    """仅剩一次: a valid card with one use left."""
    LAPSED_CARD_HOLDER = "lapsed_card_holder"
    """有卡未到店: value left on a card, and not in the store for 90 days."""
    RFM_CHAMPION = "rfm_champion"
    """重要价值客户."""
    RFM_KEEP = "rfm_keep"
    """重要保持客户."""
    RFM_DEVELOP = "rfm_develop"
    """重要发展客户."""
    RFM_WIN_BACK = "rfm_win_back"
    """重要挽留客户."""
    RFM_VALUED = "rfm_valued"
    """一般价值客户."""
    RFM_MAINTAIN = "rfm_maintain"
    """一般保持客户."""
    RFM_NEWCOMER = "rfm_newcomer"
    """一般发展客户."""
    RFM_LOST = "rfm_lost"
    """一般挽留客户."""


@dataclass(frozen=True)
class Smart:
    """A smart segment: its name in zh-CN and en, and its tree."""

    names: tuple[str, str]
    tree: dict[str, Any]


def _sleeping(days: int) -> Smart:
    came = {"condition": "visit_count", "atLeast": 1}
    long_ago = {"condition": "last_visit", "notWithinDays": days}
    return Smart((f"沉睡 {days} 天", f"Sleeping {days} days"), {"all": [came, long_ago]})


def _tier(tier: str, zh: str, en: str) -> Smart:
    return Smart((zh, en), {"condition": "rfm_tier", "isOneOf": [tier]})


SMART: Final[dict[SmartName, Smart]] = {
    SmartName.NEW: Smart(("新客", "New customers"), {"condition": "visit_count", "atMost": 1}),
    SmartName.REGULAR: Smart(
        ("常客", "Regulars"),
        {"all": [{"condition": "visit_count", "atLeast": 3}, {"condition": "last_visit", "withinDays": 60}]},
    ),
    SmartName.HIGH_SPENDER: Smart(
        ("高消费客户", "High spenders"),
        {"condition": "rfm_tier", "isOneOf": ["champion", "keep", "develop", "win_back"]},
    ),
    SmartName.SLEEPING_60: _sleeping(60),
    SmartName.SLEEPING_90: _sleeping(90),
    SmartName.SLEEPING_180: _sleeping(180),
    SmartName.AT_RISK: Smart(("流失风险", "At risk"), {"condition": "churn_level", "isOneOf": ["at_risk"]}),
    SmartName.ONE_USE_LEFT: Smart(("仅剩一次", "One use left"), {"condition": "card_uses_left", "equals": 1}),
    SmartName.LAPSED_CARD_HOLDER: Smart(
        ("有卡未到店", "Lapsed card holders"),
        {
            "all": [
                {"condition": "last_visit", "notWithinDays": 90},
                {"any": [{"condition": "card_balance", "above": 0}, {"condition": "card_uses_left", "atLeast": 1}]},
            ]
        },
    ),
    SmartName.RFM_CHAMPION: _tier("champion", "重要价值客户", "Champions"),
    SmartName.RFM_KEEP: _tier("keep", "重要保持客户", "Big spenders to keep"),
    SmartName.RFM_DEVELOP: _tier("develop", "重要发展客户", "Big spenders to develop"),
    SmartName.RFM_WIN_BACK: _tier("win_back", "重要挽留客户", "Big spenders to win back"),
    SmartName.RFM_VALUED: _tier("valued", "一般价值客户", "Valued regulars"),
    SmartName.RFM_MAINTAIN: _tier("maintain", "一般保持客户", "Regulars to keep"),
    SmartName.RFM_NEWCOMER: _tier("newcomer", "一般发展客户", "Newcomers"),
    SmartName.RFM_LOST: _tier("lost", "一般挽留客户", "Lost"),
}
"""Every smart segment, in the order of the list."""
