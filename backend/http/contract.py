"""The contract as a document: OpenAPI 3.1 from the code, with what the types alone do not say — problems, examples, refused fields."""

from collections.abc import Iterator
from typing import Any, Final

import msgspec
from litestar import Litestar
from litestar._openapi.schema_generation.plugins.struct import (
    StructSchemaPlugin,
)  # the stock plugin forgets forbid_unknown_fields
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import Components, Reference, Schema, SecurityScheme
from litestar.openapi.spec.enums import OpenAPIType
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition

from backend.auth.errors import Unauthenticated
from backend.http.links import links_of
from backend.http.problems.mapper import MEDIA_TYPE, Problem, document
from backend.http.problems.transport import (
    InternalError,
    InvalidRequest,
    MalformedJson,
    TooLarge,
    Unavailable,
    UnsupportedMediaType,
)
from backend.http.requests import JSON, Batch, Readable
from backend.http.schema_mending import mend
from tasks.kernel.errors import FlowError, Forbidden, NotFound

METHODS: Final = ("get", "put", "post", "delete", "patch")
REQUEST: Final = "01930000-0000-7000-8000-00000000000a"
"""The request id of examples."""


def components() -> Components:
    """Return the two ways to prove who one is."""
    return Components(
        security_schemes={
            "staffToken": SecurityScheme(
                type="http", scheme="bearer", bearer_format="JWT", description="The access token of a log-in."
            ),
            "apiKey": SecurityScheme(type="http", scheme="bearer", description="An integrator's key, `hf_…`."),
        }
    )


class StrictStructs(StructSchemaPlugin):
    """A Struct that refuses unknown fields says so, and what the Struct promises is said too."""

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:
        """Return the stock schema with the Struct's own words, closed when the Struct is."""
        schema = super().to_openapi_schema(field_definition, schema_creator)
        if field_definition.annotation.__struct_config__.forbid_unknown_fields:
            schema.additional_properties = False
        schema.description = " ".join((vars(field_definition.annotation).get("__doc__") or "").split()) or None
        return schema


class BatchSchema(OpenAPISchemaPlugin):
    """A `Batch[T]` is an object with up to a thousand items of T."""

    @staticmethod
    def is_plugin_supported_type(value: Any) -> bool:
        """Return whether it is a batch."""
        return isinstance(value, type) and issubclass(value, Batch)

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        """Return whether it is a batch of something."""
        return field_definition.is_subclass_of(Batch)

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:
        """Return the object."""
        items: Schema | Reference = schema_creator.for_field_definition(field_definition.inner_types[0])
        array = Schema(type=OpenAPIType.ARRAY, items=items, min_items=1, max_items=1000)
        return Schema(
            type=OpenAPIType.OBJECT, required=["items"], properties={"items": array}, additional_properties=False
        )


def contract(app: Litestar) -> dict[str, Any]:
    """Return the whole document as plain JSON values."""
    paths: dict[str, Any] = msgspec.to_builtins(app.openapi_schema.to_schema())
    handlers = {handler.operation_id: handler for handler in _handlers(app)}
    for path, item in paths["paths"].items():
        for method in METHODS:
            if method in item:
                _complete(item[method], handlers[item[method]["operationId"]], path)
    paths["components"]["schemas"].setdefault("Problem", _problem_schema())
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(paths))
    mend(plain)
    return plain


def _handlers(app: Litestar) -> Iterator[HTTPRouteHandler]:
    for route in app.routes:
        yield from getattr(route, "route_handlers", ())


def _complete(operation: dict[str, Any], handler: HTTPRouteHandler, path: str) -> None:
    """Give an operation its description, examples and every problem it can answer."""
    operation["description"] = operation.get("description") or " ".join((handler.fn.__doc__ or "").split())
    success = str(handler.status_code)
    operation["responses"] = {success: operation["responses"][success]}
    _show(operation["responses"][success], handler)
    if links := links_of(operation["operationId"]):
        operation["responses"][success]["links"] = links
    for status in handler.opt.get("shown_also", ()):
        operation["responses"][str(status)] = operation["responses"][success]
    if handler.opt.get("shown_unchanged"):
        operation["responses"]["304"] = {"description": "What `If-None-Match` names is still so; no body."}
    body = operation.get("requestBody")
    if body:
        _complete_body(body, handler)
    for status, kinds in sorted(_problems(operation, handler, path).items()):
        operation["responses"][str(status)] = _problem_response(kinds)


def _complete_body(body: dict[str, Any], handler: HTTPRouteHandler) -> None:
    shape: Any = handler.parsed_data_field.annotation if handler.parsed_data_field else object
    body["required"] = handler.parsed_data_field is None or handler.parsed_data_field.is_required
    reader = getattr(shape, "__origin__", shape)
    media = sorted(handler.opt.get("shown_media") or (reader.MEDIA if isinstance(reader, Readable) else JSON))
    schema = next(iter(body["content"].values()))
    body["content"] = {name: dict(schema) for name in media}
    shown = handler.opt.get("shown_request")
    for name, content in body["content"].items():
        example = shown.get(name) if isinstance(shown, dict) and name in shown else shown
        if example is not None:
            content["example"] = example


def _show(response: dict[str, Any], handler: HTTPRouteHandler) -> None:
    """Give a success its example; one that is bytes says of which types."""
    example = handler.opt.get("shown_answer")
    if handler.opt.get("shown_bytes"):
        binary = {"schema": {"type": "string", "format": "binary"}}
        response["content"] = dict.fromkeys(sorted(handler.opt["shown_bytes"]), binary)
    for content in response.get("content", {}).values():
        if example is not None:
            content["example"] = example


def _problems(operation: dict[str, Any], handler: HTTPRouteHandler, path: str) -> dict[int, list[type[FlowError]]]:
    """Return the kinds of error by status: those of the transport that apply here, and the operation's own."""
    kinds: list[type[FlowError]] = [InternalError, Unavailable, InvalidRequest]
    if operation.get("security"):
        kinds += [Unauthenticated, Forbidden]
    if "requestBody" in operation:
        kinds += [MalformedJson, TooLarge, UnsupportedMediaType]
    if "{" in path:
        kinds.append(NotFound)
    kinds += handler.opt.get("shown_problems", ())
    grouped: dict[int, list[type[FlowError]]] = {}
    for kind in dict.fromkeys(kinds):
        grouped.setdefault(kind.status, []).append(kind)
    return grouped


def _problem_response(kinds: list[type[FlowError]]) -> dict[str, Any]:
    examples = {kind.code: {"value": _example(kind)} for kind in kinds}
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}
    return {"description": " / ".join(kind.code for kind in kinds), "content": {MEDIA_TYPE: content}}


def _example(kind: type[FlowError]) -> dict[str, Any]:
    fact = kind.__new__(kind)
    FlowError.__init__(fact)
    if isinstance(fact, InvalidRequest):
        fact.faults = (("items[3].phones[0]", "type", {"expected": "str"}),)
    extension = type(fact).__dict__.get("extension")
    if extension is not None:
        fact.choices = ()  # type: ignore[attr-defined]  # the one fact with an extension
    found: dict[str, Any] = msgspec.to_builtins(document(fact, "en", REQUEST))
    return found


def _problem_schema() -> dict[str, Any]:
    """Return the JSON Schema of a problem document; open, as RFC 9457 asks."""
    text = {"type": "string"}
    fault = {
        "type": "object",
        "properties": {"field": text, "code": text, "detail": text},
        "required": ["field", "code", "detail"],
    }
    return {
        "type": "object",
        "title": "Problem",
        "description": " ".join((Problem.__doc__ or "").split()),
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "code": text,
            "title": text,
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": text,
            "requestId": text,
            "errors": {"type": "array", "items": fault},
            "choices": {"type": "array", "items": {"type": "object"}},
        },
        "required": ["type", "code", "title", "status", "detail", "requestId"],
    }
