"""What a plan does with a passage: steps with waits, and the task each of them makes (engine.md, "A plan version")."""

from typing import Annotated, Any
from uuid import UUID

import msgspec

from tasks.plans.shapes import Struct, WallTime
from tasks.plans.states import LastDay, Link, Route, WhoElse
from tasks.plans.triggers import Days, Span

OpenDays = Annotated[int, msgspec.Meta(ge=0, le=60)]
Gap = Annotated[int, msgspec.Meta(ge=1, le=400)]
Weight = Annotated[int, msgspec.Meta(ge=0, le=100)]


class Escalate(Struct, frozen=True):
    """When the tree holds for the customer, the task is this person's and nobody else's: the third missed appointment is the manager's."""

    when: dict[str, Any]
    to: WhoElse


class StaffTask(Struct, frozen=True):
    """The task to make: whose, for which store, with which script, how long it may take.

    Attributes:
        scene: of the script library; `variants` weighs them by key (0: not offered), `script_step` picks those written for a step (`+1d`, `cycle`).
        chain: personal links in order; `named` is who `Link.NAMED` means.
        due_in, expires_in: store open days after the day it opens; `due_hours` counts exact hours from when she may be contacted instead.
        last_day: the day after which the task is of no use: it is never spread past it and expires with it; `due_at` is the wall time on it when it is late.
        spread_days: how many further days the tasks may be spread over.
        most_per_employee: tasks of one run for one employee.
        pool, manager: who gets what nobody takes.
    """

    scene: str
    chain: tuple[Link, ...]
    route: Route
    named: UUID | None = None
    variants: dict[str, Weight] = msgspec.field(default_factory=dict)
    script_step: Annotated[str, msgspec.Meta(pattern=r"^([+-][0-9]{1,3}d|cycle)$")] | None = None
    talking_point: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    due_in: OpenDays = 2
    due_hours: Annotated[int, msgspec.Meta(ge=1, le=72)] | None = None
    expires_in: OpenDays = 7
    last_day: LastDay | None = None
    due_at: WallTime | None = None
    priority: Annotated[int, msgspec.Meta(ge=0, le=999)] = 500
    spread_days: Annotated[int, msgspec.Meta(ge=0, le=30)] = 5
    most_per_employee: Annotated[int, msgspec.Meta(ge=1)] | None = None
    escalate: Escalate | None = None
    pool: bool = True
    manager: bool = True


class Wait(Struct, frozen=True):
    """How long after the previous step fired the next one does, never before the previous task has closed.

    `days` calendar days, at `at` (else the previous step's wall time); exactly `after`; or with `cycle` the usual gap of the service she had, counted from the
    day she had it: the service's own, else its category's, else what `usual` says of the category's code.
    """

    days: Days | None = None
    at: WallTime | None = None
    after: Span | None = None
    cycle: bool = False
    usual: dict[str, Gap] = msgspec.field(default_factory=dict)


class Step(Struct, frozen=True):
    """One step: wait, look (`only_if`; a step that does not hold is passed over), act. The first step waits for nothing: the trigger says when."""

    act: StaffTask
    wait: Wait | None = None
    only_if: dict[str, Any] | None = None
