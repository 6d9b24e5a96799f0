"""`/v1/staff/tasks` and `/v1/staff/events`: what an employee wants to do, and what an employee saw."""

from collections.abc import Sequence
from typing import Final

from litestar import post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody
from msgspec import convert

from backend.http.session import InScope, InUnit
from backend.http.shown import shown
from backend.http.staff.desk_key import ActionKey
from tasks.actions.faults import ActionRefused, ActionReused
from tasks.flow.own_tasks import FollowUp, FollowUpMade
from tasks.flow.perform_action import Ask, once
from tasks.flow.record_staff_events import EventKept, Seen
from tasks.kernel.errors import Invalid, NotFound

ONCE: Final = (ActionReused, ActionRefused, Invalid, NotFound)
CUSTOMER: Final = "01930000-0000-7000-8000-0000000000c1"


@post(
    "/tasks",
    operation_id="CreateOwnTask",
    summary="Plan a follow-up of one's own",
    opt=shown(
        *ONCE,
        request={"customerId": CUSTOMER, "contactAt": "2026-03-16T10:00:00+08:00", "words": "下周一提醒她补色"},
        answer={
            "taskId": "01930000-0000-7000-8000-0000000000d1",
            "storeId": "01930000-0000-7000-8000-000000000051",
            "status": "queued",
            "opensAt": "2026-03-16T02:00:00Z",
            "contactFrom": "2026-03-16T02:00:00Z",
            "dueAt": "2026-03-16T16:00:00Z",
            "expiresAt": "2026-03-23T16:00:00Z",
        },
    ),
)
async def own_task(data: JSONBody[FollowUp], unit: InUnit, who: InScope, key: ActionKey) -> FollowUpMade:
    """Make a task for oneself; while it is live, plans make no new one for this customer. Nobody is followed up who refused every contact."""
    return convert(await once(unit, who, Ask("create_task", data, key)), FollowUpMade)


@post(
    "/events",
    operation_id="RecordStaffEvent",
    summary="Say what a customer did",
    opt=shown(
        *ONCE,
        request={"customerId": CUSTOMER, "type": "tried_not_bought", "product": "保湿面霜", "text": "嫌贵，想再看看"},
        answer={"eventId": "01930000-0000-7000-8000-0000000000f1", "taskId": None},
    ),
)
async def staff_event(data: JSONBody[Seen], unit: InUnit, who: InScope, key: ActionKey) -> EventKept:
    """Record it; plans that wait for it begin at once. A complaint stops marketing and is answered by who leads the store within four hours."""
    return convert(await once(unit, who, Ask("record_event", data, key)), EventKept)


HANDLERS: Final[Sequence[HTTPRouteHandler]] = (own_task, staff_event)
"""What `/v1/staff` gets from here."""
