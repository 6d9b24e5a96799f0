"""The listening socket, made before anything else is started: a port that is taken costs nothing."""

import socket
from typing import Final

from backend.cli.edge import Refused
from backend.settings import Settings, variable

BACKLOG: Final = 512


def listening(settings: Settings) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises `Refused` when it cannot be had."""
    try:
        return _bind(settings.host, settings.port)
    except OSError as fault:
        wanted = f"{settings.host}:{settings.port}"
        raise Refused(f"cannot listen on {wanted} ({fault.strerror}): free it, or set {variable('port')}") from fault


def _bind(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(address)
        made.listen(BACKLOG)
        made.setblocking(False)
    except OSError:
        made.close()
        raise
    return made
