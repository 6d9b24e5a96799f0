"""Tables of runs: whom a firing means, and what was decided."""

from datetime import datetime
from uuid import UUID

from sqlmodel import Field

from tasks.kernel.columns import Row, check, ids, index, instant, key, one_of, refers, text, unique
from tasks.plans.states import Decided


class RunPart(Row, table=True):
    """Part of whom a firing means: scope ids in order, found once when the run began; gone when it is over. The last id of a part is its greatest."""

    __tablename__ = "run_part"

    merchant_id: UUID = key()
    occurrence_id: UUID = key()
    no: int = key()
    last_id: UUID
    scope_ids: list[UUID] = ids()

    __table_args__ = (refers("occurrence_id", "occurrence", cascade=True),)


class Decision(Row, table=True):
    """What was decided for one scope that matched one entry of a plan, and why. `entry_key` is the enrolment's."""

    merchant_id: UUID = key()
    id: UUID = key()
    plan_id: UUID
    version_id: UUID
    occurrence_id: UUID | None = Field(default=None)
    enrolment_id: UUID | None = Field(default=None)
    scope_id: UUID
    entry_key: str = text()
    step: int = Field(default=0)
    customer_id: UUID
    decided: str = text()
    reason: str | None = text(default=None)
    task_id: UUID | None = Field(default=None)
    decided_at: datetime = instant()

    __table_args__ = (
        refers("plan_id", "plan"),
        refers("version_id", "plan_version"),
        refers("occurrence_id", "occurrence"),
        refers("enrolment_id", "enrolment"),
        refers("customer_id", "customer"),
        refers("task_id", "task"),
        one_of("decided", Decided),
        check("task", "(decided in ('task', 'merged')) = (task_id is not null)"),
        unique("scope_id", "plan_id", "entry_key", "step", "merchant_id"),
        index("ix_decision_plan", "plan_id", "decided_at"),
        index("ix_decision_customer", "customer_id", "decided_at"),
    )
