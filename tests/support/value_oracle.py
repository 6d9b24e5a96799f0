"""Rhythm, RFM and churn level in plain pandas, from raw rows: shares nothing with the product but the definitions (docs/insight.md)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

TIERS = {
    (1, 1, 1): "champion", (0, 1, 1): "keep", (1, 0, 1): "develop", (0, 0, 1): "win_back",
    (1, 1, 0): "valued", (0, 1, 0): "maintain", (1, 0, 0): "newcomer", (0, 0, 0): "lost",
}  # fmt: skip


@dataclass(frozen=True)
class Hours:
    """When a store is open: Monday to Sunday as `1111111`, and the days on which it is closed all the same."""

    weekmask: str = "1111111"
    closed: Sequence[date] = ()

    def between(self, after: "pd.Series[pd.Timestamp]", until: "pd.Series[pd.Timestamp]") -> "np.ndarray":
        """Open days after the one, up to and including the other."""
        return np.busday_count(
            _days(after) + 1,
            _days(until) + 1,
            weekmask=self.weekmask,
            holidays=np.array(self.closed, dtype="datetime64[D]"),
        )

    @property
    def per_week(self) -> int:
        return self.weekmask.count("1")


def _days(of: "pd.Series[pd.Timestamp]") -> "np.ndarray":
    return of.to_numpy().astype("datetime64[D]")


@dataclass(frozen=True)
class Rules:
    """The merchant's rules, and the usual gap in calendar days by category ('' for all)."""

    today: date
    window: int = 365
    consumed: bool = False
    quintiles: bool = False
    thresholds: tuple[int, int, int] = (90, 4, 100_000)
    usual: Mapping[str, int] = field(default_factory=lambda: {"": 30})


def rhythm(days: pd.DataFrame, homes: Mapping[Any, Any], stores: Mapping[Any, Hours], rules: Rules) -> pd.DataFrame:
    """From one row per (customer, category, day, store) that counts: days, last day, gap numerator and denominator, since, by customer and category."""
    # In two stores at the same instant: the smaller id counts as the last.
    days = days.sort_values("store", ascending=False, kind="stable").drop_duplicates(
        ["customer", "category", "day"], keep="last"
    )
    grouped = days.sort_values("day", kind="stable").groupby(["customer", "category"])
    found = grouped.agg(
        days=("day", "size"), first=("day", "first"), last=("day", "last"), where=("store", "last")
    ).reset_index()
    home = found["customer"].map(homes)
    found["store"] = home.where(home.notna(), found["where"])
    found["today"] = pd.Timestamp(rules.today)
    parts = []
    for store, part in found.groupby("store"):
        hours = stores[store]
        span = hours.between(part["first"], part["last"])
        usual = part["category"].map(rules.usual) * hours.per_week
        own = (part["days"] >= 3) & (span > 0)
        parts.append(
            part.assign(
                own=own,
                gap=np.where(own, span, usual),
                over=np.where(own, part["days"] - 1, np.where(usual.isna(), np.nan, 7.0)),
                since=hours.between(part["last"], part["today"]),
            )
        )
    whole = pd.concat(parts)
    whole["ratio"] = whole["since"] * whole["over"] / whole["gap"]
    return whole.set_index(["customer", "category"])


def churn(whole: pd.DataFrame) -> "pd.Series[str]":
    """The level of each customer who ever came, by the default bounds."""
    mine = whole.xs("", level="category")
    since, gap = mine["since"] * mine["over"], mine["gap"]
    level = pd.Series(
        np.select([since < gap, since < 2 * gap, since < 3 * gap], ["active", "due", "at_risk"], "lost"),
        index=mine.index,
    )
    return level.mask((mine["today"] - mine["last"]).dt.days > 365, "lost")


def rfm(sales: pd.DataFrame, rules: Rules) -> pd.DataFrame:
    """From one row per receipt (customer, day, cash, card): scores and tier of everybody who ever bought."""
    sales = sales.assign(
        ago=(pd.Timestamp(rules.today) - sales["day"]).dt.days, bought=sales["cash"] + sales["card"] > 0
    )
    recent = sales[sales["ago"] <= rules.window]
    table = pd.DataFrame({"ago": sales[sales["bought"]].groupby("customer")["ago"].min()})
    table["times"] = recent[recent["bought"]].groupby("customer").size()
    table["money"] = recent.groupby("customer")["card" if rules.consumed else "cash"].sum()
    table["times"] = table["times"].fillna(0)
    buyers = table[table["times"] > 0]
    if rules.quintiles:
        n = len(buyers)
        scores = pd.DataFrame({
            "r": 1 + (buyers["ago"].rank(method="max", ascending=True).rsub(n)) * 5 // n,
            "f": 1 + (buyers["times"].rank(method="min") - 1) * 5 // n,
            "m": 1 + (buyers["money"].rank(method="min") - 1) * 5 // n,
        })  # fmt: skip
    else:
        recency, often, much = rules.thresholds
        scores = pd.DataFrame({
            "r": np.where(buyers["ago"] <= recency, 5, 1),
            "f": np.where(buyers["times"] >= often, 5, 1),
            "m": np.where(buyers["money"] >= much, 5, 1),
        }, index=buyers.index)  # fmt: skip
    scores = scores.reindex(table.index).fillna(1).astype(int)
    high = (scores >= 4).astype(int)
    scores["tier"] = [TIERS[highs] for highs in high.itertuples(index=False, name=None)]
    return scores
