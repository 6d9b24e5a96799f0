"""Tables of what is computed from the ledgers: rhythm, tiers, and when that was done."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field

from tasks.insight.states import ChurnLevel, RfmTier
from tasks.kernel.columns import Row, big, check, day, document, index, instant, key, of_merchant, one_of, refers, text


class OpenDay(Row, table=True):
    """How many days a store has been open up to and including a day, counted from a fixed day on; gaps and overdue ratios skip closed days."""

    __tablename__ = "store_open_day"

    merchant_id: UUID = key()
    store_id: UUID = key()
    day_on: date = Field(primary_key=True)
    nth: int

    __table_args__ = (refers("store_id", "store"),)


class CustomerRhythm(Row, table=True):
    """How often a customer comes for a service category; category '' is every service.

    `days` are different days with such a service. `last_nth` is the last of them on the open-day count of `store_id`. The gap that is expected is
    `gap_open_days / gap_over` open days, kept as a fraction so that a ratio is exact: her `own` average after three days, else the category's usual one;
    null when neither is known.
    """

    __tablename__ = "customer_rhythm"

    merchant_id: UUID = key()
    customer_id: UUID = key()
    category: str = text(primary_key=True)
    store_id: UUID
    days: int
    first_on: date = day()
    last_on: date = day()
    last_nth: int
    gap_open_days: int | None = Field(default=None)
    gap_over: int | None = Field(default=None)
    own: bool = Field(default=False)

    __table_args__ = (
        refers("customer_id", "customer"),
        # The store is a copy of the customer's, or of a visit's, and is checked there (ADR 10).
        check("days", "days > 0 and last_on >= first_on"),
        check(
            "gap", "(gap_open_days is null) = (gap_over is null) and coalesce(gap_open_days > 0 and gap_over > 0, true)"
        ),
        index("ix_customer_rhythm_last", "category", "last_on", "customer_id"),
    )


class CustomerInsight(Row, table=True):
    """A customer's tiers, since when, and what they were before: null until she moved for the first time.

    `computed_on` is the local day of the computation that last changed something here; `insight_run` says when everybody was last looked at.
    """

    __tablename__ = "customer_insight"

    merchant_id: UUID = key()
    customer_id: UUID = key()
    recency_score: int | None = Field(default=None)
    frequency_score: int | None = Field(default=None)
    money_score: int | None = Field(default=None)
    rfm_tier: str | None = text(default=None)
    rfm_before: str | None = text(default=None)
    rfm_since_on: date | None = day(default=None)
    churn_level: str | None = text(default=None)
    churn_before: str | None = text(default=None)
    churn_since_on: date | None = day(default=None)
    computed_on: date = day()

    __table_args__ = (
        refers("customer_id", "customer"),
        one_of("rfm_tier", RfmTier),
        one_of("rfm_before", RfmTier),
        one_of("churn_level", ChurnLevel),
        one_of("churn_before", ChurnLevel),
        index("ix_customer_insight_rfm", "rfm_tier", "customer_id"),
        index("ix_customer_insight_churn", "churn_level", "customer_id"),
    )


class InsightRules(Row, table=True):
    """How a merchant wants its customers' value judged; without a row the defaults hold."""

    __tablename__ = "insight_rules"

    merchant_id: UUID = key()
    rules: dict[str, Any] = document()
    etag: int = big(default=1)
    changed_at: datetime = instant()

    __table_args__ = (of_merchant(),)


class InsightRun(Row, table=True):
    """One computation over everybody. `cuts` are the lower bounds of the scores it found, by which one customer is judged until the next.

    Written when it begins; a mark in `insight_due` stays until it is done, and `finished_at` is when that was.
    """

    __tablename__ = "insight_run"

    merchant_id: UUID = key()
    id: UUID = key()
    computed_on: date = day()
    rules: dict[str, Any] = document()
    cuts: dict[str, Any] = document(default_factory=dict)
    customers: int = Field(default=0)
    moved: int = Field(default=0)
    finished_at: datetime = instant()

    __table_args__ = (of_merchant(), index("ix_insight_run_day", "computed_on"))


class InsightDue(Row, table=True):
    """A mark that everybody must be computed anew: books of the past came in, a calendar or a rule changed."""

    __tablename__ = "insight_due"

    merchant_id: UUID = key()
    id: UUID = key()
    reason: str = text()
    marked_at: datetime = instant()

    __table_args__ = (of_merchant(), index("ix_insight_due_at", "marked_at"))


class BirthdayDefault(Row, table=True):
    """A birthday that so many customers share that a POS must have made it up (templates.md, "birthday")."""

    __tablename__ = "birthday_default"

    merchant_id: UUID = key()
    birthday_on: date = Field(primary_key=True)

    __table_args__ = (of_merchant(),)
