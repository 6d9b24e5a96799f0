"""What a plan version says (engine.md, "A plan version"), as Structs: the JSON of `plan_version.definition`, checked when it is decoded."""

import re
from typing import Annotated, Any

import msgspec

from tasks.kernel.errors import Invalid
from tasks.plans.benefits import Benefit
from tasks.plans.schedules import Daily, OneOff, Schedule
from tasks.plans.shapes import Struct
from tasks.plans.states import Backfill, EntryMode, ExitOn, GoalKind, Measure, PlanKind, Purpose, Scope
from tasks.plans.steps import StaffTask, Step
from tasks.plans.triggers import Behaviour, Days, Offset

__all__ = [
    "Behaviour",
    "Benefit",
    "Daily",
    "Definition",
    "Entry",
    "Goal",
    "Offset",
    "StaffTask",
    "Step",
    "Suppress",
    "Trigger",
    "decode",
    "encode",
]

HOUR_AND_MINUTE = re.compile(r"(\d{4}-\d\d-\d\d[T ])?\d\d:\d\d")
"""A wall time, or a civil date and time, as people write it."""
Percent = Annotated[int, msgspec.Meta(ge=0, le=50)]
WALL_TIMES = frozenset({"at", "dueAt"})
TREES = frozenset({"audience", "onlyIf", "when"})
"""Fields that hold a condition tree, which says `at` in its own ways."""


Trigger = Behaviour | Schedule
"""What makes a plan fire: events, or the calendar."""


class Entry(Struct, frozen=True):
    """How often the same scope may enter.

    `days` belongs to `cooldown` and `at_most`, `times` to `at_most`; `measure` and `bounds` (分, uses or days) belong to `once_per_crossing`.
    """

    scope: Scope
    mode: EntryMode
    days: Annotated[int, msgspec.Meta(ge=1, le=3660)] | None = None
    times: Annotated[int, msgspec.Meta(ge=1, le=100)] | None = None
    measure: Measure | None = None
    bounds: Annotated[tuple[int, ...], msgspec.Meta(max_length=10)] = ()


class Goal(Struct, frozen=True):
    """What the plan wants, and within how many days of the contact."""

    kind: GoalKind
    days: Days


class Suppress(Struct, frozen=True):
    """The default block of product.md, each rule on unless switched off here. Refusals cannot be switched off.

    Care ignores the marketing gap unless `care_gap` says that it keeps the seven days, too.
    """

    complaint: bool = True
    appointment: bool = True
    contacted_today: bool = True
    phone_today: bool = True
    marketing_gap: bool = True
    tier_cap: bool = True
    no_answer: bool = True
    new_year: bool = True
    not_interested: bool = True
    care_gap: bool = False


class Definition(Struct, frozen=True):
    """One immutable version of a plan. `audience` is a condition tree (tasks.audience), None for everybody; `benefit` is what she is offered."""

    name: str
    template: str
    purpose: Purpose
    trigger: Trigger
    entry: Entry
    steps: Annotated[tuple[Step, ...], msgspec.Meta(min_length=1, max_length=8)]
    audience: dict[str, Any] | None = None
    exit_on: tuple[ExitOn, ...] = ()
    suppress: Suppress = Suppress()
    backfill: Backfill = Backfill.IN_WINDOW
    goals: tuple[Goal, ...] = ()
    hold_out: Percent = 0
    hold_out_from: int = 200
    max_tasks_per_run: Annotated[int, msgspec.Meta(ge=1)] | None = None
    grace_hours: Annotated[int, msgspec.Meta(ge=0, le=168)] = 12
    benefit: Benefit | None = None

    @property
    def kind(self) -> PlanKind:
        """What makes it fire."""
        if isinstance(self.trigger, Behaviour):
            return PlanKind.BEHAVIOUR
        return PlanKind.ONE_OFF if isinstance(self.trigger, OneOff) else PlanKind.RECURRING

    @property
    def task(self) -> StaffTask:
        """The task of the first step."""
        return self.steps[0].act

    def act(self, ordinal: int) -> StaffTask:
        """The task of the n-th firing of a passage, counted from 0 through every round of a plan that repeats."""
        return self.steps[ordinal % len(self.steps)].act

    @property
    def scene(self) -> str:
        """The scene of the script library its first script comes from."""
        return self.task.scene

    @property
    def goal(self) -> Goal | None:
        """The first goal, which decides whose credit it is."""
        return self.goals[0] if self.goals else None


def decode(raw: str | bytes | dict[str, Any]) -> Definition:
    """Return the definition; raises `Invalid` on the field that does not fit."""
    try:
        return msgspec.convert(_with_seconds(raw if isinstance(raw, dict) else msgspec.json.decode(raw)), Definition)
    except msgspec.ValidationError as fault:
        why, _, path = str(fault).partition(" - at `")
        raise Invalid(path.rstrip("`").removeprefix("$.") or "definition", why) from fault


def _with_seconds(raw: Any) -> Any:
    """Owners write `HH:MM`, as engine.md does; RFC 3339 wants seconds. Conditions are left as they are."""
    if isinstance(raw, dict):
        return {
            key: value if key in TREES else _wall_time(value) if key in WALL_TIMES else _with_seconds(value)
            for key, value in raw.items()
        }
    if isinstance(raw, list | tuple):
        return [_with_seconds(part) for part in raw]
    return raw


def _wall_time(raw: Any) -> Any:
    return f"{raw}:00" if isinstance(raw, str) and HOUR_AND_MINUTE.fullmatch(raw) else raw


def encode(definition: Definition) -> dict[str, Any]:
    """Return the JSON document that `decode` takes back."""
    document: dict[str, Any] = msgspec.to_builtins(definition)
    return document
