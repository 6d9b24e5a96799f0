"""Tables of callbacks and of the actions a phone sent."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlmodel import Field

from tasks.kernel.columns import Row, blob, document, index, instant, key, of_merchant, one_of, refers, text


class Outcome(StrEnum):
    """What came of a contact (engine.md, "Outcomes")."""

    BOOKED = "booked"
    """已预约"""
    NO_ANSWER = "no_answer"
    """未接"""
    CALLBACK_REQUESTED = "callback_requested"
    """约定回电"""
    REFUSED_CONTACT = "refused_contact"
    """拒绝联系"""


class Verdict(StrEnum):
    """What became of an action."""

    APPLIED = "applied"
    """Kept, and it moved the task."""
    DUPLICATE = "duplicate"
    """Seen before; the first verdict stands."""
    SUPERSEDED = "superseded"
    """Kept as a fact; the task had moved on."""
    REJECTED = "rejected"
    """Not kept; the problem says why."""


class Callback(Row, table=True):
    """What an employee logged after contacting a customer; append-only. `sealed` is the note, under the customer's salt."""

    merchant_id: UUID = key()
    id: UUID = key()
    task_id: UUID
    customer_id: UUID
    staff_id: UUID
    action_id: UUID
    outcome: str = text()
    channel: str = text()
    fields: dict[str, Any] = document(default_factory=dict)
    sealed: bytes | None = blob(default=None)
    corrects: UUID | None = Field(default=None)
    verdict: str = text()
    occurred_at: datetime = instant()
    received_at: datetime = instant()

    __table_args__ = (
        refers("task_id", "task"),
        refers("customer_id", "customer"),
        refers("staff_id", "staff"),
        refers("corrects", "callback"),
        one_of("outcome", Outcome),
        one_of("verdict", Verdict),
        index("ix_callback_task", "task_id", "occurred_at"),
        index("ix_callback_customer", "customer_id", "occurred_at"),
        index("ix_callback_staff", "staff_id", "occurred_at"),
        index("ix_callback_at", "occurred_at", "customer_id"),
        index("ix_callback_corrects", "corrects", where="corrects is not null"),
    )


class Action(Row, table=True):
    """A write that a phone sent, by its own id: answered once, and the same ever after."""

    merchant_id: UUID = key()
    staff_id: UUID = key()
    action_id: UUID = key()
    kind: str = text()
    digest: bytes = blob()
    verdict: str = text()
    answer: dict[str, Any] = document(default_factory=dict)
    received_at: datetime = instant()

    __table_args__ = (of_merchant(), refers("staff_id", "staff"), one_of("verdict", Verdict))
