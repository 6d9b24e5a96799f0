"""An exception as facts: what kind and where, never what it says, because drivers quote the values of rows."""

import traceback
from pathlib import Path
from typing import Final

from tasks.kernel.errors import FlowError

ROOT: Final = Path(__file__).resolve().parents[2]
FRAMES: Final = 4


def facts_of(fault: BaseException) -> dict[str, str]:
    """Kind, stable code (ours or the database's) and the last frames of an exception, innermost first."""
    facts = {"fault": kinds_of(fault)}
    if code := code_of(fault):
        facts["code"] = code
    if where := where_of(fault):
        facts["where"] = where
    return facts


def kinds_of(fault: BaseException) -> str:
    """The exception's type and those of its causes, outermost first."""
    names, seen = [], set[int]()
    link: BaseException | None = fault
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        names.append(type(link).__name__)
        link = link.__cause__
    return "<".join(names)


def code_of(fault: BaseException) -> str | None:
    """The code of a `FlowError`, or the SQLSTATE of whatever the database refused."""
    if isinstance(fault, FlowError):
        return fault.code
    for link in (fault, getattr(fault, "orig", None), fault.__cause__):
        state = getattr(link, "sqlstate", None)
        if isinstance(state, str):
            return state
    return None


def where_of(fault: BaseException) -> str:
    """`file:line function` of our innermost frames; of a library's own, when we are not among them."""
    frames = traceback.extract_tb(fault.__traceback__)
    ours = [frame for frame in frames if _is_ours(Path(frame.filename))] or frames
    return " < ".join(
        f"{_shown(Path(frame.filename))}:{frame.lineno} {frame.name}" for frame in ours[: -FRAMES - 1 : -1]
    )


def _is_ours(path: Path) -> bool:
    return path.is_relative_to(ROOT) and "site-packages" not in path.parts


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT)) if _is_ours(path) else path.name
