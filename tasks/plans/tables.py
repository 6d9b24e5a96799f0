"""Tables of plans, their versions, firings and passages."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Field

from tasks.kernel.columns import (
    Row,
    big,
    check,
    day,
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
from tasks.plans.states import EnrolmentState, OccurrenceState, PlanState, Purpose


class Plan(Row, table=True):
    """Who to follow up, when, by whom, with which script. What it does is in its versions; `etag` guards edits.

    `note` is why it was last paused, ended or sent back. Who asked for it to be turned on and who agreed stands in `submitted_*` and `approved_*`.
    """

    merchant_id: UUID = key()
    id: UUID = key()
    name: str = text()
    template: str | None = text(default=None)
    state: str = text(default=PlanState.DRAFT)
    version_id: UUID | None = Field(default=None)
    etag: int = big(default=1)
    activated_at: datetime | None = instant(default=None)
    planned_until: datetime | None = instant(default=None)
    created_at: datetime = instant()
    note: str | None = text(default=None)
    submitted_by: UUID | None = Field(default=None)
    submitted_at: datetime | None = instant(default=None)
    approved_by: UUID | None = Field(default=None)
    approved_at: datetime | None = instant(default=None)

    __table_args__ = (
        of_merchant(),
        one_of("state", PlanState),
        index("ix_plan_active", "state"),
        refers("submitted_by", "staff"),
        refers("approved_by", "staff"),
    )


class PlanVersion(Row, table=True):
    """One immutable definition of a plan (engine.md, "A plan version")."""

    __tablename__ = "plan_version"

    merchant_id: UUID = key()
    id: UUID = key()
    plan_id: UUID
    number: int
    purpose: str = text()
    definition: dict[str, Any] = document()
    created_by: UUID | None = Field(default=None)
    created_at: datetime = instant()

    __table_args__ = (
        refers("plan_id", "plan"),
        refers("created_by", "staff"),
        one_of("purpose", Purpose),
        check("number", "number > 0"),
        only("plan_version", "plan_id", "number", "merchant_id", where="number > 0"),
    )


class Occurrence(Row, table=True):
    """One firing of a plan in one store zone on one local day. `epoch` rises with each take-over; `cursor` is the last scope id of the last committed chunk.

    `audience` is how many matched before the first chunk, `made` how many tasks a finished run made.
    """

    merchant_id: UUID = key()
    id: UUID = key()
    plan_id: UUID
    version_id: UUID
    timezone: str = text()
    fires_on: date = day()
    fire_at: datetime = instant()
    state: str = text(default=OccurrenceState.DUE)
    epoch: int = big(default=0)
    lease_until: datetime | None = instant(default=None)
    cursor: UUID | None = Field(default=None)
    audience: int | None = Field(default=None)
    started_at: datetime | None = instant(default=None)
    progress_at: datetime | None = instant(default=None)
    finished_at: datetime | None = instant(default=None)
    fault: str | None = text(default=None)
    made: int | None = Field(default=None)

    __table_args__ = (
        refers("plan_id", "plan"),
        refers("version_id", "plan_version"),
        one_of("state", OccurrenceState),
        check("timezone", "timezone <> ''"),
        only("occurrence", "plan_id", "timezone", "fires_on", "merchant_id", where="timezone <> ''"),
        check("lease", "state <> 'running' or lease_until is not null"),
        index("ix_occurrence_open", "fire_at", where="state in ('due', 'running')"),
        index("ix_occurrence_lost", "finished_at", where="state in ('missed', 'failed')"),
    )


class Enrolment(Row, table=True):
    """One scope's passage through a plan. `entry_key` is the occurrence, or the event and its offset; `guard` makes an entry rule a unique key.

    `step` counts firings from 0 through every round of a plan that repeats; `anchor_on` is the day of the first, from which rounds are counted.
    """

    merchant_id: UUID = key()
    id: UUID = key()
    plan_id: UUID
    version_id: UUID
    scope_id: UUID
    entry_key: str = text()
    guard: str | None = text(default=None)
    customer_id: UUID
    card_id: UUID | None = Field(default=None)
    event_id: UUID | None = Field(default=None)
    occurrence_id: UUID | None = Field(default=None)
    store_id: UUID | None = Field(default=None)
    state: str = text(default=EnrolmentState.WAITING)
    step: int = Field(default=0)
    fire_at: datetime = instant()
    fires_on: date = day()
    exit_reason: str | None = text(default=None)
    created_at: datetime = instant()
    closed_at: datetime | None = instant(default=None)
    anchor_on: date | None = day(default=None)

    __table_args__ = (
        refers("plan_id", "plan"),
        refers("version_id", "plan_version"),
        refers("customer_id", "customer"),
        refers("card_id", "card"),
        refers("event_id", "event"),
        refers("occurrence_id", "occurrence"),
        refers("store_id", "store"),
        one_of("state", EnrolmentState),
        check("entry_key", "entry_key <> ''"),
        only("enrolment", "scope_id", "plan_id", "version_id", "entry_key", "merchant_id", where="entry_key <> ''"),
        index(
            "uq_enrolment_guard",
            "scope_id",
            "plan_id",
            "guard",
            "merchant_id",
            where="guard is not null",
            is_unique=True,
        ),
        index("ix_enrolment_due", "fire_at", "merchant_id", where="state = 'waiting'"),
        index("ix_enrolment_live", "customer_id", "plan_id", where="state in ('waiting', 'active')"),
        index("ix_enrolment_entered", "customer_id", "plan_id", "created_at", where="event_id is not null"),
    )
