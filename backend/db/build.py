"""Generates the first migration from the tables, until it is released; a test holds every later head equal to the tables."""

from collections.abc import Iterable
from pathlib import Path

from backend.db.schema import statements

SEPARATOR = "\n-- ;;\n"
"""Between statements: function bodies contain semicolons."""


def script(parts: Iterable[str] | None = None) -> str:
    """Return the whole schema as one file of separated statements."""
    cleaned = (
        "\n".join(line.rstrip() for line in part.replace("\t", "    ").splitlines()) for part in parts or statements()
    )
    return SEPARATOR.join(cleaned) + "\n"


if __name__ == "__main__":
    target = Path(__file__).parent / "migrations" / "versions" / "20261122_0001_foundation.sql"
    target.write_text(script(), encoding="utf-8")
