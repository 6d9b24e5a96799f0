"""Tables of tags: what they are, who has them, and how that came about."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field

from tasks.kernel.columns import Row, big, check, document, index, instant, key, of_merchant, one_of, only, refers, text
from tasks.people.states import Pace, TagHand


class Tag(Row, table=True):
    """A word on customers. With a `rule` (a condition tree) it is set and taken by the rule, at its pace; without one by people and imports."""

    merchant_id: UUID = key()
    id: UUID = key()
    name: str = text()
    rule: dict[str, Any] | None = document(default=None)
    pace: str | None = text(default=None)
    etag: int = big(default=1)
    evaluated_at: datetime | None = instant(default=None)
    created_by: UUID | None = Field(default=None)
    created_at: datetime = instant()

    __table_args__ = (
        of_merchant(),
        refers("created_by", "staff"),
        one_of("pace", Pace),
        check("name", "name <> ''"),
        check("rule", "(rule is null or rule = 'null'::jsonb) = (pace is null)"),
        only("tag", "name", "merchant_id", where="name <> ''"),
        index("ix_tag_pace", "pace", "merchant_id", where="pace is not null"),
    )


class CustomerTag(Row, table=True):
    """A customer has a tag; `hand` says who or what gave it. What a person or an import gave, a rule does not take away."""

    __tablename__ = "customer_tag"

    merchant_id: UUID = key()
    customer_id: UUID = key()
    tag_id: UUID = key()
    hand: str = text()
    staff_id: UUID | None = Field(default=None)
    set_at: datetime = instant()

    __table_args__ = (
        refers("customer_id", "customer"),
        refers("tag_id", "tag", cascade=True),
        refers("staff_id", "staff"),
        one_of("hand", TagHand),
        index("ix_customer_tag_tag", "tag_id", "customer_id"),
    )


class CustomerTagHistory(Row, table=True):
    """A tag was given or taken; append-only, and stays when the tag is gone: `tag_name` is what it was called."""

    __tablename__ = "customer_tag_history"

    merchant_id: UUID = key()
    id: UUID = key()
    customer_id: UUID
    tag_id: UUID
    tag_name: str = text()
    given: bool
    hand: str = text()
    staff_id: UUID | None = Field(default=None)
    at: datetime = instant()

    __table_args__ = (
        refers("customer_id", "customer"),
        refers("staff_id", "staff"),
        one_of("hand", TagHand),
        index("ix_customer_tag_history_customer", "customer_id", "at"),
        index("ix_customer_tag_history_tag", "tag_id", "at"),
    )
