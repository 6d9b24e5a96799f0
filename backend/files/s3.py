"""An S3-compatible store of sealed bytes (AWS, MinIO, Ceph, 阿里云 OSS, 腾讯云 COS, …)."""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import msgspec
import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from tasks.files.faults import FilesUnavailable
from tasks.files.storing import BlobMissing

if TYPE_CHECKING:
    from obstore.store import S3Config  # not there at run time

PART: Final = 5 * 1024 * 1024
"""Bytes of a part: the least that S3 takes; what is smaller goes in one request."""
AT_ONCE: Final = 2
"""Parts on their way at once, which with one more bounds the memory of an upload."""

REFUSALS: Final = (BaseError, OSError)
"""What the client raises: some of its faults are Python's own (what is missing is a `FileNotFoundError`)."""


class Bucket(msgspec.Struct, frozen=True, kw_only=True):
    """Where the store is and who we are there.

    `endpoint` None is AWS; one whose host begins with the bucket's name is asked as it is, any other with the bucket in the path.
    """

    name: str
    prefix: str | None
    endpoint: str | None
    region: str
    access_key: str
    secret_key: str

    @property
    def options(self) -> "S3Config":
        """What the client wants to know; complete, so that it asks no environment."""
        host = urlsplit(self.endpoint or "").hostname or ""
        options: S3Config = {
            "access_key_id": self.access_key,
            "secret_access_key": self.secret_key,
            "region": self.region,
            "virtual_hosted_style_request": host.startswith(f"{self.name}."),
            "disable_bulk_delete": True,  # not every store knows it
        }
        if self.endpoint:
            options["endpoint"] = self.endpoint
        return options

    def __repr__(self) -> str:
        """Never show a key."""
        return f"Bucket({self.name})"


class S3:
    """Keeps each key as an object."""

    def __init__(self, bucket: Bucket) -> None:
        plain = bucket.endpoint is not None and bucket.endpoint.startswith("http:")
        self._store = S3Store(
            bucket.name,
            prefix=bucket.prefix,
            config=bucket.options,
            client_options={
                "allow_http": plain,
                "connect_timeout": timedelta(seconds=5),
                "timeout": timedelta(seconds=60),
            },
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=30)},
        )

    async def put(self, key: str, parts: AsyncIterator[bytes]) -> None:
        """Keep it; raises `FilesUnavailable` when the store refuses, and whatever `parts` raises."""
        source = _Source(parts)
        try:
            first, more = await source.gather(PART)
            whole = source.chained(first) if more else first
            await obstore.put_async(self._store, key, whole, chunk_size=PART, max_concurrency=AT_ONCE)
        except Exception as fault:
            if source.fault is not None:  # ours, not the store's
                raise source.fault from None
            raise FilesUnavailable from fault

    async def get(self, key: str) -> AsyncIterator[bytes]:
        """Yield it; raises `BlobMissing`, or `FilesUnavailable` when the store refuses."""
        try:
            found = await obstore.get_async(self._store, key)
            async for piece in found.stream():
                yield bytes(piece)
        except FileNotFoundError as fault:
            raise BlobMissing from fault
        except REFUSALS as fault:
            raise FilesUnavailable from fault

    async def delete(self, key: str) -> None:
        """Forget it."""
        try:
            with suppress(FileNotFoundError):
                await obstore.delete_async(self._store, key)
        except REFUSALS as fault:
            raise FilesUnavailable from fault

    async def tidy(self) -> None:
        """Nothing: uploads that died are the store's to drop (docs/attachments.md has the lifecycle rule)."""


class _Source:
    """What is put, and what went wrong with it: the client of the store hides the error of an iterator in one of its own."""

    def __init__(self, parts: AsyncIterator[bytes]) -> None:
        self._parts = parts
        self.fault: Exception | None = None

    async def gather(self, most: int) -> tuple[bytes, bool]:
        """Return the first bytes, and whether there may be more."""
        held = bytearray()
        async for part in self._watched():
            held += part
            if len(held) > most:
                return bytes(held), True
        return bytes(held), False

    async def chained(self, first: bytes) -> AsyncIterator[bytes]:
        """Yield the first bytes, then the rest."""
        yield first
        async for part in self._watched():
            yield part

    async def _watched(self) -> AsyncIterator[bytes]:
        try:
            async for part in self._parts:
                yield part
        except Exception as fault:
            self.fault = fault
            raise
