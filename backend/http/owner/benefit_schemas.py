"""What crosses the edge when owners keep benefits."""

from typing import Annotated

import msgspec

from tasks.flow.manage_benefits import BenefitView


class BenefitsOut(msgspec.Struct, frozen=True, rename="camel"):
    """A page of benefits, oldest first; `etag` of each is what `If-Match` takes."""

    items: list[BenefitView]
    next_cursor: str | None = None


class BenefitPlanIn(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How many days before the benefit's day customers are told of it."""

    lead_days: Annotated[int, msgspec.Meta(ge=0, le=7)] = 1
