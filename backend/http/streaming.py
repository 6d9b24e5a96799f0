"""Answers that wait: a member is looked up anew in each short unit of theirs, and none is open meanwhile."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from litestar import Request

from backend.auth.access import load_member, seconds_until
from backend.auth.errors import Unauthenticated
from backend.auth.tokens import Claims, access_ends
from backend.http.session import claims_of, services_of
from backend.listeners.hub import Hub, Whom
from backend.services import Services
from tasks.kernel.errors import NotFound
from tasks.kernel.scope import StaffScope
from tasks.kernel.unit import Unit

EVENT_STREAM: Final = "text/event-stream"


@dataclass(frozen=True)
class Stay:
    """One request of a logged-in member that outlives a unit of work."""

    services: Services
    claims: Claims
    token: str

    @classmethod
    def of(cls, request: Request[Any, Any, Any]) -> "Stay":
        """Return the stay of a request that the guard has let in."""
        token = request.headers["authorization"].partition(" ")[2].strip()
        return cls(services_of(request), claims_of(request), token)

    @property
    def hub(self) -> Hub:
        """Where the member listens."""
        return self.services.hub

    async def seconds_left(self, unit: Unit) -> float:
        """Return how long the access token lasts, by the clock that signed it."""
        return await seconds_until(unit, access_ends(self.token))

    @asynccontextmanager
    async def work(self) -> AsyncIterator[tuple[Unit, StaffScope]]:
        """Open a unit and look the member up in it; raises `Unauthenticated` for one who left or logged out meanwhile."""
        async with AsyncExitStack() as stack:
            try:
                unit = await stack.enter_async_context(self.services.units.open(self.claims.merchant_id))
            except NotFound as fault:  # a merchant that is gone has no tokens
                raise Unauthenticated from fault
            yield unit, (await load_member(unit, self.claims)).working

    def whom(self, scope: StaffScope) -> Whom:
        """Return the member as a listener."""
        claims = self.claims
        return Whom(claims.merchant_id, claims.staff_id, claims.family_id, frozenset(scope.store_ids))


def event(name: str, data: object, event_id: str | None = None) -> bytes:
    """Return one server-sent event; `data` is a JSON value."""
    lines = [f"event: {name}", f"data: {msgspec.json.encode(data).decode()}"]
    return "\n".join([*([f"id: {event_id}"] if event_id else []), *lines, "", ""]).encode()


BEAT: Final = b": beat\n\n"
"""A comment that keeps middle boxes from closing a quiet stream."""
RETRY: Final = b"retry: 2000\n\n"
"""How long a client waits before it comes back, in milliseconds."""
