"""Values of a compiled predicate: each becomes a bind, so no value is ever part of the SQL."""

from datetime import date, timedelta
from typing import Any

from tasks.kernel.zones import day_start


class Binds:
    """Collects values and hands out their names; knows the day the predicate is for, in which zone, and whether that day is past."""

    def __init__(self, day: date, prefix: str = "c", *, zone: str = "", past: bool = False) -> None:
        """Names begin with `prefix`, so that two predicates can stand in one statement."""
        self.day = day
        self.past = past
        self.zone = zone
        self._prefix = prefix
        self.values: dict[str, Any] = {}

    def add(self, value: Any, sql_type: str) -> str:
        """Return the SQL of a new bind, cast to its type (asyncpg needs to know it)."""
        name = f"{self._prefix}{len(self.values)}"
        self.values[name] = value
        return f"cast(:{name} as {sql_type})"

    def days_ago(self, days: int) -> str:
        """Return the SQL of the store-local day so many days before today."""
        return f"({{today}} - {self.add(days, 'int')})"

    def start_of(self, day: date) -> str:
        """Return the SQL of the instant at which a store-local day begins."""
        return self.add(day_start(day, self.zone), "timestamptz")

    def start_of_days_ago(self, days: int) -> str:
        """Return the SQL of the instant at which the store-local day so many days before today begins."""
        return self.start_of(self.day - timedelta(days=days))
