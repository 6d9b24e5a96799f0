"""The page of one task, as values."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from tasks.flow.check_moot import MootBecause
from tasks.scripting.service import ScriptText
from tasks.worklist.rules import TaskAction
from tasks.worklist.states import TaskStatus


class Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """The shape of every part of the page: camelCase outside."""


class ReasonView(Part, frozen=True):
    """A plan's part in the task, primary first; `talking_point` is its why in one line."""

    id: UUID
    plan_id: UUID
    plan: str
    template: str | None
    talking_point: str
    priority: int
    state: str
    close_reason: str | None
    result: str | None


class PhoneView(Part, frozen=True):
    """A number, masked."""

    masked: str
    kind: str
    valid: bool


class CustomerView(Part, frozen=True):
    """The customer. `notes` are the do-not-say notes; the `no_` flags are her refusals; `has_phone` False is 无电话.

    Of `promises_settled` promises she kept `promises_kept`.
    """

    id: UUID
    nickname: str | None
    level: str | None
    gender: str | None
    source: str | None
    phones: Sequence[PhoneView]
    has_phone: bool
    has_wechat: bool
    no_phone: bool
    no_wechat: bool
    no_contact: bool
    notes: str | None
    promises_kept: int = 0
    promises_settled: int = 0


class CardView(Part, frozen=True):
    """An open card of the customer: money in 分, uses, the last day it is good for."""

    id: UUID
    name: str
    kind: str
    balance_cents: int
    principal_cents: int
    gift_cents: int
    uses_left: int
    expires_on: date | None
    frozen: bool


class VisitView(Part, frozen=True):
    """The last visit: the store-local day, what was done and by whom."""

    visited_on: date
    service: str | None
    staff: str | None


class ContactView(Part, frozen=True):
    """A contact before this one, and what came of it."""

    at: datetime
    channel: str
    reached: bool
    staff: str | None
    outcome: str | None
    note: str | None


class OutcomeView(Part, frozen=True):
    """An outcome that may be logged, and the names of the fields it needs (`a|b` when one of two does)."""

    code: str
    needs: Sequence[str]


class TaskDetail(Part, frozen=True):
    """Everything the page of a task shows. `outside_window` warns that the customer should not be contacted at this hour.

    `moot_because` is what happened that nobody needs the task any more: only of one that closed by itself.
    """

    id: UUID
    store_id: UUID
    store: str
    origin: str
    status: TaskStatus
    why: str
    opens_at: datetime
    contact_from: datetime
    outside_window: bool
    due_at: datetime
    expires_at: datetime
    wait_until: datetime | None
    wait_kind: str | None
    overdue: bool
    urged: bool
    attempts: int
    priority: int
    value_cents: int
    pool: bool
    assignee_id: UUID | None
    assignee: str | None
    closed_at: datetime | None
    close_reason: str | None
    reasons: Sequence[ReasonView]
    customer: CustomerView
    cards: Sequence[CardView]
    last_visit: VisitView | None
    contacts: Sequence[ContactView]
    scripts: Sequence[ScriptText]
    actions: Sequence[TaskAction]
    outcomes: Sequence[OutcomeView]
    moot_because: MootBecause | None = None
