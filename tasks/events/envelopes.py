"""The CloudEvents 1.0 envelope: what is needed, what is tolerated, what is refused by name."""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from tasks.events.payloads import Payload, payload_type, read_payload
from tasks.kernel.errors import Invalid
from tasks.kernel.ids import new_id
from tasks.ledger.journal import SOURCE
from tasks.people.attributes import Stored

LONGEST = 256
"""Characters of an event's id and source."""
LARGEST_DATA = 64 * 1024
"""Bytes of an event's data, as JSON."""
AHEAD = timedelta(days=1)
"""A clock may be wrong by this much; what is further in the future did not happen."""
_ATTRIBUTE = re.compile(r"[a-z0-9]{1,64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")


@dataclass(slots=True)
class Draft:
    """One event on its way in: its envelope, its typed payload, the data as sent, which items of the batch said it, and what conditions may ask of it."""

    source: str
    external_id: str
    type: str
    occurred_at: datetime
    payload: Payload
    data: bytes
    places: list[int] = field(default_factory=list)
    id: UUID = field(default_factory=new_id)
    fields: dict[str, Stored] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """What makes the event one event, beside the merchant."""
        return self.source, self.external_id


def read_event(item: object, now: datetime) -> Draft:
    """Return the event. Raises `Invalid` naming the attribute, or the field under `data`."""
    if not isinstance(item, dict):
        raise Invalid("", "is not an object")
    _check_names(item)
    if item.get("specversion") != "1.0":
        raise Invalid("specversion", "is not 1.0")
    source, external_id = _text(item, "source"), _text(item, "id")
    if source == SOURCE:
        raise Invalid("source", "is our own")
    content = item.get("datacontenttype", "application/json")
    if not isinstance(content, str) or not content.split(";")[0].strip().endswith("json"):
        raise Invalid("datacontenttype", "is not JSON")
    shape = payload_type(item.get("type"))
    data = item.get("data")
    if not isinstance(data, dict):
        raise Invalid("data", "is not an object")
    return Draft(source, external_id, str(item["type"]), _time(item, now), read_payload(shape, data), _packed(data))


def _check_names(item: dict[Any, Any]) -> None:
    """Extension attributes are tolerated; names that no CloudEvent may have, and base64 data, are not."""
    for name in item:
        if not isinstance(name, str) or (not _ATTRIBUTE.fullmatch(name) and name != "data_base64"):
            raise Invalid(str(name)[:64], "is no attribute name of CloudEvents 1.0")
    if "data_base64" in item:
        raise Invalid("data_base64", "is not taken: send JSON in data")


def _text(item: dict[str, Any], name: str) -> str:
    value = item.get(name)
    if not isinstance(value, str) or not value.strip():
        raise Invalid(name, "is missing or empty")
    if len(value) > LONGEST:
        raise Invalid(name, f"is longer than {LONGEST} characters")
    if _CONTROL.search(value):
        raise Invalid(name, "has control characters")
    return value


def _time(item: dict[str, Any], now: datetime) -> datetime:
    value = item.get("time")
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise Invalid("time", "is not an RFC 3339 time with an offset")
    try:
        at = msgspec.convert(value.upper(), type=datetime)
    except msgspec.ValidationError as fault:
        raise Invalid("time", "is not an RFC 3339 time with an offset") from fault
    if at > now + AHEAD:
        raise Invalid("time", "is in the future")
    return at


def _packed(data: dict[str, Any]) -> bytes:
    try:
        packed = msgspec.json.encode(data)
    except (UnicodeEncodeError, TypeError) as fault:
        raise Invalid("data", "is not JSON") from fault
    if len(packed) > LARGEST_DATA:
        raise Invalid("data", f"is larger than {LARGEST_DATA} bytes")
    return packed
