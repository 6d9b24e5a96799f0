"""What crosses the edge at intake: batches whose items are decoded one by one, and CloudEvents."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec
from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition

from tasks.kernel.verdicts import ItemVerdict

ONE = "application/cloudevents+json"
MANY = "application/cloudevents-batch+json"
MOST = 1000

Word = Annotated[str, msgspec.Meta(min_length=1)]


class VerdictOut(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """The answer for item `index`: `field` and `code` say what was wrong with a rejected one."""

    index: int
    status: str
    id: str | None = None
    code: str | None = None
    field: str | None = None
    detail: str | None = None

    @classmethod
    def of(cls, verdict: ItemVerdict) -> "VerdictOut":
        """Return the verdict as it is sent."""
        row = None if verdict.id is None else str(verdict.id)
        return cls(verdict.index, verdict.status.value, row, verdict.code, verdict.field, verdict.detail)


class ResultsOut(msgspec.Struct, frozen=True, rename="camel"):
    """One verdict per item, in the order of the items."""

    results: list[VerdictOut]


class CloudEventIn(msgspec.Struct, frozen=True, kw_only=True):
    """A CloudEvent 1.0; extension attributes are taken and kept. `data` depends on `type`."""

    specversion: Word
    id: Word
    source: Word
    type: Word
    subject: str | None = None
    time: datetime | None = None
    datacontenttype: str | None = None
    dataschema: str | None = None
    data: Any = None


class Events:
    """One event or a batch of up to a thousand, each still undecoded."""

    MEDIA: ClassVar[frozenset[str]] = frozenset({ONE, MANY, "application/json"})

    def __init__(self, items: list[msgspec.Raw]) -> None:
        """Keep the items."""
        self.items = items

    @classmethod
    def read(cls, body: bytes, media: str) -> "Events":
        """Return the events; raises `msgspec.MsgspecError`."""
        if media == ONE or (media != MANY and not body.lstrip().startswith(b"[")):
            _one.decode(body)
            return cls([msgspec.Raw(body)])
        return cls(_many.decode(body))


_one = msgspec.json.Decoder(dict[str, msgspec.Raw])
_many = msgspec.json.Decoder(Annotated[list[msgspec.Raw], msgspec.Meta(min_length=1, max_length=MOST)])


class EventsSchema(OpenAPISchemaPlugin):
    """One CloudEvent, or an array of them."""

    @staticmethod
    def is_plugin_supported_type(value: Any) -> bool:
        """Return whether it is the events' body."""
        return isinstance(value, type) and issubclass(value, Events)

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:  # noqa: ARG002  # always the same
        """Return the choice."""
        event = schema_creator.for_field_definition(FieldDefinition.from_annotation(CloudEventIn))
        return Schema(one_of=[event, Schema(type=OpenAPIType.ARRAY, items=event, min_items=1, max_items=MOST)])
