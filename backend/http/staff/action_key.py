"""The action id of a single call: the same call sent twice is done once."""

from typing import Annotated
from uuid import UUID

from litestar.params import HeaderParameter

IdempotencyKey = Annotated[
    UUID | None,
    HeaderParameter(
        name="Idempotency-Key",
        description="The phone's own id of this action (UUIDv7). Sent again, the call is answered as before and nothing happens twice. "
        "It is the `actionId` of `/v1/staff/actions`: a call of its own and an action with the same id are one and the same.",
    ),
]
