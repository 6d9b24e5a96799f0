"""What happened, in the flow's own words: the value that ledger and inbox hand to the rest of the flow."""

from datetime import datetime
from uuid import UUID

import msgspec

from tasks.kernel.verdicts import ItemVerdict


class Happened(msgspec.Struct, frozen=True):
    """One accepted event, new in this transaction, or true again in it (a receipt corrected back).

    `store_id` and `staff_id` are where and by whom; `ledger_id` is its sale, visit, card entry or appointment.
    """

    event_id: UUID
    type: str
    customer_id: UUID
    occurred_at: datetime
    store_id: UUID | None = None
    staff_id: UUID | None = None
    ledger_kind: str | None = None
    ledger_id: UUID | None = None
    historic: bool = False


class Recorded(msgspec.Struct, frozen=True):
    """The answer to a batch: one verdict per item, in order, and the events that are new because of it."""

    verdicts: list[ItemVerdict]
    happened: list[Happened]
