"""`/v1/owner/plans…preview`, `…explain`, `…back-test`, `…decisions`: what a plan would do, did, and why."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath, JSONBody, SkipValidation

from backend.http import plans as edge
from backend.http.days import countable
from backend.http.owner.guards import LOOKING
from backend.http.paging import Cursor, Limit, next_link
from backend.http.session import InLocale, InScope, InUnit, services_of
from backend.http.shown import shown
from tasks.flow.back_test import BackTest, Period, back_test
from tasks.flow.check_plan import checked
from tasks.flow.draft_plans import draft
from tasks.flow.explain_plan import Explanation, explain_plan
from tasks.flow.manage_plans import get_plan
from tasks.flow.plan_decisions import DecisionQuery, list_decisions
from tasks.flow.preview import Asked, Preview, look
from tasks.kernel.errors import Invalid, NotFound
from tasks.kernel.paging import CursorGarbled
from tasks.kernel.unit import Unit


@post(
    f"{edge.PLAN}/preview",
    operation_id="PreviewPlan",
    summary="What the plan would do on a day",
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
    """Run the same engine and write nothing: who, how many, whose task, what they would say, and what stands in the way."""
    as_of = countable("asOf", data.as_of) if data.as_of else None
    asked = Asked(as_of=as_of, plan_id=plan_id, locale=locale)
    return await edge.preview_of(services_of(request).units, who.merchant_id, asked)


@post(
    "/plans:preview",
    operation_id="PreviewTemplate",
    summary="What a draft would do on a day",
    status_code=200,
    dependencies=LOOKING,
    opt=shown(NotFound, Invalid, request={"template": "second_visit", "asOf": "2026-03-09"}),
)
async def preview_draft(
    data: JSONBody[edge.DraftPreviewIn], who: InScope, locale: InLocale, request: Request[Any, Any, Any]
) -> Preview:
    """Run the same engine on a draft that is not stored."""
    units = services_of(request).units
    as_of = countable("asOf", data.as_of) if data.as_of else None
    async with units.glance(who.merchant_id) as unit:
        definition = await checked(unit, await draft(unit, data.template, data.changes, data.definition))
    return await look(units, who.merchant_id, definition, Asked(as_of=as_of, locale=locale))


@get(
    f"{edge.PLAN}/explain",
    operation_id="ExplainPlan",
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
    """Say condition by condition, rule by rule and link by link what the engine sees of anybody, now or on a day."""
    return await explain_plan(services_of(request).units, who, plan_id, edge.question(request, customer, on))


@post(
    f"{edge.PLAN}/back-test",
    operation_id="BackTestPlan",
    summary="What the plan would have done in the past",
    status_code=200,
    dependencies=LOOKING,
    opt=shown(Invalid, request={"from": "2026-01-01", "to": "2026-03-31"}),
)
async def back_test_plan(
    plan_id: FromPath[UUID], data: JSONBody[edge.BackTestIn], who: InScope, request: Request[Any, Any, Any]
) -> BackTest:
    """Run the version in force over every firing of the period with a virtual clock, and write nothing. It may take a minute."""
    units = services_of(request).units
    period = Period(countable("from", data.from_on), countable("to", data.to_on))
    async with units.glance(who.merchant_id) as unit:
        stored = await get_plan(unit, plan_id)
    return await back_test(units, who.merchant_id, stored.definition, period, plan_id)


@dataclass(frozen=True)
class Asking:
    """Of which plan a page is asked, by which request, in which unit."""

    request: Request[Any, Any, Any]
    unit: Unit
    plan_id: UUID


async def asking(request: Request[Any, Any, Any], unit: InUnit, plan_id: FromPath[UUID]) -> Asking:
    """Put them together, for a handler with many parameters of its own."""
    return Asking(request, unit, plan_id)


@get(
    f"{edge.PLAN}/decisions",
    operation_id="ListDecisions",
    summary="What the plan decided",
    dependencies={"asking": Provide(asking)},
    opt=shown(CursorGarbled),
)
async def decisions(
    asking: NamedDependency[SkipValidation[Asking]],
    decided: edge.InDecided = None,
    customer: edge.AnyCustomer = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response[edge.DecisionsOut]:
    """Return a page, newest first; `Link` leads to the next."""
    query = DecisionQuery(decided=decided, customer_id=customer, cursor=cursor, limit=limit)
    page = await list_decisions(asking.unit, asking.plan_id, query)
    found = edge.DecisionsOut(page.items, page.next_cursor)
    return Response(found, headers=next_link(asking.request, page.next_cursor))


HANDLERS: Final = (preview_plan, preview_draft, explain, back_test_plan, decisions)
"""What the owner surface mounts."""
