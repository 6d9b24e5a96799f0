"""`/v1/staff`: the worklist, one task, and what is done with it."""

from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import convert

from backend.auth.profile import Me, about_me
from backend.http.paging import Cursor, Limit
from backend.http.session import InLocale, InScope, InUnit, InWork
from backend.http.shown import shown
from backend.http.staff.action_key import IdempotencyKey
from backend.http.staff.action_routes import HANDLERS as ACTIONS
from backend.http.staff.attachment_routes import HANDLERS as ATTACHMENTS
from backend.http.staff.bootstrap_routes import HANDLERS as AROUND
from backend.http.staff.callback_routes import HANDLERS as CALLBACKS
from backend.http.staff.customer_routes import HANDLERS as CUSTOMERS
from backend.http.staff.device_routes import HANDLERS as DEVICES
from backend.http.staff.front_desk_routes import HANDLERS as FRONT_DESK
from backend.http.staff.guards import DEPENDENCIES, GUARDS
from backend.http.staff.notice_routes import HANDLERS as NOTICES
from backend.http.staff.own_routes import HANDLERS as OWN
from backend.http.staff.schemas import CallbackIn, CopyIn, CopyOut, PhoneOut, SnoozeIn
from backend.http.staff.sync_routes import HANDLERS as SYNC
from backend.http.staff.task_examples import DETAIL, LOGGED, ME, MOVED, NEXT, PAGE, RELEASED, SNOOZED
from tasks.actions.faults import ActionRefused, ActionReused
from tasks.flow.action_moves import OnTask, SnoozeBody
from tasks.flow.log_callback import CallbackAnswer, log_callback
from tasks.flow.open_task import TaskDetail, open_task
from tasks.flow.outcome_undo import CallbackVoid, CorrectionTooLate
from tasks.flow.perform_action import Ask, once
from tasks.flow.reveal_phone import CallsRefused, RevealBudgetSpent, reveal_phone
from tasks.flow.work_task import (
    Bucket,
    NextTask,
    TaskMove,
    TaskPage,
    TaskQuery,
    list_tasks,
    next_task,
)
from tasks.kernel.errors import Invalid
from tasks.kernel.paging import CursorGarbled
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit
from tasks.worklist.faults import TaskAlreadyClaimed, TaskClosed, TaskNotReady, TaskUnclaimed

InBucket = Annotated[Bucket, QueryParameter(description="Which list.")]
InStore = Annotated[UUID | None, QueryParameter(description="Only this one of one's stores.")]
ONCE: Final = (TaskAlreadyClaimed, TaskClosed, TaskNotReady, TaskUnclaimed, ActionReused, ActionRefused)
CALLBACK: Final = {
    "actionId": "01930000-0000-7000-8000-0000000000aa",
    "outcome": "booked",
    "occurredAt": "2026-03-09T10:12:00+08:00",
    "fields": {"startsAt": "2026-03-12T15:00:00+08:00"},
}


@get("/me", operation_id="Me", summary="Who I am", opt=shown(answer=ME))
async def me(unit: InUnit, who: InScope) -> Me:
    """Return the caller's name, role and stores."""
    return await about_me(unit, who)


@get("/tasks", operation_id="ListTasks", summary="One list of the worklist", opt=shown(CursorGarbled, answer=PAGE))
async def tasks(
    work: InWork,
    bucket: InBucket = Bucket.TODAY,
    limit: Limit = 20,
    cursor: Cursor = None,
    store: InStore = None,
) -> Response[TaskPage]:
    """Return a page, best first, with the counts of all lists; `Link` leads to the next page. `store` narrows it to one of one's stores."""
    query = TaskQuery(bucket=bucket, limit=limit, cursor=cursor, locale=work.locale, store_id=store)
    page = await list_tasks(work.unit, work.who, query)
    return Response(page, headers=_next_page(query, page.next_cursor))


def _next_page(query: TaskQuery, cursor: str | None) -> dict[str, str]:
    """Return the Link header of the next page; nothing on the last."""
    if cursor is None:
        return {}
    said = {"bucket": query.bucket.value, "limit": query.limit, "store": query.store_id, "cursor": cursor}
    return {"Link": f'</v1/staff/tasks?{urlencode({k: v for k, v in said.items() if v is not None})}>; rel="next"'}


@get("/tasks/next", operation_id="NextTask", summary="The best task to do now", opt=shown(answer=NEXT))
async def best_task(work: InWork, store: InStore = None) -> NextTask:
    """Return one's own or the pool's best task; one of the pool is kept five minutes: nobody else is offered it, and anybody may still claim it."""
    return await next_task(work.unit, work.who, work.locale, store)


@get("/tasks/{task_id:uuid}", operation_id="GetTask", summary="Everything about one task", opt=shown(answer=DETAIL))
async def task(task_id: FromPath[UUID], unit: InUnit, who: InScope, locale: InLocale) -> TaskDetail:
    """Return why, to whom, her cards and last contacts, and the scripts filled in for now; the phone is masked.

    A task nobody needs any more closes when it is opened: `mootBecause` names the event.
    """
    return await open_task(unit, who, task_id, locale)


@post(
    "/tasks/{task_id:uuid}/claim",
    operation_id="ClaimTask",
    summary="Take a task from the pool",
    status_code=200,
    opt=shown(*ONCE, answer=MOVED),
)
async def claim_task(task_id: FromPath[UUID], unit: InUnit, who: InScope, key: IdempotencyKey = None) -> TaskMove:
    """Exactly one of many callers gets it; the others learn who did. Not begun within the merchant's time, it goes back to the pool."""
    return await _move(unit, who, "claim", OnTask(task_id=task_id), key)


@post(
    "/tasks/{task_id:uuid}/start",
    operation_id="StartTask",
    summary="Begin working on a task",
    status_code=200,
    opt=shown(*ONCE, answer=MOVED),
)
async def start_task(task_id: FromPath[UUID], unit: InUnit, who: InScope, key: IdempotencyKey = None) -> TaskMove:
    """Say that one is on it; starting twice changes nothing. A task nobody needs any more closes instead: it answers `moot`."""
    return await _move(unit, who, "start", OnTask(task_id=task_id), key)


@post(
    "/tasks/{task_id:uuid}/snooze",
    operation_id="SnoozeTask",
    summary="Let a task come back later",
    status_code=200,
    opt=shown(*ONCE, Invalid, request={"until": "2026-03-09T16:00:00+08:00"}, answer=SNOOZED),
)
async def snooze_task(
    task_id: FromPath[UUID], data: JSONBody[SnoozeIn], unit: InUnit, who: InScope, key: IdempotencyKey = None
) -> TaskMove:
    """Put it aside until then."""
    return await _move(unit, who, "snooze", SnoozeBody(task_id=task_id, until=data.until), key)


@post(
    "/tasks/{task_id:uuid}/release",
    operation_id="ReleaseTask",
    summary="Give a task back",
    status_code=200,
    opt=shown(*ONCE, answer=RELEASED),
)
async def release_task(task_id: FromPath[UUID], unit: InUnit, who: InScope, key: IdempotencyKey = None) -> TaskMove:
    """Return it to the pool of its store."""
    return await _move(unit, who, "release", OnTask(task_id=task_id), key)


async def _move(unit: Unit, who: StaffScope, kind: str, body: OnTask | SnoozeBody, key: UUID | None) -> TaskMove:
    return convert(await once(unit, who, Ask(kind, body, key)), TaskMove)


@post(
    "/tasks/{task_id:uuid}/script-copies",
    operation_id="CopyScript",
    summary="Say which script was copied",
    opt=shown(
        *ONCE,
        Invalid,
        request={"variant": "second_visit/a", "text": "小红姐，您好…"},
        answer={"id": "01930000-0000-7000-8000-0000000000bb"},
    ),
)
async def script_copies(
    task_id: FromPath[UUID], data: JSONBody[CopyIn], unit: InUnit, who: InScope, key: IdempotencyKey = None
) -> CopyOut:
    """Keep the variant and the exact text, sealed."""
    return convert(await once(unit, who, Ask("copy_script", data.about(task_id), key)), CopyOut)


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
    opt=shown(ActionReused, ActionRefused, CallbackVoid, CorrectionTooLate, Invalid, request=CALLBACK, answer=LOGGED),
)
async def callbacks(task_id: FromPath[UUID], data: JSONBody[CallbackIn], unit: InUnit, who: InScope) -> CallbackAnswer:
    """Keep it for ever and let it move the task. A repeated `actionId` answers `duplicate` with the first verdict."""
    return await log_callback(unit, who, data.about(task_id))


def router() -> Router:
    """Return the surface."""
    return Router(
        "/v1/staff",
        route_handlers=[
            me, tasks, best_task, task, claim_task, start_task, snooze_task, release_task, script_copies, callbacks, reveal,
            *ACTIONS, *AROUND, *ATTACHMENTS, *CALLBACKS, *CUSTOMERS, *DEVICES, *FRONT_DESK, *NOTICES, *OWN, *SYNC,
        ],
        guards=GUARDS,
        dependencies=DEPENDENCIES,
        security=[{"staffToken": []}],
        tags=["staff"],
    )  # fmt: skip
