"""The closed vocabularies of value."""

from enum import StrEnum


class RfmTier(StrEnum):
    """The eight tiers: recency, frequency and money each high or low."""

    CHAMPION = "champion"
    """重要价值客户: recent, often, much."""
    KEEP = "keep"
    """重要保持客户: long ago, often, much."""
    DEVELOP = "develop"
    """重要发展客户: recent, seldom, much."""
    WIN_BACK = "win_back"
    """重要挽留客户: long ago, seldom, much."""
    VALUED = "valued"
    """一般价值客户: recent, often, little."""
    MAINTAIN = "maintain"
    """一般保持客户: long ago, often, little."""
    NEWCOMER = "newcomer"
    """一般发展客户: recent, seldom, little."""
    LOST = "lost"
    """一般挽留客户: long ago, seldom, little."""


class ChurnLevel(StrEnum):
    """How far past her usual rhythm a customer is."""

    ACTIVE = "active"
    """稳定: within it."""
    DUE = "due"
    """该来了: just past it."""
    AT_RISK = "at_risk"
    """有流失风险: well past it."""
    LOST = "lost"
    """已流失: far past it, or a year away."""


class Basis(StrEnum):
    """Which money counts for the M of RFM."""

    CASH = "cash"
    """现金: cash earned."""
    CONSUMED = "consumed"
    """消耗: card value consumed."""


class Method(StrEnum):
    """How high and low are told apart."""

    THRESHOLDS = "thresholds"
    """By the merchant's own bounds."""
    QUINTILES = "quintiles"
    """By rank among the merchant's customers."""


class Moved(StrEnum):
    """What of a customer moved; the `what` of a `segment_changed` event."""

    RFM = "rfm"
    """Her RFM tier."""
    CHURN = "churn"
    """Her churn level."""


class Reason(StrEnum):
    """Why everybody must be computed anew."""

    BOOKS = "books"
    """Books of the past came in; it waits until no more come."""
    CALENDAR = "calendar"
    """Opening hours or closures changed."""
    CATALOGUE = "catalogue"
    """Products or categories changed."""
    RULES = "rules"
    """The merchant's rules changed."""
    ASKED = "asked"
    """An owner asked for it."""
    DAY = "day"
    """A new day began: levels depend on today."""
