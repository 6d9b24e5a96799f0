"""What crosses the edge when an audience is asked for."""

from typing import Annotated
from uuid import UUID

import msgspec

from tasks.flow.ask_audience import AudienceQuestion, SampledCustomer


class SampleIn(AudienceQuestion, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Whom one asks for, and how many of them."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=50)] = 20


class ExplainIn(AudienceQuestion, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Whom one asks for, and the customer in question."""

    customer_id: UUID


class SampleOut(msgspec.Struct, frozen=True, rename="camel"):
    """Some of those meant, who spent most first."""

    items: list[SampledCustomer]
