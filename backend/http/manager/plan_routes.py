"""`/v1/manager/plans`: managers write plans and submit them, and ask why; owners turn on what goes beyond the limits."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, patch, post, put
from litestar.params import FromPath, JSONBody

from backend.http import plans as edge
from backend.http.days import countable
from backend.http.etags import IfMatch, seen
from backend.http.manager.guards import LOOKING
from backend.http.paging import Cursor, Limit
from backend.http.problems.transport import PreconditionRequired
from backend.http.session import InLocale, InScope, InUnit, InWork, services_of
from backend.http.shown import shown
from tasks.flow.approve_plans import change_own, put_own, submit
from tasks.flow.ask_audience import stores_of
from tasks.flow.explain_plan import Explanation, explain_plan
from tasks.flow.manage_plans import get_plan, store_draft
from tasks.flow.preview import Asked, Preview
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.paging import CursorGarbled
from tasks.plans.definition import encode
from tasks.plans.repository import PlanChanged, PlanMoved, PlanRow
from tasks.plans.templates import SECOND_VISIT


@get("/plans", operation_id="ListPlansAsManager", summary="Plans", opt=shown(CursorGarbled))
async def plans(
    request: Request[Any, Any, Any],
    unit: InUnit,
    in_state: edge.InState = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response[edge.PlansOut]:
    """Return a page of the merchant's plans, oldest first; `Link` leads to the next."""
    return await edge.plans_page(request, unit, in_state, (cursor, limit))


@post(
    "/plans",
    operation_id="CreatePlanAsManager",
    summary="Make a plan",
    opt=shown(NotFound, Invalid, request=edge.EXAMPLE),
)
async def create(data: JSONBody[edge.PlanIn], unit: InUnit, who: InScope) -> Response[PlanRow]:
    """Store a draft of one's own; nothing fires until it is submitted."""
    return edge.shown_plan(await store_draft(unit, (data.template, data.changes), data.definition, who.staff_id), 201)


@post(
    "/plans:check",
    operation_id="CheckDraftAsManager",
    summary="What is wrong with a draft",
    status_code=200,
    opt=shown(NotFound, Invalid, request=edge.EXAMPLE),
)
async def check_unstored(data: JSONBody[edge.PlanIn], work: InWork) -> edge.CheckOut:
    """Name every fault by field, and warn; nothing is stored."""
    return await edge.check_of_draft(data, work.unit, work.locale)


@get(edge.PLAN, operation_id="GetPlanAsManager", summary="One plan", opt=shown())
async def plan(plan_id: FromPath[UUID], unit: InUnit) -> Response[PlanRow]:
    """Return the plan with its ETag."""
    return edge.shown_plan(await get_plan(unit, plan_id))


@patch(
    edge.PLAN,
    operation_id="ChangePlanAsManager",
    summary="Change one's draft",
    opt=shown(*edge.EDIT, request=edge.CHANGE),
)
async def change(
    plan_id: FromPath[UUID], data: JSONBody[edge.PlanChangesIn], unit: InUnit, who: InScope, if_match: IfMatch = None
) -> Response[PlanRow]:
    """Change fields of a draft of one's own, or of one that waits for approval: that makes it a draft again."""
    return edge.shown_plan(await change_own(unit, who, (plan_id, seen(if_match)), data.changes))


@put(
    edge.PLAN,
    operation_id="ReplacePlanAsManager",
    summary="Replace one's draft",
    opt=shown(*edge.EDIT, request={"definition": encode(SECOND_VISIT)}),
)
async def replace(
    plan_id: FromPath[UUID], data: JSONBody[edge.PlanDefinitionIn], unit: InUnit, who: InScope, if_match: IfMatch = None
) -> Response[PlanRow]:
    """Replace the definition of a draft of one's own, or of one that waits for approval: that makes it a draft again."""
    return edge.shown_plan(await put_own(unit, who, (plan_id, seen(if_match)), data.definition))


@post(
    f"{edge.PLAN}/submit",
    operation_id="SubmitPlan",
    summary="Turn a draft on, or ask for it",
    status_code=200,
    opt=shown(Invalid, PlanChanged, PlanMoved, PreconditionRequired),
)
async def submit_plan(
    plan_id: FromPath[UUID], unit: InUnit, who: InScope, if_match: IfMatch = None
) -> Response[PlanRow]:
    """Turn on a draft of one's own that stays within the limits; any other waits for an owner (`pending_approval`)."""
    return edge.shown_plan(await submit(unit, who, plan_id, seen(if_match)))


@post(
    f"{edge.PLAN}/preview",
    operation_id="PreviewPlanAsManager",
    summary="What the plan would do in one's stores",
    status_code=200,
    dependencies=LOOKING,
    opt=shown(request={"asOf": "2026-03-09"}),
)
async def preview_plan(
    plan_id: FromPath[UUID],
    data: JSONBody[edge.PreviewIn],
    who: InScope,
    locale: InLocale,
    request: Request[Any, Any, Any],
) -> Preview:
    """Run the same engine over everybody, write nothing, and show the stores one leads."""
    as_of = countable("asOf", data.as_of) if data.as_of else None
    asked = Asked(as_of=as_of, plan_id=plan_id, stores=stores_of(who), locale=locale)
    return await edge.preview_of(services_of(request).units, who.merchant_id, asked)


@get(
    f"{edge.PLAN}/explain",
    operation_id="ExplainPlanAsManager",
    summary="Why a customer gets a task, or why not",
    dependencies=LOOKING,
    opt=shown(),
)
async def explain(
    plan_id: FromPath[UUID],
    customer: edge.InCustomer,
    who: InScope,
    request: Request[Any, Any, Any],
    on: edge.On = None,
) -> Explanation:
    """Say of a customer of the stores one leads, and of one without a store, what the engine sees, now or on a day."""
    return await explain_plan(services_of(request).units, who, plan_id, edge.question(request, customer, on))


HANDLERS: Final = (plans, create, check_unstored, plan, change, replace, submit_plan, preview_plan, explain)
"""What the manager surface mounts."""
