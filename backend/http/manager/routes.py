"""`/v1/manager`: what was done, and what is still to do, in the stores one leads."""

from datetime import date
from typing import Annotated, Any

from litestar import Request, Response, Router, get
from litestar.params import QueryParameter

from backend.http.days import countable
from backend.http.manager.audience_routes import HANDLERS as AUDIENCE
from backend.http.manager.choice_routes import HANDLERS as CHOICES
from backend.http.manager.guards import DEPENDENCIES, GUARDS
from backend.http.manager.plan_routes import HANDLERS as PLANS
from backend.http.manager.robot_routes import HANDLERS as ROBOTS
from backend.http.manager.schemas import CompletionOut
from backend.http.manager.segment_routes import HANDLERS as SEGMENTS
from backend.http.manager.tag_routes import HANDLERS as TAGS
from backend.http.paging import Cursor, Limit, next_link
from backend.http.session import InScope, InUnit, InWork
from backend.http.shown import shown
from tasks.flow.work_task import Bucket, TaskPage, TaskQuery, list_tasks
from tasks.kernel.errors import Invalid
from tasks.kernel.paging import CursorGarbled
from tasks.stats.rules import By
from tasks.stats.service import completion

From = Annotated[date, QueryParameter(name="from", description="First day, store-local.")]
To = Annotated[date, QueryParameter(name="to", description="Last day, included.")]
InBy = Annotated[By, QueryParameter(description="What a row stands for.")]
InBucket = Annotated[Bucket, QueryParameter(description="Which list.")]


@get("/completion", operation_id="Completion", summary="What was done", opt=shown(Invalid))
async def completed(unit: InUnit, who: InScope, from_on: From, to_on: To, by: InBy = By.EMPLOYEE) -> CompletionOut:
    """Return the figures per employee, plan or store."""
    countable("from", from_on)
    countable("to", to_on)
    return CompletionOut(from_on=from_on, to_on=to_on, by=by, items=await completion(unit, who, from_on, to_on, by))


@get("/tasks", operation_id="ListStoreTasks", summary="Tasks of the stores one leads", opt=shown(CursorGarbled))
async def tasks(
    request: Request[Any, Any, Any],
    work: InWork,
    bucket: InBucket = Bucket.TODAY,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response[TaskPage]:
    """Return a page of everybody's tasks, best first; `Link` leads to the next page."""
    query = TaskQuery(bucket=bucket, limit=limit, cursor=cursor, locale=work.locale)
    page = await list_tasks(work.unit, work.who, query)
    return Response(page, headers=next_link(request, page.next_cursor))


def router() -> Router:
    """Return the surface."""
    return Router(
        "/v1/manager",
        route_handlers=[completed, tasks, *AUDIENCE, *SEGMENTS, *TAGS, *CHOICES, *PLANS, *ROBOTS],
        guards=GUARDS,
        dependencies=DEPENDENCIES,
        security=[{"staffToken": []}],
        tags=["manager"],
    )
