"""Tables of customers and how they may be reached."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Column, Computed, Integer
from sqlmodel import Field

from tasks.kernel.columns import (
    Row,
    blob,
    check,
    day,
    index,
    instant,
    key,
    of_merchant,
    one_of,
    only,
    refers,
    text,
    unique,
)
from tasks.people.states import BirthdayKind, CareRole, ConsentKind, ContactKind, CustomerStatus, Gender

MONTH_AND_DAY = "(extract(month from birthday_on) * 100 + extract(day from birthday_on))::int"
"""A birthday as 1231: under row-level security an index needs a plain column (architecture.md, measured trap)."""


class Customer(Row, table=True):
    """A client of the merchant. `sealed` holds name, nickname, remark name, external id and notes under the customer's `salt`."""

    merchant_id: UUID = key()
    id: UUID = key()
    external_index: UUID | None = Field(default=None)
    sealed: bytes = blob()
    salt: bytes | None = blob(default=None)
    gender: str | None = text(default=None)
    birthday_on: date | None = day(default=None)
    birthday_kind: str = text(default=BirthdayKind.SOLAR)
    source: str | None = text(default=None)
    level: str | None = text(default=None)
    home_store_id: UUID | None = Field(default=None)
    customer_since_on: date | None = day(default=None)
    anonymous: bool = Field(default=False)
    internal: bool = Field(default=False)
    status: str = text(default=CustomerStatus.ACTIVE)
    created_at: datetime = instant()
    birthday_md: int | None = Field(sa_column=Column(Integer, Computed(MONTH_AND_DAY, persisted=True)), default=None)

    __table_args__ = (
        of_merchant(),
        refers("home_store_id", "store"),
        one_of("gender", Gender),
        one_of("birthday_kind", BirthdayKind),
        one_of("status", CustomerStatus),
        only("customer", "external_index", "merchant_id", where="external_index is not null"),
        index("ix_customer_home", "home_store_id"),
        index("ix_customer_birthday", "birthday_md", where="birthday_md is not null"),
        index("ix_customer_unfollowed", "id", where="status <> 'active' or anonymous or internal"),
        index("ix_customer_level", "level", where="level is not null"),
        index("ix_customer_source", "source", where="source is not null"),
        index("ix_customer_since", "customer_since_on", where="customer_since_on is not null"),
    )


class CustomerNameToken(Row, table=True):
    """A blind token of a part of a name: one character, a pair, or pinyin initials."""

    __tablename__ = "customer_name_token"

    merchant_id: UUID = key()
    customer_id: UUID = key()
    token: UUID = key()

    __table_args__ = (refers("customer_id", "customer"), index("ix_customer_name_token_token", "token", "merchant_id"))


class ContactPoint(Row, table=True):
    """A phone, WeChat or WeCom id, sealed under the customer's salt; `value_index` finds it, and families share it."""

    __tablename__ = "contact_point"

    merchant_id: UUID = key()
    id: UUID = key()
    customer_id: UUID
    kind: str = text(default=ContactKind.PHONE)
    value_index: UUID
    tail_index: UUID | None = Field(default=None)
    sealed: bytes = blob()
    held_by: UUID | None = Field(default=None)
    valid: bool = Field(default=True)
    expires_at: datetime | None = instant(default=None)
    created_at: datetime = instant()

    __table_args__ = (
        refers("customer_id", "customer"),
        refers("held_by", "staff"),
        one_of("kind", ContactKind),
        unique("customer_id", "kind", "value_index", "merchant_id"),
        index("ix_contact_point_friend", "held_by", "customer_id", where="kind in ('wechat', 'wecom')"),
        index("ix_contact_point_value", "value_index", "merchant_id"),
        index("ix_contact_point_tail", "tail_index", "merchant_id", where="tail_index is not null"),
    )


class CustomerStaff(Row, table=True):
    """Who looks after a customer, in which role and category, from–to (store-local days)."""

    __tablename__ = "customer_staff"

    merchant_id: UUID = key()
    id: UUID = key()
    customer_id: UUID
    staff_id: UUID
    role: str = text(default=CareRole.CONSULTANT)
    category: str | None = text(default=None)
    from_on: date = day()
    to_on: date | None = day(default=None)

    __table_args__ = (
        refers("customer_id", "customer"),
        refers("staff_id", "staff"),
        one_of("role", CareRole),
        check("order", "to_on is null or to_on >= from_on"),
        index("ix_customer_staff_customer", "customer_id", "role", where="to_on is null"),
        index("ix_customer_staff_staff", "staff_id", where="to_on is null"),
        index("ix_customer_staff_ended", "customer_id", "to_on", where="to_on is not null"),
        index("ix_customer_staff_to", "to_on", where="to_on is not null"),
    )


class CustomerContactState(Row, table=True):
    """What stands between us and a customer. Every refusal, complaint and every run locks this row first, in customer id order."""

    __tablename__ = "customer_contact_state"

    merchant_id: UUID = key()
    customer_id: UUID = key()
    no_phone_at: datetime | None = instant(default=None)
    no_wechat_at: datetime | None = instant(default=None)
    no_contact_at: datetime | None = instant(default=None)
    wrong_number_at: datetime | None = instant(default=None)
    complaint_at: datetime | None = instant(default=None)
    marketing_frozen_until: datetime | None = instant(default=None)

    __table_args__ = (
        refers("customer_id", "customer"),
        index(
            "ix_customer_contact_state_refused",
            "customer_id",
            where="no_contact_at is not null or no_phone_at is not null or no_wechat_at is not null or complaint_at is not null "
            "or marketing_frozen_until is not null",
        ),
    )


class Consent(Row, table=True):
    """One thing a customer agreed to or refused; append-only, the newest row of a kind counts."""

    merchant_id: UUID = key()
    id: UUID = key()
    customer_id: UUID
    kind: str = text()
    granted: bool
    source: str = text()
    staff_id: UUID | None = Field(default=None)
    at: datetime = instant()

    __table_args__ = (
        refers("customer_id", "customer"),
        refers("staff_id", "staff"),
        one_of("kind", ConsentKind),
        index("ix_consent_customer", "customer_id", "kind", "at"),
        index("ix_consent_refused", "kind", "customer_id", where="not granted"),
    )


class PhoneReveal(Row, table=True):
    """A staff member saw a customer's full number inside a task; once per task counts, however often it is shown."""

    __tablename__ = "phone_reveal"

    merchant_id: UUID = key()
    staff_id: UUID = key()
    task_id: UUID = key()
    customer_id: UUID
    revealed_at: datetime = instant()
    revealed_on: date = day()
    times: int = Field(default=1)

    __table_args__ = (
        refers("customer_id", "customer"),
        refers("staff_id", "staff"),
        index("ix_phone_reveal_day", "staff_id", "revealed_on"),
    )
