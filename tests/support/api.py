"""HTTP as a client of a story: log in once, then ask and answer in JSON."""

import atexit
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, cast

from argon2 import PasswordHasher
from httpx import ASGITransport, AsyncClient, Response
from litestar import Litestar

from backend.app import create_app
from backend.auth.passwords import Passwords
from backend.auth.throttle import ThrottleRules
from backend.db.units import Units
from backend.services import Services
from backend.settings import Settings
from tasks.kernel.sealing import MasterKey

JSON = {"content-type": "application/json"}


def quick_services(units: Units, master: MasterKey) -> Services:
    """Services with the cheapest Argon2id, so that a story may log in often."""
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    settings = Settings(home=home())
    return Services(units, master, settings, passwords=cheap, throttle_rules=ThrottleRules(slow_step=0.0), stream_s=0.2)


@cache
def home() -> Path:
    """A home folder of this run, for attachments."""
    made = Path(tempfile.mkdtemp(prefix="huifang-home-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


LONGEST_SENT = 1_000
"""Characters of a query's value, twelve of an address each: the client itself refuses addresses that are longer than 65,536."""


def sendable(sent: Mapping[str, Any]) -> dict[str, Any]:
    """The query and the body of a generated call, as the client takes them; query values are cut where it could not send them."""
    said: dict[str, Any] = {}
    if sent.get("params") is not None:
        said["params"] = {n: one[:LONGEST_SENT] if isinstance(one, str) else one for n, one in sent["params"].items()}
    if sent.get("json") is not None:
        said["json"] = sent["json"]
    if isinstance(sent.get("data"), bytes | str):
        said["content"] = sent["data"]
    return said


@dataclass
class Caller:
    """Somebody who calls: with a token, a key, or nothing."""

    client: AsyncClient
    token: str | None = None
    refresh_token: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    async def call(
        self, method: str, path: str, *, json: Any = None, headers: Mapping[str, str] | None = None, **more: Any
    ) -> Response:
        """Send one request; `json` may be any JSON value, None sends no body."""
        sent = (
            dict(self.headers) | ({"authorization": f"Bearer {self.token}"} if self.token else {}) | dict(headers or {})
        )
        return await self.client.request(method, path, json=json, headers=sent, **more)

    async def get(self, path: str, **more: Any) -> Response:
        return await self.call("GET", path, **more)

    async def post(self, path: str, json: Any = None, **more: Any) -> Response:
        return await self.call("POST", path, json=json, **more)

    async def put(self, path: str, json: Any = None, **more: Any) -> Response:
        return await self.call("PUT", path, json=json, **more)

    async def delete(self, path: str, **more: Any) -> Response:
        return await self.call("DELETE", path, **more)

    async def ask(self, method: str, path: str, *, json: Any = None, **more: Any) -> Any:
        """Send, insist on success, return the decoded answer."""
        answer = await self.call(method, path, json=json, **more)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None


class Api:
    """The application without a network."""

    def __init__(self, app: Litestar) -> None:
        transport = ASGITransport(cast("Any", app))
        self.client = AsyncClient(transport=transport, base_url="http://huifang.test")

    @classmethod
    def of(cls, services: Services) -> "Api":
        return cls(create_app(services))

    def nobody(self) -> Caller:
        """A caller without proof."""
        return Caller(self.client)

    def key(self, text: str) -> Caller:
        """An integrator with an API key."""
        return Caller(self.client, text)

    async def login(self, phone: str, password: str, **more: Any) -> Caller:
        """A logged-in staff member."""
        answer = await self.client.post("/v1/auth/login", json={"phone": phone, "password": password, **more})
        assert answer.is_success, answer.text
        tokens = answer.json()
        return Caller(self.client, tokens["accessToken"], tokens["refreshToken"])
