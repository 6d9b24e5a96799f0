"""Edits name the version they saw: `ETag` out, `If-Match` in (RFC 9110 §13.1.1)."""

import re
from typing import Annotated

from litestar.params import HeaderParameter

from backend.http.problems.transport import InvalidRequest, PreconditionRequired

IfMatch = Annotated[
    str | None, HeaderParameter(name="If-Match", max_length=64, description="The ETag the caller has seen, or `*`.")
]
_TAG = re.compile(r'"(\d{1,18})"')


def etag(version: int) -> dict[str, str]:
    """Return the header for a version."""
    return {"ETag": f'"{version}"'}


def seen(if_match: str | None) -> int | None:
    """Return the version the caller saw, None for whichever (`*`); raises `PreconditionRequired` or `InvalidRequest`."""
    if if_match is None:
        raise PreconditionRequired
    if if_match.strip() == "*":
        return None
    found = _TAG.fullmatch(if_match.strip())
    if found is None:
        raise InvalidRequest(("If-Match", "format", {}))
    return int(found[1])
