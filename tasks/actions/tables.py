"""Tables of what a phone sent."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlmodel import Field

from tasks.kernel.columns import Row, big, blob, check, document, index, instant, key, of_merchant, one_of, refers, text


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


class Action(Row, table=True):
    """A write that a phone sent, by its own id: answered once, and the same ever after.

    `device` and `seq` are the phone's own name and count, when it gave them; `occurred_at` is the instant that was believed, `suspect` says that the phone
    claimed another. `sealed` explains a rejection (it may name a colleague), under the employee's salt.
    """

    merchant_id: UUID = key()
    staff_id: UUID = key()
    action_id: UUID = key()
    kind: str = text()
    digest: bytes = blob()
    verdict: str = text()
    answer: dict[str, Any] = document(default_factory=dict)
    received_at: datetime = instant()
    device: str | None = text(default=None)
    seq: int | None = big(default=None)
    occurred_at: datetime | None = instant(default=None)
    suspect: bool = Field(default=False)
    sealed: bytes | None = blob(default=None)

    __table_args__ = (
        of_merchant(),
        refers("staff_id", "staff"),
        one_of("verdict", Verdict),
        check("seq", "seq > 0"),
        index("ix_action_seq", "device", "staff_id", "seq", where="seq is not null"),
    )
