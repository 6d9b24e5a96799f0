"""Whatever a day in a salon brings — moves, outcomes, follow-ups, visits, sweeps — a phone that follows shows what a phone that asks for everything shows."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest

from backend.db.units import Units
from tasks.callbacks.reasons import REASONS
from tasks.callbacks.tables import Outcome, ReasonTopic
from tasks.flow.log_callback import CallbackFact, log_callback
from tasks.flow.own_tasks import FollowUp, create_own_task
from tasks.flow.run_plans import sweep_merchant
from tasks.flow.work_task import claim, next_task, release, snooze, start
from tasks.kernel.errors import FlowError
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.worklist.states import Channel
from tests.support.clock import TestClock, shanghai
from tests.support.phone import Phone, server_shows
from tests.support.plans import start_plan
from tests.support.rows import Ask, doing, make_plan, make_task
from tests.support.seeds import seeded
from tests.support.world import World, make_world

EMPLOYEES = 4
CUSTOMERS = 8
STEPS = 40
HERE = "../properties/test_sync_follows.py::test_a_phone_that_follows_shows_everything"


class Day:
    """One salon, whose people do things by chance."""

    def __init__(self, world: World, clock: TestClock, chance: Random) -> None:
        self.world, self.clock, self.chance = world, clock, chance
        self.done: list[str] = []

    async def step(self) -> None:
        """Do something; what cannot be done is not done."""
        deeds: tuple[Callable[[], Awaitable[object]], ...] = (
            self.move, self.move, self.move, self.say, self.say, self.follow_up, self.come, self.rename, self.pass_time,
        )  # fmt: skip
        deed = self.chance.choice(deeds)
        self.done.append(deed.__name__)
        try:
            await deed()
        except FlowError as refused:
            self.done[-1] += f" ({refused.code})"

    def somebody(self) -> Any:
        return self.world.scope(f"E{self.chance.randint(1, EMPLOYEES)}")

    def her(self) -> str:
        return self.chance.choice(sorted(self.world.customers))

    async def a_task(self) -> UUID:
        async with self.world.units.glance(self.world.merchant_id) as unit:
            rows = await unit.rows(
                "select id from task where merchant_id = :merchant order by closed_at is not null, id"
            )
        ids: list[UUID] = [row["id"] for row in rows]
        return self.chance.choice(ids[:12])

    async def move(self) -> None:
        scope, task_id = self.somebody(), await self.a_task()
        kind = self.chance.choice(("claim", "start", "release", "snooze", "next"))
        self.done[-1] += f" {kind}"
        if kind == "snooze":
            until = await self.clock.now() + timedelta(hours=self.chance.randint(1, 80))
            await self.world.do(doing(snooze, scope, task_id, until))
        elif kind == "next":
            await self.world.do(doing(next_task, scope, "zh-CN"))
        else:
            await self.world.do(doing({"claim": claim, "start": start, "release": release}[kind], scope, task_id))

    async def say(self) -> None:
        outcome = self.chance.choice(list(Outcome))
        self.done[-1] += f" {outcome.value}"
        now = await self.clock.now()
        fact = CallbackFact(
            action_id=new_id(),
            task_id=await self.a_task(),
            outcome=outcome,
            occurred_at=now,
            channel=Channel.WECHAT if outcome is Outcome.MESSAGE_SENT else Channel.PHONE,
            fields=self._fields(outcome, now),
        )
        await self.world.do(doing(log_callback, self.somebody(), fact))

    def _fields(self, outcome: Outcome, now: datetime) -> dict[str, object]:
        later = (now + timedelta(hours=self.chance.randint(20, 90))).isoformat()
        reasons = {topic: min(codes) for topic, codes in REASONS.items()}
        known: dict[Outcome, dict[str, object]] = {
            Outcome.BOOKED: {"startsAt": later},
            Outcome.WILL_COME: {"promisedOn": (now + timedelta(days=2)).date().isoformat()},
            Outcome.INTERESTED_LATER: {"contactAt": later},
            Outcome.CALLBACK_REQUESTED: {"callbackAt": later},
            Outcome.NOT_INTERESTED: {"reason": reasons[ReasonTopic.NOT_INTERESTED]},
            Outcome.REFUSED_CONTACT: {"scope": self.chance.choice(("phone", "wechat", "all"))},
            Outcome.COMPLAINT: {"category": reasons[ReasonTopic.COMPLAINT]},
            Outcome.SKIPPED: {"reason": reasons[ReasonTopic.SKIPPED]},
        }
        return known.get(outcome, {})

    async def follow_up(self) -> None:
        at = await self.clock.now()
        said = FollowUp(
            customer_id=self.world.customers[self.her()],
            contact_at=at + timedelta(hours=self.chance.randint(1, 60)),
            words="提醒她补色",
            store_id=self.chance.choice([None, *self.world.stores.values()]),
        )
        await self.world.do(doing(create_own_task, self.somebody(), said, at))

    async def come(self) -> None:
        await self.world.sale(self.her(), await self.clock.now(), store=self.chance.choice(sorted(self.world.stores)))

    async def rename(self) -> None:
        await self.world.customer(self.her(), phone="", name=f"王小{self.chance.choice('红兰芳')}", level="金卡")

    async def pass_time(self) -> None:
        await self.clock.advance(hours=self.chance.choice((0.6, 3, 9, 26)))
        await sweep_merchant(self.world.units, self.world.merchant_id)


async def open_day(units: Units, master: MasterKey, clock: TestClock, chance: Random) -> Day:
    await clock.set(shanghai("2026-03-02 12:00"))
    world = await make_world(units, master, stores=2, employees=EMPLOYEES, customers=CUSTOMERS)
    await start_plan(world, "second_visit")
    plan = await make_plan(world)
    for n in range(1, CUSTOMERS + 1):
        who = chance.choice([None, None, f"E{n % EMPLOYEES + 1}"])
        store = world.store_of(who) if who else f"S{n % 2 + 1}"
        await make_task(world, Ask(customer=f"C{n}", who=who, store=store, expires=24 * 20), plan)
    return Day(world, clock, chance)


def faces(phone: Phone) -> dict[UUID, dict[str, Any]]:
    """Everything a phone shows of each live task, but the number of the state; of a closed one the customer's name may be that of its end."""
    return {each.id: msgspec.to_builtins(each) | {"rev": 0} for each in phone.tasks.values() if each.closed_at is None}


async def drop_old(phone: Phone, now: datetime) -> None:
    """What phones do by themselves: a closed task is shown for twenty-six hours."""
    phone.tasks = {
        key: each
        for key, each in phone.tasks.items()
        if each.closed_at is None or each.closed_at > now - timedelta(hours=26)
    }


async def check(day: Day, phones: dict[str, Phone]) -> None:
    for who, phone in phones.items():
        await phone.sync()
        await drop_old(phone, await day.clock.now())
        fresh = Phone(day.world, who)
        await fresh.sync()
        assert phone.shows() == await server_shows(day.world, who), f"{who} after {day.done[-4:]}"
        for task_id, face in faces(fresh).items():
            shown = faces(phone)[task_id]
            differs = {name: (shown[name], face[name]) for name in face if shown[name] != face[name]}
            assert {name for name in differs if name != "why"} == set(), f"{who} after {day.done[-4:]}: {differs}"


@pytest.mark.parametrize("turn", [0, 1])
async def test_a_phone_that_follows_shows_everything(
    units: Units, master: MasterKey, clock: TestClock, turn: int
) -> None:
    day = await open_day(units, master, clock, seeded(HERE, turn))
    phones = {who: Phone(day.world, who, limit=4) for who in (*(f"E{n}" for n in range(1, EMPLOYEES + 1)), "manager")}
    for phone in phones.values():
        await phone.sync()
    for _ in range(STEPS):
        await day.step()
        await check(day, phones)
    assert len({done.split()[0] for done in day.done if "(" not in done}) >= 4, "much happened"
