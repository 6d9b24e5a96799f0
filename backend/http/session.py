"""One request, one unit of work.

The unit is opened by the only generator dependency of a handler. Litestar finishes it when the answer has been built and before its first byte is sent,
so a commit that fails is an error and never a success; an exception in the handler rolls back. Whatever may refuse after the unit is open
(membership, role, key) happens inside the generator: an exception from a second dependency would leave the transaction to the garbage
collector.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.handlers import BaseRouteHandler
from litestar.params import SkipValidation

from backend.auth.access import Member, load_member
from backend.auth.api_keys import KeyScope, admit
from backend.auth.errors import Unauthenticated
from backend.auth.tokens import API_KEY, Bearer, Claims, read_access
from backend.http.locale import Locale, locale_of
from backend.services import Services
from tasks.kernel.errors import Forbidden, NotFound
from tasks.kernel.scope import Role, StaffScope
from tasks.kernel.unit import Unit

Connection = ASGIConnection[Any, Any, Any, Any]
InUnit = NamedDependency[SkipValidation[Unit]]
"""The open unit of work of this request."""
InScope = NamedDependency[SkipValidation[StaffScope]]
"""Who asks, as this transaction sees them."""
InLocale = NamedDependency[SkipValidation[Locale]]
"""The caller's language."""


@dataclass(frozen=True)
class Work:
    """The unit, who asks and their language, for handlers that have many parameters of their own."""

    unit: Unit
    who: StaffScope
    locale: Locale


InWork = NamedDependency[SkipValidation[Work]]
"""All three at once."""

_RANK: Final = (Role.EMPLOYEE, Role.MANAGER, Role.OWNER)


def services_of(connection: Connection) -> Services:
    """Return what the application was made with."""
    services: Services = connection.app.state.services
    return services


async def staff_token(connection: Connection, _handler: BaseRouteHandler) -> None:
    """Guard: a valid access token, before the body is read; raises `Unauthenticated`."""
    claims = read_access(services_of(connection).master, _bearer(connection))
    connection.scope["auth"] = claims


async def api_key(connection: Connection, _handler: BaseRouteHandler) -> None:
    """Guard: something that can be a key, before the body is read; raises `Unauthenticated`."""
    key = Bearer.read(API_KEY, _bearer(connection))
    if key is None:
        raise Unauthenticated
    connection.scope["auth"] = key


def claims_of(connection: Connection) -> Claims:
    """Return the claims the guard has read."""
    claims: Claims = connection.scope["auth"]
    return claims


def staff_dependencies(least: Role, *, leading: bool) -> dict[str, Provide]:
    """Return `unit`, `who`, `locale` and `work` for a surface that `least` and higher roles may use; `leading` narrows the scope to the stores they lead."""

    async def unit(request: Request[Any, Any, Any]) -> AsyncIterator[Unit]:
        claims = claims_of(request)
        async with AsyncExitStack() as stack:
            opened = await _open(stack, request, claims)
            member = await load_member(opened, claims)
            if _RANK.index(member.role) < _RANK.index(least):
                raise Forbidden
            request.scope["user"] = member
            yield opened

    async def who(request: Request[Any, Any, Any], unit: InUnit) -> StaffScope:  # noqa: ARG001  # the member is loaded with it
        member: Member = request.scope["user"]
        return member.leading if leading else member.working

    async def work(request: Request[Any, Any, Any], unit: InUnit) -> Work:
        # Of the unit alone: dependencies that wait for nothing are resolved in a task group, which costs more than the list itself.
        member: Member = request.scope["user"]
        return Work(
            unit, member.leading if leading else member.working, locale_of(request.headers.get("accept-language"))
        )

    return {"unit": Provide(unit), "who": Provide(who), "locale": provide_locale(), "work": Provide(work)}


def looking_dependencies(least: Role, *, leading: bool) -> dict[str, Provide]:
    """Return `who` and `locale` for handlers that open units of their own: the member is looked up in one that is closed before they run."""

    async def who(request: Request[Any, Any, Any]) -> StaffScope:
        claims = claims_of(request)
        async with AsyncExitStack() as stack:
            member = await load_member(await _open(stack, request, claims), claims)
        if _RANK.index(member.role) < _RANK.index(least):
            raise Forbidden
        return member.leading if leading else member.working

    return {"who": Provide(who), "locale": provide_locale()}


def key_dependencies(needs: KeyScope) -> dict[str, Provide]:
    """Return `unit` for a surface of integrators whose key has a scope."""

    async def unit(request: Request[Any, Any, Any]) -> AsyncIterator[Unit]:
        key: Bearer = request.scope["auth"]
        async with AsyncExitStack() as stack:
            opened = await _open(stack, request, key)
            await admit(opened, key, needs)
            yield opened

    return {"unit": Provide(unit)}


def provide_locale() -> Provide:
    """Return the dependency that reads Accept-Language."""

    async def locale(request: Request[Any, Any, Any]) -> Locale:
        return locale_of(request.headers.get("accept-language"))

    return Provide(locale)


async def _open(stack: AsyncExitStack, request: Connection, whose: Claims | Bearer) -> Unit:
    try:
        return await stack.enter_async_context(services_of(request).units.open(whose.merchant_id))
    except NotFound as fault:  # a merchant that is gone has no tokens and no keys
        raise Unauthenticated from fault


def _bearer(connection: Connection) -> str:
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated
    return token.strip()
