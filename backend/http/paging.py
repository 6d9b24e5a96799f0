"""Lists: a keyset cursor, at most 100 rows, and the next page in a Link header (RFC 8288)."""

from typing import Annotated, Any
from urllib.parse import urlencode

from litestar import Request
from litestar.params import QueryParameter

from tasks.kernel.paging import MAX_LIMIT

Limit = Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT, description="How many at most.")]
Cursor = Annotated[str | None, QueryParameter(max_length=1024, description="Where the page before ended; opaque.")]


def next_link(request: Request[Any, Any, Any], cursor: str | None) -> dict[str, str]:
    """Return the Link header of the next page: the same request with the next cursor; nothing on the last page."""
    if cursor is None:
        return {}
    query = {**dict(request.query_params.items()), "cursor": cursor}
    return {"Link": f'<{request.url.path}?{urlencode(query)}>; rel="next"'}
