"""`/v1/staff/actions`: what a phone did without reception; alone sufficient for every write."""

from collections.abc import Sequence
from typing import Any, Final

from litestar import Request, post
from litestar.params import JSONBody

from backend.http.locale import Locale
from backend.http.session import InLocale, InScope, services_of
from backend.http.shown import shown
from backend.http.staff.action_problems import explain, problem_of, unreadable_refusal
from backend.http.staff.action_schemas import ActionOut, ActionsIn, ActionsOut, SequenceOut, Unreadable
from backend.http.staff.guards import LOOKING
from tasks.flow.action_sent import Performed, Sent
from tasks.flow.replay_actions import Replayed, Unread, replay_actions

MOST_BODY: Final = 2 * 1024 * 1024
"""Bytes of a call: a hundred callbacks with long notes fit."""
REQUEST: Final = {
    "installationId": "5b0b7a52-6d3f-4a8e-9d43-0b8f0c7f2f11",
    "actions": [
        {
            "kind": "start",
            "actionId": "01930000-0000-7000-8000-0000000000c1",
            "occurredAt": "2026-03-09T10:02:00+08:00",
            "seq": 41,
            "body": {"taskId": "01930000-0000-7000-8000-0000000000d1"},
        },
        {
            "kind": "log_callback",
            "actionId": "01930000-0000-7000-8000-0000000000c2",
            "occurredAt": "2026-03-09T10:12:00+08:00",
            "seq": 42,
            "body": {"taskId": "01930000-0000-7000-8000-0000000000d1", "outcome": "no_answer"},
        },
    ],
}
ANSWER: Final = {
    "results": [
        {
            "actionId": "01930000-0000-7000-8000-0000000000c1",
            "verdict": "applied",
            "first": "applied",
            "final": True,
            "answer": {"id": "01930000-0000-7000-8000-0000000000d1", "status": "in_progress", "changed": True},
            "problem": None,
            "occurredAt": "2026-03-09T02:02:00Z",
            "receivedAt": "2026-03-09T06:30:00Z",
            "suspectClock": False,
            "seqRepeated": False,
        },
        {
            "actionId": "01930000-0000-7000-8000-0000000000c2",
            "verdict": "rejected",
            "first": "rejected",
            "final": True,
            "answer": None,
            "problem": {
                "type": "/problems/not-found",
                "code": "not-found",
                "title": "找不到",
                "status": 404,
                "detail": "找不到该任务",
                "requestId": "01930000-0000-7000-8000-00000000000a",
            },
            "occurredAt": "2026-03-09T02:12:00Z",
            "receivedAt": "2026-03-09T06:30:00Z",
            "suspectClock": False,
            "seqRepeated": False,
        },
    ],
    "sequence": {"highest": 42, "missing": [39]},
    "serverTime": "2026-03-09T06:30:00Z",
}


@post(
    "/actions",
    operation_id="ReplayActions",
    summary="Send what was done without reception",
    status_code=200,
    dependencies=LOOKING,
    request_max_body_size=MOST_BODY,
    opt=shown(request=REQUEST, answer=ANSWER),
)
async def actions(
    request: Request[Any, Any, Any], data: JSONBody[ActionsIn], who: InScope, locale: InLocale
) -> ActionsOut:
    """Do each of up to 100 actions in a transaction of its own, in the order in which they were made; one that is rejected costs no other.

    Every write of the staff app is a kind of action; a call of its own and an action with the same id are one and the same.
    """
    units = services_of(request).units
    sent = _sent(data)
    done = await replay_actions(units, who, sent, lambda fault: explain(request, fault), data.installation_id)
    return ActionsOut(
        results=[_out(request, each, locale) for each in done.results], sequence=_sequence(done), server_time=done.at
    )


def _sent(data: ActionsIn) -> Sequence[Sent | Unread]:
    return [
        Unread(refusal=unreadable_refusal(each), action_id=each.action_id, kind=each.kind)
        if isinstance(each, Unreadable)
        else Sent(
            action_id=each.action_id,
            kind=str(each.__struct_config__.tag),
            occurred_at=each.occurred_at,
            body=each.body,
            device=data.installation_id,
            seq=each.seq,
        )
        for each in data.actions
    ]


def _out(request: Request[Any, Any, Any], done: Performed, locale: Locale) -> ActionOut:
    refusal = done.refusal
    return ActionOut(
        action_id=done.action_id,
        verdict=done.verdict,
        first=done.first,
        final=refusal is None or refusal.final,
        answer=done.answer,
        problem=problem_of(request, refusal, locale) if refusal else None,
        occurred_at=done.occurred_at,
        received_at=done.received_at,
        suspect_clock=done.suspect,
        seq_repeated=done.seq_repeated,
    )


def _sequence(done: Replayed) -> SequenceOut | None:
    return None if done.highest is None else SequenceOut(done.highest, done.missing)


HANDLERS: Final = (actions,)
