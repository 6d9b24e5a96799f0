"""Tables of benefits: what they are, their days as ranges of time, and what was given."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint
from sqlmodel import Field

from tasks.benefits.states import BenefitState, BudgetUnit, GainKind, Period, RedemptionState, Stacking
from tasks.kernel.columns import (
    Row,
    big,
    check,
    day,
    document,
    index,
    instant,
    key,
    of_merchant,
    one_of,
    only,
    refers,
    text,
)


class Benefit(Row, table=True):
    """What is given on some days. `value` is hundredths of points, a percentage or 分; member prices stand with the items. `to_time` None: the day's end.

    For whom, where and for what stands in rows of their own; none of a kind is everybody, everywhere, everything. `written_at` is when its days were
    last written ahead.
    """

    merchant_id: UUID = key()
    id: UUID = key()
    name: str = text()
    state: str = text(default=BenefitState.DRAFT)
    etag: int = big(default=1)
    days: dict[str, Any] = document()
    from_time: time
    to_time: time | None = Field(default=None)
    from_on: date | None = day(default=None)
    to_on: date | None = day(default=None)
    gain: str = text()
    value: int | None = big(default=None)
    each: bool = Field(default=False)
    members_only: bool = Field(default=False)
    stacking: str = text()
    min_spend_cents: int = big(default=0)
    per_bill_cents: int | None = big(default=None)
    per_day_cents: int | None = big(default=None)
    per_day_times: int | None = Field(default=None)
    budget_amount: int | None = big(default=None)
    budget_unit: str | None = text(default=None)
    budget_period: str | None = text(default=None)
    plan_id: UUID | None = Field(default=None)
    written_at: datetime | None = instant(default=None)
    created_at: datetime = instant()
    changed_at: datetime = instant()

    __table_args__ = (
        of_merchant(),
        refers("plan_id", "plan"),
        one_of("state", BenefitState),
        one_of("gain", GainKind),
        one_of("stacking", Stacking),
        one_of("budget_unit", BudgetUnit),
        one_of("budget_period", Period),
        check("name", "name <> ''"),
        check("order", "to_time > from_time and to_on >= from_on"),
        check(
            "value",
            "case gain when 'points' then coalesce(value, 0) > 100 when 'percent_off' then coalesce(value, 0) between 1 and 99 "
            "when 'amount_off' then coalesce(value, 0) > 0 else value is null end",
        ),
        check("amounts", "min_spend_cents >= 0 and per_bill_cents > 0 and per_day_cents > 0 and per_day_times > 0"),
        check("budget", "num_nonnulls(budget_amount, budget_unit, budget_period) in (0, 3) and budget_amount > 0"),
        index("ix_benefit_plan", "plan_id", where="plan_id is not null"),
    )


class BenefitStore(Row, table=True):
    """A store in which a benefit is given."""

    __tablename__ = "benefit_store"

    merchant_id: UUID = key()
    benefit_id: UUID = key()
    store_id: UUID = key()

    __table_args__ = (refers("benefit_id", "benefit"), refers("store_id", "store"))


class BenefitLevel(Row, table=True):
    """A membership level that a benefit is for."""

    __tablename__ = "benefit_level"

    merchant_id: UUID = key()
    benefit_id: UUID = key()
    level: str = text(primary_key=True)

    __table_args__ = (
        refers("benefit_id", "benefit"),
        ForeignKeyConstraint(["merchant_id", "level"], ["customer_level.merchant_id", "customer_level.code"]),
    )


class BenefitItem(Row, table=True):
    """A product, or a category of products, that a benefit is for, in the owner's order; `price_cents` is a member price."""

    __tablename__ = "benefit_item"

    merchant_id: UUID = key()
    benefit_id: UUID = key()
    nth: int = key()
    product_id: UUID | None = Field(default=None)
    category: str | None = text(default=None)
    price_cents: int | None = big(default=None)

    __table_args__ = (
        refers("benefit_id", "benefit"),
        refers("product_id", "product"),
        ForeignKeyConstraint(["merchant_id", "category"], ["category.merchant_id", "category.code"]),
        check("one_thing", "num_nonnulls(product_id, category) = 1"),
        check("price", "price_cents is null or (price_cents > 0 and product_id is not null)"),
    )


class BenefitDay(Row, table=True):
    """One local day of a benefit in one zone: given from `from_at` until before `to_at`. Written ahead; what is over stays as it was.

    The key begins with what a till's question knows, so that its rows lie side by side; no day is longer than two.
    """

    __tablename__ = "benefit_day"

    merchant_id: UUID = key()
    timezone: str = text(primary_key=True)
    from_at: datetime = instant(primary_key=True)
    benefit_id: UUID = key()
    day_on: date = day()
    to_at: datetime = instant()

    __table_args__ = (
        refers("benefit_id", "benefit"),
        check("order", "to_at > from_at and to_at <= from_at + interval '2 days'"),
        index("ix_benefit_day_benefit", "benefit_id", "day_on"),
    )


class BenefitTally(Row, table=True):
    """What was given of a benefit in a day, in a month, and ever (`begins_on` is the period's first day, 1970-01-01 for ever)."""

    __tablename__ = "benefit_spent"

    merchant_id: UUID = key()
    benefit_id: UUID = key()
    period: str = text(primary_key=True)
    begins_on: date = Field(primary_key=True)
    cents: int = big(default=0)
    times: int = big(default=0)

    __table_args__ = (
        refers("benefit_id", "benefit"),
        one_of("period", Period),
        check("counted", "cents >= 0 and times >= 0"),
    )


class BenefitRedemption(Row, table=True):
    """A till says that it gave a benefit on a bill; once per external id. `counted_cents` is what caps and budget see: `saved_cents`, for points the spend."""

    __tablename__ = "benefit_redemption"

    merchant_id: UUID = key()
    id: UUID = key()
    external_id: str = text()
    benefit_id: UUID
    store_id: UUID
    customer_id: UUID | None = Field(default=None)
    product_id: UUID | None = Field(default=None)
    redeemed_at: datetime = instant()
    day_on: date = day()
    amount_cents: int = big()
    saved_cents: int = big()
    counted_cents: int = big()
    state: str = text(default=RedemptionState.TAKEN)
    recorded_at: datetime = instant()
    taken_back_at: datetime | None = instant(default=None)

    __table_args__ = (
        refers("benefit_id", "benefit"),
        refers("store_id", "store"),
        refers("customer_id", "customer"),
        refers("product_id", "product"),
        one_of("state", RedemptionState),
        check("amounts", "saved_cents between 0 and amount_cents and counted_cents between 0 and amount_cents"),
        check("external_id", "external_id <> ''"),
        only("benefit_redemption", "external_id", "merchant_id", where="external_id <> ''"),
        index(
            "ix_benefit_redemption_customer",
            "customer_id",
            "benefit_id",
            "day_on",
            where="customer_id is not null and state = 'taken'",
        ),
    )
