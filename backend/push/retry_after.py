"""The Retry-After header (RFC 9110 §10.2.3): seconds, or an HTTP date."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

LEAST_S: Final = 1.0
UNSAID_S: Final = 60.0
"""When a provider says "not now" and not until when."""
LONGEST_S: Final = 86_400.0


def retry_after(header: str | None, now: datetime) -> float | None:
    """Return the seconds to wait; None when the header is missing or says nothing that can be read."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(max(float(text), LEAST_S), LONGEST_S)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return min(max((aware - now).total_seconds(), LEAST_S), LONGEST_S)
