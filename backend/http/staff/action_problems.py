"""Problems of actions: said in both languages when they are kept, in the caller's when they are answered."""

from typing import Any, Final

from litestar import Request

from backend.http.locale import Locale
from backend.http.problems.mapper import Problem, answer, document, fact_of
from backend.http.problems.registry import title_of, type_of
from backend.http.problems.transport import FieldFault, InternalError, InvalidRequest
from backend.http.requests import request_id
from backend.http.staff.action_schemas import Unreadable
from tasks.flow.action_sent import Refusal, Said
from tasks.kernel.errors import FlowError

PASSING: Final = frozenset({401, 429})
"""Refusals that may be another time what they are not now: they are never kept."""


def refusal_of(fact: FlowError, *, final: bool | None = None) -> Refusal:
    """Return why, in both languages; final unless it passes or is ours."""
    zh, en = document(fact, "zh-CN", ""), document(fact, "en", "")
    lasting = fact.status < InternalError.status and fact.status not in PASSING
    return Refusal(
        code=fact.code, status=fact.status, final=lasting if final is None else final, zh=_said(zh), en=_said(en)
    )


def unreadable_refusal(unreadable: Unreadable) -> Refusal:
    """Return why an action was not read. A kind nobody knows here may be one of the next version: the phone keeps it."""
    return refusal_of(InvalidRequest(unreadable.fault), final=not unreadable.unknown)


def explain(request: Request[Any, Any, Any], error: Exception) -> Refusal:
    """Return what an exception means to the caller; a defect of ours is logged as in any other call."""
    fact = fact_of(error, request)
    if fact.status >= InternalError.status:
        answer(request, error)
    return refusal_of(fact)


def problem_of(request: Request[Any, Any, Any], refusal: Refusal, locale: Locale) -> Problem:
    """Return the problem document of a refusal for this caller."""
    said = refusal.en if locale == "en" else refusal.zh
    return Problem(
        type=type_of(refusal.code),
        code=refusal.code,
        title=title_of(refusal.code, locale),
        status=refusal.status,
        detail=said.detail,
        request_id=request_id(request.scope),
        errors=tuple(FieldFault(*error) for error in said.errors),
    )


def _said(problem: Problem) -> Said:
    return Said(problem.detail, tuple((each.field, each.code, each.detail) for each in problem.errors))
