"""How a merchant wants its customers' value judged: the rules, their bounds, and how a score becomes a tier. Pure."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import msgspec

from tasks.insight.states import Basis, Method, RfmTier
from tasks.kernel.errors import Invalid

LOST_AFTER_DAYS: Final = 365
"""Who has been away for longer is lost, whatever her rhythm (product.md: win-back ends there)."""
TOP: Final = 5
"""The best score; 4 and 5 are high."""
HIGH: Final = 4
"""The lowest score that is high."""
OWN_AFTER_DAYS: Final = 3
"""Different days from which on a customer has a rhythm of her own."""

Days = Annotated[int, msgspec.Meta(ge=1, le=3660)]
Times = Annotated[int, msgspec.Meta(ge=1, le=1000)]
Cents = Annotated[int, msgspec.Meta(ge=1, le=10**12)]
Ratio = Annotated[float, msgspec.Meta(gt=0, le=1000)]

TIERS: Final[Mapping[tuple[bool, bool, bool], RfmTier]] = {
    (True, True, True): RfmTier.CHAMPION,
    (False, True, True): RfmTier.KEEP,
    (True, False, True): RfmTier.DEVELOP,
    (False, False, True): RfmTier.WIN_BACK,
    (True, True, False): RfmTier.VALUED,
    (False, True, False): RfmTier.MAINTAIN,
    (True, False, False): RfmTier.NEWCOMER,
    (False, False, False): RfmTier.LOST,
}
"""Recency, frequency and money high or low → the tier."""


class Thresholds(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What counts as high: bought within so many days, so often in the window, for so much (分) in the window."""

    recency_days: Days = 90
    frequency: Times = 4
    money_cents: Cents = 100_000


class InsightRulesIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A merchant's rules; what is left out is the default.

    `window_days` bounds the purchases that count for RFM; `basis` which money is M. `usual_gap_days` is expected of a customer without a rhythm of her own,
    over all services. `due_at`, `at_risk_at` and `lost_at` are the overdue ratios from which on the churn level is that.
    """

    window_days: Days = 365
    basis: Basis = Basis.CASH
    method: Method = Method.THRESHOLDS
    thresholds: Thresholds = Thresholds()
    usual_gap_days: Days = 30
    due_at: Ratio = 1.0
    at_risk_at: Ratio = 2.0
    lost_at: Ratio = 3.0


def check_rules(rules: InsightRulesIn) -> None:
    """Refuse rules that contradict themselves; raises `Invalid` on the field."""
    if not rules.due_at < rules.at_risk_at < rules.lost_at:
        raise Invalid("atRiskAt", "must lie between dueAt and lostAt")
    for field, value in (("dueAt", rules.due_at), ("atRiskAt", rules.at_risk_at), ("lostAt", rules.lost_at)):
        if milli(value) != value * 1000:
            raise Invalid(field, "has more than three decimals")
    if rules.thresholds.recency_days > rules.window_days:
        raise Invalid("thresholds.recencyDays", "is longer than windowDays")


def milli(ratio: float) -> int:
    """Return a ratio in thousandths, rounded: ratios are compared as integers."""
    return round(ratio * 1000)


def read_rules(stored: Mapping[str, Any] | None) -> InsightRulesIn:
    """Return stored rules; the defaults when there are none."""
    return msgspec.convert(stored or {}, InsightRulesIn)


def store_rules(rules: InsightRulesIn) -> dict[str, Any]:
    """Return rules as they are stored."""
    stored: dict[str, Any] = msgspec.to_builtins(rules)
    return stored


class Cuts(msgspec.Struct, frozen=True, rename="camel"):
    """The lower bounds of the scores 2 to 5, as far as anybody reached them: days of the last purchase (ISO), purchases, 分."""

    recency: Sequence[str] = ()
    frequency: Sequence[int] = ()
    money: Sequence[int] = ()
