"""The doctor keeps, reads and drops a few bytes where attachments go."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.cli.doctor import files
from backend.cli.doctor.finding import Level
from backend.settings import Settings
from tests.support.s3 import ACCESS, SECRET, FakeS3, fake_s3


@pytest.fixture
async def store() -> AsyncIterator[FakeS3]:
    async with fake_s3() as made:
        yield made


def bucket(store: FakeS3, **other: str) -> Settings:
    return Settings.from_env(
        {
            "HUIFANG_FILES_URL": "s3://photos/a",
            "HUIFANG_FILES_ENDPOINT": f"http://127.0.0.1:{store.port}",
            "HUIFANG_FILES_REGION": "cn-east-1",
            "HUIFANG_FILES_ACCESS_KEY": ACCESS,
            "HUIFANG_FILES_SECRET_KEY": SECRET,
        }
        | other
    )


async def test_a_bucket_that_takes_and_gives(store: FakeS3) -> None:
    found = await files.examine_files(bucket(store))
    assert (found.level, found.seen) == (Level.OK, "s3://photos/a keeps and gives back")
    assert store.objects == {}, "nothing of ours is left"
    assert store.log, "it was asked"


async def test_a_bucket_we_may_not_use(store: FakeS3) -> None:
    found = await files.examine_files(bucket(store, HUIFANG_FILES_SECRET_KEY="another"))
    assert found.level is Level.FAIL
    assert "HUIFANG_FILES_" in found.todo
    assert "another" not in repr(found)


async def test_a_bucket_that_does_not_answer(store: FakeS3, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "PATIENCE_S", 0.2)
    found = await files.examine_files(bucket(store, HUIFANG_FILES_ENDPOINT="http://127.0.0.1:9"))
    assert found.level is Level.FAIL


async def test_what_is_not_the_bucket_in_the_address_is_not_shown(store: FakeS3) -> None:
    found = await files.examine_files(bucket(store, HUIFANG_FILES_URL="s3://me:word@photos/a"))
    assert found.seen.startswith("s3://photos/a ")


async def test_a_folder(tmp_path: Path) -> None:
    nowhere = Settings(home=tmp_path / "none")
    assert (await files.examine_files(nowhere)).level is Level.OK
    assert not nowhere.home.exists(), "nothing is made where nothing is"
    found = await files.examine_files(Settings(home=tmp_path))
    assert (found.level, found.seen) == (Level.OK, f"{tmp_path / 'files'} keeps and gives back")
    assert [path for path in (tmp_path / "files").rglob("*") if path.is_file()] == []


async def test_a_folder_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "files").write_bytes(os.urandom(4))
    found = await files.examine_files(Settings(home=tmp_path))
    assert found.level is Level.FAIL
    assert found.seen == f"{tmp_path / 'files'} refuses (NotADirectoryError)"
