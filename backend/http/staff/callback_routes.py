"""`/v1/staff/callbacks`: taking a mistaken refusal back."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from litestar import post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody

from backend.http.session import InScope, InUnit
from backend.http.shown import shown
from backend.http.staff.schemas import UndoIn
from tasks.actions.faults import ActionRefused, ActionReused
from tasks.flow.outcome_undo import CallbackVoid, NotUndoable, UndoAnswer, UndoFact, undo_callback
from tasks.kernel.errors import NotFound

UNDONE: Final = {
    "verdict": "applied",
    "first": "applied",
    "callbackId": "01930000-0000-7000-8000-0000000000cc",
    "customerId": "01930000-0000-7000-8000-0000000000e1",
    "undoneAt": "2026-03-09T02:14:00Z",
    "noPhone": False,
    "noWechat": False,
    "noContact": False,
}


@post(
    "/callbacks/{callback_id:uuid}/undo",
    operation_id="UndoCallback",
    summary="Take a mistaken refusal back",
    status_code=200,
    opt=shown(
        NotFound,
        NotUndoable,
        CallbackVoid,
        ActionReused,
        ActionRefused,
        request={"actionId": "01930000-0000-7000-8000-0000000000ab"},
        answer=UNDONE,
    ),
)
async def undo(callback_id: FromPath[UUID], data: JSONBody[UndoIn], unit: InUnit, who: InScope) -> UndoAnswer:
    """Let her be contacted again: its author for ten minutes, who leads the store at any time. What the refusal closed stays closed."""
    return await undo_callback(unit, who, UndoFact(action_id=data.action_id, callback_id=callback_id))


HANDLERS: Final[Sequence[HTTPRouteHandler]] = (undo,)
