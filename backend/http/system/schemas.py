"""What crosses the edge about the house itself."""

from typing import Literal

import msgspec

from backend.http.problems.registry import ProblemType


class Health(msgspec.Struct, frozen=True, rename="camel"):
    """`ok`: serving; `degraded`: serving without a neighbour that is not needed for it. `checks` names each neighbour."""

    status: Literal["ok", "degraded"]
    checks: dict[str, Literal["ok", "failed"]] = {}


class Pulse(msgspec.Struct, frozen=True, rename="camel"):
    """A loop of the workers; `seconds` since any worker ran it, absent when none did in a day."""

    loop: str
    seconds: float | None


class Late(msgspec.Struct, frozen=True, rename="camel"):
    """`late` counts what is late by kind (docs/running.md), of all merchants together; `well` when there is nothing. Names are for who may see the merchant."""

    status: Literal["well", "late"]
    late: dict[str, int]
    loops: list[Pulse]


class ProblemList(msgspec.Struct, frozen=True, rename="camel"):
    """Every problem this API can answer."""

    items: list[ProblemType]
