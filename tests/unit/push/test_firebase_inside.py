"""The SDK's private parts that we lean on are where we think, and do what we want. When this fails, an update of the SDK has moved them."""

import asyncio
import inspect
import warnings
from collections.abc import AsyncIterator
from pathlib import Path

import firebase_admin
import pytest
from firebase_admin import credentials, messaging

from backend.push import firebase_inside
from tasks.kernel.ids import new_id
from tests.support.fcm import FakeFcm, fake_fcm


@pytest.fixture
async def fake() -> AsyncIterator[FakeFcm]:
    async with fake_fcm() as server:
        yield server


@pytest.fixture
async def app(fake: FakeFcm, tmp_path: Path) -> AsyncIterator[firebase_admin.App]:
    made = firebase_admin.initialize_app(
        credentials.Certificate(str(fake.credentials(tmp_path))), {"httpTimeout": 5}, name=f"inside-{new_id()}"
    )
    firebase_inside.point_at(made, fake.url)
    yield made
    await firebase_inside.close(made)
    await asyncio.to_thread(firebase_admin.delete_app, made)


def hello() -> messaging.Message:
    return messaging.Message(
        fid="somewhere",
        data={"pushId": str(new_id())},
        android=messaging.AndroidConfig(collapse_key="digest"),
    )


async def test_it_can_be_pointed_at_another_server(app: firebase_admin.App, fake: FakeFcm) -> None:
    batch = await messaging.send_each_async([hello()], app=app)
    assert batch.success_count == 1
    assert [one.address for one in fake.asked] == ["somewhere"]


async def test_it_asks_once_when_told_so(app: firebase_admin.App, fake: FakeFcm) -> None:
    firebase_inside.ask_once(app)
    fake.broken["somewhere"] = 3
    batch = await messaging.send_each_async([hello()], app=app)
    assert batch.responses[0].exception.code == "UNAVAILABLE"
    assert len(fake.asked) == 1


async def test_its_connections_close_in_the_loop_they_belong_to(app: firebase_admin.App, fake: FakeFcm) -> None:
    await messaging.send_each_async([hello()], app=app)
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        await firebase_inside.close(app)
    with pytest.raises(firebase_admin.exceptions.UnknownError):
        await messaging.send_each_async([hello()], app=app)


def test_one_private_name_is_all_that_is_needed() -> None:
    source = inspect.getsource(firebase_inside)
    assert source.count("messaging._") == 2, "once in the words, once in the code"
