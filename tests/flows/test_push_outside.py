"""Group robots and browsers: what they are told over HTTP, and what their answers do to the outbox."""

import base64
from collections.abc import AsyncIterator
from functools import partial
from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from backend.db.units import Units
from backend.push.outside import PublicOnly
from backend.push.providers import open_providers
from backend.push.sender import Sender
from backend.push.vapid import base64url, point
from backend.settings import Settings
from tasks.flow.urge_push import urge_push
from tasks.kernel.errors import NotFound
from tasks.kernel.sealing import MasterKey
from tasks.notices.robots import RobotFact, RobotView, drop_robot, get_robot, put_robot, try_robot
from tasks.notices.states import AddressKind, Provider
from tests.support.clock import TestClock, shanghai
from tests.support.outside import Outside, the_outside
from tests.support.plans import count
from tests.support.pushes import look, phone, pushes
from tests.support.rows import Ask, make_task
from tests.support.world import World, make_world

WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=the-key"
FEISHU = "https://open.feishu.cn/open-apis/bot/v2/hook/the-hook"
ENDPOINT = "https://push.example.net/send/the-subscription"


@pytest.fixture
async def way() -> AsyncIterator[tuple[Outside, PublicOnly]]:
    async with the_outside() as found:
        yield found


@pytest.fixture
async def outside(way: tuple[Outside, PublicOnly]) -> Outside:
    return way[0]


@pytest.fixture
async def sender(units: Units, master: MasterKey, way: tuple[Outside, PublicOnly]) -> AsyncIterator[Sender]:
    async with open_providers(Settings(), master, way[1]) as providers:
        yield Sender(units, providers)


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-02 09:00"))
    return await make_world(units, master, customers=3)


async def give_robot(world: World, url: str = WECOM, **said: str) -> RobotView:
    fact = RobotFact(url=url, **said)
    return await world.do(lambda unit: put_robot(unit, world.scope("manager"), world.stores["S1"], fact))


async def robot(world: World) -> RobotView:
    return await world.do(lambda unit: get_robot(unit, world.scope("manager"), world.stores["S1"]))


async def tasks_of(world: World, *customers: str, who: str | None = "E1") -> list[UUID]:
    return [(await make_task(world, Ask(customer=one, who=who))).task_id for one in customers]


async def test_a_store_says_its_digest_in_its_group_when_it_opens(
    world: World, clock: TestClock, sender: Sender, outside: Outside
) -> None:
    await give_robot(world)
    await tasks_of(world, "C1", "C2")
    await tasks_of(world, "C3", who=None)
    await sender.push(world.merchant_id)
    assert outside.asked == []
    await clock.set(shanghai("2026-03-02 10:00"))
    await sender.push(world.merchant_id)
    await sender.push(world.merchant_id)
    assert outside.texts == ["今日回访 3 条"]
    ((host, path, _, _),) = outside.asked
    assert (host, path) == ("qyapi.weixin.qq.com", "/cgi-bin/webhook/send?key=the-key")
    assert (await robot(world)).sent_at is not None


async def test_an_urge_is_said_in_the_group_without_names(world: World, sender: Sender, outside: Outside) -> None:
    await give_robot(world, FEISHU, secret="s", locale="en")
    tasks = await tasks_of(world, "C1", "C2")
    await world.do(lambda unit: urge_push(unit, tasks))
    await sender.send_due(world.merchant_id)
    assert outside.texts == ["Urged by your manager: 2"]
    assert b'"sign"' in outside.asked[0][3]


async def test_a_test_message_says_whether_the_address_is_right(
    world: World, clock: TestClock, sender: Sender, outside: Outside
) -> None:
    await clock.set(shanghai("2026-03-02 23:30"))
    await give_robot(world)
    manager, store = world.scope("manager"), world.stores["S1"]
    outside.answer = {"errcode": 93000, "errmsg": "invalid webhook url"}
    await world.do(lambda unit: try_robot(unit, manager, store))
    await sender.send_due(world.merchant_id)
    seen = await robot(world)
    assert (seen.sent_at, seen.fault) == (None, "no such robot")
    assert seen.failed_at is not None
    outside.answer = {"errcode": 0}
    await world.do(lambda unit: try_robot(unit, manager, store))
    await sender.send_due(world.merchant_id)
    seen = await robot(world)
    assert (seen.sent_at is not None, seen.fault) == (True, None)


async def test_a_robot_that_is_told_too_much_waits_a_minute(
    world: World, clock: TestClock, sender: Sender, outside: Outside
) -> None:
    await give_robot(world)
    outside.answer = {"errcode": 45009, "errmsg": "api freq out of limit"}
    tasks = await tasks_of(world, "C1")
    await world.do(lambda unit: urge_push(unit, tasks))
    await sender.send_due(world.merchant_id)
    await clock.advance(seconds=59)
    await sender.send_due(world.merchant_id)
    assert len(outside.asked) == 1
    outside.answer = {"errcode": 0}
    await clock.advance(seconds=2)
    await sender.send_due(world.merchant_id)
    assert [row["state"] for row in await pushes(world)] == ["sent"]


async def test_a_robot_that_was_taken_away_says_nothing_more(world: World, sender: Sender, outside: Outside) -> None:
    await give_robot(world)
    tasks = await tasks_of(world, "C1")
    await world.do(lambda unit: urge_push(unit, tasks))
    await world.do(partial(drop_robot, scope=world.scope("manager"), store_id=world.stores["S1"]))
    await sender.send_due(world.merchant_id)
    assert outside.asked == []
    assert [row["dropped"] for row in await pushes(world)] == ["detached"]
    with pytest.raises(NotFound):
        await robot(world)


async def a_browser(world: World, who: str) -> ec.EllipticCurvePrivateKey:
    """A browser of theirs that has subscribed; its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    keys = {"p256dh": base64url(point(key.public_key())), "auth": base64url(b"0123456789abcdef")}
    address = msgspec.json.encode({"endpoint": ENDPOINT, "keys": keys}).decode()
    await phone(
        world,
        who,
        address,
        installation_id=f"browser-of-{who}",
        provider=Provider.WEBPUSH,
        address_kind=AddressKind.SUBSCRIPTION,
    )
    return key


async def test_a_browser_is_pushed_sealed_signed_and_replaceable(
    world: World, clock: TestClock, sender: Sender, outside: Outside
) -> None:
    await a_browser(world, "E1")
    await tasks_of(world, "C1")
    outside.status = 201
    await clock.set(shanghai("2026-03-02 10:00"))
    await sender.push(world.merchant_id)
    ((host, path, headers, body),) = outside.asked
    assert (host, path) == ("push.example.net", "/send/the-subscription")
    assert (headers["content-encoding"], headers["topic"]) == ("aes128gcm", "digest")
    assert headers["authorization"].startswith("vapid t=")
    assert int(headers["ttl"]) == 12 * 3600, "until ten in the evening"
    assert "今日".encode() not in body
    assert [row["state"] for row in await pushes(world)] == ["sent"]


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_unsubscribed_is_detached(
    world: World, sender: Sender, outside: Outside, status: int
) -> None:
    await a_browser(world, "E1")
    tasks = await tasks_of(world, "C1")
    outside.status = status
    await world.do(lambda unit: urge_push(unit, tasks))
    await sender.send_due(world.merchant_id)
    assert await count(world, "device") == 0


async def test_a_push_service_that_asks_to_wait_is_waited_for(
    world: World, clock: TestClock, sender: Sender, outside: Outside
) -> None:
    await a_browser(world, "E1")
    tasks = await tasks_of(world, "C1")
    outside.status, outside.headers = 429, {"retry-after": "300"}
    await world.do(lambda unit: urge_push(unit, tasks))
    await sender.send_due(world.merchant_id)
    await clock.advance(seconds=299)
    await sender.send_due(world.merchant_id)
    assert len(outside.asked) == 1
    outside.status = 201
    await clock.advance(seconds=2)
    await sender.send_due(world.merchant_id)
    assert [row["state"] for row in await pushes(world)] == ["sent"]


async def test_nothing_that_leaves_the_house_names_anybody(
    world: World, clock: TestClock, sender: Sender, outside: Outside
) -> None:
    """X6: names and numbers of customers and staff are in no byte that is sent."""
    number = "13912345678"
    world.customers.pop("C1")
    await world.customer("C1", name="欧阳小红", phone=number)
    await give_robot(world)
    tasks = await tasks_of(world, "C1", "C2")
    await clock.set(shanghai("2026-03-02 10:00"))
    await world.do(lambda unit: urge_push(unit, tasks))
    await sender.push(world.merchant_id)
    assert len(outside.texts) == 2
    sent = "\n".join(outside.texts) + "".join(str(one) for one in outside.asked)
    for secret in ("欧阳", "小红", number, number[-4:], "员工", world.phones["E1"]):
        assert secret not in sent
        assert base64.b64encode(secret.encode()).decode() not in sent
    assert await look(world) is None
