"""The inbox table."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlmodel import Field

from tasks.kernel.columns import Row, blob, check, index, instant, key, one_of, refers, text


class EventState(StrEnum):
    """What became of an event."""

    ACCEPTED = "accepted"
    """Kept; plans have seen it."""
    UNMATCHED = "unmatched"
    """Its customer is not known yet; kept for thirty days."""
    SET_ASIDE = "set_aside"
    """A plan failed on it; the sweep tries again."""
    WITHDRAWN = "withdrawn"
    """Its ledger row no longer says so (a corrected receipt); counts for nothing."""


class Event(Row, table=True):
    """Something a customer did. Its ledger row is the truth; `sealed` is the payload as sent, absent for events that the ledger itself wrote.

    Customer, store and staff are copies of what the ledger row says (or of what the inbox looked up) and are checked there (ADR 10). `external_id` is the
    sender's; an event that the ledger wrote has none and is one by ledger row and type.
    """

    merchant_id: UUID = key()
    id: UUID = key()
    source: str = text()
    external_id: str | None = text(default=None)
    type: str = text()
    customer_id: UUID | None = Field(default=None)
    customer_index: UUID | None = Field(default=None)
    store_id: UUID | None = Field(default=None)
    staff_id: UUID | None = Field(default=None)
    ledger_kind: str | None = text(default=None)
    ledger_id: UUID | None = Field(default=None)
    state: str = text(default=EventState.ACCEPTED)
    historic: bool = Field(default=False)
    sealed: bytes | None = blob(default=None)
    salt: bytes | None = blob(default=None)
    occurred_at: datetime = instant()
    received_at: datetime = instant()

    __table_args__ = (
        one_of("state", EventState),
        check("named", "external_id is not null or ledger_id is not null"),
        index(
            "uq_event_sender", "external_id", "source", "merchant_id", where="external_id is not null", is_unique=True
        ),
        index("ix_event_type", "type", "occurred_at"),
        index("ix_event_customer", "customer_id", "type", "occurred_at", where="ledger_id is null"),
        index("uq_event_ledger", "ledger_id", "type", "merchant_id", where="ledger_id is not null", is_unique=True),
        index("ix_event_unmatched", "customer_index", "merchant_id", where="state = 'unmatched'"),
        index("ix_event_withdrawn", "customer_id", "type", where="state = 'withdrawn'"),
        index("ix_event_set_aside", "received_at", where="state = 'set_aside'"),
        index("ix_event_waiting", "received_at", where="state = 'unmatched'"),
    )


class EventEcho(Row, table=True):
    """A CloudEvent that said again what `event_id` had said (one sale as ledger row and as event); remembered, so that a repeat is a duplicate."""

    __tablename__ = "event_echo"

    merchant_id: UUID = key()
    source: str = text(primary_key=True)
    external_id: str = text(primary_key=True)
    event_id: UUID
    received_at: datetime = instant()

    __table_args__ = (refers("event_id", "event"), index("ix_event_echo_event", "event_id"))
