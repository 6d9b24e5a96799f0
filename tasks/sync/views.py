"""What a sync asks and answers."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from scripts.locales import Locale
from tasks.kernel.paging import MAX_LIMIT
from tasks.worklist.states import TaskStatus


class Gone(StrEnum):
    """Why a phone must let go of a task."""

    REASSIGNED = "reassigned"
    """Somebody else has it now."""
    CLOSED = "closed"
    """It is over, and not the caller's own of the last day."""
    DELETED = "deleted"
    """It is not there any more."""


class SyncQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What a device asks: from where, how many at most, in which language; `device` is its installation id, if it says one."""

    cursor: str | None = None
    limit: int = MAX_LIMIT
    device: str = ""
    locale: Locale = "zh-CN"


class Removed(msgspec.Struct, frozen=True, rename="camel"):
    """A task that the caller does not show any more; let it go unless a higher `rev` of it is known already."""

    id: UUID
    rev: int
    reason: Gone


class SyncTask(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A task as a phone keeps it.

    It carries instants and no judgement of them: what is overdue or due today the phone works out itself. `rev` grows within a store: of two states of one
    task the higher one is newer. `nickname` is None when there is nothing good to call the customer; `has_phone` False is 无电话.
    """

    id: UUID
    rev: int
    store_id: UUID
    customer_id: UUID
    nickname: str | None
    level: str | None
    why: str
    plans: Sequence[str]
    origin: str
    status: TaskStatus
    opens_at: datetime
    contact_from: datetime
    due_at: datetime
    expires_at: datetime
    wait_until: datetime | None
    wait_kind: str | None
    urged: bool
    attempts: int
    priority: int
    value_cents: int
    has_phone: bool
    pool: bool
    assignee_id: UUID | None
    assignee: str | None
    closed_at: datetime | None
    close_reason: str | None
    claimed_until: datetime | None
    reserved_by: str | None
    reserved_until: datetime | None
