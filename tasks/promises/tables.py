"""The table of promises."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field

from tasks.kernel.columns import Row, check, day, index, instant, key, one_of, refers, text


class PromiseState(StrEnum):
    """What became of a promise."""

    OPEN = "open"
    """Its day is not over."""
    KEPT = "kept"
    """She came, or bought."""
    BROKEN = "broken"
    """The next day came, and she had not."""
    WITHDRAWN = "withdrawn"
    """Taken back by a correction, or another day was promised before this one; counts for nothing."""


class HalfDay(StrEnum):
    """The half of a day that was promised."""

    MORNING = "am"
    """上午."""
    AFTERNOON = "pm"
    """下午, evening included."""


class Promise(Row, table=True):
    """A customer said she would come on a day (store-local).

    `until_on` is the last day that still keeps it: the promised one, or the first open day after it when the store is closed then. It is looked at when
    `settle_at` comes, the morning of the next open day. `recovery_task_id` is the task that a broken one led to.
    """

    merchant_id: UUID = key()
    id: UUID = key()
    customer_id: UUID
    store_id: UUID
    staff_id: UUID
    task_id: UUID | None = Field(default=None)
    callback_id: UUID | None = Field(default=None)
    promised_on: date = day()
    half_day: str | None = text(default=None)
    state: str = text(default=PromiseState.OPEN)
    made_at: datetime = instant()
    settled_at: datetime | None = instant(default=None)
    until_on: date | None = day(default=None)
    settle_at: datetime | None = instant(default=None)
    recovery_task_id: UUID | None = Field(default=None)

    __table_args__ = (
        refers("customer_id", "customer"),
        refers("store_id", "store"),
        refers("staff_id", "staff"),
        refers("task_id", "task"),
        refers("callback_id", "callback"),
        refers("recovery_task_id", "task"),
        one_of("state", PromiseState),
        one_of("half_day", HalfDay),
        check("settled", "(state = 'open') = (settled_at is null)"),
        index("ix_promise_customer", "customer_id", "promised_on"),
        index("ix_promise_open", "promised_on", where="state = 'open'"),
        index("ix_promise_settle", "settle_at", where="state = 'open'"),
        index("ix_promise_callback", "callback_id", where="callback_id is not null"),
        index("ix_promise_recovery", "recovery_task_id", where="recovery_task_id is not null"),
    )
