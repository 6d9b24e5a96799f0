"""What the explanation of one customer and one plan consists of."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

import msgspec

from tasks.audience.telling import Told
from tasks.plans.states import EntryMode, Link, Suppression


class Struct(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Immutable, camelCase outside."""


class Condition(Struct, frozen=True):
    """A condition tree of the plan, node by node, with what each condition saw; `path` is where the plan has it."""

    path: str
    tree: Told


class Entry(Struct, frozen=True):
    """The entry rule: how often she entered before and when last, and whether that keeps her out."""

    mode: EntryMode
    times: int
    last_at: datetime | None
    keeps_out: bool


class Rule(Struct, frozen=True):
    """One suppression, in the order in which they are looked at: whether the plan has it on, whether it would hold, and what it saw (text, in words)."""

    rule: Suppression
    sentence: str
    on: bool
    holds: bool
    seen: str | None


class HoldOut(Struct, frozen=True):
    """The hold-out: percent of this firing (0: none), her bucket of a hundred, which never changes for this plan, and whether she is held out."""

    percent: int
    bucket: int
    holds: bool


class Merge(Struct, frozen=True):
    """What a task that is out already does: `merged` into it, or `deferred` because of it; null when there is none."""

    decided: str | None
    reason: str | None
    task_id: UUID | None


class Cap(Struct, frozen=True):
    """The limits of a run. How full it will be depends on everybody else, so they are told and not judged."""

    most_tasks: int | None
    most_per_employee: int | None


class Person(Struct, frozen=True):
    """One link of the chain: who that is for her, and why they would or would not get the task.

    `chosen`, `fits` (somebody before them was chosen), `nobody` (she has no such link), `removed`, `other_store`, `leave`, `rest_day`,
    `no_room` on the first day, `not_asked` (the least loaded, when somebody was chosen before).
    """

    link: Link
    staff_id: UUID | None
    name: str | None
    verdict: str


class Assignment(Struct, frozen=True):
    """Who would get the task and when, if nothing else stood in the way; nobody: the store's pool. `escalated`: it is theirs whatever the chain says."""

    store_id: UUID | None
    store: str | None
    chain: Sequence[Person]
    staff_id: UUID | None
    name: str | None
    opens_on: date | None
    escalated: bool


class Verdict(Struct, frozen=True):
    """What becomes of her, as a run that looks at her alone decides it; `not_matched` when the audience or the trigger does not mean her."""

    decided: str
    reason: str | None
    task_id: UUID | None
    staff_id: UUID | None
    opens_on: date | None


class Scoped(Struct, frozen=True):
    """The explanation for one thing the plan is about: the customer herself, one card, one visit, one appointment."""

    scope_id: UUID
    card_id: UUID | None
    event_id: UUID | None
    matched: bool
    conditions: Sequence[Condition]
    entry: Entry
    rules: Sequence[Rule]
    hold_out: HoldOut
    merge: Merge
    cap: Cap
    assignment: Assignment
    verdict: Verdict


class Happening(Struct, frozen=True):
    """An event of hers that starts the plan, and when its passage fires by one of the offsets; not `in_time`: the moment lay before the event."""

    event_id: UUID
    occurred_at: datetime
    offset: int
    fires_at: datetime
    fires_on: date
    in_time: bool


class Trigger(Struct, frozen=True):
    """Whether the plan fires for her on the day; the days it fires before and after it, or of a plan that events start her newest events of its kinds.

    `happened` counts her events of these kinds whatever the plan's filters say.
    """

    fires: bool
    last_on: date | None = None
    next_on: date | None = None
    happened: int | None = None
    events: Sequence[Happening] = ()


class Recorded(Struct, frozen=True):
    """A decision that a run has written."""

    version: int
    decided_at: datetime
    decided: str
    reason: str | None
    step: int
    task_id: UUID | None


class Passage(Struct, frozen=True):
    """A passage of hers through the plan."""

    version: int
    state: str
    step: int
    fires_at: datetime
    exit_reason: str | None
    entered_at: datetime
    closed_at: datetime | None


class Explanation(Struct, frozen=True):
    """Why a customer gets a task of a plan, or why not, by the version in force.

    `as_of` is the instant it was judged for. `followed_up` is false for 散客, internal and gone records: no plan takes them. `scopes` is empty when she has
    nothing the plan could be about. `todays_value_used` names what the books keep no history of, when a past day was asked for.
    """

    plan_id: UUID
    version: int
    customer_id: UUID
    name: str | None
    as_of: datetime
    on: date
    followed_up: bool
    trigger: Trigger
    scopes: Sequence[Scoped]
    decisions: Sequence[Recorded]
    passages: Sequence[Passage]
    todays_value_used: Sequence[str] = ()
