"""A folder of sealed bytes: written aside, made durable, then moved into its place."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from tasks.files.faults import FilesUnavailable
from tasks.files.storing import BlobMissing

ASIDE: Final = ".parts"
"""The folder of what is still being written."""
CLOCK: Final = "clock"
"""A file that is touched to learn what time it is."""
PIECE: Final = 256 * 1024
"""Bytes read at once."""
DEAD_AFTER_S: Final = 24 * 3600
"""How old a part must be before nobody can be writing it any more."""


class LocalDisk:
    """Keeps each key as a file of that name below a folder; every process of the deployment must see the same folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, key: str, parts: AsyncIterator[bytes]) -> None:
        """Keep it, durable when this returns; raises `FilesUnavailable` when the disk refuses, and whatever `parts` raises."""
        aside = self._folder / ASIDE / secrets.token_hex(16)
        with _disk():
            file = await asyncio.to_thread(_create, aside)
        try:
            async for part in parts:
                with _disk():
                    await asyncio.to_thread(file.write, part)
            with _disk():
                await asyncio.to_thread(_settle, file, aside, self._folder / key)
        finally:
            await asyncio.to_thread(_drop, file, aside)

    async def get(self, key: str) -> AsyncIterator[bytes]:
        """Yield it; raises `BlobMissing`, or `FilesUnavailable` when the disk refuses."""
        with _disk():
            try:
                file = await asyncio.to_thread((self._folder / key).open, "rb")
            except FileNotFoundError as fault:
                raise BlobMissing from fault
        with file:
            while True:
                with _disk():
                    piece = await asyncio.to_thread(file.read, PIECE)
                if not piece:
                    return
                yield piece

    async def delete(self, key: str) -> None:
        """Forget it."""
        with _disk():
            await asyncio.to_thread((self._folder / key).unlink, missing_ok=True)

    async def tidy(self) -> None:
        """Drop parts that no process is writing any more."""
        with _disk():
            await asyncio.to_thread(_sweep, self._folder / ASIDE)


@contextmanager
def _disk() -> Iterator[None]:
    """Say what a refusal of the disk means."""
    try:
        yield
    except OSError as fault:
        raise FilesUnavailable from fault


def _create(aside: Path) -> BinaryIO:
    aside.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    return os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _settle(file: BinaryIO, aside: Path, place: Path) -> None:
    """Make the bytes durable, then the name."""
    file.flush()
    os.fsync(file.fileno())
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside.replace(place)
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _drop(file: BinaryIO, aside: Path) -> None:
    with suppress(OSError):  # what could not be written is not worth flushing
        file.close()
    aside.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    if not folder.is_dir():
        return
    clock = folder / CLOCK
    clock.touch()
    now = clock.stat().st_mtime  # the file system's own time: its clock wrote the others too
    for part in folder.iterdir():
        with suppress(FileNotFoundError):  # somebody else was quicker
            if now - part.stat().st_mtime > DEAD_AFTER_S:
                part.unlink()
