"""JSON documents as rows bring them."""

from typing import Any

import msgspec


def document(raw: Any) -> Any:
    """Return a JSON document of a row: the driver hands it over as text."""
    return msgspec.json.decode(raw) if isinstance(raw, str | bytes) else raw
