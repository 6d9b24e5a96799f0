"""The table of points (积分)."""

from datetime import date, datetime
from uuid import UUID

from sqlmodel import Field

from tasks.kernel.columns import Row, big, check, day, index, instant, key, refers, text


class PointEntry(Row, table=True):
    """Points were added (above zero) or taken; append-only. `balance` is what the sender says was left after it, `expires_on` the last day of added ones.

    Entries of one instant are in the order of `sender_key`, the sender's own id and name: whichever of them came in first.
    """

    __tablename__ = "point_entry"

    merchant_id: UUID = key()
    id: UUID = key()
    customer_id: UUID
    event_id: UUID | None = Field(default=None)
    points: int = big()
    balance: int | None = big(default=None)
    expires_on: date | None = day(default=None)
    occurred_at: datetime = instant()
    sender_key: str = text(default="")

    __table_args__ = (
        refers("customer_id", "customer"),
        check("expiry", "expires_on is null or points > 0"),
        index("uq_point_entry_event", "event_id", "merchant_id", where="event_id is not null", is_unique=True),
        index("ix_point_entry_customer", "customer_id", "occurred_at"),
        index("ix_point_entry_expiry", "expires_on", "customer_id", where="expires_on is not null"),
    )
