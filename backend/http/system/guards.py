"""Nobody is asked for anything: the open part of the system surface says nothing about merchants, and the rest is for this machine only."""

from ipaddress import ip_address
from typing import Final

from litestar.handlers import BaseRouteHandler

from backend.http.session import Connection
from tasks.kernel.errors import NotFound

PROXIED: Final = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
"""A proxy on this machine calls from here for somebody who is not."""


def on_this_machine(connection: Connection, _handler: BaseRouteHandler) -> None:
    """Guard: asked by a process of this machine for itself; raises `NotFound`, for nobody else needs to know that there is something."""
    client = connection.client
    if client is None or not _is_loopback(client.host) or any(name in connection.headers for name in PROXIED):
        raise NotFound(what="页面/page")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
