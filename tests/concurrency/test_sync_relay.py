"""Who waits in one process hears of what another commits, through Valkey; and of nothing when it is away, until somebody looks."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import msgspec
import pytest

from backend import embedded
from backend.jobs.bell import Bell
from backend.jobs.delivery import Delivery
from backend.listeners.hub import Hub, Listener, Whom, Woken
from backend.listeners.relay import CHANNEL, Message, Relay
from tasks.kernel.ids import new_id
from tasks.worklist.feed import StoresChanged
from tests.support.waiting import until

SOON_S = 10.0


@dataclass
class Process:
    """What a process has of it."""

    hub: Hub
    relay: Relay

    @classmethod
    def at(cls, url: str) -> "Process":
        hub = Hub()
        relay = Relay(url, hub)
        hub.attend(relay.hear)
        return cls(hub, relay)

    async def close(self) -> None:
        await self.hub.close()
        await self.relay.close()


@pytest.fixture
async def two(servers: embedded.Servers) -> AsyncIterator[tuple[Process, Process]]:
    made = Process.at(servers.redis_url), Process.at(servers.redis_url)
    yield made
    for each in made:
        await each.close()


def somebody() -> Whom:
    return Whom(new_id(), new_id(), new_id(), frozenset([new_id()]))


async def heard(listener: Listener) -> Woken:
    woken = await listener.wait(SOON_S)
    assert woken != Woken(), "nothing came"
    return woken


async def subscribed(two: tuple[Process, Process]) -> None:
    """Until the server counts the ear of the second."""

    async def looking() -> bool:
        found = await two[0].relay._redis.pubsub_numsub(CHANNEL)
        return bool(found[0][1] >= 1)

    await until(looking, SOON_S)


async def test_what_one_process_commits_wakes_who_waits_in_another(two: tuple[Process, Process]) -> None:
    here, there = two
    whom = somebody()
    with there.hub.listen(whom) as listener:
        await subscribed(two)
        here.relay.tell(new_id(), whom.store_ids)
        here.relay.tell(whom.merchant_id, [new_id()], [new_id()])
        here.relay.tell(whom.merchant_id, whom.store_ids)
        assert await heard(listener) == Woken(tasks=True)
        here.relay.tell(whom.merchant_id, staff_ids=[whom.staff_id])
        assert await heard(listener) == Woken(notice=True)


async def test_one_process_hears_of_its_own_commits_once(two: tuple[Process, Process]) -> None:
    here, there = two
    whom = somebody()
    with here.hub.listen(whom) as mine, there.hub.listen(whom) as theirs:
        await subscribed(two)
        here.relay.tell(whom.merchant_id, whom.store_ids)
        assert await mine.wait(0) == Woken(tasks=True), "at once"
        assert await heard(theirs) == Woken(tasks=True)
        assert await mine.wait(0.2) == Woken(), "not again from outside"


@pytest.mark.parametrize("data", [b"", b"\x00", b"not ours", msgspec.msgpack.encode(["x", 1])])
async def test_a_message_of_another_version_is_nothing_to_us(two: tuple[Process, Process], data: bytes) -> None:
    two[1].relay.pass_on(data)
    short = msgspec.msgpack.encode(Message(b"other", b"too short", [], []))
    two[1].relay.pass_on(short)


async def test_nobody_waits_for_a_server_that_is_away(servers: embedded.Servers) -> None:
    alone = Process.at("redis://127.0.0.1:1/0")
    whom = somebody()
    with alone.hub.listen(whom) as listener:
        delivery = Delivery(Bell("redis://127.0.0.1:1/0"), alone.relay)
        async with asyncio.timeout(1.0):
            await delivery(whom.merchant_id, [StoresChanged(tuple(whom.store_ids))])
        assert await listener.wait(0) == Woken(tasks=True), "those of the own process know"
    await alone.close()


async def test_attendants_end_when_nobody_listens(two: tuple[Process, Process]) -> None:
    hub = two[0].hub

    async def over() -> bool:
        return hub.deserted and all(task.done() for task in hub._running.values())

    with hub.listen(somebody()):
        assert not await over()
    await until(over, SOON_S)
    with hub.listen(somebody()):
        assert not await over(), "and begin again"
    await hub.close()
    with hub.listen(somebody()) as late:
        assert (await late.wait(0)).gone, "a closed one sends everybody away"
