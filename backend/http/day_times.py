"""A time of day in the contract: `HH:MM:SS` without a zone, which no format of JSON Schema names (`time` wants an offset)."""

from datetime import time
from typing import Any

from litestar.openapi.spec import Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition


class DayTimes(OpenAPISchemaPlugin):
    """Says what a time of day looks like; the stock schema calls it a duration."""

    @staticmethod
    def is_plugin_supported_type(value: Any) -> bool:
        """Return whether it is a time of day."""
        return value is time

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:  # noqa: ARG002  # nothing is within
        """Return the pattern."""
        return Schema(
            type=OpenAPIType.STRING,
            pattern=r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d{1,6})?)?$",
            description="Time of day in the store's zone.",
        )
