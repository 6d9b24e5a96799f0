"""The main job, step by step: what 大王 does about 小红 and what the manager sees of it, over the real HTTP API."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Final

import msgspec

from backend.cli.demo.books import SERVICES
from backend.cli.demo.http import Answer, Client
from backend.cli.demo.people import HERO, HEROINE, MANAGER, ZONE, staff
from backend.cli.demo.seeding import PASSWORD, SINCE, TODAY, Salon, clock, morning
from backend.cli.edge import Refused
from backend.jobs.bell import SWEEP_ALL
from backend.runtime import Runtime
from tasks.kernel.ids import new_id
from tasks.kernel.zones import zone_of

PATIENCE_S: Final = 15.0
"""How long the worker may take to do what the moved clock made due."""
THURSDAY: Final = 3
HIDDEN: Final = "…"
TODAYS: Final = "/v1/staff/tasks?bucket=today"


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


class Ask(msgspec.Struct, frozen=True):
    """A request, and who makes it."""

    client: Client
    method: str
    path: str
    body: dict[str, Any] | None = None


Told = Callable[[Step], None]


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
        task = await self._todays_task(employee)
        detail = await self._do("open", "为什么是她？说什么？ Why her, and what to say?", Ask(employee, "GET", task))
        await self._copy_and_ring(employee, task, detail["scripts"][0])
        await self._nobody_answers(employee, task)
        await self._booked(employee, task)
        await self._arrives()
        await self._manager_sees()
        return self.steps

    async def _login(self, name: str, code: str) -> Client:
        person = next(one for one in staff() if one.external_id == code)
        body = {"phone": person.phone, "password": PASSWORD, "device": f"demo-{code}"}
        ask = Ask(Client(self.url), "POST", "/v1/auth/login", body)
        answer = await self._do(name, f"{person.name}登录 {person.role} {code} logs in", ask)
        return Client(self.url, answer["accessToken"])

    async def _todays_task(self, employee: Client) -> str:
        """The path of the heroine's task."""
        page = await self._do("today", "今天跟进谁？ Whom do I contact today?", Ask(employee, "GET", TODAYS))
        for row in page["items"]:
            if row["customerId"] == str(self.salon.heroine):
                return f"/v1/staff/tasks/{row['id']}"
        raise Refused("the demo's task is not on the list")

    async def _copy_and_ring(self, employee: Client, task: str, script: Any) -> None:
        body = {"variant": script["variant"], "text": script["text"]}
        await self._do("copy", "复制话术 The script is copied", Ask(employee, "POST", f"{task}/script-copies", body))
        path = f"/v1/staff/customers/{self.salon.heroine}/reveal-phone"
        await self._do("reveal", "查看电话，留痕 The phone is revealed, on the record", Ask(employee, "POST", path))

    async def _nobody_answers(self, employee: Client, task: str) -> None:
        await self._callback("no_answer", "未接 Nobody answers", Ask(employee, "POST", task), {})
        await self._move_to(await self._now() + timedelta(hours=4, minutes=1))
        await self._until_open(employee, task)
        await self._do("back", "四小时后回到列表 Four hours later it is back", Ask(employee, "GET", TODAYS))

    async def _booked(self, employee: Client, task: str) -> None:
        starts = _wall(morning(THURSDAY, hour=15)).isoformat()
        about = "约好周四 15:00 Booked for Thursday 15:00"
        await self._callback("booked", about, Ask(employee, "POST", task), {"startsAt": starts})

    async def _callback(self, outcome: str, about: str, task: Ask, fields: dict[str, Any]) -> None:
        now = (await self._now()).isoformat()
        body = {"actionId": str(new_id()), "outcome": outcome, "occurredAt": now, "fields": fields}
        await self._do(outcome, about, Ask(task.client, "POST", f"{task.path}/callbacks", body))

    async def _arrives(self) -> None:
        await self._move_to(morning(THURSDAY, hour=16, minute=30))
        line = {"product": "FACIAL", "cashCents": SERVICES["FACIAL"].price_cents, "staff": [HERO]}
        at = _wall(morning(THURSDAY, hour=15, minute=5)).isoformat()
        sale = {"externalId": "R-thursday", "store": "XH", "customer": HEROINE, "at": at, "lines": [line]}
        about = "周四她来了，收银送来小票 Thursday she comes, the POS sends the receipt"
        pos = Client(self.url, self.salon.api_key)
        await self._do("arrived", about, Ask(pos, "PUT", "/v1/intake/sales:batch", {"items": [sale]}))

    async def _manager_sees(self) -> None:
        manager = await self._login("manager", MANAGER)
        # Tasks that opened up to the walk's day: the worker is busy with the days that the clock has jumped over.
        path = f"/v1/manager/completion?from={TODAY - timedelta(days=SINCE)}&to={TODAY}&by="
        about = "店长看完成情况 The manager sees what was done"
        await self._do("completion", about, Ask(manager, "GET", f"{path}employee"))
        await self._do("by_plan", "每个计划带来了什么 What each plan brought", Ask(manager, "GET", f"{path}plan"))

    async def _do(self, name: str, about: str, ask: Ask) -> Any:
        """Send it, keep and tell what was answered, and return the body."""
        answer = await ask.client.ask(ask.method, ask.path, ask.body)
        sent = ask.body and {name: HIDDEN if name == "password" else value for name, value in ask.body.items()}
        at = _wall(await self._now())
        step = Step(name, about, at, ask.method, ask.path, sent, answer.status, _shown(answer))
        self.steps.append(step)
        self.told(step)
        if not answer.good:
            raise Refused(f"{ask.method} {ask.path} answered {answer.status}: {answer.body}")
        return answer.body

    async def _now(self) -> datetime:
        return await self.runtime.units.now()

    async def _move_to(self, at: datetime) -> None:
        await clock(self.runtime, at)
        await self.runtime.bell.ring(SWEEP_ALL)

    async def _until_open(self, employee: Client, task: str) -> None:
        """Return when the worker has put the task back on the list. Raises `Refused`."""
        began = monotonic()
        while (await employee.ask("GET", task)).body.get("status") != "open":
            if monotonic() - began > PATIENCE_S:
                raise Refused("the worker did not bring the task back")
            await asyncio.sleep(0.05)


def _wall(at: datetime) -> datetime:
    """The instant as the salon's clock on the wall shows it."""
    return at.astimezone(zone_of(ZONE)).replace(microsecond=0)


def _shown(answer: Answer) -> Any:
    """The answer without the tokens, which are somebody's keys."""
    if not isinstance(answer.body, dict):
        return answer.body
    return {name: HIDDEN if name.endswith("Token") else value for name, value in answer.body.items()}
