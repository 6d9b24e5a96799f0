"""Tables of devices, notices, pushes to send, and group robots. Nothing personal but what is sealed."""

from datetime import date, datetime
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
    refers,
    text,
)
from tasks.notices.states import AddressKind, Drop, NoticeKind, Provider, PushState, RobotKind


class Device(Row, table=True):
    """An installation of the app, and the log-in it belongs to. `sealed` is its address, under the staff member's salt, bound to the device."""

    merchant_id: UUID = key()
    id: UUID = key()
    staff_id: UUID
    family_id: UUID
    installation_id: str = text()
    provider: str = text()
    address_kind: str | None = text(default=None)
    address_index: UUID | None = Field(default=None)
    sealed: bytes | None = blob(default=None)
    app_version: str = text(default="")
    locale: str = text(default="zh-CN")
    created_at: datetime = instant()
    seen_at: datetime = instant()

    __table_args__ = (
        refers("staff_id", "staff"),
        refers("family_id", "refresh_family", cascade=True),
        one_of("provider", Provider),
        one_of("address_kind", AddressKind),
        check("address", "(provider = 'inapp') = (sealed is null) and (sealed is null) = (address_index is null)"),
        index("uq_device_installation", "installation_id", "merchant_id", is_unique=True),
        index("ix_device_staff", "staff_id"),
        index("ix_device_family", "family_id"),
    )


class AddressHolder(Row, table=True):
    """Which device an address belongs to, in the whole deployment: a phone that logs in at another merchant leaves the one before. Blind on both sides."""

    __tablename__ = "address_holder"

    address: UUID = Field(primary_key=True)
    device_id: UUID
    taken_at: datetime = instant()


class Notice(Row, table=True):
    """One thing a staff member is told; `key` makes it once. `facts` are counts, and words are made when it is read."""

    merchant_id: UUID = key()
    id: UUID = key()
    staff_id: UUID
    kind: str = text()
    key: str = text()
    task_id: UUID | None = Field(default=None)
    facts: dict[str, Any] = document(default_factory=dict)
    created_at: datetime = instant()
    read_at: datetime | None = instant(default=None)

    __table_args__ = (
        refers("staff_id", "staff"),
        refers("task_id", "task", cascade=True),
        one_of("kind", NoticeKind),
        index("uq_notice_key", "key", "merchant_id", is_unique=True),
        index("ix_notice_staff", "staff_id", "id"),
        index("ix_notice_unread", "staff_id", where="read_at is null"),
        index("ix_notice_task", "task_id", where="task_id is not null"),
        index("ix_notice_old", "created_at"),
    )


class Push(Row, table=True):
    """One message to one device, or to the robot of one store. A worker holds it by lease and epoch; who has an older epoch settles nothing."""

    merchant_id: UUID = key()
    id: UUID = key()
    staff_id: UUID | None = Field(default=None)
    device_id: UUID | None = Field(default=None)
    store_id: UUID | None = Field(default=None)
    notice_id: UUID | None = Field(default=None)
    task_id: UUID | None = Field(default=None)
    provider: str = text()
    kind: str = text()
    facts: dict[str, Any] = document(default_factory=dict)
    collapse_key: str = text()
    state: str = text(default=PushState.QUEUED)
    attempts: int = Field(default=0)
    epoch: int = Field(default=0)
    next_at: datetime = instant()
    stale_at: datetime = instant()
    lease_until: datetime | None = instant(default=None)
    created_at: datetime = instant()
    settled_at: datetime | None = instant(default=None)
    dropped: str | None = text(default=None)
    fault: str | None = text(default=None)

    __table_args__ = (
        refers("staff_id", "staff"),
        refers("store_id", "store"),
        one_of("kind", NoticeKind),
        one_of("state", PushState),
        one_of("dropped", Drop),
        one_of("provider", (*Provider, *RobotKind)),
        check("target", "(device_id is null) <> (store_id is null)"),
        check("lease", "(state = 'sending') = (lease_until is not null)"),
        check("settled", "(state in ('queued', 'sending')) = (settled_at is null)"),
        check("attempts", "attempts between 0 and 6"),
        index("uq_push_device", "device_id", "notice_id", "merchant_id", where="notice_id is not null", is_unique=True),
        index("ix_push_due", "next_at", where="state = 'queued'", beside=("merchant_id",)),
        index("ix_push_lease", "lease_until", where="state = 'sending'", beside=("merchant_id",)),
        index("ix_push_collapse", "device_id", "collapse_key", where="state = 'queued'"),
        index("ix_push_old", "settled_at", where="settled_at is not null"),
    )


class StaffPace(Row, table=True):
    """How much a staff member has been told: the day of the last digest, up to when tasks are known to them, and when they were last pushed news."""

    __tablename__ = "staff_pace"

    merchant_id: UUID = key()
    staff_id: UUID = key()
    told_at: datetime = instant()
    digest_on: date | None = day(default=None)
    pushed_at: datetime | None = instant(default=None)

    __table_args__ = (refers("staff_id", "staff"),)


class PushLook(Row, table=True):
    """The last look for news at a merchant: the sum of its stores' revisions then, and when to look again though nothing changes."""

    __tablename__ = "push_look"

    merchant_id: UUID = key()
    revs: int = big(default=0)
    due_at: datetime = instant()
    looked_at: datetime = instant()

    __table_args__ = (of_merchant(), index("ix_push_look_due", "due_at", beside=("merchant_id",)))


class StoreRobot(Row, table=True):
    """The group robot of a store. `sealed` holds its address and signing secret, under a salt of its own, bound to the store."""

    __tablename__ = "store_robot"

    merchant_id: UUID = key()
    store_id: UUID = key()
    kind: str = text()
    sealed: bytes = blob()
    salt: bytes = blob()
    locale: str = text(default="zh-CN")
    set_by: UUID
    set_at: datetime = instant()
    digest_on: date | None = day(default=None)
    sent_at: datetime | None = instant(default=None)
    failed_at: datetime | None = instant(default=None)
    fault: str | None = text(default=None)

    __table_args__ = (refers("store_id", "store"), refers("set_by", "staff"), one_of("kind", RobotKind))
