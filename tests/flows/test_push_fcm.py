"""A thousand pushes through the real Firebase SDK to a loopback FCM: the dead are detached, the throttled waited for, and nobody hears anything twice."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from backend.db.units import Units
from backend.push.fcm import Fcm
from backend.push.sender import Sender
from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.kernel.unit import Unit
from tasks.notices.devices import DeviceFact, register
from tasks.notices.states import AddressKind, NoticeKind, Provider
from tasks.notices.telling import Telling, tell_staff
from tests.support.clock import TestClock, shanghai
from tests.support.fcm import FakeFcm, fake_fcm
from tests.support.plans import rows
from tests.support.pushes import log_in, phone, pushes
from tests.support.waiting import until
from tests.support.world import World, make_world

EMPLOYEES = 10
PHONES = 100


@pytest.fixture
async def fake() -> AsyncIterator[FakeFcm]:
    async with fake_fcm() as server:
        yield server


@pytest.fixture
async def sender(units: Units, fake: FakeFcm, tmp_path: Path) -> AsyncIterator[Sender]:
    fcm = Fcm(fake.credentials(tmp_path), fake.url)
    yield Sender(units, {Provider.FCM: fcm})
    await fcm.close()


@pytest.fixture
async def world(units: Units, master: MasterKey, clock: TestClock) -> World:
    await clock.set(shanghai("2026-03-02 12:00"))
    return await make_world(units, master, employees=EMPLOYEES)


async def tell(world: World, *who: str) -> None:
    told = [Telling(staff_id=world.staff[one], kind=NoticeKind.URGED, key=f"test:{new_id()}") for one in who]
    await world.do(lambda unit: tell_staff(unit, told))


async def equip(world: World, who: str) -> list[str]:
    """A hundred phones of one employee, half with tokens, half with fids; their addresses."""
    family_id, addresses = await log_in(world, who), [f"{who}-phone-{n}" for n in range(PHONES)]

    async def work(unit: Unit) -> None:
        for n, address in enumerate(addresses):
            fact = DeviceFact(
                installation_id=f"i-{world.merchant_id}-{address}",
                provider=Provider.FCM,
                address=address,
                address_kind=AddressKind.TOKEN if n % 2 else AddressKind.FID,
            )
            await register(unit, world.scope(who), (world.master, family_id), fact)

    await world.do(work)
    return addresses


async def settle_all(world: World, sender: Sender) -> None:
    """Go on, as the worker does, until nothing waits."""

    async def quiet() -> bool:
        await sender.send_due(world.merchant_id)
        return not [row for row in await pushes(world) if row["state"] in {"queued", "sending"}]

    await until(quiet, 240)


async def test_a_thousand_pushes(world: World, sender: Sender, fake: FakeFcm) -> None:
    people = [f"E{n}" for n in range(1, EMPLOYEES + 1)]
    addresses = [address for who in people for address in await equip(world, who)]
    assert len(addresses) == 1000
    fake.gone = set(addresses[::20])
    fake.throttled = Counter({address: 1 + n % 2 for n, address in enumerate(addresses[3:303:5])})
    waits = sum(fake.throttled.values())
    await tell(world, *people)
    assert len(await pushes(world)) == 1000
    await settle_all(world, sender)

    statuses = Counter(one.status for one in fake.asked)
    assert statuses == {200: 950, 404: 50, 429: waits}
    assert fake.early == [], "every Retry-After was waited for"
    assert set(fake.accepted().values()) == {1}, "nobody heard anything twice"
    assert {one.collapse_key for one in fake.asked} == {"urged"}
    assert len(fake.tokens) == 1, "one access token served them all"

    assert Counter(row["state"] for row in await pushes(world)) == {"sent": 950, "failed": 50}
    left = await rows(world, "select count(*) as n from device where merchant_id = :merchant")
    assert left == [{"n": 950}], "every UNREGISTERED was detached"
    fake.asked.clear()
    await tell(world, "E1")
    await settle_all(world, sender)
    assert Counter(one.status for one in fake.asked) == {200: 95}, "the dead are not asked again"


async def one_phone(world: World, sender: Sender, address: str = "A") -> UUID:
    device_id = await phone(world, "E1", address)
    await tell(world, "E1")
    await sender.send_due(world.merchant_id)
    return device_id


async def test_a_message_says_the_same_on_every_platform_and_nothing_personal(
    world: World, sender: Sender, fake: FakeFcm
) -> None:
    await one_phone(world, sender)
    (asked,) = fake.asked
    (row,) = await pushes(world)
    (notice,) = await rows(world, "select id from notice where merchant_id = :merchant")
    message = asked.message
    assert message["data"] == {"kind": "urged", "pushId": str(row["id"]), "noticeId": str(notice["id"])}
    assert message["notification"] == {"title": "店长催办 1 条回访", "body": ""}
    keys = (
        message["android"]["collapse_key"],
        message["android"]["notification"]["tag"],
        message["apns"]["headers"]["apns-collapse-id"],
        message["webpush"]["headers"]["Topic"],
    )
    assert set(keys) == {"urged"}
    assert message["android"]["ttl"] == "86400s"


async def test_an_address_of_another_project_and_one_that_is_none_are_detached(
    world: World, sender: Sender, fake: FakeFcm
) -> None:
    fake.foreign, fake.malformed = {"foreign"}, {"malformed"}
    await phone(world, "E1", "foreign")
    await phone(world, "E2", "malformed")
    await tell(world, "E1", "E2")
    await sender.send_due(world.merchant_id)
    assert await rows(world, "select id from device where merchant_id = :merchant") == []
    assert [row["state"] for row in await pushes(world)] == ["failed", "failed"]


async def test_a_server_that_is_down_is_tried_six_times_ever_more_slowly(
    world: World, sender: Sender, fake: FakeFcm, clock: TestClock
) -> None:
    fake.broken["A"] = 99
    await one_phone(world, sender)
    tries = [len(fake.asked)]
    for seconds in (16, 31, 61, 121, 241, 901, 901):
        await clock.advance(seconds=seconds)
        await sender.send_due(world.merchant_id)
        tries.append(len(fake.asked))
    assert tries == [1, 2, 3, 4, 5, 6, 6, 6]
    (row,) = await pushes(world)
    assert (row["state"], row["attempts"], row["fault"]) == ("failed", 6, "UNAVAILABLE")


async def test_an_access_token_that_google_takes_back_is_fetched_anew(
    world: World, sender: Sender, fake: FakeFcm
) -> None:
    await one_phone(world, sender)
    fake.revoked.add(fake.tokens[0])
    await tell(world, "E1")
    await sender.send_due(world.merchant_id)
    assert [one.status for one in fake.asked] == [200, 200]
    assert len(fake.tokens) == 2


async def test_without_an_access_token_everything_waits_and_nobody_is_detached(
    world: World, sender: Sender, fake: FakeFcm, clock: TestClock
) -> None:
    fake.token_fault = True
    await one_phone(world, sender)
    (row,) = await pushes(world)
    assert (row["state"], row["attempts"]) == ("queued", 1)
    fake.token_fault = False
    await clock.advance(seconds=16)
    await sender.send_due(world.merchant_id)
    assert [row["state"] for row in await pushes(world)] == ["sent"]
    assert len(await rows(world, "select id from device where merchant_id = :merchant")) == 1


async def test_a_worker_that_slept_past_its_lease_settles_nothing(world: World, sender: Sender, fake: FakeFcm) -> None:
    await phone(world, "E1", "A")
    await tell(world, "E1")

    async def other(unit: Unit) -> None:
        await unit.run(
            "update push set epoch = epoch + 1 where merchant_id = :merchant and state = 'sending' returning id"
        )

    fake.held = True
    sending = asyncio.ensure_future(sender.send_due(world.merchant_id))

    async def asked() -> bool:
        return bool(fake.asked)

    await until(asked)
    await world.do(other)
    fake.release.set()
    report = await sending
    assert (report.sent, report.lost) == (1, 1)
    assert [row["state"] for row in await pushes(world)] == ["sending"]


async def test_a_worker_told_to_stop_settles_what_is_out(world: World, sender: Sender, fake: FakeFcm) -> None:
    await phone(world, "E1", "A")
    await tell(world, "E1")
    fake.held = True
    sending = asyncio.ensure_future(sender.send_due(world.merchant_id))

    async def asked() -> bool:
        return bool(fake.asked)

    await until(asked)
    sending.cancel()
    fake.release.set()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert [row["state"] for row in await pushes(world)] == ["sent"]
