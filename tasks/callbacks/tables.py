"""Tables of callbacks and of what a merchant adds to the catalogue of outcomes."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlmodel import Field

from tasks.actions.tables import Verdict
from tasks.kernel.columns import Row, big, blob, check, document, index, instant, key, of_merchant, one_of, refers, text


class Outcome(StrEnum):
    """What came of a contact (engine.md, "Outcomes")."""

    BOOKED = "booked"
    """已预约"""
    WILL_COME = "will_come"
    """口头答应"""
    PURCHASED = "purchased"
    """已购买"""
    TOPPED_UP = "topped_up"
    """已充值"""
    INTERESTED_LATER = "interested_later"
    """有意向"""
    CALLBACK_REQUESTED = "callback_requested"
    """约定回电"""
    MESSAGE_SENT = "message_sent"
    """已发微信"""
    NO_ANSWER = "no_answer"
    """未接"""
    BUSY = "busy"
    """占线"""
    WRONG_NUMBER = "wrong_number"
    """号码错误"""
    NOT_INTERESTED = "not_interested"
    """暂无意向"""
    REFUSED_CONTACT = "refused_contact"
    """拒绝联系"""
    COMPLAINT = "complaint"
    """投诉"""
    ALREADY_DONE = "already_done"
    """已到店"""
    SKIPPED = "skipped"
    """跳过"""


class Claim(StrEnum):
    """Whether the books say what a callback claims (`purchased`, `topped_up`)."""

    PENDING = "pending"
    """The books have not been looked at, or may still lag."""
    VERIFIED = "verified"
    """A sale or top-up stands behind it."""
    UNVERIFIED = "unverified"
    """The days in which one could have come are over, and none did."""


class ReasonTopic(StrEnum):
    """What a reason can be asked for."""

    SKIPPED = "skipped"
    """跳过原因"""
    NOT_INTERESTED = "not_interested"
    """暂无意向的原因"""
    COMPLAINT = "complaint"
    """投诉类别"""


class Callback(Row, table=True):
    """What an employee logged after contacting a customer; append-only. `sealed` is the note, under the customer's salt.

    `outcome` is what it does and what statistics see, `code` the merchant's own code when one was used. `void_at` says since when it counts no more: it was
    corrected or undone; its words stay. `caused` names what it made, so that it can be taken back.
    """

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
    code: str | None = text(default=None)
    contact_id: UUID | None = Field(default=None)
    caused: dict[str, Any] | None = document(default=None)
    void_at: datetime | None = instant(default=None)
    claim: str | None = text(default=None)
    claim_checked_at: datetime | None = instant(default=None)

    __table_args__ = (
        refers("task_id", "task"),
        refers("customer_id", "customer"),
        refers("staff_id", "staff"),
        refers("corrects", "callback"),
        one_of("outcome", Outcome),
        one_of("verdict", Verdict),
        one_of("claim", Claim),
        index("ix_callback_task", "task_id", "occurred_at"),
        index("ix_callback_customer", "customer_id", "occurred_at"),
        index("ix_callback_staff", "staff_id", "occurred_at"),
        index("ix_callback_at", "occurred_at", "customer_id"),
        index("ix_callback_corrects", "corrects", where="corrects is not null"),
        index("ix_callback_not_interested", "customer_id", "occurred_at", where="outcome = 'not_interested'"),
        index("ix_callback_claim", "occurred_at", where="claim = 'pending' and void_at is null"),
    )


class OutcomeCode(Row, table=True):
    """A merchant's own outcome: what it is called, and which built-in outcome it behaves as. Switched off, never deleted: callbacks name it."""

    __tablename__ = "outcome_code"

    merchant_id: UUID = key()
    code: str = text(primary_key=True)
    behaviour: str = text()
    name: str = text()
    name_en: str = text(default="")
    rank: int = Field(default=0)
    active: bool = Field(default=True)
    etag: int = big(default=1)

    __table_args__ = (of_merchant(), one_of("behaviour", Outcome), check("code", "code <> ''"))


class OutcomeReason(Row, table=True):
    """A merchant's reason or category beside the built-in ones; with the code of a built-in one it takes its place, or, switched off, hides it."""

    __tablename__ = "outcome_reason"

    merchant_id: UUID = key()
    topic: str = text(primary_key=True)
    code: str = text(primary_key=True)
    name: str = text()
    name_en: str = text(default="")
    rank: int = Field(default=0)
    active: bool = Field(default=True)
    etag: int = big(default=1)

    __table_args__ = (of_merchant(), one_of("topic", ReasonTopic), check("code", "code <> ''"))
