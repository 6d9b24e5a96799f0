"""A folder as a storage: whole or nothing, private, and tidy."""

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backend.files.local_disk import ASIDE, DEAD_AFTER_S, PIECE, LocalDisk
from tasks.files.faults import FilesUnavailable
from tasks.files.storing import BlobMissing, key_of
from tasks.kernel.ids import new_id

KEY = key_of(new_id(), new_id())


async def flow(*pieces: bytes | Exception) -> AsyncIterator[bytes]:
    for piece in pieces:
        if isinstance(piece, Exception):
            raise piece
        yield piece


async def read(disk: LocalDisk, key: str = KEY) -> bytes:
    return b"".join([piece async for piece in disk.get(key)])


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_what_is_put_is_there_for_us_alone(tmp_path: Path) -> None:
    disk = LocalDisk(tmp_path / "files")
    data = os.urandom(2 * PIECE + 5)
    await disk.put(KEY, flow(data[:100], data[100:]))
    assert await read(disk) == data
    (file,) = files(tmp_path)
    assert file == tmp_path / "files" / KEY
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    await disk.put(KEY, flow(b"anew"))
    assert await read(disk) == b"anew"


async def test_what_breaks_off_leaves_what_was_there(tmp_path: Path) -> None:
    disk = LocalDisk(tmp_path)
    await disk.put(KEY, flow(b"first"))
    with pytest.raises(ZeroDivisionError):
        await disk.put(KEY, flow(b"sec", ZeroDivisionError()))
    assert await read(disk) == b"first"
    assert files(tmp_path / ASIDE) == []


async def test_who_is_told_to_stop_leaves_nothing(tmp_path: Path) -> None:
    disk, begun = LocalDisk(tmp_path), asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"x"
        begun.set()
        await asyncio.Event().wait()

    putting = asyncio.ensure_future(disk.put(KEY, endless()))
    await begun.wait()
    assert len(files(tmp_path)) == 1
    putting.cancel()
    await asyncio.gather(putting, return_exceptions=True)
    assert files(tmp_path) == []


async def test_nothing_is_missing_and_can_be_deleted(tmp_path: Path) -> None:
    disk = LocalDisk(tmp_path)
    with pytest.raises(BlobMissing):
        await read(disk)
    await disk.delete(KEY)
    await disk.put(KEY, flow(b"x"))
    await disk.delete(KEY)
    with pytest.raises(BlobMissing):
        await read(disk)


async def test_a_disk_that_refuses_says_so(tmp_path: Path) -> None:
    (tmp_path / "files").write_text("no folder")
    disk = LocalDisk(tmp_path / "files")
    for attempt in (disk.put(KEY, flow(b"x")), read(disk), disk.delete(KEY)):
        with pytest.raises(FilesUnavailable):
            await attempt


async def test_only_what_nobody_writes_any_more_is_swept(tmp_path: Path) -> None:
    disk = LocalDisk(tmp_path)
    await disk.tidy()
    await disk.put(KEY, flow(b"kept"))
    old, young = tmp_path / ASIDE / "old", tmp_path / ASIDE / "young"
    for part in (old, young):
        part.write_bytes(b"half")
    at = young.stat().st_mtime - DEAD_AFTER_S - 60
    os.utime(old, (at, at))
    await disk.tidy()
    assert (old.exists(), young.exists(), await read(disk)) == (False, True, b"kept")
