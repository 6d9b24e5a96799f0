"""Owners write plans, change them by new versions, and turn them on and off."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from tasks.flow.check_plan import checked, refuse_faults
from tasks.flow.draft_plans import TemplateView, changed, draft, drafted, fit, list_templates, overlaid
from tasks.flow.plan_calendar import check_to_come
from tasks.kernel.paging import Page, decode_cursor, encode_cursor
from tasks.kernel.unit import Unit
from tasks.notices.looking import pushes_stopped
from tasks.plans.definition import Definition, encode
from tasks.plans.entries import backfill
from tasks.plans.occurrences import begin_again, cancel
from tasks.plans.repository import (
    ActivePlan,
    Move,
    PlanRow,
    active_plans,
    get_plan,
    insert_plan,
    list_plans,
    move_plan,
    page_of_plans,
    seen_plan,
)
from tasks.plans.states import PlanState
from tasks.plans.templates import template
from tasks.plans.versions import VersionRow, add_version, version_numbered, versions_of

__all__ = [
    "PlansChanged",
    "Stopped",
    "TemplateView",
    "VersionRow",
    "activate",
    "change_plan",
    "create_plan",
    "drafted",
    "end",
    "get_plan",
    "get_version",
    "list_pages",
    "list_plans",
    "list_templates",
    "list_versions",
    "pause",
    "put_plan",
    "stop_everything",
    "stopped",
    "store_draft",
    "turn_on",
]

ON_THE_WAY = (PlanState.DRAFT, PlanState.PENDING_APPROVAL, PlanState.ACTIVE, PlanState.PAUSED)
"""States of a plan that has not ended."""


class PlansChanged(msgspec.Struct, frozen=True):
    """A plan began or ceased to fire, or fires otherwise; whoever runs plans should look now."""

    plan_id: UUID


class Stopped(msgspec.Struct, frozen=True, rename="camel"):
    """Since when everything is stopped, and why; both null while plans fire."""

    at: datetime | None
    reason: str | None


async def list_pages(unit: Unit, cursor: str | None, limit: int, state: PlanState | None = None) -> Page[PlanRow]:
    """Return a page of plans, oldest first; raises `CursorGarbled`."""
    after = decode_cursor(cursor, tuple[datetime, UUID]) if cursor else None
    rows = await page_of_plans(unit, after, limit + 1, state)
    shown = rows[:limit]
    more = len(rows) > limit
    return Page(shown, encode_cursor([shown[-1].created_at, str(shown[-1].id)]) if more else None)


async def list_versions(unit: Unit, plan_id: UUID, cursor: str | None, limit: int) -> Page[VersionRow]:
    """Return a page of a plan's versions, newest first, each with what it changed. Raises `NotFound`, `CursorGarbled`."""
    await get_plan(unit, plan_id)
    below = decode_cursor(cursor, tuple[int])[0] if cursor else None
    rows = await versions_of(unit, plan_id, below, limit + 1)
    shown = rows[:limit]
    return Page(shown, encode_cursor([shown[-1].version]) if len(rows) > limit else None)


async def get_version(unit: Unit, plan_id: UUID, number: int) -> VersionRow:
    """Return one version of a plan; raises `NotFound`."""
    await get_plan(unit, plan_id)
    return await version_numbered(unit, plan_id, number)


async def create_plan(
    unit: Unit, name: str, changes: Mapping[str, Any] | None = None, author: UUID | None = None
) -> PlanRow:
    """Store a draft from a template, fitted to the merchant. Raises `NotFound` for the template, `Invalid` naming the field of a change."""
    definition = changed(await fit(unit, template(name)), changes)
    return await _store(unit, definition, author)


async def store_draft(
    unit: Unit, named: tuple[str | None, Mapping[str, Any]], whole: Mapping[str, Any] | None, author: UUID | None
) -> PlanRow:
    """Store a draft from a template and changes, or from a whole definition. Raises `NotFound` for the template, `Invalid` naming the field."""
    return await _store(unit, await checked(unit, await draft(unit, *named, whole)), author)


async def _store(unit: Unit, definition: Definition, author: UUID | None) -> PlanRow:
    await refuse_faults(unit, definition)
    return await get_plan(unit, await insert_plan(unit, definition, author))


async def change_plan(
    unit: Unit, plan_id: UUID, etag: int | None, changes: Mapping[str, Any], author: UUID | None
) -> PlanRow:
    """Lay changes over the version in force; see `put_plan`."""
    plan = await seen_plan(unit, plan_id, etag, ON_THE_WAY)
    return await _put(unit, plan, overlaid(plan.definition, changes), author)


async def put_plan(
    unit: Unit, plan_id: UUID, etag: int | None, definition: Mapping[str, Any], author: UUID | None
) -> PlanRow:
    """Put a definition in force as a new version; the same one makes none. Firings and passages that have begun finish on theirs.

    A plan that waited for approval is a draft again: nobody agrees to what they have not seen. `etag` is the version of the plan the caller saw, None for
    whichever. Raises `NotFound`, `PlanChanged`, `PlanMoved`, and `Invalid` naming the field.
    """
    plan = await seen_plan(unit, plan_id, etag, ON_THE_WAY)
    return await _put(unit, plan, definition, author)


async def _put(unit: Unit, plan: PlanRow, raw: Mapping[str, Any], author: UUID | None) -> PlanRow:
    definition = await checked(unit, raw)
    if encode(definition) == encode(plan.definition):
        return plan
    if plan.state is PlanState.ACTIVE:
        await check_to_come(unit, definition)
        unit.after_commit(PlansChanged(plan.id))
    state = PlanState.DRAFT if plan.state is PlanState.PENDING_APPROVAL else plan.state
    return await add_version(unit, plan, definition, author, state)


async def activate(unit: Unit, plan_id: UUID, etag: int | None = None, by: UUID | None = None) -> PlanRow:
    """Let the plan fire from now on, and take in what happened in its window before; of one that waited for approval, that is the approval.

    Raises `NotFound`, `PlanChanged`, `PlanMoved`, and `Invalid` for a one-off plan whose moment is over.
    """
    allowed = (PlanState.DRAFT, PlanState.PAUSED, PlanState.PENDING_APPROVAL)
    return await turn_on(unit, plan_id, Move(allowed=allowed, to=PlanState.ACTIVE, etag=etag, by=by))


async def turn_on(unit: Unit, plan_id: UUID, move: Move) -> PlanRow:
    """Do a move to `active`, and what follows from it. Raises as `activate`."""
    plan = await move_plan(unit, plan_id, move)
    await check_to_come(unit, plan.definition)
    await _go_on(unit, [active for active in await active_plans(unit) if active.plan_id == plan_id])
    unit.after_commit(PlansChanged(plan_id))
    return plan


async def pause(unit: Unit, plan_id: UUID, etag: int | None = None, note: str | None = None) -> PlanRow:
    """Stop the plan from firing; passages and tasks stay as they are. The note says why. Raises `NotFound`, `PlanChanged`, `PlanMoved`."""
    return await move_plan(unit, plan_id, Move(allowed=(PlanState.ACTIVE,), to=PlanState.PAUSED, etag=etag, note=note))


async def end(unit: Unit, plan_id: UUID, etag: int | None = None, note: str | None = None) -> PlanRow:
    """End the plan for good: waiting passages, firings and the rest of a running one are cancelled, tasks that are out stay. The note says why.

    Raises `NotFound`, `PlanChanged`, `PlanMoved`.
    """
    await move_plan(unit, plan_id, Move(allowed=ON_THE_WAY, to=PlanState.ENDED, etag=etag, note=note))
    await cancel(unit, plan_id)
    await unit.run(
        "update enrolment set state = 'exited', exit_reason = 'plan_ended', closed_at = :now "
        "where merchant_id = :merchant and plan_id = :plan and state = 'waiting'",
        plan=plan_id,
    )
    return await get_plan(unit, plan_id)


async def stop_everything(unit: Unit, *, stopped: bool, reason: str | None = None) -> None:
    """Stop every plan of the merchant at once, a run before its next chunk too, or let them fire again as after a pause. The first reason stays."""
    moved = await unit.run(
        "update merchant set stopped_at = case when :stopped then cast(:now as timestamptz) end, stop_reason = case when :stopped then :reason end "
        "where merchant_id = :merchant and (stopped_at is null) = :stopped",
        stopped=stopped,
        reason=reason,
    )
    if moved.rowcount:
        await pushes_stopped(unit, stopped=stopped)
    if moved.rowcount and not stopped:
        await _go_on(unit, await active_plans(unit))


async def stopped(unit: Unit) -> Stopped:
    """Return whether everything is stopped, since when and why."""
    row = await unit.row("select stopped_at, stop_reason from merchant where merchant_id = :merchant")
    return Stopped(row["stopped_at"], row["stop_reason"]) if row else Stopped(None, None)


async def _go_on(unit: Unit, plans: Sequence[ActivePlan]) -> None:
    """Let plans fire from now on: firings that fell into the silence are missed, events of the window are taken in."""
    for plan in plans:
        await begin_again(unit, plan.plan_id)
        await backfill(unit, plan)
