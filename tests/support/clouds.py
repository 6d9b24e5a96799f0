"""CloudEvents as a POS would send them."""

from datetime import datetime
from itertools import count
from typing import Any

_numbers = count(1)


def cloud(
    kind: str, at: datetime, *, event_id: str | None = None, source: str = "pos/1", **data: Any
) -> dict[str, Any]:
    """One CloudEvent 1.0 of a type, with its data."""
    return {
        "specversion": "1.0",
        "id": event_id or f"event-{next(_numbers)}",
        "source": source,
        "type": kind,
        "time": at.isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }
