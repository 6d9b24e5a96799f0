"""R4: Valkey forgets everything, or is gone for a while, in the middle of runs: nothing is lost, the API answers, and what waited is done soon after."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import time
from time import monotonic
from typing import Any

import pytest
from httpx import AsyncClient
from redis.asyncio import Redis

from backend.auth.login import give_password
from backend.auth.passwords import Passwords
from backend.embedded.valkey import Valkey
from tasks.kernel.sealing import MasterKey
from tasks.plans.definition import Daily
from tests.faults.conftest import Elsewhere
from tests.support.clock import shanghai
from tests.support.fleet import Shape, for_everybody, let_fire, make_fleet, turn_on
from tests.support.odd_worker import Odd
from tests.support.waiting import until
from tests.support.workers import workers_of
from tests.support.world import World

PASSWORD = "一个够长的通行密码"
BACKLOG_S = 60
ANSWERS_WITHIN_S = 5
SLOW = Odd(chunk=50)
MOST_PLANS = 10
LATER = time(11)
"""When one more plan fires, while nobody can be rung."""


@dataclass(frozen=True)
class Outage:
    """How much is run, and for how many seconds there is no Valkey."""

    shape: Shape
    seconds: float


SHORT = Outage(Shape(merchants=2, plans=2, customers=600), 5)
FULL = Outage(Shape(merchants=4, plans=8, customers=1_000), 60)


async def test_valkey_is_flushed_and_then_gone_for_a_moment(elsewhere: Elsewhere, master: MasterKey) -> None:
    await go_without(elsewhere, master, SHORT)


@pytest.mark.faults
async def test_valkey_is_flushed_and_then_gone_for_a_minute(elsewhere: Elsewhere, master: MasterKey) -> None:
    await go_without(elsewhere, master, FULL)


async def go_without(elsewhere: Elsewhere, master: MasterKey, outage: Outage) -> None:
    """Flush in the middle of the runs, then stop Valkey, work on the phone meanwhile, and bring it back."""
    sight, valkey = elsewhere.sight, Valkey(elsewhere.stack.places)
    salon, *_ = await make_fleet(elsewhere.units, master, outage.shape)
    await turn_on(salon, [for_everybody("稍后", trigger=Daily(at=LATER))])
    await salon.do(lambda unit: give_password(unit, Passwords(), salon.staff["owner"], PASSWORD))
    async with workers_of(elsewhere.env) as workers, AsyncClient(base_url=await workers.api()) as client:
        await workers.start_many(2, SLOW)
        await let_fire(elsewhere.clock)
        await until(lambda: sight.count("decision"))
        async with Redis.from_url(elsewhere.servers.redis_url) as redis:
            await redis.flushall()
        assert not await sight.done(), "in the middle"
        valkey.stop()
        try:
            answered = await Owner(client, salon).works_on(outage.seconds)
            await elsewhere.clock.set(shanghai("2026-03-02 11:01"))
        finally:
            elsewhere.stack.ensure_running()
        back = monotonic()
        assert not await sight.done(), "a backlog"
        await until(sight.done, within=BACKLOG_S)
        await until(lambda: all_fired(elsewhere, answered.plans), within=BACKLOG_S)
        assert "worker.loop.stopped" not in "".join(worker.text for worker in workers.all), "nobody left over it"
        print(f"{answered.requests} requests, slowest {answered.slowest:.2f} s; done {monotonic() - back:.1f} s later")  # noqa: T201  # the figure
    assert answered.slowest <= ANSWERS_WITHIN_S
    assert await sight.faults() == {}
    assert await sight.count("decision") == (outage.shape.runs + 1) * outage.shape.customers


async def all_fired(elsewhere: Elsewhere, plans: Sequence[str]) -> bool:
    """Plans that were turned on while nobody could be rung have been found by the sweep: their firings are written."""
    listed = ", ".join(f"'{plan}'" for plan in plans)
    return await elsewhere.sight.count(f"plan where id in ({listed}) and planned_until is not null") == len(plans)


@dataclass
class Answered:
    """What the API did meanwhile; every request had to succeed."""

    requests: int
    slowest: float
    plans: list[str]


@dataclass
class Owner:
    """An owner at work over HTTP."""

    client: AsyncClient
    salon: World

    async def works_on(self, seconds: float) -> Answered:
        """Log in, look at the health, make plans and turn them on, for so long."""
        said, until_then = Answered(0, 0.0, []), monotonic() + seconds
        login = {"phone": self.salon.phones["owner"], "password": PASSWORD, "device": "desk"}
        token = (await self._ask(said, "POST", "/v1/auth/login", login))["accessToken"]
        self.client.headers["authorization"] = f"Bearer {token}"
        while monotonic() < until_then or not said.plans:
            health = await self._ask(said, "GET", "/health/ready")
            assert (health["status"], health["checks"]["bell"]) == ("degraded", "failed")
            if len(said.plans) < MOST_PLANS:
                said.plans.append(await self._turn_on(said, f"断线 {len(said.plans)}"))
        return said

    async def _turn_on(self, said: Answered, name: str) -> str:
        plan = await self._ask(
            said, "POST", "/v1/owner/plans", {"template": "card_balance_low", "changes": {"name": name}}
        )
        match = {"if-match": f'"{plan["etag"]}"'}
        await self._ask(said, "POST", f"/v1/owner/plans/{plan['id']}/activate", None, match)
        return str(plan["id"])

    async def _ask(
        self, said: Answered, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        began = monotonic()
        answer = await self.client.request(method, path, json=body, headers=headers)
        said.requests, said.slowest = said.requests + 1, max(said.slowest, monotonic() - began)
        assert answer.is_success, answer.text
        document: dict[str, Any] = answer.json()
        return document
