"""`/v1/owner/benefits`: member days and what they give, and the plan that tells customers of them."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post, put
from litestar.params import FromPath, JSONBody

from backend.http.etags import IfMatch, etag, seen
from backend.http.owner.benefit_schemas import BenefitPlanIn, BenefitsOut
from backend.http.paging import Cursor, Limit, next_link
from backend.http.problems.transport import PreconditionRequired
from backend.http.session import InWork
from backend.http.shown import shown
from tasks.benefits.faults import BenefitChanged, BenefitMoved
from tasks.benefits.shapes import BenefitIn
from tasks.flow.manage_benefits import (
    BenefitView,
    activate_benefit,
    change_benefit,
    create_benefit,
    end_benefit,
    page_of_benefits,
    pause_benefit,
    view_benefit,
)
from tasks.flow.plan_benefit import plan_benefit
from tasks.kernel.errors import Conflict, Invalid
from tasks.kernel.paging import CursorGarbled
from tasks.people.batches import Unknown
from tasks.plans.repository import PlanRow

BENEFIT: Final = {
    "name": "会员日",
    "days": {"kind": "monthly", "days": [18]},
    "fromTime": "10:00",
    "toTime": "21:00",
    "gain": {"kind": "points", "multiplier": 200},
    "levels": ["gold"],
    "stacking": "stack",
    "caps": {"perDayCents": 100000},
    "budget": {"amount": 500000, "unit": "cents", "period": "day"},
}
MOVE: Final = shown(BenefitChanged, BenefitMoved, PreconditionRequired, Invalid)


@get("/benefits", operation_id="ListBenefits", summary="All benefits", opt=shown(CursorGarbled))
async def benefits(
    request: Request[Any, Any, Any], work: InWork, limit: Limit = 20, cursor: Cursor = None
) -> Response[BenefitsOut]:
    """Return a page; `Link` leads to the next."""
    page = await page_of_benefits(work.unit, work.locale, limit, cursor)
    return Response(BenefitsOut(list(page.items), page.next_cursor), headers=next_link(request, page.next_cursor))


@post("/benefits", operation_id="CreateBenefit", summary="Make a benefit", opt=shown(Invalid, Unknown, request=BENEFIT))
async def create(data: JSONBody[BenefitIn], work: InWork) -> Response[BenefitView]:
    """Store a draft; nothing is given until it is activated."""
    return _benefit(await create_benefit(work.unit, data, work.locale), 201)


@get("/benefits/{benefit_id:uuid}", operation_id="GetBenefit", summary="One benefit", opt=shown())
async def benefit(benefit_id: FromPath[UUID], work: InWork) -> Response[BenefitView]:
    """Return it with its ETag, its next days and what was given of it."""
    return _benefit(await view_benefit(work.unit, benefit_id, work.locale))


@put(
    "/benefits/{benefit_id:uuid}",
    operation_id="ReplaceBenefit",
    summary="Change a benefit",
    opt=shown(BenefitChanged, BenefitMoved, PreconditionRequired, Invalid, Unknown, request=BENEFIT),
)
async def replace(
    benefit_id: FromPath[UUID], data: JSONBody[BenefitIn], work: InWork, if_match: IfMatch = None
) -> Response[BenefitView]:
    """Replace it from this instant on; what was given stays counted."""
    return _benefit(await change_benefit(work.unit, (benefit_id, seen(if_match)), data, work.locale))


@post(
    "/benefits/{benefit_id:uuid}/activate",
    operation_id="ActivateBenefit",
    summary="Give it on its days",
    status_code=200,
    opt=MOVE,
)
async def activate(benefit_id: FromPath[UUID], work: InWork, if_match: IfMatch = None) -> Response[BenefitView]:
    """Give it from now on; it needs a day to come."""
    return _benefit(await activate_benefit(work.unit, (benefit_id, seen(if_match)), work.locale))


@post(
    "/benefits/{benefit_id:uuid}/pause",
    operation_id="PauseBenefit",
    summary="Give it no more for now",
    status_code=200,
    opt=MOVE,
)
async def pause(benefit_id: FromPath[UUID], work: InWork, if_match: IfMatch = None) -> Response[BenefitView]:
    """Stop giving it, from this instant on."""
    return _benefit(await pause_benefit(work.unit, (benefit_id, seen(if_match)), work.locale))


@post(
    "/benefits/{benefit_id:uuid}/end",
    operation_id="EndBenefit",
    summary="Never give it again",
    status_code=200,
    opt=MOVE,
)
async def end(benefit_id: FromPath[UUID], work: InWork, if_match: IfMatch = None) -> Response[BenefitView]:
    """End it for good."""
    return _benefit(await end_benefit(work.unit, (benefit_id, seen(if_match)), work.locale))


@post(
    "/benefits/{benefit_id:uuid}/plan",
    operation_id="PlanBenefit",
    summary="Make the plan that tells customers of it",
    opt=shown(BenefitChanged, BenefitMoved, Conflict, PreconditionRequired, Invalid, request={"leadDays": 1}),
)
async def plan(
    benefit_id: FromPath[UUID], data: JSONBody[BenefitPlanIn], work: InWork, if_match: IfMatch = None
) -> Response[PlanRow]:
    """Store the draft of a member-day plan for the benefit's days and customers; the benefit names it."""
    made = await plan_benefit(work.unit, (benefit_id, seen(if_match)), data.lead_days, work.who.staff_id)
    return Response(made, status_code=201, headers=etag(made.etag))


def _benefit(view: BenefitView, status: int = 200) -> Response[BenefitView]:
    return Response(view, status_code=status, headers=etag(view.etag))


HANDLERS: Final = (benefits, create, benefit, replace, activate, pause, end, plan)
"""What the owner surface mounts."""
