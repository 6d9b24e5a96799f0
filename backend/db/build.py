"""Drafts a migration: what the tables want and no released script has. A test holds the head of the migrations equal to the tables."""

from collections.abc import Iterable
from pathlib import Path

from backend.db.schema import statements

SEPARATOR = "\n-- ;;\n"
"""Between statements: function bodies contain semicolons."""
VERSIONS = Path(__file__).parent / "migrations" / "versions"


def script(parts: Iterable[str]) -> str:
    """Return statements as one file."""
    return SEPARATOR.join(_tidy(part) for part in parts) + "\n"


def draft() -> list[str]:
    """Return the statements of a fresh build that no script says word for word; changed tables come whole, to be turned into `alter table` by hand."""
    released = {
        _tidy(one)
        for file in VERSIONS.glob("*.sql")
        for one in file.read_text(encoding="utf-8").removesuffix("\n").split(SEPARATOR)
    }
    return [one for one in statements() if _tidy(one) not in released]


def _tidy(part: str) -> str:
    return "\n".join(line.rstrip() for line in part.replace("\t", "    ").splitlines())


if __name__ == "__main__":
    print(script(draft()), end="")  # noqa: T201  # its output is the draft
