"""HTTP to addresses that users name: https to public hosts only, and to exactly the address that was looked at.

A host name is resolved once; every address it has must be public; the connection goes to that address (so a name that changes its mind between the look and the
call changes nothing) while TLS still proves the name. No redirects, no proxies, no cookies, bounded answers.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import httpx
import structlog

log = structlog.get_logger()


Resolve = Callable[[str], Awaitable[Sequence[str]]]
"""Returns the addresses of a host name; raises OSError when it has none."""

TIMEOUT: Final = httpx.Timeout(10.0)
PORT: Final = 443
_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


class NotPublic(httpx.TransportError):
    """The address is not one that the house may call."""


async def system_resolve(host: str) -> Sequence[str]:
    """Ask the system."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, PORT, type=socket.SOCK_STREAM)
    return sorted({str(one[4][0]) for one in found})


def is_public(text: str) -> bool:
    """True for an address of the public internet; what hides another address in itself is as public as that one."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id or address.sixtofour or address.teredo or address in _NAT64:
            return False
        if address.ipv4_mapped is not None:
            return is_public(str(address.ipv4_mapped))
    return address.is_global and not address.is_multicast and not address.is_reserved and not address.is_unspecified


class PublicOnly(httpx.AsyncBaseTransport):
    """Lets requests through to public https hosts and raises `NotPublic` for all others.

    `resolve` and `inner` are the system's unless a test says otherwise.
    """

    def __init__(self, resolve: Resolve = system_resolve, inner: httpx.AsyncBaseTransport | None = None) -> None:
        self._resolve = resolve
        self._inner = inner or httpx.AsyncHTTPTransport(retries=0, trust_env=False)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send to the address that was looked at."""
        url = request.url
        if url.scheme != "https" or url.port not in {None, PORT} or url.userinfo or not url.host:
            raise NotPublic("only https, on its own port, without a login")
        address = await self._address(url.host)
        request.extensions = {**request.extensions, "sni_hostname": url.host}
        request.url = url.copy_with(host=address)  # the Host header was made before, from the name
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._inner.aclose()

    async def _address(self, host: str) -> str:
        try:
            found = list(await self._resolve(host))
        except (OSError, UnicodeError) as fault:
            raise httpx.ConnectError("the name has no address") from fault
        if not found or not all(is_public(one) for one in found):
            log.warning("push.address.refused", addresses=len(found))
            raise NotPublic("an address of the host is not public")
        return found[0]


def outside_client(transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """Return a client for addresses that users name."""
    return httpx.AsyncClient(
        transport=transport or PublicOnly(),
        timeout=TIMEOUT,
        follow_redirects=False,
        trust_env=False,
        headers={"user-agent": "huifang"},
    )
