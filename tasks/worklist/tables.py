"""Tables of tasks, their reasons, contacts and the change feed."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field

from tasks.kernel.columns import Row, big, blob, check, day, document, index, instant, key, one_of, only, refers, text
from tasks.worklist.states import LIVE, Channel, CloseReason, Origin, ReasonState, TaskCause, TaskStatus

_LIVE = "status in ({})".format(", ".join(f"'{status}'" for status in LIVE))


class Task(Row, table=True):
    """One contact to make with one customer. `due_at` is when it is late, `expires_at` when it is over; overdue is never stored.

    `cause` and `sealed`, the employee's own words, are of tasks that no plan made; `source_task_id` is the task that this one follows from.
    `claimed_until` is when a task claimed from the pool and not begun goes back; `reserved_by` is who was offered it last, until `reserved_until`.
    """

    merchant_id: UUID = key()
    id: UUID = key()
    store_id: UUID
    customer_id: UUID
    assignee_id: UUID | None = Field(default=None)
    origin: str = text(default=Origin.PLAN)
    status: str = text(default=TaskStatus.OPEN)
    priority: int = Field(default=500)
    value_cents: int = big(default=0)
    opens_at: datetime = instant()
    opens_on: date = day()
    contact_from: datetime = instant()
    due_at: datetime = instant()
    expires_at: datetime = instant()
    wait_until: datetime | None = instant(default=None)
    wait_kind: str | None = text(default=None)
    attempts: int = Field(default=0)
    urged_at: datetime | None = instant(default=None)
    closed_at: datetime | None = instant(default=None)
    close_reason: str | None = text(default=None)
    created_at: datetime = instant()
    cause: str | None = text(default=None)
    sealed: bytes | None = blob(default=None)
    source_task_id: UUID | None = Field(default=None)
    claimed_until: datetime | None = instant(default=None)
    reserved_by: UUID | None = Field(default=None)
    reserved_until: datetime | None = instant(default=None)

    __table_args__ = (
        refers("store_id", "store"),
        refers("customer_id", "customer"),
        refers("assignee_id", "staff"),
        refers("source_task_id", "task"),
        refers("reserved_by", "staff"),
        one_of("cause", TaskCause),
        one_of("origin", Origin),
        one_of("status", TaskStatus),
        one_of("close_reason", CloseReason),
        check("priority", "priority between 0 and 999"),
        check("closed", f"({_LIVE}) = (closed_at is null)"),
        check("wait", "status <> 'waiting' or wait_until is not null"),
        index(
            "uq_task_customer_live", "customer_id", "merchant_id", where=f"origin = 'plan' and {_LIVE}", is_unique=True
        ),
        index("ix_task_assignee_live", "assignee_id", "status", "due_at", where=_LIVE),
        index("ix_task_pool", "store_id", "status", "due_at", where=f"assignee_id is null and {_LIVE}"),
        index("ix_task_assignee_day", "assignee_id", "opens_on"),
        index("ix_task_closed", "assignee_id", "closed_at", where="closed_at is not null"),
        index("ix_task_store_day", "store_id", "opens_on"),
        index("ix_task_store_live", "store_id", "id", where=_LIVE),
        index("ix_task_wake", "opens_at", where="status = 'queued'"),
        index("ix_task_wait", "wait_until", where="status = 'waiting'"),
        index("ix_task_reply", "customer_id", where="wait_kind = 'reply'"),
        index(
            "ix_task_promised",
            "wait_until",
            where="wait_kind = 'callback' and closed_at is null",
            beside=("merchant_id",),
        ),
        index("ix_task_expiry", "expires_at", where=_LIVE),
        index("ix_task_claimed", "claimed_until", where="claimed_until is not null"),
        index("ix_task_customer", "customer_id", "created_at"),
        index("ix_task_source", "source_task_id", where="source_task_id is not null"),
    )


class TaskReason(Row, table=True):
    """One plan's part in a task: what to talk about, in what order, and that plan's own result."""

    __tablename__ = "task_reason"

    merchant_id: UUID = key()
    id: UUID = key()
    task_id: UUID
    plan_id: UUID
    version_id: UUID
    enrolment_id: UUID
    step: int = Field(default=0)
    priority: int
    state: str = text(default=ReasonState.LIVE)
    close_reason: str | None = text(default=None)
    card_id: UUID | None = Field(default=None)
    event_id: UUID | None = Field(default=None)
    result: str | None = text(default=None)
    result_at: datetime | None = instant(default=None)
    closed_at: datetime | None = instant(default=None)
    created_at: datetime = instant()

    __table_args__ = (
        refers("task_id", "task", cascade=True),
        refers("plan_id", "plan"),
        refers("version_id", "plan_version"),
        refers("enrolment_id", "enrolment"),
        refers("card_id", "card"),
        refers("event_id", "event"),
        one_of("state", ReasonState),
        one_of("close_reason", CloseReason),
        check("closed", "(state = 'live') = (closed_at is null)"),
        check("step", "step >= 0"),
        only("task_reason", "enrolment_id", "step", "merchant_id", where="step >= 0"),
        index("ix_task_reason_task", "task_id"),
        index("ix_task_reason_plan", "plan_id", "created_at"),
    )


class TaskHistory(Row, table=True):
    """What happened to a task after it was made: who moved it from where to where; `occurred_at` when a phone said so later than it was."""

    __tablename__ = "task_history"

    merchant_id: UUID = key()
    id: UUID = key()
    task_id: UUID
    action: str = text()
    from_status: str | None = text(default=None)
    to_status: str | None = text(default=None)
    staff_id: UUID | None = Field(default=None)
    detail: dict[str, Any] = document(default_factory=dict)
    at: datetime = instant()
    occurred_at: datetime | None = instant(default=None)

    __table_args__ = (
        refers("task_id", "task", cascade=True),
        refers("staff_id", "staff"),
        index("ix_task_history_task", "task_id", "at"),
    )


class Contact(Row, table=True):
    """One time somebody contacted a customer, by whatever way; the ground of the gap, the caps and the credit."""

    merchant_id: UUID = key()
    id: UUID = key()
    customer_id: UUID
    task_id: UUID | None = Field(default=None)
    staff_id: UUID | None = Field(default=None)
    channel: str = text()
    human: bool = Field(default=True)
    marketing: bool = Field(default=False)
    reached: bool = Field(default=False)
    phone_index: UUID | None = Field(default=None)
    contacted_at: datetime = instant()
    contacted_on: date = day()

    __table_args__ = (
        refers("customer_id", "customer"),
        refers("task_id", "task"),
        refers("staff_id", "staff"),
        one_of("channel", Channel),
        index("ix_contact_customer", "customer_id", "contacted_at"),
        index("ix_contact_at", "contacted_at", "customer_id"),
        index("ix_contact_phone", "phone_index", "contacted_at", where="phone_index is not null and marketing"),
    )


class StoreRevision(Row, table=True):
    """The number of the last committed change of a store; raised by the last statement of a writing transaction, in store id order.

    Changes up to `floor_rev` are forgotten: who stands before it begins anew.
    """

    __tablename__ = "store_revision"

    merchant_id: UUID = key()
    store_id: UUID = key()
    rev: int = big(default=0)
    floor_rev: int = big(default=0)

    __table_args__ = (refers("store_id", "store"),)


class TaskChange(Row, table=True):
    """A task changed in a store at a revision; `left_staff_id` no longer has it: an employee, or the pool (`feed.POOL`)."""

    __tablename__ = "task_change"

    merchant_id: UUID = key()
    store_id: UUID = key()
    rev: int = big(primary_key=True)
    task_id: UUID = key()
    left_staff_id: UUID | None = Field(default=None)
    changed_at: datetime | None = instant(default=None)

    __table_args__ = (refers("store_id", "store"),)
