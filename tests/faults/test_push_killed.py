"""A worker as shipped, killed after FCM took its messages and before it wrote that down: those go out once more, under the same key, and nothing else twice."""

import signal
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tasks.kernel.ids import new_id
from tasks.kernel.sealing import MasterKey
from tasks.notices.states import NoticeKind
from tasks.notices.telling import Telling, tell_staff
from tests.faults.conftest import Elsewhere
from tests.support.clock import shanghai
from tests.support.fcm import FakeFcm, fake_fcm
from tests.support.plans import rows
from tests.support.pushes import log_in, phone, pushes
from tests.support.waiting import until
from tests.support.workers import workers_of
from tests.support.world import World, make_world

PHONES = 150
OVER = "update push set lease_until = clock_timestamp() - interval '1 second' where merchant_id = :merchant and state = 'sending' returning id"


@pytest.fixture
async def fake() -> AsyncIterator[FakeFcm]:
    async with fake_fcm() as server:
        yield server


@pytest.fixture
async def world(elsewhere: Elsewhere, master: MasterKey) -> World:
    """One employee with 150 phones, who is told one thing."""
    await elsewhere.clock.set(shanghai("2026-03-02 12:00"))
    made = await make_world(elsewhere.units, master)
    family_id = await log_in(made, "E1")
    for number in range(PHONES):
        await phone(made, "E1", f"phone-{number}", family_id=family_id)
    told = Telling(staff_id=made.staff["E1"], kind=NoticeKind.URGED, key=f"test:{new_id()}")
    await made.do(lambda unit: tell_staff(unit, [told]))
    return made


async def test_a_worker_killed_between_sending_and_settling(
    world: World, elsewhere: Elsewhere, fake: FakeFcm, tmp_path: Path
) -> None:
    env = elsewhere.env | {
        "HUIFANG_FIREBASE_CREDENTIALS": str(fake.credentials(tmp_path)),
        "HUIFANG_FIREBASE_ENDPOINT": fake.url,
    }
    fake.held = True
    async with workers_of(env) as workers:
        first = await workers.start()

        async def all_taken() -> bool:
            return len(fake.accepted()) == 100

        await until(all_taken, 60)
        first.signal(signal.SIGKILL)
        await first.ends(10)
        fake.held = False
        fake.release.set()
        taken = set(fake.accepted())
        assert Counter(row["state"] for row in await pushes(world)) == {"sending": 100, "queued": 50}

        assert len(await rows(world, OVER)) == 100
        await workers.start()

        async def all_sent() -> bool:
            return {row["state"] for row in await pushes(world)} == {"sent"}

        await until(all_sent, 60)
    heard = fake.accepted()
    assert {push for push, times in heard.items() if times > 1} == taken, "twice only what was in its hands"
    assert set(heard.values()) == {1, 2}
    keys = {push: {one.collapse_key for one in fake.asked if one.push_id == push} for push in taken}
    assert all(len(those) == 1 for those in keys.values()), "under the same key, so that a phone shows it once"
    assert len(heard) == PHONES
