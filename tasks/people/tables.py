"""Tables of merchants, stores and staff."""

from datetime import date, datetime, time
from typing import Any
from uuid import UUID

from sqlmodel import Field

from tasks.kernel.columns import (
    Row,
    big,
    blob,
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
from tasks.kernel.scope import Role
from tasks.people.states import StaffRole, StaffStatus


class Merchant(Row, table=True):
    """The tenant: one salon brand. `wrapped_key` opens with the master key only."""

    merchant_id: UUID = key()
    name: str = text()
    timezone: str = text()
    wrapped_key: bytes = blob()
    settings: dict[str, Any] = document(default_factory=dict)
    history_from: date | None = day(default=None)
    stopped_at: datetime | None = instant(default=None)
    created_at: datetime = instant()
    stop_reason: str | None = text(default=None)


class Store(Row, table=True):
    """A shop of a merchant with its own zone."""

    merchant_id: UUID = key()
    id: UUID = key()
    code: str = text()
    name: str = text()
    timezone: str = text()
    region: str | None = text(default=None)
    pool: bool = Field(default=True)
    active: bool = Field(default=True)

    __table_args__ = (
        of_merchant(),
        check("code", "code <> ''"),
        only("store", "code", "merchant_id", where="code <> ''"),
    )


class StoreHours(Row, table=True):
    """The store opens on this weekday (0 = Monday); a weekday without a row is closed."""

    __tablename__ = "store_hours"

    merchant_id: UUID = key()
    store_id: UUID = key()
    weekday: int = key()
    opens: time
    closes: time

    __table_args__ = (refers("store_id", "store"), check("weekday", "weekday between 0 and 6"))


class StoreClosure(Row, table=True):
    """Days on which the store is closed (春节, 装修), first and last inclusive, store-local."""

    __tablename__ = "store_closure"

    merchant_id: UUID = key()
    id: UUID = key()
    store_id: UUID
    from_on: date = day()
    to_on: date = day()
    reason: str = text(default="")

    __table_args__ = (
        refers("store_id", "store"),
        check("order", "to_on >= from_on"),
        index("ix_store_closure_store", "store_id"),
    )


class Staff(Row, table=True):
    """A person who logs in. `sealed` holds name and phone; `external_index` finds a POS code, `login_index` a login phone."""

    merchant_id: UUID = key()
    id: UUID = key()
    role: str = text(default=Role.EMPLOYEE)
    status: str = text(default=StaffStatus.ACTIVE)
    external_index: UUID | None = Field(default=None)
    login_index: UUID | None = Field(default=None)
    password_hash: str | None = text(default=None)
    sealed: bytes = blob()
    salt: bytes = blob()
    max_open: int = Field(default=40)
    max_new_weekday: int = Field(default=15)
    max_new_weekend: int = Field(default=5)
    created_at: datetime = instant()
    removed_at: datetime | None = instant(default=None)

    __table_args__ = (
        of_merchant(),
        one_of("role", Role),
        one_of("status", StaffStatus),
        only("staff", "external_index", "merchant_id", where="external_index is not null"),
        only("staff", "login_index", "merchant_id", where="login_index is not null"),
        check("capacity", "max_open >= 0 and max_new_weekday >= 0 and max_new_weekend >= 0"),
    )


class Membership(Row, table=True):
    """A staff member works in a store, in a role."""

    merchant_id: UUID = key()
    staff_id: UUID = key()
    store_id: UUID = key()
    role: str = text(default=StaffRole.EMPLOYEE)

    __table_args__ = (
        refers("staff_id", "staff"),
        refers("store_id", "store"),
        one_of("role", StaffRole),
        index("ix_membership_store", "store_id", "staff_id"),
    )


class RosterDay(Row, table=True):
    """What the roster says of one staff member on one local day; without a row they work when the store is open."""

    __tablename__ = "roster_day"

    merchant_id: UUID = key()
    staff_id: UUID = key()
    day_on: date = Field(primary_key=True)
    works: bool
    store_id: UUID | None = Field(default=None)

    __table_args__ = (refers("staff_id", "staff"), refers("store_id", "store"))


class StaffLeave(Row, table=True):
    """Days a staff member is away, first and last inclusive: new tasks go to others."""

    __tablename__ = "staff_leave"

    merchant_id: UUID = key()
    id: UUID = key()
    staff_id: UUID
    from_on: date = day()
    to_on: date = day()
    reason: str = text(default="")

    __table_args__ = (
        refers("staff_id", "staff"),
        check("order", "to_on >= from_on"),
        index("ix_staff_leave_staff", "staff_id", "to_on"),
    )


class ClockSetting(Row, table=True):
    """The one stored offset between the database clock and business time, in microseconds; 0 in production."""

    __tablename__ = "clock_setting"

    id: int = Field(primary_key=True, default=1)
    offset_us: int = big(default=0)

    __table_args__ = (check("one", "id = 1"),)
