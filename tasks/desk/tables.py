"""Tables of the front desk."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field

from tasks.desk.states import DeskKind, Direction
from tasks.kernel.columns import Row, blob, check, day, document, index, instant, key, of_merchant, one_of, refers, text


class DeskEntry(Row, table=True):
    """Something typed in at the front desk, by whom, and the ledger rows that it is.

    `made` says that the books say it because of this entry: of an arrival, that nobody else had recorded the visit itself; of an appointment, that it was new.

    `visit_id` has no reference: a visit nothing speaks for any more is deleted, and this row says that it was. Nor have `card_entry_id` and
    `appointment_id`: those tables have unique keys that a reference must not lead to (ADR 10), and their rows are never deleted.
    """

    __tablename__ = "desk_entry"

    merchant_id: UUID = key()
    id: UUID = key()
    kind: str = text()
    store_id: UUID
    customer_id: UUID | None = Field(default=None)
    staff_id: UUID
    made: bool = Field(default=True)
    visit_id: UUID | None = Field(default=None)
    sale_id: UUID | None = Field(default=None)
    card_entry_id: UUID | None = Field(default=None)
    appointment_id: UUID | None = Field(default=None)
    occurred_at: datetime = instant()
    recorded_at: datetime = instant()
    voided_at: datetime | None = instant(default=None)
    voided_by: UUID | None = Field(default=None)

    __table_args__ = (
        refers("store_id", "store"),
        refers("customer_id", "customer"),
        refers("staff_id", "staff"),
        refers("sale_id", "sale"),
        refers("voided_by", "staff"),
        one_of("kind", DeskKind),
        check("voided", "(voided_at is null) = (voided_by is null)"),
        index("ix_desk_entry_store", "store_id", "recorded_at", "id"),
        index("ix_desk_entry_visit", "visit_id", where="visit_id is not null"),
    )


class DeskContact(Row, table=True):
    """What was said in a contact without a task; `sealed` is the note, under the customer's salt. `id` is the contact's.

    `behaviour` is the built-in outcome that `outcome` behaves as. `void_at` says since when a refusal counts no more: it was undone.
    """

    __tablename__ = "desk_contact"

    merchant_id: UUID = key()
    id: UUID = key()
    customer_id: UUID
    store_id: UUID
    staff_id: UUID
    direction: str = text(default=Direction.INBOUND)
    outcome: str | None = text(default=None)
    fields: dict[str, Any] = document(default_factory=dict)
    sealed: bytes | None = blob(default=None)
    appointment_id: UUID | None = Field(default=None)
    task_id: UUID | None = Field(default=None)
    occurred_at: datetime = instant()
    received_at: datetime = instant()
    behaviour: str | None = text(default=None)
    void_at: datetime | None = instant(default=None)

    __table_args__ = (
        refers("id", "contact"),
        refers("customer_id", "customer"),
        refers("store_id", "store"),
        refers("staff_id", "staff"),
        refers("task_id", "task"),
        one_of("direction", Direction),
        index("ix_desk_contact_customer", "customer_id", "occurred_at"),
    )


class DeskSearch(Row, table=True):
    """How often a staff member looked for customers: in the minute that began at `minute_from` and on the day `counted_on`, by the machine's clock."""

    __tablename__ = "desk_search"

    merchant_id: UUID = key()
    staff_id: UUID = key()
    minute_from: datetime = instant()
    in_minute: int
    counted_on: date = day()
    in_day: int

    __table_args__ = (of_merchant(), refers("staff_id", "staff"), check("counts", "in_minute >= 0 and in_day >= 0"))
