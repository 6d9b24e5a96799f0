"""The internet on a loopback port: names resolve to a public address, and what goes there arrives here."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from backend.push.outside import PublicOnly
from tests.support.fcm import serving

PUBLIC = "93.184.216.34"


@dataclass
class Outside:
    """What was posted: host, path with query, headers and body; and what is answered: status, headers and JSON."""

    asked: list[tuple[str, str, dict[str, str], bytes]] = field(default_factory=list)
    status: int = 200
    answer: Any = field(default_factory=lambda: {"errcode": 0, "code": 0})
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def texts(self) -> list[str]:
        """What was said in groups."""
        bodies = [json.loads(body) for _, _, _, body in self.asked]
        return [body["text"]["content"] if "text" in body else body["content"]["text"] for body in bodies]

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        body = b""
        more = True
        while more:
            part = await receive()
            body, more = body + part.get("body", b""), part.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        query = scope["query_string"].decode()
        self.asked.append((headers["host"], scope["path"] + (f"?{query}" if query else ""), headers, body))
        content = json.dumps(self.answer).encode()
        sent = {"content-length": str(len(content)), **self.headers}
        pairs = [(name.encode(), value.encode()) for name, value in sent.items()]
        await send({"type": "http.response.start", "status": self.status, "headers": pairs})
        await send({"type": "http.response.body", "body": content})


class _Rerouted(httpx.AsyncBaseTransport):
    """Takes the last step to the loopback server instead of the public address."""

    def __init__(self, url: str) -> None:
        self._to = httpx.URL(url)
        self._inner = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert request.url.host == PUBLIC
        request.url = request.url.copy_with(scheme="http", host=self._to.host, port=self._to.port)
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


@asynccontextmanager
async def the_outside() -> AsyncIterator[tuple[Outside, PublicOnly]]:
    """A server, and the transport that leads there through every check."""
    outside = Outside()

    async def resolve(_host: str) -> Sequence[str]:
        return [PUBLIC]

    async with serving(outside) as url:
        transport = PublicOnly(resolve, _Rerouted(url))
        try:
            yield outside, transport
        finally:
            await transport.aclose()
