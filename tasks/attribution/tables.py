"""The credit table."""

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field

from tasks.kernel.columns import Row, big, day, index, instant, key, one_of, refers, text, unique


class CreditKind(StrEnum):
    """What is credited."""

    BOOKED = "booked"
    """A booking within 30 days of the contact."""
    ARRIVED = "arrived"
    """A visit within 14 days."""
    PURCHASED = "purchased"
    """A sale within 30 days; cash and card value apart."""


class Credit(Row, table=True):
    """One booking, visit or sale credited to one reason of one task. `evidence_id` is the appointment, visit or sale."""

    merchant_id: UUID = key()
    id: UUID = key()
    kind: str = text()
    evidence_id: UUID
    task_id: UUID
    reason_id: UUID | None = Field(default=None)
    plan_id: UUID | None = Field(default=None)
    staff_id: UUID
    store_id: UUID
    customer_id: UUID
    contact_id: UUID
    variant: str | None = text(default=None)
    cash_cents: int = big(default=0)
    card_cents: int = big(default=0)
    credited_at: datetime = instant()
    credited_on: date = day()
    revoked_at: datetime | None = instant(default=None)
    revoke_reason: str | None = text(default=None)

    __table_args__ = (
        refers("task_id", "task"),
        refers("reason_id", "task_reason"),
        refers("plan_id", "plan"),
        refers("staff_id", "staff"),
        refers("store_id", "store"),
        refers("customer_id", "customer"),
        refers("contact_id", "contact"),
        one_of("kind", CreditKind),
        unique("evidence_id", "kind", "merchant_id"),
        index("ix_credit_task", "task_id"),
        index("ix_credit_plan", "plan_id", "credited_on"),
        index("ix_credit_staff", "staff_id", "credited_on"),
    )
