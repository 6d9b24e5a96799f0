"""`/v1/staff`: the worklist, one task, and what is done with it."""

from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.params import FromPath, JSONBody, QueryParameter

from backend.auth.profile import Me, about_me
from backend.http.paging import Cursor, Limit, next_link
from backend.http.session import InLocale, InScope, InUnit, InWork
from backend.http.shown import shown
from backend.http.staff.guards import DEPENDENCIES, GUARDS
from backend.http.staff.schemas import CallbackIn, CopyIn, CopyOut, PhoneOut, SnoozeIn
from tasks.callbacks.faults import ActionReused
from tasks.flow.copy_script import copy_script
from tasks.flow.log_callback import CallbackAnswer, log_callback
from tasks.flow.reveal_phone import CallsRefused, RevealBudgetSpent, reveal_phone
from tasks.flow.view_task import TaskDetail, view_task
from tasks.flow.work_task import (
    Bucket,
    TaskMove,
    TaskPage,
    TaskQuery,
    claim,
    list_tasks,
    release,
    snooze,
    start,
)
from tasks.kernel.errors import Invalid
from tasks.kernel.paging import CursorGarbled
from tasks.worklist.faults import TaskAlreadyClaimed, TaskClosed, TaskNotReady, TaskUnclaimed

InBucket = Annotated[Bucket, QueryParameter(description="Which list.")]
MOVE: Final = (TaskAlreadyClaimed, TaskClosed, TaskNotReady, TaskUnclaimed)
CALLBACK: Final = {
    "actionId": "01930000-0000-7000-8000-0000000000aa",
    "outcome": "booked",
    "occurredAt": "2026-03-09T10:12:00+08:00",
    "fields": {"startsAt": "2026-03-12T15:00:00+08:00"},
}


@get("/me", operation_id="Me", summary="Who I am", opt=shown())
async def me(unit: InUnit, who: InScope) -> Me:
    """Return the caller's name, role and stores."""
    return await about_me(unit, who)


@get("/tasks", operation_id="ListTasks", summary="One list of the worklist", opt=shown(CursorGarbled))
async def tasks(
    request: Request[Any, Any, Any],
    work: InWork,
    bucket: InBucket = Bucket.TODAY,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> Response[TaskPage]:
    """Return a page, best first, with the counts of all lists; `Link` leads to the next page."""
    query = TaskQuery(bucket=bucket, limit=limit, cursor=cursor, locale=work.locale)
    page = await list_tasks(work.unit, work.who, query)
    return Response(page, headers=next_link(request, page.next_cursor))


@get("/tasks/{task_id:uuid}", operation_id="GetTask", summary="Everything about one task", opt=shown())
async def task(task_id: FromPath[UUID], unit: InUnit, who: InScope, locale: InLocale) -> TaskDetail:
    """Return why, to whom, her cards and last contacts, and the scripts filled in for now; the phone is masked."""
    return await view_task(unit, who, task_id, locale)


@post(
    "/tasks/{task_id:uuid}/claim",
    operation_id="ClaimTask",
    summary="Take a task from the pool",
    status_code=200,
    opt=shown(*MOVE),
)
async def claim_task(task_id: FromPath[UUID], unit: InUnit, who: InScope) -> TaskMove:
    """Exactly one of many callers gets it; the others learn who did."""
    return await claim(unit, who, task_id)


@post(
    "/tasks/{task_id:uuid}/start",
    operation_id="StartTask",
    summary="Begin working on a task",
    status_code=200,
    opt=shown(*MOVE),
)
async def start_task(task_id: FromPath[UUID], unit: InUnit, who: InScope) -> TaskMove:
    """Say that one is on it; starting twice changes nothing."""
    return await start(unit, who, task_id)


@post(
    "/tasks/{task_id:uuid}/snooze",
    operation_id="SnoozeTask",
    summary="Let a task come back later",
    status_code=200,
    opt=shown(*MOVE, Invalid, request={"until": "2026-03-09T16:00:00+08:00"}),
)
async def snooze_task(task_id: FromPath[UUID], data: JSONBody[SnoozeIn], unit: InUnit, who: InScope) -> TaskMove:
    """Put it aside until then."""
    return await snooze(unit, who, task_id, data.until)


@post(
    "/tasks/{task_id:uuid}/release",
    operation_id="ReleaseTask",
    summary="Give a task back",
    status_code=200,
    opt=shown(*MOVE),
)
async def release_task(task_id: FromPath[UUID], unit: InUnit, who: InScope) -> TaskMove:
    """Return it to the pool of its store."""
    return await release(unit, who, task_id)


@post(
    "/tasks/{task_id:uuid}/script-copies",
    operation_id="CopyScript",
    summary="Say which script was copied",
    opt=shown(
        *MOVE,
        Invalid,
        request={"variant": "second_visit/a", "text": "小红姐，您好…"},
        answer={"id": "01930000-0000-7000-8000-0000000000bb"},
    ),
)
async def script_copies(task_id: FromPath[UUID], data: JSONBody[CopyIn], unit: InUnit, who: InScope) -> CopyOut:
    """Keep the variant and the exact text, sealed."""
    return CopyOut(await copy_script(unit, who, data.about(task_id)))


@post(
    "/customers/{customer_id:uuid}/reveal-phone",
    operation_id="RevealPhone",
    summary="Show the full number",
    status_code=200,
    opt=shown(CallsRefused, RevealBudgetSpent, answer={"phone": "13800000001"}),
)
async def reveal(customer_id: FromPath[UUID], unit: InUnit, who: InScope) -> PhoneOut:
    """Return it inside one's own open task only, on the record; sixty customers a day."""
    return PhoneOut(await reveal_phone(unit, who, customer_id))


@post(
    "/tasks/{task_id:uuid}/callbacks",
    operation_id="LogCallback",
    summary="Log what came of a contact",
    opt=shown(ActionReused, Invalid, TaskAlreadyClaimed, request=CALLBACK),
)
async def callbacks(task_id: FromPath[UUID], data: JSONBody[CallbackIn], unit: InUnit, who: InScope) -> CallbackAnswer:
    """Keep it for ever and let it move the task. A repeated `actionId` answers `duplicate` with the first verdict."""
    return await log_callback(unit, who, data.about(task_id))


def router() -> Router:
    """Return the surface."""
    return Router(
        "/v1/staff",
        route_handlers=[
            me, tasks, task, claim_task, start_task, snooze_task, release_task, script_copies, callbacks, reveal,
        ],
        guards=GUARDS,
        dependencies=DEPENDENCIES,
        security=[{"staffToken": []}],
        tags=["staff"],
    )  # fmt: skip
