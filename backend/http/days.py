"""Days that a caller names must be days one can count from."""

from datetime import date
from typing import Final

from backend.http.problems.transport import InvalidRequest

YEARS: Final = range(1900, 3000)
"""Beyond, a day leaves the calendar when an offset or a zone is applied."""


def countable(field: str, day: date) -> date:
    """Return the day; raises `InvalidRequest` on `field` for one beyond `YEARS`."""
    if day.year not in YEARS:
        raise InvalidRequest((field, "out-of-calendar", {}))
    return day
