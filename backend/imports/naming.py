"""How a mapping names fields that the merchant declared: `attributes.<code>`, in every part of it."""

from collections.abc import Iterable
from typing import Any, Final

from backend.imports.fields import DECLARED, Field
from backend.imports.kinds import ImportKind

TABLE: Final = "attributes"
_PARTS: Final = ("columns", "defaults", "values")


def flattened(said: dict[str, Any]) -> dict[str, Any]:
    """Return a TOML mapping with `attributes.<code>` as plain keys: TOML reads the dot as a table of its own."""
    return {part: _flat(table) if part in _PARTS else table for part, table in said.items()}


def _flat(table: Any) -> Any:
    nested = table.get(TABLE) if isinstance(table, dict) else None
    if not isinstance(nested, dict):
        return table
    rest = {name: value for name, value in table.items() if name != TABLE}
    return rest | {f"{TABLE}.{code}": value for code, value in nested.items()}


def code_of(name: str) -> str | None:
    """Return which declared field a mapping's name stands for; None when it is one of ours."""
    table, dot, code = name.partition(".")
    return code if table == TABLE and dot and code else None


def declared_fields(kind: ImportKind, names: Iterable[str]) -> dict[str, Field]:
    """Return how those of the names are read that stand for declared fields; only customers have them."""
    return {name: DECLARED for name in names if kind is ImportKind.CUSTOMERS and code_of(name) is not None}
