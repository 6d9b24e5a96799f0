"""A loopback store that speaks as much S3 as our client does, checks every signature, and can be told to fail."""

import asyncio
import hashlib
import hmac
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote

import uvicorn

from backend.files.s3 import Bucket

Send = Callable[[dict[str, Any]], Awaitable[None]]
BUCKET, REGION, ACCESS, SECRET = "photos", "cn-east-1", "AKTEST", "a secret of the test"


@dataclass
class FakeS3:
    """What the store holds: `objects` by key, `parts` of uploads that are not complete; `failing` answers everything with 503."""

    port: int = 0
    objects: dict[str, bytes] = field(default_factory=dict)
    parts: dict[str, dict[int, bytes]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    failing: bool = False

    def bucket(self, **changed: str) -> Bucket:
        """How our client finds it."""
        said: dict[str, Any] = {
            "name": BUCKET, "prefix": "sealed", "endpoint": f"http://127.0.0.1:{self.port}", "region": REGION, "access_key": ACCESS, "secret_key": SECRET,
        }  # fmt: skip
        return Bucket(**(said | changed))

    async def __call__(
        self, scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]], send: Send
    ) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        status, content, headers = self.answer(scope, body)
        shown = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": shown})
        await send({"type": "http.response.body", "body": content})

    def answer(self, scope: dict[str, Any], body: bytes) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers."""
        path = scope["raw_path"].decode().split("?")[0]
        query = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
        self.log.append(f"{scope['method']} {sorted(query)}")
        if self.failing:
            return 503, b"", {}
        if not signed(scope, path, query, body):
            return 403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>", {}
        key = scope["path"].removeprefix(f"/{BUCKET}/")
        deed = getattr(self, f"_{scope['method'].lower()}")
        found: tuple[int, bytes, dict[str, str]] = deed(key, query, body)
        return found

    def _put(self, key: str, query: dict[str, str], body: bytes) -> tuple[int, bytes, dict[str, str]]:
        if "uploadId" in query:
            self.parts[query["uploadId"]][int(query["partNumber"])] = body
        else:
            self.objects[key] = body
        return 200, b"", {"etag": f'"{hashlib.sha256(body).hexdigest()}"'}

    def _post(self, key: str, query: dict[str, str], _body: bytes) -> tuple[int, bytes, dict[str, str]]:
        if "uploads" in query:
            upload = secrets.token_hex(8)
            self.parts[upload] = {}
            return (
                200,
                f"<InitiateMultipartUploadResult><UploadId>{upload}</UploadId></InitiateMultipartUploadResult>".encode(),
                {},
            )
        parts = self.parts.pop(query["uploadId"])
        self.objects[key] = b"".join(parts[number] for number in sorted(parts))
        return 200, b"<CompleteMultipartUploadResult><ETag>x</ETag></CompleteMultipartUploadResult>", {}

    def _get(self, key: str, _query: dict[str, str], _body: bytes) -> tuple[int, bytes, dict[str, str]]:
        if key not in self.objects:
            return 404, b"<Error><Code>NoSuchKey</Code></Error>", {}
        told = {
            "etag": '"x"',
            "last-modified": "Mon, 02 Mar 2026 00:00:00 GMT",
            "content-length": str(len(self.objects[key])),
        }
        return 200, self.objects[key], told

    def _delete(self, key: str, query: dict[str, str], _body: bytes) -> tuple[int, bytes, dict[str, str]]:
        if "uploadId" in query:
            self.parts.pop(query["uploadId"], None)
        else:
            self.objects.pop(key, None)
        return 204, b"", {}


def signed(scope: dict[str, Any], path: str, query: dict[str, str], body: bytes) -> bool:
    """Whether the request and its body are signed by the right key (AWS Signature Version 4)."""
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    if headers["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest():
        return False
    words = dict(
        word.strip().split("=", 1) for word in headers["authorization"].removeprefix("AWS4-HMAC-SHA256 ").split(",")
    )
    day = words["Credential"].split("/")[1]
    names = words["SignedHeaders"].split(";")
    asked = "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in sorted(query.items()))
    listed = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    canonical = "\n".join([scope["method"], path, asked, listed, ";".join(names), headers["x-amz-content-sha256"]])
    place = f"{day}/{REGION}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], place, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{SECRET}".encode()
    for part in place.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    right = hmac.new(key, text.encode(), "sha256").hexdigest()
    return words["Credential"] == f"{ACCESS}/{place}" and hmac.compare_digest(right, words["Signature"])


@asynccontextmanager
async def fake_s3() -> AsyncIterator[FakeS3]:
    """A store that listens on the loopback until the block ends."""
    store = FakeS3()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        store.port = listener.getsockname()[1]
        config = uvicorn.Config(store, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        listener.listen()
        listener.setblocking(False)
        serving = asyncio.ensure_future(server._serve([listener]))
        try:
            yield store
        finally:
            server.should_exit = True
            await serving
