"""The main job, step by step: what 大王 does about 小红 and what the manager sees of it, over the real HTTP API."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from backend.cli.demo.books import SERVICES
from backend.cli.demo.http import Answer, Client
from backend.cli.demo.people import HERO, HEROINE, MANAGER, staff
from backend.cli.demo.seeding import PASSWORD, SINCE, TODAY, ZONE, Salon, clock, morning
from backend.cli.edge import Refused
from backend.jobs.bell import SWEEP_ALL
from backend.runtime import Runtime
from tasks.kernel.ids import new_id
from tasks.kernel.zones import zone_of

PATIENCE_S: Final = 15.0
"""How long the worker may take to do what the moved clock made due."""
THURSDAY: Final = 3
HIDDEN: Final = "…"


class Step(msgspec.Struct, frozen=True, rename="camel"):
    """One thing that was done: what for, the request, and what the API answered."""

    name: str
    about: str
    clock: datetime
    method: str
    path: str
    sent: Any
    status: int
    answer: Any


Told = Callable[[Step], Awaitable[None]]


@dataclass
class Walk:
    """The walk through one demo salon.

    Attributes:
        runtime: moves the clock.
        url: where the API is.
        salon: what was seeded.
        told: hears of each step as it is done.
    """

    runtime: Runtime
    url: str
    salon: Salon
    told: Told
    steps: list[Step] = field(default_factory=list)

    async def go(self) -> list[Step]:
        """Walk it to the end. Raises `Refused` when the API answers otherwise than it should."""
        employee = await self._login("login", HERO)
        task, customer = await self._todays_task(employee)
        detail = await self._look(employee, task)
        await self._copy_and_ring(employee, task, customer, detail)
        await self._nobody_answers(employee, task)
        await self._booked(employee, task)
        await self._arrives()
        await self._manager_sees()
        return self.steps

    async def _login(self, name: str, code: str) -> Client:
        person = next(one for one in staff() if one.external_id == code)
        body = {"phone": person.phone, "password": PASSWORD, "device": f"demo-{code}"}
        answer = await self._do(name, f"{person.name}登录 / {code} logs in", Client(self.url), "POST", "/v1/auth/login", body)
        return Client(self.url, answer["accessToken"])

    async def _todays_task(self, employee: Client) -> tuple[str, str]:
        page = await self._do("today", "今天跟进谁？/ Whom do I contact today?", employee, "GET", "/v1/staff/tasks?bucket=today")
        async with self.runtime.units.open(self.salon.merchant_id) as unit:
            heroine = str((await _customer_id(unit, HEROINE)))
        for row in page["items"]:
            if row["customerId"] == heroine:
                return row["id"], heroine
        raise Refused("the demo's task is not on the list")

    async def _look(self, employee: Client, task: str) -> Any:
        return await self._do("open", "为什么是她？说什么？/ Why her, and what to say?", employee, "GET", f"/v1/staff/tasks/{task}")

    async def _copy_and_ring(self, employee: Client, task: str, customer: str, detail: Any) -> None:
        script = detail["scripts"][0]
        body = {"variant": script["variant"], "text": script["text"]}
        await self._do("copy", "复制话术 / The script is copied", employee, "POST", f"/v1/staff/tasks/{task}/script-copies", body)
        path = f"/v1/staff/customers/{customer}/reveal-phone"
        await self._do("reveal", "查看电话（留痕）/ The phone is revealed, on the record", employee, "POST", path)

    async def _nobody_answers(self, employee: Client, task: str) -> None:
        await self._callback("no_answer", "未接 / Nobody answers", employee, task, {})
        later = self._wall(await self._now() + timedelta(hours=4, minutes=1))
        await self._move_to(later)
        await self._until(employee, task)
        about = "四小时后回到列表 / Four hours later it is back"
        await self._do("back", about, employee, "GET", "/v1/staff/tasks?bucket=today")

    async def _booked(self, employee: Client, task: str) -> None:
        starts = morning(THURSDAY, hour=15).astimezone(zone_of(ZONE)).isoformat()
        await self._callback("booked", "约好周四 15:00 / Booked for Thursday 15:00", employee, task, {"startsAt": starts})

    async def _callback(self, outcome: str, about: str, employee: Client, task: str, fields: dict[str, Any]) -> None:
        now = await self._now()
        body = {"actionId": str(new_id()), "outcome": outcome, "occurredAt": now.isoformat(), "fields": fields}
        await self._do(outcome, about, employee, "POST", f"/v1/staff/tasks/{task}/callbacks", body)

    async def _arrives(self) -> None:
        await self._move_to(morning(THURSDAY, hour=16, minute=30))
        line = {"product": "FACIAL", "cashCents": SERVICES["FACIAL"].price_cents, "staff": [HERO]}
        at = morning(THURSDAY, hour=15, minute=5).astimezone(zone_of(ZONE)).isoformat()
        sale = {"externalId": "R-thursday", "store": "XH", "customer": HEROINE, "at": at, "lines": [line]}
        about = "周四她来了，收银系统送来小票 / Thursday she comes: the POS sends the receipt"
        await self._do("arrived", about, Client(self.url, self.salon.api_key), "PUT", "/v1/intake/sales:batch", {"items": [sale]})

    async def _manager_sees(self) -> None:
        manager = await self._login("manager", MANAGER)
        days = {"from": (TODAY - timedelta(days=SINCE)).isoformat(), "to": (TODAY + timedelta(days=THURSDAY)).isoformat()}
        path = f"/v1/manager/completion?from={days['from']}&to={days['to']}"
        await self._do("completion", "店长看完成情况 / The manager sees what was done", manager, "GET", f"{path}&by=employee")
        await self._do("by_plan", "按计划看效果 / And what each plan brought", manager, "GET", f"{path}&by=plan")

    async def _do(  # noqa: PLR0913, PLR0917  # one line per request reads as the story it is
        self, name: str, about: str, client: Client, method: str, path: str, body: Any = None
    ) -> Any:
        answer = await client.ask(method, path, body)
        sent = {**body, "password": HIDDEN} if isinstance(body, dict) and "password" in body else body
        step = Step(name, about, self._wall(await self._now()), method, path, sent, answer.status, _shown(answer))
        self.steps.append(step)
        await self.told(step)
        if not answer.good:
            raise Refused(f"{method} {path} answered {answer.status}: {answer.body}")
        return answer.body

    async def _now(self) -> datetime:
        return await self.runtime.units.now()

    def _wall(self, at: datetime) -> datetime:
        return at.astimezone(zone_of(ZONE)).replace(microsecond=0)

    async def _move_to(self, at: datetime) -> None:
        await clock(self.runtime, at)
        await self.runtime.bell.ring(SWEEP_ALL)

    async def _until(self, employee: Client, task: str) -> None:
        """Return when the worker has put the task back on the list."""
        async with asyncio.timeout(PATIENCE_S):
            while (await employee.ask("GET", f"/v1/staff/tasks/{task}")).body.get("status") != "open":
                await asyncio.sleep(0.05)


def _shown(answer: Answer) -> Any:
    """The answer without the tokens, which are somebody's keys."""
    if not isinstance(answer.body, dict):
        return answer.body
    return {name: HIDDEN if name.endswith("Token") else value for name, value in answer.body.items()}
