"""What a plan version says (engine.md, "A plan version"), as Structs: the JSON of `plan_version.definition`, checked when it is decoded."""

import re
from typing import Annotated, Any

import msgspec

from tasks.kernel.errors import Invalid
from tasks.plans.schedules import Daily, OneOff, Schedule
from tasks.plans.shapes import Struct, WallTime
from tasks.plans.states import Backfill, EntryMode, ExitOn, GoalKind, Link, PlanKind, Purpose, Route, Scope

__all__ = [
    "Behaviour",
    "Daily",
    "Definition",
    "Entry",
    "Goal",
    "Offset",
    "StaffTask",
    "Suppress",
    "Trigger",
    "decode",
    "encode",
]

HOUR_AND_MINUTE = re.compile(r"(\d{4}-\d\d-\d\d[T ])?\d\d:\d\d")
"""A wall time, or a civil date and time, as people write it."""
Percent = Annotated[int, msgspec.Meta(ge=0, le=50)]
Days = Annotated[int, msgspec.Meta(ge=0, le=400)]
OpenDays = Annotated[int, msgspec.Meta(ge=0, le=60)]


class Offset(Struct, frozen=True):
    """How long after the event a passage fires: `after_days` calendar days at `at` in the store's zone."""

    after_days: Days
    at: WallTime


class Behaviour(Struct, frozen=True, tag_field="kind", tag="behaviour"):
    """Fires for each of the events; `first_visit` keeps only those of the first visit of her life at the merchant."""

    events: Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=8)]
    offsets: Annotated[tuple[Offset, ...], msgspec.Meta(min_length=1, max_length=4)]
    first_visit: bool = False


Trigger = Behaviour | Schedule
"""What makes a plan fire: events, or the calendar."""


class Entry(Struct, frozen=True):
    """How often the same scope may enter. `bound_cents` is the bound of `once_per_crossing` over a card's balance."""

    scope: Scope
    mode: EntryMode
    bound_cents: int | None = None


class Goal(Struct, frozen=True):
    """What the plan wants, and within how many days of the contact."""

    kind: GoalKind
    days: Days


class StaffTask(Struct, frozen=True):
    """The task to make: whose, for which store, with which script, how long it may take (store open days)."""

    scene: str
    chain: tuple[Link, ...]
    route: Route
    due_in: OpenDays = 2
    expires_in: OpenDays = 7
    priority: Annotated[int, msgspec.Meta(ge=0, le=999)] = 500
    spread_days: Annotated[int, msgspec.Meta(ge=0, le=30)] = 5
    pool: bool = True
    manager: bool = True


class Suppress(Struct, frozen=True):
    """The default block of product.md, each rule on unless switched off here. Refusals cannot be switched off."""

    complaint: bool = True
    appointment: bool = True
    contacted_today: bool = True
    phone_today: bool = True
    marketing_gap: bool = True
    tier_cap: bool = True
    no_answer: bool = True
    new_year: bool = True


class Definition(Struct, frozen=True):
    """One immutable version of a plan. `audience` is a condition tree (tasks.audience), None for everybody."""

    name: str
    template: str
    purpose: Purpose
    trigger: Trigger
    entry: Entry
    task: StaffTask
    audience: dict[str, Any] | None = None
    exit_on: tuple[ExitOn, ...] = ()
    suppress: Suppress = Suppress()
    backfill: Backfill = Backfill.IN_WINDOW
    goals: tuple[Goal, ...] = ()
    hold_out: Percent = 0
    hold_out_from: int = 200
    max_tasks_per_run: Annotated[int, msgspec.Meta(ge=1)] | None = None
    grace_hours: Annotated[int, msgspec.Meta(ge=0, le=168)] = 12

    @property
    def kind(self) -> PlanKind:
        """What makes it fire."""
        if isinstance(self.trigger, Behaviour):
            return PlanKind.BEHAVIOUR
        return PlanKind.ONE_OFF if isinstance(self.trigger, OneOff) else PlanKind.RECURRING

    @property
    def scene(self) -> str:
        """The scene of the script library its script comes from."""
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
            key: value if key == "audience" else _wall_time(value) if key == "at" else _with_seconds(value)
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
