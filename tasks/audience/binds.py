"""Values of a compiled predicate: each becomes a bind, so no value is ever part of the SQL."""

from datetime import date
from typing import Any


class Binds:
    """Collects values and hands out their names; knows the day the predicate is for."""

    def __init__(self, day: date, prefix: str = "c") -> None:
        """Names begin with `prefix`, so that two predicates can stand in one statement."""
        self.day = day
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
