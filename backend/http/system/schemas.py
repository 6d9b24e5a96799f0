"""What crosses the edge about the house itself."""

from typing import Literal

import msgspec

from backend.http.problems.registry import ProblemType


class Health(msgspec.Struct, frozen=True, rename="camel"):
    """`ok`: serving; `degraded`: serving without a neighbour that is not needed for it. `checks` names each neighbour."""

    status: Literal["ok", "degraded"]
    checks: dict[str, Literal["ok", "failed"]] = {}


class ProblemList(msgspec.Struct, frozen=True, rename="camel"):
    """Every problem this API can answer."""

    items: list[ProblemType]
