"""Days that a customer's record says, which may be to come: what has not begun is not within the last days."""

from tasks.audience.binds import Binds
from tasks.audience.bounds import When


def near(day: str, params: When, binds: Binds) -> str:
    """Return the SQL that `day`, a date or null, is as the parameters say; never null itself. `within_days` ends with today."""
    parts = []
    if params.within_days is not None:
        parts.append(f"{day} is not null and {day} >= {binds.days_ago(params.within_days)} and {day} <= {{today}}")
    if params.not_within_days is not None:
        parts.append(f"({day} is null or {day} < {binds.days_ago(params.not_within_days)} or {day} > {{today}})")
    if params.from_on is not None:
        parts.append(f"{day} is not null and {day} >= {binds.add(params.from_on, 'date')}")
    if params.to_on is not None:
        parts.append(f"{day} is not null and {day} <= {binds.add(params.to_on, 'date')}")
    return " and ".join(parts)
