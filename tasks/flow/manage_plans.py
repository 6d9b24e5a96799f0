"""Owners turn plans on and off."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec

from tasks.audience.resolving import check_tree
from tasks.audience.segments import check_seen
from tasks.audience.tree import parse
from tasks.flow.plan_calendar import check_calendar, check_to_come
from tasks.kernel.errors import Invalid
from tasks.kernel.unit import Unit
from tasks.plans.definition import Definition, decode, encode
from tasks.plans.entries import backfill
from tasks.plans.occurrences import begin_again, cancel
from tasks.plans.repository import ActivePlan, PlanRow, active_plans, get_plan, insert_plan, list_plans, move_plan
from tasks.plans.rules import check
from tasks.plans.states import PlanState
from tasks.plans.templates import ENGLISH, TEMPLATES, template

__all__ = [
    "PlansChanged",
    "TemplateView",
    "activate",
    "create_plan",
    "end",
    "get_plan",
    "list_plans",
    "list_templates",
    "pause",
    "stop_everything",
]


class PlansChanged(msgspec.Struct, frozen=True):
    """A plan began or ceased to fire; whoever runs plans should look now."""

    plan_id: UUID


class TemplateView(msgspec.Struct, frozen=True, rename="camel"):
    """A template as the gallery shows it."""

    template: str
    name: str
    definition: Definition


def list_templates(locale: str) -> list[TemplateView]:
    """Return the gallery in its order, named in the locale."""
    return [
        TemplateView(name, ENGLISH[name] if locale.startswith("en") else definition.name, definition)
        for name, definition in TEMPLATES.items()
    ]


def drafted(name: str, changes: Mapping[str, Any] | None = None) -> Definition:
    """Return a template's definition with changes laid over it, field by field, checked as a whole. Raises `NotFound` or `Invalid`."""
    definition = template(name)
    if changes:
        definition = decode(_over(encode(definition), _whole(definition, changes)))
    check(definition)
    parse(definition.audience)
    return definition


def _whole(definition: Definition, changes: Mapping[str, Any]) -> dict[str, Any]:
    """`task` in changes is short for the first step's; its fields are laid over, the steps after it stay."""
    if "task" not in changes:
        return dict(changes)
    if "steps" in changes:
        raise Invalid("task", "is the first of the steps")
    first, *others = encode(definition)["steps"]
    task = changes["task"]
    if not isinstance(task, dict):
        raise Invalid("task", "is an object")
    rest = {key: value for key, value in changes.items() if key != "task"}
    return rest | {"steps": [first | {"act": _over(first["act"], task)}, *others]}


def _over(base: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Objects are laid over objects; everything else replaces. `audience`, and a trigger of another kind, are one thing and replace as a whole."""
    merged = dict(base)
    for key, value in changes.items():
        below = merged.get(key)
        both = isinstance(below, dict) and isinstance(value, dict) and key != "audience" and _alike(below, value)
        merged[key] = _over(below, value) if both else value  # type: ignore[arg-type]  # both are dicts
    return merged


def _alike(below: dict[str, Any], value: dict[str, Any]) -> bool:
    return "kind" not in value or value["kind"] == below.get("kind")


async def create_plan(
    unit: Unit, name: str, changes: Mapping[str, Any] | None = None, author: UUID | None = None
) -> PlanRow:
    """Store a draft from a template. Raises `NotFound` for the template, `Invalid` naming the field of a change."""
    definition = drafted(name, changes)
    await check_seen(unit, None, await check_tree(unit, definition.audience), None)
    await check_calendar(unit, definition)
    return await get_plan(unit, await insert_plan(unit, definition, author))


async def activate(unit: Unit, plan_id: UUID, etag: int | None = None) -> PlanRow:
    """Let the plan fire from now on, and take in what happened in its window before.

    Raises `NotFound`, `PlanChanged`, `PlanMoved`, and `Invalid` for a one-off plan whose moment is over.
    """
    await move_plan(
        unit, plan_id, (PlanState.DRAFT, PlanState.PAUSED, PlanState.PENDING_APPROVAL), PlanState.ACTIVE, etag
    )
    plan = await get_plan(unit, plan_id)
    await check_to_come(unit, plan.definition)
    await _go_on(unit, [active for active in await active_plans(unit) if active.plan_id == plan_id])
    unit.after_commit(PlansChanged(plan_id))
    return plan


async def pause(unit: Unit, plan_id: UUID, etag: int | None = None) -> PlanRow:
    """Stop the plan from firing; passages and tasks stay as they are. Raises `NotFound`, `PlanChanged`, `PlanMoved`."""
    await move_plan(unit, plan_id, (PlanState.ACTIVE,), PlanState.PAUSED, etag)
    return await get_plan(unit, plan_id)


async def end(unit: Unit, plan_id: UUID, etag: int | None = None) -> PlanRow:
    """End the plan for good: waiting passages, firings and the rest of a running one are cancelled, tasks that are out stay.

    Raises `NotFound`, `PlanChanged`, `PlanMoved`.
    """
    every = (PlanState.DRAFT, PlanState.PENDING_APPROVAL, PlanState.ACTIVE, PlanState.PAUSED)
    await move_plan(unit, plan_id, every, PlanState.ENDED, etag)
    await cancel(unit, plan_id)
    await unit.run(
        "update enrolment set state = 'exited', exit_reason = 'plan_ended', closed_at = :now "
        "where merchant_id = :merchant and plan_id = :plan and state = 'waiting'",
        plan=plan_id,
    )
    return await get_plan(unit, plan_id)


async def stop_everything(unit: Unit, *, stopped: bool) -> None:
    """Stop every plan of the merchant at once, a run before its next chunk too, or let them fire again as after a pause."""
    moved = await unit.run(
        "update merchant set stopped_at = case when :stopped then cast(:now as timestamptz) end "
        "where merchant_id = :merchant and (stopped_at is null) = :stopped",
        stopped=stopped,
    )
    if moved.rowcount and not stopped:
        await _go_on(unit, await active_plans(unit))


async def _go_on(unit: Unit, plans: Sequence[ActivePlan]) -> None:
    """Let plans fire from now on: firings that fell into the silence are missed, events of the window are taken in."""
    for plan in plans:
        await begin_again(unit, plan.plan_id)
        await backfill(unit, plan)
