"""A client of the real API, made of the standard library: the demo installs nothing that the product does not need."""

import asyncio
import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlsplit

import msgspec


class Answer(msgspec.Struct, frozen=True):
    """What the API answered."""

    status: int
    body: Any

    @property
    def good(self) -> bool:
        """True for 2xx."""
        return 200 <= self.status < 300  # noqa: PLR2004  # RFC 9110


class Client:
    """Somebody who calls the API with a token or a key."""

    def __init__(self, url: str, token: str = "") -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._token = token

    async def ask(self, method: str, path: str, body: Any = None) -> Answer:
        """Send one request and return the answer, whatever its status."""
        return await asyncio.to_thread(self._send, method, path, body)

    def _send(self, method: str, path: str, body: Any) -> Answer:
        connection = HTTPConnection(*self._address, timeout=15)
        headers = {"accept-language": "zh-CN", "content-type": "application/json"}
        if self._token:
            headers["authorization"] = f"Bearer {self._token}"
        try:
            connection.request(method, path, None if body is None else json.dumps(body).encode(), headers)
            response = connection.getresponse()
            data = response.read()
        finally:
            connection.close()
        return Answer(response.status, json.loads(data) if data else None)
