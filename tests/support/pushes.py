"""Phones of employees, and what is sent to them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.auth.sessions import open_session
from backend.push.provider import Message, Result, Verdict
from backend.push.sender import Sender, SendReport
from tasks.kernel.unit import Unit
from tasks.notices.devices import DeviceFact, register
from tasks.notices.looking import LookReport, look_for_news
from tasks.notices.states import AddressKind, NoticeKind, Provider
from tests.support.plans import rows
from tests.support.world import World

TOOK = Result(Verdict.ACCEPTED)
_FAMILY = "select id from refresh_family where merchant_id = :merchant and staff_id = :staff order by id desc limit 1"


@dataclass
class Carrier:
    """A provider of a test: keeps what it is given, and answers what the test says."""

    answer: Callable[[Message], Result] = lambda _message: TOOK
    messages: list[Message] = field(default_factory=list)

    async def send(self, messages: Sequence[Message]) -> list[Result]:
        self.messages += messages
        return [self.answer(one) for one in messages]

    async def close(self) -> None:
        """Nothing is held."""

    @property
    def said(self) -> list[tuple[str, str, str]]:
        """Address, title and body of each, in order of address."""
        return sorted((one.address, one.title, one.body) for one in self.messages)


async def log_in(world: World, who: str) -> UUID:
    """A log-in of a staff member; its id."""

    async def enter(unit: Unit) -> UUID:
        await open_session(unit, world.master, world.staff[who], f"phone of {who}")
        family: UUID = await unit.scalar(_FAMILY, staff=world.staff[who])
        return family

    return await world.do(enter)


async def phone(world: World, who: str, address: str, **said: Any) -> UUID:
    """A phone of theirs, logged in, with an FCM token; its device id."""
    family_id = said.pop("family_id", None) or await log_in(world, who)
    fact = DeviceFact(
        **{
            "installation_id": f"installation-{address}",
            "provider": Provider.FCM,
            "address": address,
            "address_kind": AddressKind.TOKEN,
            **said,
        }
    )
    return await world.do(lambda unit: register(unit, world.scope(who), (world.master, family_id), fact))


async def look(world: World) -> LookReport | None:
    """What a worker does when it looks for news."""
    return await world.do(look_for_news)


async def touch(world: World) -> None:
    """Say that tasks changed, as every writer of the flow does."""
    await rows(world, "update store_revision set rev = rev + 1 where merchant_id = :merchant returning rev")


async def send(world: World, carrier: Carrier) -> SendReport:
    """What a worker does then: everything that is due goes to the carrier."""
    everything = dict.fromkeys(("fcm", "webpush", "wecom", "dingtalk", "feishu"), carrier)
    return await Sender(world.units, everything).send_due(world.merchant_id)


async def kinds(world: World, who: str) -> list[str]:
    """The kinds of somebody's notices, oldest first."""
    found = await rows(
        world,
        "select kind from notice where merchant_id = :merchant and staff_id = :staff order by id",
        staff=world.staff[who],
    )
    return [row["kind"] for row in found]


async def pushes(world: World) -> list[dict[str, Any]]:
    """Every push, oldest first."""
    return await rows(
        world,
        "select id, kind, state, dropped, attempts, next_at, stale_at, provider, collapse_key, device_id, store_id, fault "
        "from push where merchant_id = :merchant order by created_at, id",
    )


async def states(world: World) -> list[tuple[str, str, str | None]]:
    """Kind, state and why it was dropped, of every push."""
    return [(row["kind"], row["state"], row["dropped"]) for row in await pushes(world)]


def due_at(found: Sequence[dict[str, Any]]) -> list[datetime]:
    """When each is sent."""
    return [row["next_at"] for row in found]


__all__ = [
    "TOOK",
    "Carrier",
    "NoticeKind",
    "due_at",
    "kinds",
    "log_in",
    "look",
    "phone",
    "pushes",
    "send",
    "states",
    "touch",
]
