"""What every request gets before a handler sees it: an id, a strict body, and no parameter nobody asked for."""

import re
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Final, Generic, Protocol, TypeVar, get_origin, runtime_checkable

import msgspec
from litestar import Request
from litestar.handlers import BaseRouteHandler, HTTPRouteHandler
from litestar.params import ParameterKwarg
from litestar.types import Message, Scope

from backend.http.problems.depth import deep_place
from backend.http.problems.faults import read_fault, unstorable
from backend.http.problems.transport import InvalidRequest, MalformedJson, UnsupportedMediaType
from tasks.kernel.ids import new_id

T = TypeVar("T")

JSON: Final = frozenset({"application/json"})
_ID_KEY: Final = "huifang.request_id"
_OURS = re.compile(r"[A-Za-z0-9._-]{8,64}")
_SUSPECT = re.compile(rb'\\u0000|\d{19,}|"(?:0\d{3}|1[0-8]\d\d|[3-9]\d{3})-\d\d-\d\d[Tt ]')
"""Only a body with one of these can hold a value that must be looked for."""
_HEADERS: Final = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))


@runtime_checkable
class Readable(Protocol):
    """A body that reads itself, item by item."""

    MEDIA: ClassVar[frozenset[str]]

    @classmethod
    def read(cls, body: bytes, media: str) -> Any:
        """Return it; raises `msgspec.MsgspecError`."""


class Batch(Generic[T]):
    """`{"items": [...]}` of 1 to 1,000 items, each still undecoded: a bad one costs only itself."""

    MEDIA: ClassVar[frozenset[str]] = JSON

    def __init__(self, items: list[msgspec.Raw]) -> None:
        """Keep the items."""
        self.items = items

    @classmethod
    def read(cls, body: bytes, _media: str) -> "Batch[T]":
        """Return the batch; raises `msgspec.MsgspecError`."""
        return cls(_items.decode(body).items)


class _Items(msgspec.Struct, forbid_unknown_fields=True):
    items: Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=1000)]


_items = msgspec.json.Decoder(_Items)


class StrictRequest(Request[Any, Any, Any]):
    """Decodes a body once, straight into the handler's type: no lax conversion, no unknown field, nothing a column cannot hold."""

    async def json(self) -> Any:
        """Return the decoded body; raises `UnsupportedMediaType`, `MalformedJson` or `InvalidRequest`."""
        handler = self.route_handler
        shape: Any = (
            handler.parsed_data_field.annotation
            if isinstance(handler, HTTPRouteHandler) and handler.parsed_data_field
            else object
        )
        media = self.content_type[0].lower()
        accepted = _media_of(shape)
        if media not in accepted:
            raise UnsupportedMediaType(accepted=", ".join(sorted(accepted)))
        return _decode(await self.body(), shape, media)


def _decode(body: bytes, shape: Any, media: str) -> Any:
    reader = get_origin(shape) or shape
    try:
        body.decode()
        value = reader.read(body, media) if isinstance(reader, Readable) else _decoder(shape).decode(body)
    except msgspec.ValidationError as fault:
        raise InvalidRequest(read_fault(str(fault))) from fault
    except RecursionError as fault:
        raise InvalidRequest((deep_place(body), "too-deep", {})) from fault
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise MalformedJson from fault
    wrong = unstorable(value) if _SUSPECT.search(body) else None
    if wrong:
        raise InvalidRequest(wrong)
    return value


@lru_cache(maxsize=256)
def _decoder(shape: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(shape)


def _media_of(shape: Any) -> frozenset[str]:
    reader = get_origin(shape) or shape
    return reader.MEDIA if isinstance(reader, Readable) else JSON


def suspect(body: bytes) -> bool:
    """Return whether raw JSON may hold a value that no column can."""
    return _SUSPECT.search(body) is not None


def request_id(scope: Scope | MutableMapping[str, Any]) -> str:
    """Return the id of this request: the caller's `X-Request-Id` if it is a plain one, else a new one; the same each time."""
    state: dict[str, Any] = scope  # type: ignore[assignment]  # an ASGI scope takes keys of ours
    if _ID_KEY not in state:
        headers: Mapping[bytes, bytes] = dict(state.get("headers", ()))
        given = headers.get(b"x-request-id", b"").decode("latin-1")
        state[_ID_KEY] = given if _OURS.fullmatch(given) else str(new_id())
    return str(state[_ID_KEY])


async def stamp(message: Message, scope: Scope) -> None:
    """Put the request id and the safe headers on every answer, errors included."""
    if message["type"] == "http.response.start":
        present = {name.lower() for name, _ in message["headers"]}
        extra = [(name, value) for name, value in _HEADERS if name not in present]
        message["headers"] = [*message["headers"], (b"x-request-id", request_id(scope).encode()), *extra]


async def refuse_unknown_query(request: Request[Any, Any, Any]) -> None:
    """Refuse a query parameter nobody reads, or one given twice: a typing error must not be silent."""
    names = list(request.query_params.multi_items())
    if not names:
        return
    known = _query_names(request.route_handler)
    seen: set[str] = set()
    for name, _ in names:
        if name not in known:
            raise InvalidRequest(read_fault(f"Object contains unknown field `{name}`"))
        if name in seen:
            raise InvalidRequest((name, "repeated", {}))
        seen.add(name)


def query_name(request: Request[Any, Any, Any], key: str) -> str:
    """Return how the caller knows a handler's argument."""
    handler = request.scope.get("route_handler")
    name, dot, rest = key.partition(".")
    field = handler.parsed_fn_signature.parameters.get(name) if isinstance(handler, BaseRouteHandler) else None
    definition = field.kwarg_definition if field else None
    alias = definition.name if isinstance(definition, ParameterKwarg) else None
    return (alias or name) + dot + rest


@lru_cache(maxsize=1024)
def _query_names(handler: BaseRouteHandler) -> frozenset[str]:
    names: set[str] = set()
    for name, field in handler.parsed_fn_signature.parameters.items():
        if field.is_di_field or name in {"data", "request"}:
            continue
        definition = field.kwarg_definition
        alias = definition.name if isinstance(definition, ParameterKwarg) else None
        names.add(alias or name)
    return frozenset(names)
