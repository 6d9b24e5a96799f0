"""What is given right now is told to API keys that may write, and to everybody who works for the merchant."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from litestar import Request
from litestar.di import NamedDependency, Provide
from litestar.handlers import BaseRouteHandler
from litestar.params import SkipValidation

from backend.auth.access import load_member
from backend.auth.api_keys import KeyScope, admit
from backend.auth.errors import Unauthenticated
from backend.auth.tokens import Bearer, Claims
from backend.http.locale import Locale, locale_of
from backend.http.session import (
    Connection,
    api_key,
    key_dependencies,
    services_of,
    staff_token,
)
from tasks.kernel.errors import NotFound
from tasks.kernel.unit import Unit


@dataclass(frozen=True)
class Till:
    """Who asks: the open unit, the stores they may ask about (None: all, for an integrator), and their language."""

    unit: Unit
    stores: tuple[UUID, ...] | None
    locale: Locale


InTill = NamedDependency[SkipValidation[Till]]


async def key_or_token(connection: Connection, handler: BaseRouteHandler) -> None:
    """Guard: something that can be a key, or a valid access token; raises `Unauthenticated`."""
    try:
        await api_key(connection, handler)
    except Unauthenticated:
        await staff_token(connection, handler)


async def till(request: Request[Any, Any, Any]) -> AsyncIterator[Till]:
    """Open the unit for a key or a member; whatever may refuse happens in here (backend.http.session says why)."""
    proof: Bearer | Claims = request.scope["auth"]
    async with AsyncExitStack() as stack:
        try:
            unit = await stack.enter_async_context(services_of(request).units.open(proof.merchant_id))
        except NotFound as fault:  # a merchant that is gone has no tokens and no keys
            raise Unauthenticated from fault
        yield Till(unit, await _stores(unit, proof), locale_of(request.headers.get("accept-language")))


async def _stores(unit: Unit, proof: Bearer | Claims) -> tuple[UUID, ...] | None:
    if isinstance(proof, Claims):
        return (await load_member(unit, proof)).working.store_ids
    await admit(unit, proof, KeyScope.INTAKE_WRITE)
    return None


ASKING: Final[dict[str, Provide]] = {"till": Provide(till)}
TELLING: Final[dict[str, Provide]] = key_dependencies(KeyScope.INTAKE_WRITE)
