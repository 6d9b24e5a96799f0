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
    """Taken back by a correction; counts for nothing."""


class HalfDay(StrEnum):
    """The half of a day that was promised."""

    MORNING = "am"
    """上午."""
    AFTERNOON = "pm"
    """下午, evening included."""


class Promise(Row, table=True):
    """A customer said she would come on a day (store-local)."""

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

    __table_args__ = (
        refers("customer_id", "customer"),
        refers("store_id", "store"),
        refers("staff_id", "staff"),
        refers("task_id", "task"),
        refers("callback_id", "callback"),
        one_of("state", PromiseState),
        one_of("half_day", HalfDay),
        check("settled", "(state = 'open') = (settled_at is null)"),
        index("ix_promise_customer", "customer_id", "promised_on"),
        index("ix_promise_open", "promised_on", where="state = 'open'"),
    )
