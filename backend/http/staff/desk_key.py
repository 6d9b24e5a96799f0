"""The action id of a call that writes books: needed, because money typed in twice is money twice."""

from typing import Annotated
from uuid import UUID

from litestar.params import HeaderParameter

ActionKey = Annotated[
    UUID,
    HeaderParameter(
        name="Idempotency-Key",
        description="The phone's own id of this action (UUIDv7), always needed here. Sent again, the call is answered as before and nothing happens twice. "
        "It is the `actionId` of `/v1/staff/actions`.",
    ),
]
