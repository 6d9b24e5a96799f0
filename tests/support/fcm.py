"""A loopback FCM v1 with its token endpoint: it knows good and dead addresses, throttles, breaks, and can hold an answer back. Driven through the real SDK."""

import asyncio
import json
import socket
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any, Final

import jwt
import msgspec
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.support.waiting import until

PROJECT: Final = "salon-tests"
AUDIENCE: Final = "https://oauth2.googleapis.com/token"
"""What the SDK names as audience, wherever it asks."""
SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
KEY: Final = rsa.generate_private_key(65537, 2048)
FCM_ERROR: Final = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
BAD_REQUEST: Final = "type.googleapis.com/google.rpc.BadRequest"


class Asked(msgspec.Struct, frozen=True):
    """One request for a message and how it was answered."""

    address: str
    message: dict[str, Any]
    status: int

    @property
    def push_id(self) -> str:
        return str(self.message["data"]["pushId"])

    @property
    def collapse_key(self) -> str:
        return str(self.message["android"]["collapse_key"])


@dataclass
class FakeFcm:
    """What the server does, and what it was asked.

    Attributes:
        gone: addresses whose app is uninstalled: UNREGISTERED.
        foreign: addresses of another sender.
        malformed: addresses that are none.
        throttled: address → how many times more it answers 429 with `Retry-After`.
        broken: address → how many times more it answers 503.
        early: addresses asked again before Retry-After was over.
        held: answers are made, counted, and not given until `release` is set.
        tokens: access tokens given out.
    """

    url: str = ""
    gone: set[str] = field(default_factory=set)
    foreign: set[str] = field(default_factory=set)
    malformed: set[str] = field(default_factory=set)
    throttled: Counter[str] = field(default_factory=Counter)
    broken: Counter[str] = field(default_factory=Counter)
    retry_after_s: int = 1
    early: list[str] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    revoked: set[str] = field(default_factory=set)
    token_fault: bool = False
    held: bool = False
    release: threading.Event = field(default_factory=threading.Event)
    _not_before: dict[str, float] = field(default_factory=dict)

    def accepted(self) -> Counter[str]:
        """How often each push was taken."""
        return Counter(one.push_id for one in self.asked if one.status == 200)

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        assert scope["type"] == "http"
        body = await _read(receive)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        if scope["path"] == "/token":
            await _answer(send, *self._token(body))
            return
        status, answer, more = self._message(scope["path"], headers, body)
        if self.held:
            await asyncio.to_thread(self.release.wait)
        await _answer(send, status, answer, more)

    def _token(self, body: bytes) -> tuple[int, dict[str, Any]]:
        assertion = body.decode().partition("assertion=")[2].partition("&")[0]
        if self.token_fault:
            return 503, {"error": "unavailable"}
        claims = jwt.decode(assertion, KEY.public_key(), algorithms=["RS256"], audience=AUDIENCE)
        assert SCOPE in claims["scope"]
        self.tokens.append(f"access-{len(self.tokens) + 1}")
        return 200, {"access_token": self.tokens[-1], "expires_in": 3600, "token_type": "Bearer"}

    def _message(self, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any], dict[str, str]]:
        assert path == f"/v1/projects/{PROJECT}/messages:send", path
        token = headers["authorization"].removeprefix("Bearer ")
        if token not in self.tokens or token in self.revoked:
            return 401, _fault(401, "UNAUTHENTICATED"), {}
        message = json.loads(body)["message"]
        address = message.get("token") or message["fid"]
        if monotonic() < self._not_before.get(address, 0.0):
            self.early.append(address)
        status, answer, more = self._judge(address)
        self.asked.append(Asked(address, message, status))
        return status, answer, more

    def _judge(self, address: str) -> tuple[int, dict[str, Any], dict[str, str]]:
        if address in self.gone:
            return 404, _fault(404, "NOT_FOUND", {"@type": FCM_ERROR, "errorCode": "UNREGISTERED"}), {}
        if address in self.foreign:
            return 403, _fault(403, "PERMISSION_DENIED", {"@type": FCM_ERROR, "errorCode": "SENDER_ID_MISMATCH"}), {}
        if address in self.malformed:
            violation = {
                "@type": BAD_REQUEST,
                "fieldViolations": [{"field": "message.token", "description": "Invalid"}],
            }
            return 400, _fault(400, "INVALID_ARGUMENT", violation), {}
        if self.throttled[address] > 0:
            self.throttled[address] -= 1
            self._not_before[address] = monotonic() + self.retry_after_s
            fault = _fault(429, "RESOURCE_EXHAUSTED", {"@type": FCM_ERROR, "errorCode": "QUOTA_EXCEEDED"})
            return 429, fault, {"retry-after": str(self.retry_after_s)}
        if self.broken[address] > 0:
            self.broken[address] -= 1
            return 503, _fault(503, "UNAVAILABLE", {"@type": FCM_ERROR, "errorCode": "UNAVAILABLE"}), {}
        return 200, {"name": f"projects/{PROJECT}/messages/{len(self.asked) + 1}"}, {}

    def credentials(self, folder: Path) -> Path:
        """The service account that the server believes."""
        pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        account = {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": "test",
            "private_key": pem,
            "client_email": f"push@{PROJECT}.test",
            "client_id": "1",
            "token_uri": f"{self.url}/token",
        }
        file = folder / "firebase.json"
        file.write_text(json.dumps(account), encoding="utf-8")
        return file


def _fault(code: int, status: str, *details: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"code": code, "status": status, "message": "of the test", "details": list(details)}}


async def _read(receive: Any) -> bytes:
    parts: list[bytes] = []
    more = True
    while more:
        part = await receive()
        parts.append(part.get("body", b""))
        more = part.get("more_body", False)
    return b"".join(parts)


async def _answer(send: Any, status: int, answer: dict[str, Any], more: dict[str, str] | None = None) -> None:
    content = json.dumps(answer).encode()
    headers = {"content-type": "application/json", "content-length": str(len(content)), **(more or {})}
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": content})


class _Server(uvicorn.Server):
    """uvicorn without signal handlers."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    """An ASGI application on a free loopback port, in a thread of its own: whoever blocks this loop must not block the server. Yields its address."""
    with socket.create_server(("127.0.0.1", 0), backlog=256) as listener:
        listener.setblocking(False)
        config = uvicorn.Config(
            app, lifespan="off", log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=1
        )
        server = _Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
        thread.start()

        async def started() -> bool:
            return server.started

        await until(started)
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await asyncio.to_thread(thread.join)


@asynccontextmanager
async def fake_fcm() -> AsyncIterator[FakeFcm]:
    """One that answers."""
    fake = FakeFcm()
    async with serving(fake) as fake.url:
        try:
            yield fake
        finally:
            fake.release.set()
