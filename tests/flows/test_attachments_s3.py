"""Attachments in an S3-compatible store, through the real client and a loopback store that checks its signatures."""

import os
from collections.abc import AsyncIterator

import pytest

from backend.files.opening import open_storage
from backend.files.s3 import PART, S3
from backend.settings import Settings
from tasks.files.faults import AttachmentDiffers, FilesUnavailable
from tasks.files.storing import BlobMissing, key_of
from tasks.kernel.ids import new_id
from tests.support.s3 import ACCESS, SECRET, FakeS3, fake_s3

KEY = key_of(new_id(), new_id())
STEP = 64 * 1024 + 29


@pytest.fixture
async def store() -> AsyncIterator[FakeS3]:
    async with fake_s3() as made:
        yield made


async def flow(data: bytes, *, fault: Exception | None = None) -> AsyncIterator[bytes]:
    for at in range(0, len(data), STEP):
        yield data[at : at + STEP]
    if fault:
        raise fault


async def read(storage: S3, key: str = KEY) -> bytes:
    return b"".join([piece async for piece in storage.get(key)])


@pytest.mark.parametrize("size", [1, PART, PART + 1, 2 * PART + 100_000])
async def test_what_is_put_is_there(store: FakeS3, size: int) -> None:
    storage, data = S3(store.bucket()), os.urandom(size)
    await storage.put(KEY, flow(data))
    assert store.objects == {f"sealed/{KEY}": data}
    assert (store.log == ["PUT []"]) == (size <= PART), "a small one is one request"
    assert await read(storage) == data
    await storage.delete(KEY)
    await storage.delete(KEY)
    assert store.objects == {}
    with pytest.raises(BlobMissing):
        await read(storage)


@pytest.mark.parametrize("size", [1_000, 2 * PART])
async def test_what_breaks_off_is_not_put_and_says_what_was_wrong(store: FakeS3, size: int) -> None:
    storage = S3(store.bucket())
    await storage.put(KEY, flow(b"first"))
    with pytest.raises(AttachmentDiffers):
        await storage.put(KEY, flow(os.urandom(size), fault=AttachmentDiffers(what="x")))
    assert await read(storage) == b"first"
    assert store.parts == {}, "parts that were sent are given up"


@pytest.mark.parametrize("wrong", ["key", "gone", "refusing"])
async def test_a_store_that_refuses_says_so(store: FakeS3, wrong: str) -> None:
    changed = {"key": {"secret_key": "another"}, "gone": {"endpoint": "http://127.0.0.1:9"}}.get(wrong, {})
    storage = S3(store.bucket(**changed))
    store.failing = wrong == "refusing"
    for attempt in (storage.put(KEY, flow(b"x")), read(storage), storage.delete(KEY)):
        with pytest.raises(FilesUnavailable):
            await attempt


async def test_the_settings_lead_to_the_bucket(store: FakeS3) -> None:
    settings = Settings.from_env(
        {
            "HUIFANG_FILES_URL": "s3://photos/a/b",
            "HUIFANG_FILES_ENDPOINT": f"http://127.0.0.1:{store.port}",
            "HUIFANG_FILES_REGION": "cn-east-1",
            "HUIFANG_FILES_ACCESS_KEY": ACCESS,
            "HUIFANG_FILES_SECRET_KEY": SECRET,
        }
    )
    assert SECRET not in repr(settings)
    storage = open_storage(settings)
    await storage.put(KEY, flow(b"x"))
    await storage.tidy()
    assert store.objects == {f"a/b/{KEY}": b"x"}
