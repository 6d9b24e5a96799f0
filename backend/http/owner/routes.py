"""`/v1/owner`: templates, plans, previews, the switch, and keys."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, Router, delete, get, post, put
from litestar.params import FromPath, JSONBody

from backend.auth.api_keys import create_api_key, list_api_keys, revoke_api_key
from backend.http.days import countable
from backend.http.etags import IfMatch, etag, seen
from backend.http.owner.catalog_routes import HANDLERS as CATALOG
from backend.http.owner.guards import DEPENDENCIES, GUARDS, LOOKING
from backend.http.owner.insight_routes import HANDLERS as INSIGHT
from backend.http.owner.schedule_routes import HANDLERS as SCHEDULES
from backend.http.owner.schemas import (
    ApiKeyIn,
    ApiKeyOut,
    ApiKeysOut,
    PlanIn,
    PlansOut,
    PreviewIn,
    StopIn,
    TemplatePreviewIn,
    TemplatesOut,
)
from backend.http.problems.transport import PreconditionRequired
from backend.http.session import InLocale, InScope, InUnit, services_of
from backend.http.shown import shown
from tasks.flow.manage_plans import (
    activate,
    create_plan,
    drafted,
    end,
    get_plan,
    list_plans,
    list_templates,
    pause,
    stop_everything,
)
from tasks.flow.preview import Preview, preview
from tasks.kernel.errors import Invalid, NotFound
from tasks.plans.repository import PlanChanged, PlanMoved, PlanRow

PLAN: Final = {"template": "second_visit", "changes": {"name": "新客二次到店"}}
MOVE: Final = shown(PlanChanged, PlanMoved, PreconditionRequired)


def _plan(plan: PlanRow, status: int = 200) -> Response[PlanRow]:
    return Response(plan, status_code=status, headers=etag(plan.etag))


@get("/templates", operation_id="ListTemplates", summary="The gallery of templates", opt=shown())
async def templates(unit: InUnit, locale: InLocale) -> TemplatesOut:  # noqa: ARG001  # the unit proves the owner
    """Return every template with its defaults."""
    return TemplatesOut(list_templates(locale))


@get("/plans", operation_id="ListPlans", summary="All plans", opt=shown())
async def plans(unit: InUnit) -> PlansOut:
    """Return every plan of the merchant."""
    return PlansOut(await list_plans(unit))


@post(
    "/plans",
    operation_id="CreatePlan",
    summary="Make a plan from a template",
    opt=shown(NotFound, Invalid, request=PLAN),
)
async def create(data: JSONBody[PlanIn], unit: InUnit, who: InScope) -> Response[PlanRow]:
    """Store a draft; nothing fires until it is activated."""
    return _plan(await create_plan(unit, data.template, data.changes, who.staff_id), 201)


@get("/plans/{plan_id:uuid}", operation_id="GetPlan", summary="One plan", opt=shown())
async def plan(plan_id: FromPath[UUID], unit: InUnit) -> Response[PlanRow]:
    """Return the plan with its ETag."""
    return _plan(await get_plan(unit, plan_id))


@post(
    "/plans/{plan_id:uuid}/activate",
    operation_id="ActivatePlan",
    summary="Let the plan fire",
    status_code=200,
    opt=MOVE,
)
async def activate_plan(plan_id: FromPath[UUID], unit: InUnit, if_match: IfMatch = None) -> Response[PlanRow]:
    """Turn it on from now; what happened in its window before is taken in."""
    return _plan(await activate(unit, plan_id, seen(if_match)))


@post(
    "/plans/{plan_id:uuid}/pause", operation_id="PausePlan", summary="Stop the plan for now", status_code=200, opt=MOVE
)
async def pause_plan(plan_id: FromPath[UUID], unit: InUnit, if_match: IfMatch = None) -> Response[PlanRow]:
    """Stop it from firing; tasks that are out stay."""
    return _plan(await pause(unit, plan_id, seen(if_match)))


@post("/plans/{plan_id:uuid}/end", operation_id="EndPlan", summary="End the plan for good", status_code=200, opt=MOVE)
async def end_plan(plan_id: FromPath[UUID], unit: InUnit, if_match: IfMatch = None) -> Response[PlanRow]:
    """End it; waiting passages are cancelled, tasks that are out stay."""
    return _plan(await end(unit, plan_id, seen(if_match)))


@post(
    "/plans/{plan_id:uuid}/preview",
    operation_id="PreviewPlan",
    summary="What the plan would do on a day",
    status_code=200,
    dependencies=LOOKING,
    opt=shown(request={"asOf": "2026-03-09"}),
)
async def preview_plan(
    plan_id: FromPath[UUID], data: JSONBody[PreviewIn], who: InScope, request: Request[Any, Any, Any]
) -> Preview:
    """Run the same engine and write nothing."""
    units = services_of(request).units
    as_of = countable("asOf", data.as_of) if data.as_of else None
    async with units.glance(who.merchant_id) as unit:
        stored = await get_plan(unit, plan_id)
    return await preview(units, who.merchant_id, stored.definition, as_of, plan_id)


@post(
    "/plans:preview",
    operation_id="PreviewTemplate",
    summary="What a template would do on a day",
    status_code=200,
    dependencies=LOOKING,
    opt=shown(NotFound, Invalid, request={"template": "second_visit", "asOf": "2026-03-09"}),
)
async def preview_template(data: JSONBody[TemplatePreviewIn], who: InScope, request: Request[Any, Any, Any]) -> Preview:
    """Run the same engine on a draft that is not stored."""
    as_of = countable("asOf", data.as_of) if data.as_of else None
    return await preview(services_of(request).units, who.merchant_id, drafted(data.template, data.changes), as_of)


@put(
    "/stop-everything",
    operation_id="StopEverything",
    summary="Stop or release every plan",
    status_code=204,
    opt=shown(request={"stopped": True}),
)
async def stop(data: JSONBody[StopIn], unit: InUnit) -> None:
    """One switch for the whole merchant."""
    await stop_everything(unit, stopped=data.stopped)


@post(
    "/api-keys",
    operation_id="CreateApiKey",
    summary="Make a key for an integrator",
    opt=shown(request={"name": "POS 徐汇店", "scopes": ["intake:write"]}, answer={"key": "hf_…"}),
)
async def create_key(data: JSONBody[ApiKeyIn], unit: InUnit) -> ApiKeyOut:
    """Return the key; it cannot be shown again."""
    return ApiKeyOut(await create_api_key(unit, data.name, data.scopes))


@get("/api-keys", operation_id="ListApiKeys", summary="Keys in use", opt=shown())
async def keys(unit: InUnit) -> ApiKeysOut:
    """Return the keys without their secrets."""
    return ApiKeysOut(await list_api_keys(unit))


@delete("/api-keys/{key_id:uuid}", operation_id="RevokeApiKey", summary="End a key", opt=shown())
async def revoke_key(key_id: FromPath[UUID], unit: InUnit) -> None:
    """End it at once."""
    await revoke_api_key(unit, key_id)


def router() -> Router:
    """Return the surface."""
    return Router(
        "/v1/owner",
        route_handlers=[
            templates, plans, create, plan, activate_plan, pause_plan, end_plan, preview_plan, preview_template,
            stop, create_key, keys, revoke_key, *CATALOG, *SCHEDULES, *INSIGHT,
        ],
        guards=GUARDS,
        dependencies=DEPENDENCIES,
        security=[{"staffToken": []}],
        tags=["owner"],
    )  # fmt: skip
