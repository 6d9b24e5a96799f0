"""What the worklist answers: rows of a list, pages, and the state of one task after a move."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from scripts.locales import Locale
from tasks.worklist.buckets import Bucket
from tasks.worklist.states import TaskStatus


class TaskQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which page of which list, in which language its sentences are; `limit` is 1..100, `store_id` narrows it to one of the caller's stores."""

    bucket: Bucket = Bucket.TODAY
    limit: int = 20
    cursor: str | None = None
    locale: Locale = "zh-CN"
    store_id: UUID | None = None


class TaskShown(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What lists and phones show of a task. `nickname` is None when there is nothing good to call the customer; `has_phone` False is 无电话.

    `reserved_by` names the colleague who was offered a pool task and may begin it until `reserved_until`; `claimed_until` is when a claimed one goes back.
    """

    id: UUID
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


class TaskRow(TaskShown, frozen=True, kw_only=True, rename="camel"):
    """A task as a list shows it, judged at the instant of the reading."""

    overdue: bool


class NextTask(msgspec.Struct, frozen=True, rename="camel"):
    """The best task to do now, None when there is none."""

    task: TaskRow | None


class TaskPage(msgspec.Struct, frozen=True, rename="camel"):
    """One page, how many each list holds, and the cursor of the next page when there is one."""

    items: Sequence[TaskRow]
    counts: Mapping[str, int]
    next_cursor: str | None = None


class TaskMove(msgspec.Struct, frozen=True, rename="camel"):
    """Where a task stands after a move. `changed` is False when it stood there already."""

    id: UUID
    status: TaskStatus
    assignee_id: UUID | None
    wait_until: datetime | None
    due_at: datetime
    expires_at: datetime
    changed: bool
