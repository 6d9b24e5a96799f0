"""The place of attachments."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from typing import Final

from backend.cli.doctor.finding import Finding, fail, ok
from backend.files.opening import FOLDER, open_storage
from backend.settings import Settings
from tasks.files.faults import FilesUnavailable
from tasks.files.storing import BlobMissing, Storage

PATIENCE_S: Final = 10
"""A store that takes longer for a few bytes is no help to a phone either."""


async def examine_files(settings: Settings) -> Finding:
    """Sealed bytes are kept, given back and dropped: what every attachment needs. No merchant's key begins as ours does."""
    if settings.files_url is None and not settings.home.exists():
        return ok("files", "a folder of the home, made by the first attachment")
    place = _place(settings)
    try:
        async with asyncio.timeout(PATIENCE_S):
            same = await _round_trip(open_storage(settings))
    except TimeoutError:
        return fail("files", f"{place} does not answer", _todo(settings))
    except (FilesUnavailable, BlobMissing) as fault:
        return fail("files", f"{place} refuses ({type(fault.__cause__ or fault).__name__})", _todo(settings))
    if not same:
        return fail("files", f"{place} gives back something else than it was given", _todo(settings))
    return ok("files", f"{place} keeps and gives back")


def _place(settings: Settings) -> str:
    if settings.files_url is None:
        return str(settings.home / FOLDER)
    return f"s3://{settings.files_url.partition('://')[2].rpartition('@')[2]}"


async def _round_trip(storage: Storage) -> bool:
    key, given = f"doctor/{secrets.token_hex(8)}", secrets.token_bytes(64)

    async def parts() -> AsyncIterator[bytes]:
        yield given

    await storage.put(key, parts())
    found = b"".join([part async for part in storage.get(key)])
    await storage.delete(key)
    return found == given


def _todo(settings: Settings) -> str:
    if settings.files_url is None:
        return "make the folder writable for the user that runs Huifang; without it nobody can attach a photo"
    return "check HUIFANG_FILES_URL, _ENDPOINT, _REGION and the two keys, and that they may read, write and delete; without it nobody can attach a photo"
