"""`/v1/owner/plans`: plans, their versions and states, and the limits up to which managers turn them on alone."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, patch, post, put
from litestar.params import FromPath, JSONBody

from backend.http import plans as edge
from backend.http.etags import IfMatch, etag, seen
from backend.http.owner.schemas import StopIn, TemplatesOut
from backend.http.paging import Cursor, Limit, next_link
from backend.http.problems.transport import PreconditionRequired
from backend.http.session import InLocale, InScope, InUnit, InWork
from backend.http.shown import shown
from tasks.flow.approve_plans import (
    ApprovalLimits,
    LimitsChanged,
    approval_limits,
    approve,
    needs_approval,
    put_approval_limits,
    send_back,
)
from tasks.flow.check_plan import check_draft
from tasks.flow.manage_plans import (
    VersionRow,
    activate,
    change_plan,
    end,
    get_plan,
    get_version,
    list_templates,
    list_versions,
    pause,
    put_plan,
    stop_everything,
    store_draft,
)
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.paging import CursorGarbled
from tasks.plans.definition import encode
from tasks.plans.repository import PlanChanged, PlanMoved, PlanRow
from tasks.plans.templates import SECOND_VISIT

MOVE: Final = (PlanChanged, PlanMoved, PreconditionRequired)


@get("/templates", operation_id="ListTemplates", summary="The gallery of templates", opt=shown())
async def templates(unit: InUnit, locale: InLocale) -> TemplatesOut:  # noqa: ARG001  # the unit proves the owner
    """Return every template with what it does and its defaults."""
    return TemplatesOut(list_templates(locale))


@get("/plans", operation_id="ListPlans", summary="Plans", opt=shown(CursorGarbled))
async def plans(
    request: Request[Any, Any, Any],
    unit: InUnit,
    in_state: edge.InState = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response[edge.PlansOut]:
    """Return a page, oldest first; `Link` leads to the next."""
    return await edge.plans_page(request, unit, in_state, (cursor, limit))


@post("/plans", operation_id="CreatePlan", summary="Make a plan", opt=shown(NotFound, Invalid, request=edge.EXAMPLE))
async def create(data: JSONBody[edge.PlanIn], unit: InUnit, who: InScope) -> Response[PlanRow]:
    """Store a draft, from a template or whole; nothing fires until it is activated."""
    return edge.shown_plan(await store_draft(unit, (data.template, data.changes), data.definition, who.staff_id), 201)


@post(
    "/plans:check",
    operation_id="CheckDraft",
    summary="What is wrong with a draft",
    status_code=200,
    opt=shown(NotFound, Invalid, request=edge.EXAMPLE),
)
async def check_unstored(data: JSONBody[edge.PlanIn], work: InWork) -> edge.CheckOut:
    """Name every fault by field, and warn; nothing is stored."""
    return await edge.check_of_draft(data, work.unit, work.locale)


@get(edge.PLAN, operation_id="GetPlan", summary="One plan", opt=shown())
async def plan(plan_id: FromPath[UUID], unit: InUnit) -> Response[PlanRow]:
    """Return the plan with its ETag."""
    return edge.shown_plan(await get_plan(unit, plan_id))


@patch(
    edge.PLAN, operation_id="ChangePlan", summary="Change fields of a plan", opt=shown(*edge.EDIT, request=edge.CHANGE)
)
async def change(
    plan_id: FromPath[UUID], data: JSONBody[edge.PlanChangesIn], unit: InUnit, who: InScope, if_match: IfMatch = None
) -> Response[PlanRow]:
    """Put a new version in force; what has begun finishes on the old one. Nothing changed makes no version."""
    return edge.shown_plan(await change_plan(unit, plan_id, seen(if_match), data.changes, who.staff_id))


@put(
    edge.PLAN,
    operation_id="ReplacePlan",
    summary="Replace a plan's definition",
    opt=shown(*edge.EDIT, request={"definition": encode(SECOND_VISIT)}),
)
async def replace(
    plan_id: FromPath[UUID], data: JSONBody[edge.PlanDefinitionIn], unit: InUnit, who: InScope, if_match: IfMatch = None
) -> Response[PlanRow]:
    """Put a new version in force, whole; what has begun finishes on the old one. The same definition makes no version."""
    return edge.shown_plan(await put_plan(unit, plan_id, seen(if_match), data.definition, who.staff_id))


@get(f"{edge.PLAN}/versions", operation_id="ListVersions", summary="Versions of a plan", opt=shown(CursorGarbled))
async def versions(
    request: Request[Any, Any, Any], plan_id: FromPath[UUID], unit: InUnit, limit: Limit = 20, cursor: Cursor = None
) -> Response[edge.VersionsOut]:
    """Return a page, newest first, each with what it changed; `Link` leads to the next."""
    page = await list_versions(unit, plan_id, cursor, limit)
    return Response(edge.VersionsOut(page.items, page.next_cursor), headers=next_link(request, page.next_cursor))


@get(f"{edge.PLAN}/versions/{{number:int}}", operation_id="GetVersion", summary="One version of a plan", opt=shown())
async def version(plan_id: FromPath[UUID], number: FromPath[int], unit: InUnit) -> VersionRow:
    """Return the version with what it changed."""
    return await get_version(unit, plan_id, number)


@post(f"{edge.PLAN}/check", operation_id="CheckPlan", summary="What is wrong with a plan", status_code=200, opt=shown())
async def check(plan_id: FromPath[UUID], work: InWork) -> edge.CheckOut:
    """Name every fault of the version in force by field, warn, and say what a manager would need approval for."""
    stored = await get_plan(work.unit, plan_id)
    found = await check_draft(work.unit, encode(stored.definition))
    asked = await needs_approval(work.unit, stored) if not found.faults else None
    return edge.told(found, work.locale, asked)


@post(
    f"{edge.PLAN}/activate",
    operation_id="ActivatePlan",
    summary="Let the plan fire",
    status_code=200,
    opt=shown(Invalid, *MOVE),
)
async def activate_plan(
    plan_id: FromPath[UUID], unit: InUnit, who: InScope, if_match: IfMatch = None
) -> Response[PlanRow]:
    """Turn it on from now; what happened in its window before is taken in. Of a plan that waits for approval, that is the approval."""
    return edge.shown_plan(await activate(unit, plan_id, seen(if_match), who.staff_id))


@post(
    f"{edge.PLAN}/approve",
    operation_id="ApprovePlan",
    summary="Agree to a plan",
    status_code=200,
    opt=shown(Invalid, *MOVE),
)
async def approve_plan(
    plan_id: FromPath[UUID], unit: InUnit, who: InScope, if_match: IfMatch = None
) -> Response[PlanRow]:
    """Turn on a plan that was submitted, as it was seen."""
    return edge.shown_plan(await approve(unit, who.staff_id, plan_id, seen(if_match)))


@post(
    f"{edge.PLAN}/send-back",
    operation_id="SendBackPlan",
    summary="Send a plan back",
    status_code=200,
    opt=shown(Invalid, *MOVE, request={"note": "人数太多，请只选徐汇店"}),
)
async def send_plan_back(
    plan_id: FromPath[UUID], data: JSONBody[edge.SendBackIn], unit: InUnit, if_match: IfMatch = None
) -> Response[PlanRow]:
    """Return a submitted plan to its author as a draft, with a note."""
    return edge.shown_plan(await send_back(unit, plan_id, seen(if_match), data.note))


@post(
    f"{edge.PLAN}/pause",
    operation_id="PausePlan",
    summary="Stop the plan for now",
    status_code=200,
    opt=shown(*MOVE, request=edge.WHY),
)
async def pause_plan(
    plan_id: FromPath[UUID], unit: InUnit, data: JSONBody[edge.NoteIn | None] = None, if_match: IfMatch = None
) -> Response[PlanRow]:
    """Stop it from firing; tasks that are out stay."""
    return edge.shown_plan(await pause(unit, plan_id, seen(if_match), data.note if data else None))


@post(
    f"{edge.PLAN}/end",
    operation_id="EndPlan",
    summary="End the plan for good",
    status_code=200,
    opt=shown(*MOVE, request=edge.WHY),
)
async def end_plan(
    plan_id: FromPath[UUID], unit: InUnit, data: JSONBody[edge.NoteIn | None] = None, if_match: IfMatch = None
) -> Response[PlanRow]:
    """End it; waiting passages are cancelled, tasks that are out stay."""
    return edge.shown_plan(await end(unit, plan_id, seen(if_match), data.note if data else None))


@put(
    "/stop-everything",
    operation_id="StopEverything",
    summary="Stop or release every plan",
    status_code=204,
    opt=shown(Invalid, request={"stopped": True, "reason": "话术有误，全部暂停"}),
)
async def stop(data: JSONBody[StopIn], unit: InUnit) -> None:
    """One switch for the whole merchant; stopping says why."""
    if data.stopped and not (data.reason or "").strip():
        raise Invalid("reason", "is needed to stop everything")
    await stop_everything(unit, stopped=data.stopped, reason=data.reason)


@get("/approval-limits", operation_id="GetApprovalLimits", summary="What managers may do alone", opt=shown())
async def limits(unit: InUnit) -> Response[ApprovalLimits]:
    """Return the limits with their ETag; the defaults, version 0, until they are changed."""
    found, version_now = await approval_limits(unit)
    return Response(found, headers=etag(version_now))


@put(
    "/approval-limits",
    operation_id="PutApprovalLimits",
    summary="Change what managers may do alone",
    opt=shown(LimitsChanged, PreconditionRequired, request={"audience": 500, "benefitCents": 200000, "overrides": 0}),
)
async def put_limits(
    data: JSONBody[ApprovalLimits], unit: InUnit, if_match: IfMatch = None
) -> Response[ApprovalLimits]:
    """Replace the limits, what is left out by its default; plans that were submitted stay so."""
    await put_approval_limits(unit, data, seen(if_match))
    found, version_now = await approval_limits(unit)
    return Response(found, headers=etag(version_now))


HANDLERS: Final = (
    templates, plans, create, check_unstored, plan, change, replace, versions, version, check, activate_plan, approve_plan, send_plan_back,
    pause_plan, end_plan, stop, limits, put_limits,
)  # fmt: skip
"""What the owner surface mounts."""
