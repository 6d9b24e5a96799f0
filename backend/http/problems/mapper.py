"""The one place that turns an error into `application/problem+json`; what it does not know is a 500 that says nothing."""

import logging
import re
import traceback
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import (
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    SerializationException,
    ValidationException,
)
from litestar.status_codes import HTTP_413_REQUEST_ENTITY_TOO_LARGE

from backend.db.faults import Fault as DatabaseFault
from backend.db.faults import fault_of
from backend.http.locale import Locale, locale_of
from backend.http.problems.faults import Fault, read_fault, sentence
from backend.http.problems.reasons import in_chinese
from backend.http.problems.registry import title_of, type_of
from backend.http.problems.transport import (
    BadRequest,
    FieldFault,
    InternalError,
    InvalidRequest,
    MalformedJson,
    MethodNotAllowed,
    NoSuchPath,
    TooLarge,
    Unavailable,
    Unstorable,
)
from backend.http.requests import query_name, request_id
from tasks.kernel.errors import FlowError

log = logging.getLogger("huifang.http")

MEDIA_TYPE: Final = "application/problem+json"
RETRY_AFTER: Final = 2
"""Seconds a caller should wait when the database is away."""
_MISSING = re.compile(r"Missing required (?:query|header) parameter '(?P<name>[^']*)'")


class Problem(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """RFC 9457. `errors` names the fields of a 422; `choices` is only in `choose-merchant`."""

    type: str
    code: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: tuple[FieldFault, ...] = ()
    choices: tuple[Any, ...] = ()


def answer(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """Return the problem document of any error raised while a request was handled."""
    fact = fact_of(error, request)
    if fact.status >= InternalError.status:
        _note(request, error)
    locale = locale_of(request.headers.get("accept-language"))
    problem = document(fact, locale, request_id(request.scope))
    return Response(problem, status_code=fact.status, media_type=MEDIA_TYPE, headers=_headers(fact, error, locale))


def document(fact: FlowError, locale: Locale, request: str) -> Problem:
    """Return the body for a fact."""
    extension: dict[str, Any] = getattr(fact, "extension", {})
    return Problem(
        type=type_of(fact.code),
        code=fact.code,
        title=title_of(fact.code, locale),
        status=fact.status,
        detail=_detail(fact, locale),
        request_id=request,
        errors=_field_faults(fact, locale),
        **extension,
    )


def fact_of(error: BaseException, request: Request[Any, Any, Any]) -> FlowError:
    """Return the fact behind any exception."""
    if isinstance(error, FlowError):
        return error
    if isinstance(error, BaseExceptionGroup):  # a request that failed, and then its clean-up
        return fact_of(error.__cause__ or error.exceptions[0], request)
    if isinstance(error, HTTPException):
        return _of_transport(error, request)
    if isinstance(error, RecursionError):  # only a body nested for the purpose is that deep
        return BadRequest()
    meaning = fault_of(error)
    return _OF_DATABASE[meaning]() if meaning else InternalError()


_OF_DATABASE: Final[dict[DatabaseFault, type[FlowError]]] = {
    DatabaseFault.UNAVAILABLE: Unavailable,
    DatabaseFault.UNSTORABLE: Unstorable,
}


def _of_transport(error: HTTPException, request: Request[Any, Any, Any]) -> FlowError:
    if isinstance(error, ValidationException):
        return _of_validation(error, request)
    if isinstance(error, NotFoundException):
        return NoSuchPath()
    if isinstance(error, MethodNotAllowedException):
        return MethodNotAllowed()
    if error.status_code == HTTP_413_REQUEST_ENTITY_TOO_LARGE:
        return TooLarge()
    if isinstance(error.__cause__, SerializationException):
        return MalformedJson()
    return BadRequest() if error.status_code < InternalError.status else InternalError()


def _of_validation(error: ValidationException, request: Request[Any, Any, Any]) -> FlowError:
    """Return the faults of parameters; a body was decoded before, so only its absence is met here."""
    missing = _MISSING.search(error.detail)
    if missing:
        return InvalidRequest((missing["name"], "required", {}))
    faults: list[Fault] = []
    for each in error.extra if isinstance(error.extra, list) else ():
        name = query_name(request, str(each.get("key", "")))
        if name == "data":
            return MalformedJson()
        faults.append(read_fault(str(each.get("message", "")), name))
    return InvalidRequest(*faults) if faults else BadRequest()


def _detail(fact: FlowError, locale: Locale) -> str:
    """Return the sentence; what is spoken of, such as `门店/store`, is said in the caller's language."""
    facts = {key: _in(key, value, locale) for key, value in fact.facts.items()}
    try:
        return (fact.en if locale == "en" else fact.zh).format(**facts)
    except (KeyError, IndexError):
        return title_of(fact.code, locale)


def _in(name: str, value: object, locale: Locale) -> object:
    if name == "why" and locale != "en" and isinstance(value, str):
        return in_chinese(value) or value
    if name == "what" and isinstance(value, str):
        zh, _, en = value.partition("/")
        return en if locale == "en" else zh
    return value


def _field_faults(fact: FlowError, locale: Locale) -> tuple[FieldFault, ...]:
    if isinstance(fact, InvalidRequest):
        return tuple(FieldFault(path, code, sentence(code, facts, locale)) for path, code, facts in fact.faults)
    return (FieldFault(fact.field, fact.code, _detail(fact, locale)),) if fact.field else ()


def _headers(fact: FlowError, error: Exception, locale: Locale) -> dict[str, str]:
    headers: dict[str, str] = {"Content-Language": locale}
    if fact.status == 401:  # noqa: PLR2004  # RFC 9110 §15.5.2
        headers["WWW-Authenticate"] = 'Bearer realm="huifang"'
    if isinstance(fact, Unavailable):
        headers["Retry-After"] = str(RETRY_AFTER)
    if isinstance(fact.facts.get("retry_after"), int):
        headers["Retry-After"] = str(fact.facts["retry_after"])
    if isinstance(error, MethodNotAllowedException) and error.headers:
        headers["Allow"] = error.headers.get("allow", error.headers.get("Allow", ""))
    return headers


def _note(request: Request[Any, Any, Any], error: Exception) -> None:
    """Log where it broke, not what it said: messages of drivers carry values."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "site-packages" not in frame.filename]
    where = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames[-6:]))
    kinds = "/".join(
        type(each).__name__ for each in (error, error.__cause__, getattr(error, "orig", None)) if each is not None
    )
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    log.error(
        "request.handle.failed request_id=%s kind=%s sqlstate=%s at=%s", request_id(request.scope), kinds, state, where
    )
