"""Tables of segments."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field

from tasks.audience.states import Visibility
from tasks.kernel.columns import (
    Row,
    big,
    check,
    document,
    index,
    instant,
    key,
    of_merchant,
    one_of,
    only,
    refers,
    text,
)


class Segment(Row, table=True):
    """A saved audience (自定义分群): a condition tree that is evaluated whenever it is used. `seen_by` says who may use it."""

    merchant_id: UUID = key()
    id: UUID = key()
    name: str = text()
    tree: dict[str, Any] = document()
    seen_by: str = text(default=Visibility.SHARED)
    store_id: UUID | None = Field(default=None)
    owner_id: UUID | None = Field(default=None)
    etag: int = big(default=1)
    created_at: datetime = instant()
    changed_at: datetime = instant()

    __table_args__ = (
        of_merchant(),
        refers("store_id", "store"),
        refers("owner_id", "staff"),
        one_of("seen_by", Visibility),
        check("name", "name <> ''"),
        check("store", "(seen_by = 'store') = (store_id is not null)"),
        check("owner", "seen_by <> 'personal' or owner_id is not null"),
        only("segment", "name", "merchant_id", where="name <> '' and seen_by = 'shared'"),
        index("ix_segment_store", "store_id", where="store_id is not null"),
        index("ix_segment_owner", "owner_id", where="owner_id is not null"),
    )


class SegmentUse(Row, table=True):
    """A segment's tree uses another segment; the edges never close a circle."""

    __tablename__ = "segment_use"

    merchant_id: UUID = key()
    segment_id: UUID = key()
    uses_id: UUID = key()

    __table_args__ = (
        refers("segment_id", "segment", cascade=True),
        refers("uses_id", "segment"),
        check("itself", "segment_id <> uses_id"),
        index("ix_segment_use_uses", "uses_id"),
    )


class SegmentCount(Row, table=True):
    """How many were in a segment on a local day, the last time it was counted on it. `segment_key` is its id, or `smart:<name>`."""

    __tablename__ = "segment_count"

    merchant_id: UUID = key()
    segment_key: str = text(primary_key=True)
    counted_on: date = Field(primary_key=True)
    customers: int
    counted_at: datetime = instant()

    __table_args__ = (of_merchant(), check("customers", "customers >= 0"))
